wget -q -O /dev/null --tries=3 --retry-connrefused --waitretry=2 --timeout=10 --header='Content-Type: application/json' --post-data='{"value":0,"message":"installer started"}' http://192.0.2.9:8081/callback/tok3n/started
disk=$(readlink -f /dev/disk/by-id/ata-DELLBOSS_VD_00c1a2b3)
test -e "$disk" || disk=
test -n "$disk" || echo 'not exactly one disk here has path /dev/disk/by-id/ata-DELLBOSS_VD_00c1a2b3: nothing has been erased' >&2
test -n "$disk" || wget -q -O /dev/null --tries=30 --retry-connrefused --waitretry=5 --timeout=15 --header='Content-Type: application/json' --post-data='{"value":0,"message":"not exactly one disk here has path /dev/disk/by-id/ata-DELLBOSS_VD_00c1a2b3: nothing has been erased"}' http://192.0.2.9:8081/callback/tok3n/failed
test -n "$disk" || exit 1
debconf-set partman-auto/disk "$disk"
debconf-set grub-installer/bootdev "$disk"
wget -q -O /dev/null --tries=3 --retry-connrefused --waitretry=2 --timeout=10 --header='Content-Type: application/json' --post-data='{"value":10,"message":"the disk is found, installing packages"}' http://192.0.2.9:8081/callback/tok3n/progress
exit 0
