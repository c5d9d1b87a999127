{{ $coreos := eq .Family "coreos" -}}
{{ with .Callbacks.Started -}}
{{ brief . 0 "installer started" }}
{{ end -}}
{{ template "disk" . }}
{{ with .Callbacks.Progress -}}
{{ if $coreos }}{{ brief . 10 "the disk is found, writing the system" }}{{ else }}{{ brief . 10 "the disk is found, fetching the system" }}{{ end }}
{{ end -}}
{{ with .Callbacks.Failed -}}
failed() {
  {{ if $coreos }}{{ stubborn . 0 "coreos-installer failed: see the console" }}{{ else }}{{ stubborn . 0 "flatcar-install failed: see the console" }}{{ end }}
}
trap failed EXIT
{{ end -}}
set -e
{{ if $coreos -}}
coreos-installer install --ignition-file /etc/rackflow/installed.ign{{ range .KernelArgs }} --append-karg {{ shell . }}{{ end }} "$disk"
{{ else -}}
flatcar-install -d "$disk" -i /etc/rackflow/installed.ign
{{ end -}}
trap - EXIT
set +e
{{ with .Callbacks.Done -}}
{{ stubborn . 100 "installed" }}
{{ end -}}
systemctl poweroff
