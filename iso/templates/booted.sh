{{ with .Callbacks.Booted -}}
printf %s {{ shell $.BootedScript }} > /usr/local/sbin/rackflow-booted
chmod 700 /usr/local/sbin/rackflow-booted
printf %s {{ shell $.BootedUnit }} > /etc/systemd/system/rackflow-booted.service
systemctl enable rackflow-booted.service
{{ end -}}
