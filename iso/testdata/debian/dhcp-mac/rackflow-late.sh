set -e
in-target /bin/sh -c 'set -e
install -d -m 700 /root/.ssh
printf '\''%s\n'\'' '\''ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L it'\''\'\'''\''s me, $(id)'\'' >> /root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
'
trap - EXIT
exit 0
