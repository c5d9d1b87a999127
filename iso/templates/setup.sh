{{- $apt := ne .Family "rhel" -}}
{{- if $apt }}{{ range .Users -}}
useradd -m -s /bin/bash{{ if .UID }} -u {{ .UID }}{{ end }}{{ if .Sudo }} -G sudo{{ end }}{{ with .PasswordHash }} -p {{ shell . }}{{ end }} {{ .Name }}
{{ if .SSHKeys -}}
install -d -m 700 -o {{ .Name }} -g {{ .Name }} /home/{{ .Name }}/.ssh
{{ $user := . }}{{ range .SSHKeys -}}
printf '%s\n' {{ shell . }} >> /home/{{ $user.Name }}/.ssh/authorized_keys
{{ end -}}
chown {{ .Name }}:{{ .Name }} /home/{{ .Name }}/.ssh/authorized_keys
chmod 600 /home/{{ .Name }}/.ssh/authorized_keys
{{ end -}}
{{ end }}{{ end -}}
{{ range .Users }}{{ if and .Sudo (not .PasswordHash) -}}
echo '{{ .Name }} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/90-rackflow-{{ .Name }}
chmod 440 /etc/sudoers.d/90-rackflow-{{ .Name }}
{{ end }}{{ end -}}
{{ if and (eq .Family "debian") .SSHKeys -}}
install -d -m 700 /root/.ssh
{{ range .SSHKeys -}}
printf '%s\n' {{ shell . }} >> /root/.ssh/authorized_keys
{{ end -}}
chmod 600 /root/.ssh/authorized_keys
{{ end -}}
{{ if and (eq .Family "rhel") .Keyfiles -}}
rm -f /etc/sysconfig/network-scripts/ifcfg-* /etc/NetworkManager/system-connections/*
{{ range $name, $content := .Keyfiles -}}
printf %s {{ shell $content }} > /etc/NetworkManager/system-connections/{{ $name }}
{{ end -}}
chmod 600 /etc/NetworkManager/system-connections/*
{{ end -}}
{{ if and (eq .Family "debian") .NetworkdFiles -}}
printf 'auto lo\niface lo inet loopback\n' > /etc/network/interfaces
{{ range $name, $content := .NetworkdFiles -}}
printf %s {{ shell $content }} > /etc/systemd/network/{{ $name }}
{{ end -}}
{{ if .Nameservers -}}
printf 'nameserver %s\n' {{ join .Nameservers " " }} > /etc/resolv.conf
{{ end -}}
systemctl enable systemd-networkd
{{ end -}}
{{ if .NTP }}{{ if $apt -}}
if test -d /etc/chrony/sources.d; then
  printf 'server %s iburst\n' {{ join .NTP " " }} > /etc/chrony/sources.d/rackflow.sources
fi
install -d /etc/systemd/timesyncd.conf.d
printf '[Time]\nNTP=%s\n' {{ shell (join .NTP " ") }} > /etc/systemd/timesyncd.conf.d/rackflow.conf
{{ else -}}
sed -i -E '/^(pool|server)[ \t]/d' /etc/chrony.conf
printf 'server %s iburst\n' {{ join .NTP " " }} >> /etc/chrony.conf
{{ end }}{{ end -}}
{{ if and .Proxy (not $apt) -}}
printf 'proxy=%s\n' {{ shell .Proxy }} >> /etc/dnf/dnf.conf
{{ end -}}
{{ range .Repositories -}}
{{ if $apt -}}
echo {{ shell (printf "deb [%s] %s %s" (or (and .Key (printf "signed-by=/etc/apt/keyrings/%s.asc" .Name)) "trusted=yes") .URL (or (and .Suite (printf "%s %s" .Suite (join .Components " "))) "/")) }} > /etc/apt/sources.list.d/{{ .Name }}.list
{{ else -}}
printf '[%s]\nname=%s\nbaseurl=%s\nenabled=1\n' {{ .Name }} {{ .Name }} {{ shell .URL }} > /etc/yum.repos.d/{{ .Name }}.repo
printf 'gpgcheck={{ if .Key }}1{{ else }}0{{ end }}\n{{ if .Key }}gpgkey=%s\n{{ end }}'{{ with .Key }} {{ shell . }}{{ end }} >> /etc/yum.repos.d/{{ .Name }}.repo
{{ end -}}
{{ end -}}
{{ if and $apt .Repositories -}}
apt-get update
{{ with .AllPackages -}}
DEBIAN_FRONTEND=noninteractive apt-get install -y {{ join . " " }}
{{ end -}}
{{ end -}}
{{ if .Syslog -}}
echo {{ shell .Syslog }} > /etc/rsyslog.d/90-rackflow.conf
{{ end -}}
{{ if and $apt .KernelArgs (eq .Family "ubuntu") -}}
echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {{ join .KernelArgs " " }}"' > /etc/default/grub.d/90-rackflow.cfg
update-grub
{{ end -}}
{{ if and .KVM (not $apt) -}}
systemctl enable libvirtd
{{ end -}}
{{ with .Services.Enable -}}
systemctl enable {{ join . " " }}
{{ end -}}
{{ with .Services.Disable -}}
systemctl disable {{ join . " " }}
{{ end -}}
{{ template "booted.sh" . -}}
