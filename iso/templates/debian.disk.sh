{{ with .Callbacks.Started -}}
{{ briefWget . 0 "installer started" }}
{{ end -}}
{{ template "disk" . }}
debconf-set partman-auto/disk "$disk"
debconf-set grub-installer/bootdev "$disk"
{{ with .Callbacks.Progress -}}
{{ briefWget . 10 "the disk is found, installing packages" }}
{{ end -}}
exit 0
