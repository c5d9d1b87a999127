#!/bin/sh
set -e
{{ if .SSHKeys -}}
install -d -m 700 /root/.ssh
{{ range .SSHKeys -}}
printf '%s\n' {{ shell . }} >> /root/.ssh/authorized_keys
{{ end -}}
chmod 600 /root/.ssh/authorized_keys
{{ end -}}
{{ range .Users -}}
useradd -m{{ if .UID }} -u {{ .UID }}{{ end }}{{ with .PasswordHash }} -p {{ shell . }}{{ end }} {{ .Name }}
{{ if .SSHKeys -}}
install -d -m 700 -o {{ .Name }} /home/{{ .Name }}/.ssh
{{ $user := . }}{{ range .SSHKeys -}}
printf '%s\n' {{ shell . }} >> /home/{{ $user.Name }}/.ssh/authorized_keys
{{ end -}}
chown {{ .Name }} /home/{{ .Name }}/.ssh/authorized_keys
chmod 600 /home/{{ .Name }}/.ssh/authorized_keys
{{ end -}}
{{ if .Sudo -}}
echo '{{ .Name }} ALL=(ALL) {{ if not .PasswordHash }}NOPASSWD: {{ end }}ALL' > /etc/sudoers.d/90-rackflow-{{ .Name }}
chmod 440 /etc/sudoers.d/90-rackflow-{{ .Name }}
{{ end -}}
{{ end -}}
{{ if .Networks -}}
{{ range $name, $content := .AllKeyfiles -}}
printf %s {{ shell $content }} > /etc/NetworkManager/system-connections/{{ $name }}
{{ end -}}
chmod 600 /etc/NetworkManager/system-connections/*
{{ end -}}
{{ if .NTP -}}
printf 'server %s iburst\n' {{ join .NTP " " }} > /etc/chrony.d/rackflow.conf
{{ end -}}
{{ with .Syslog -}}
echo {{ shell . }} > /etc/rsyslog.d/90-rackflow.conf
{{ end -}}
systemctl enable sshd
{{ template "booted.sh" . -}}
{{ with .Services.Enable -}}
systemctl enable {{ join . " " }}
{{ end -}}
{{ with .Services.Disable -}}
systemctl disable {{ join . " " }}
{{ end -}}
{{ range .PostInstall -}}
/bin/sh -c {{ shell . }}
{{ end -}}
