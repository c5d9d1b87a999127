wget -q -O /dev/null --tries=3 --retry-connrefused --waitretry=2 --timeout=10 --header='Content-Type: application/json' --post-data='{"value":90,"message":"packages are installed"}' http://192.0.2.9:8081/callback/tok3n/progress
trap 'wget -q -O /dev/null --tries=30 --retry-connrefused --waitretry=5 --timeout=15 --header='\''Content-Type: application/json'\'' --post-data='\''{"value":0,"message":"a command for the installed system failed: see the console and /var/log/syslog"}'\'' http://192.0.2.9:8081/callback/tok3n/failed' EXIT
set -e
mkdir -p /target/etc/apt/keyrings
wget -q -O /target/etc/apt/keyrings/tools.asc https://repo.example.com/key.asc
in-target /bin/sh -c 'set -e
useradd -m -s /bin/bash -u 1500 -G sudo -p '\''$6$DIIuXbQ3bMhwdEDD$QOOYgwOpT7jFQRDke22WS0KB4dL.CdiGYgXhuYr0bILQ8jraEkHYc50q/44npX1jSWPFv0D3VIzSNj0C3n3WO1'\'' ops
install -d -m 700 -o ops -g ops /home/ops/.ssh
printf '\''%s\n'\'' '\''ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L it'\''\'\'''\''s me, $(id)'\'' >> /home/ops/.ssh/authorized_keys
chown ops:ops /home/ops/.ssh/authorized_keys
chmod 600 /home/ops/.ssh/authorized_keys
useradd -m -s /bin/bash -G sudo deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
printf '\''%s\n'\'' '\''ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L it'\''\'\'''\''s me, $(id)'\'' >> /home/deploy/.ssh/authorized_keys
chown deploy:deploy /home/deploy/.ssh/authorized_keys
chmod 600 /home/deploy/.ssh/authorized_keys
useradd -m -s /bin/bash -p '\''$6$rounds=5000$saltsalt$x2f6n8oE0k1yMt1oVf0tq1Y2l3m4n5o6p7q8r9s0t1u2v3w4x5y6z7A8B9C0D1E2'\'' guest
echo '\''deploy ALL=(ALL) NOPASSWD: ALL'\'' > /etc/sudoers.d/90-rackflow-deploy
chmod 440 /etc/sudoers.d/90-rackflow-deploy
install -d -m 700 /root/.ssh
printf '\''%s\n'\'' '\''ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPhQ3Yvq0oZ1c9mZ0d7m2ZbJm8T0qv0yG4uQhQp1k2L it'\''\'\'''\''s me, $(id)'\'' >> /root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
printf '\''auto lo\niface lo inet loopback\n'\'' > /etc/network/interfaces
printf %s '\''[NetDev]
Name=bond0
Kind=bond
[Bond]
Mode=802.3ad
MIIMonitorSec=0.1
'\'' > /etc/systemd/network/10-bond0.netdev
printf %s '\''[NetDev]
Name=vlan100
Kind=vlan
[VLAN]
Id=100
'\'' > /etc/systemd/network/10-vlan100.netdev
printf %s '\''[NetDev]
Name=vlan200
Kind=vlan
[VLAN]
Id=200
'\'' > /etc/systemd/network/10-vlan200.netdev
printf %s '\''[Match]
Name=bond0
[Link]
MTUBytes=9000
[Network]
VLAN=vlan100
Address=192.0.2.42/24
Address=192.0.2.43/24
Address=2001:db8::42/64
Gateway=192.0.2.1
Gateway=fe80::1
DNS=192.0.2.53
DNS=2001:db8::53
Domains=example.com
'\'' > /etc/systemd/network/20-bond0.network
printf %s '\''[Match]
Name=eno4
[Network]
VLAN=vlan200
LinkLocalAddressing=no
'\'' > /etc/systemd/network/20-eno4.network
printf %s '\''[Match]
PermanentMACAddress=00:11:22:aa:bb:cc
[Network]
Bond=bond0
LinkLocalAddressing=no
'\'' > /etc/systemd/network/20-port0.network
printf %s '\''[Match]
PermanentMACAddress=00:11:22:aa:bb:dd
[Network]
Bond=bond0
LinkLocalAddressing=no
'\'' > /etc/systemd/network/20-port1.network
printf %s '\''[Match]
PermanentMACAddress=00:11:22:aa:bb:ee
[Network]
DHCP=yes
'\'' > /etc/systemd/network/20-port4.network
printf %s '\''[Match]
Name=vlan100
[Network]
Address=198.51.100.42/24
DNS=198.51.100.53
Domains=example.com
'\'' > /etc/systemd/network/20-vlan100.network
printf %s '\''[Match]
Name=vlan200
[Network]
Address=2001:db8:200::42/64
DNS=192.0.2.53
DNS=2001:db8::53
Domains=example.com
'\'' > /etc/systemd/network/20-vlan200.network
printf '\''nameserver %s\n'\'' 192.0.2.53 2001:db8::53 198.51.100.53 > /etc/resolv.conf
systemctl enable systemd-networkd
if test -d /etc/chrony/sources.d; then
  printf '\''server %s iburst\n'\'' ntp.example.com 192.0.2.123 > /etc/chrony/sources.d/rackflow.sources
fi
install -d /etc/systemd/timesyncd.conf.d
printf '\''[Time]\nNTP=%s\n'\'' '\''ntp.example.com 192.0.2.123'\'' > /etc/systemd/timesyncd.conf.d/rackflow.conf
echo '\''deb [signed-by=/etc/apt/keyrings/tools.asc] https://repo.example.com/tools stable main extra'\'' > /etc/apt/sources.list.d/tools.list
echo '\''deb [trusted=yes] http://repo.example.com/flat /'\'' > /etc/apt/sources.list.d/flat.list
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y tmux vim-enhanced qemu-system-x86 libvirt-daemon-system virtinst rsyslog sudo
echo '\''*.* @log.example.com:1514'\'' > /etc/rsyslog.d/90-rackflow.conf
systemctl enable tuned foo@bar.service
systemctl disable cups.service
'
in-target /bin/sh -c 'systemctl enable sshd'
in-target /bin/sh -c 'echo "it'\''s $(hostname)" > /etc/motd'
trap - EXIT
wget -q -O /dev/null --tries=30 --retry-connrefused --waitretry=5 --timeout=15 --header='Content-Type: application/json' --post-data='{"value":100,"message":"installed"}' http://192.0.2.9:8081/callback/tok3n/done || true
exit 0
