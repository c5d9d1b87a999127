#!/bin/sh
{{ with .Callbacks.Started -}}
{{ brief . 0 "installer started" }}
{{ end -}}
exit 0
