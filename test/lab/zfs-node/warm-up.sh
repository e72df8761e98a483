# Runs on the booted node before its memory is saved: whatever is slow the first time is done here, once.
set -eux
test -c /dev/kvm
virsh net-autostart default
virsh net-start default
virsh version
virsh capabilities > /dev/null
virsh domcapabilities --virttype kvm --machine q35 > /dev/null
virsh domcapabilities --virttype kvm --machine pc > /dev/null
# Into memory, yet not loaded: see zfs-load-module.service.d.
cat "$(modinfo -n zfs)" "$(modinfo -n spl)" /usr/sbin/zfs /usr/sbin/zpool /usr/bin/qemu-img > /dev/null
systemctl is-active redis-server ssh libvirtd virtlogd.socket
! test -e /sys/module/zfs
sync
