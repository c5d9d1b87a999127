wget -q -O /dev/null --tries=3 --retry-connrefused --waitretry=2 --timeout=10 --header='Content-Type: application/json' --post-data='{"value":90,"message":"packages are installed"}' http://192.0.2.9:8081/callback/tok3n/progress
trap 'wget -q -O /dev/null --tries=30 --retry-connrefused --waitretry=5 --timeout=15 --header='\''Content-Type: application/json'\'' --post-data='\''{"value":0,"message":"a command for the installed system failed: see the console and /var/log/syslog"}'\'' http://192.0.2.9:8081/callback/tok3n/failed' EXIT
set -e
in-target /bin/sh -c 'set -e
install -d -m 700 /root/.ssh
printf '\''%s\n'\'' '\''ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L it'\''\'\'''\''s me, $(id)'\'' >> /root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
'
in-target /bin/sh -c 'systemctl enable sshd'
in-target /bin/sh -c 'echo "it'\''s $(hostname)" > /etc/motd'
trap - EXIT
wget -q -O /dev/null --tries=30 --retry-connrefused --waitretry=5 --timeout=15 --header='Content-Type: application/json' --post-data='{"value":100,"message":"installed"}' http://192.0.2.9:8081/callback/tok3n/done || true
exit 0
