{{ with .Callbacks.Started -}}
{{ brief . 0 "installer started" }}
{{ end -}}
{{ if not .Disk.Path -}}
{{ template "disk" . }}
sed "s|/dev/rackflow-disk|$disk|" /tmp/profile/autoinst.xml > /tmp/profile/modified.xml
{{ end -}}
