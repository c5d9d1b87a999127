{{ with .Callbacks.Started -}}
{{ brief . 0 "installer started" }}
{{ end -}}
{{ template "disk" . }}
{{ with .Callbacks.Progress -}}
{{ brief . 10 "the disk is found, writing the system" }}
{{ end -}}
{{ with .Callbacks.Failed -}}
failed() {
  {{ stubborn . 0 "coreos-installer failed: see the console" }}
}
trap failed EXIT
{{ end -}}
set -e
coreos-installer install --ignition-file /etc/rackflow/installed.ign{{ range .KernelArgs }} --append-karg {{ shell . }}{{ end }} "$disk"
trap - EXIT
set +e
{{ with .Callbacks.Done -}}
{{ stubborn . 100 "installed" }}
{{ end -}}
systemctl poweroff
