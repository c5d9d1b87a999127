wget -q -O /dev/null --tries=3 --retry-connrefused --waitretry=2 --timeout=10 --header='Content-Type: application/json' --post-data='{"value":0,"message":"installer started"}' http://192.0.2.9:8081/callback/tok3n/started
found=
for block in /sys/block/sd* /sys/block/nvme* /sys/block/vd*; do
  test -e "$block" || continue
  name=${block##*/}
  case $name in nvme*c*n*) continue ;; esac
  udevadm info --query=property --name="/dev/$name" | tr A-Z a-z | grep -Eq '^id_(serial|serial_short|scsi_serial)=s4x\.1$' && found="$found /dev/$name"
done
set -- $found
disk=
test $# -eq 1 && disk=$1
test -n "$disk" || echo 'not exactly one disk here has serial S4X.1: nothing has been erased' >&2
test -n "$disk" || wget -q -O /dev/null --tries=30 --retry-connrefused --waitretry=5 --timeout=15 --header='Content-Type: application/json' --post-data='{"value":0,"message":"not exactly one disk here has serial S4X.1: nothing has been erased"}' http://192.0.2.9:8081/callback/tok3n/failed
test -n "$disk" || exit 1
debconf-set partman-auto/disk "$disk"
debconf-set grub-installer/bootdev "$disk"
wget -q -O /dev/null --tries=3 --retry-connrefused --waitretry=2 --timeout=10 --header='Content-Type: application/json' --post-data='{"value":10,"message":"the disk is found, installing packages"}' http://192.0.2.9:8081/callback/tok3n/progress
exit 0
