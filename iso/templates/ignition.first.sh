set -e
{{ range .PostInstall -}}
/bin/sh -c {{ shell . }}
{{ end -}}
