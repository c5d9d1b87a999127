found=
for block in /sys/block/sd* /sys/block/nvme* /sys/block/vd*; do
  test -e "$block" || continue
  name=${block##*/}
  case $name in nvme*c*n*) continue ;; esac
  udevadm info --query=property --name="/dev/$name" | tr A-Z a-z | grep -Eq '^id_(wwn|wwn_with_extension|serial_short)=(0x|naa[.]|eui[.])?5000c500a1b2c3d4$' && found="$found /dev/$name"
done
set -- $found
disk=
test $# -eq 1 && disk=$1
test -n "$disk" || echo 'not exactly one disk here has wwn naa.5000C500A1B2C3D4: nothing has been erased' >&2
test -n "$disk" || exit 1
debconf-set partman-auto/disk "$disk"
debconf-set grub-installer/bootdev "$disk"
exit 0
