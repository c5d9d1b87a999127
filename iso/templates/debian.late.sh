{{ with .Callbacks.Progress -}}
{{ briefWget . 90 "packages are installed" }}
{{ end -}}
{{ with .Callbacks.Failed -}}
trap {{ shell (stubbornWget . 0 "a command for the installed system failed: see the console and /var/log/syslog") }} EXIT
{{ end -}}
set -e
{{ range .Repositories }}{{ if .Key -}}
mkdir -p /target/etc/apt/keyrings
wget -q -O /target/etc/apt/keyrings/{{ .Name }}.asc {{ shell .Key }}
{{ end }}{{ end -}}
{{ with .Setup -}}
in-target /bin/sh -c {{ shell . }}
{{ end -}}
{{ range .PostInstall -}}
in-target /bin/sh -c {{ shell . }}
{{ end -}}
trap - EXIT
{{ with .Callbacks.Done -}}
{{ stubbornWget . 100 "installed" }} || true
{{ end -}}
exit 0
