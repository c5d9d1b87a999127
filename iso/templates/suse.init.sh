{{ with .Callbacks.Progress -}}
{{ brief . 90 "packages are installed" }}
{{ end -}}
{{ with .Callbacks.Failed -}}
failed() {
  {{ stubborn . 0 "a command for the installed system failed: see the console and /var/adm/autoinstall/logs" }}
}
trap failed EXIT
{{ end -}}
set -e
{{ range .Users }}{{ if .Sudo -}}
echo '{{ .Name }} ALL=(ALL) {{ if not .PasswordHash }}NOPASSWD: {{ end }}ALL' > /etc/sudoers.d/90-rackflow-{{ .Name }}
chmod 440 /etc/sudoers.d/90-rackflow-{{ .Name }}
{{ end }}{{ end -}}
{{ range .Repositories -}}
{{ with .Key -}}
rpm --import {{ shell . }}
{{ end -}}
zypper --non-interactive addrepo {{ if not .Key }}--no-gpgcheck {{ end }}{{ shell .URL }} {{ .Name }}
{{ end -}}
{{ with .Syslog -}}
echo {{ shell . }} > /etc/rsyslog.d/90-rackflow.conf
systemctl enable rsyslog
{{ end -}}
{{ range .PostInstall -}}
/bin/sh -c {{ shell . }}
{{ end -}}
trap - EXIT
set +e
{{ with .Callbacks.Done -}}
{{ stubborn . 100 "installed" }}
{{ end -}}
