{{ with .Callbacks.Started -}}
{{ brief . 0 "installer started" }}
{{ end -}}
{{ template "disk" . }}
{{ with .Callbacks.Progress -}}
{{ brief . 10 "the disk is found, fetching the system" }}
{{ end -}}
{{ with .Callbacks.Failed -}}
failed() {
  {{ stubborn . 0 "flatcar-install failed: see the console" }}
}
trap failed EXIT
{{ end -}}
set -e
flatcar-install -d "$disk" -i /etc/rackflow/installed.ign
trap - EXIT
set +e
{{ with .Callbacks.Done -}}
{{ stubborn . 100 "installed" }}
{{ end -}}
systemctl poweroff
