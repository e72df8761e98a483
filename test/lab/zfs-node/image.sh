#!/bin/bash
# image.sh ROOTFS PUBLIC_KEY OUT: the disks root.qcow2 and pool.qcow2, vmlinuz and initrd of a node; no loop mounts.
set -euo pipefail
rootfs=$1 public_key=$2 out=$3
here=$(dirname "$(readlink -f "$0")")

root=$out/root
cp -a "$rootfs" "$root"
cp -a --no-preserve=ownership "$here/tree/." "$root"
kernel=$(ls "$root/lib/modules")
mv "$root/boot/vmlinuz-$kernel" "$out/vmlinuz"

# What slows a boot on emulated processors and serves no node here. libvirt needs virtlockd and systemd-machined.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer logrotate.timer getty@tty1.service console-getty.service keyboard-setup.service \
  console-setup.service systemd-networkd-wait-online.service systemd-timesyncd.service systemd-binfmt.service \
  proc-sys-fs-binfmt_misc.automount systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-sysusers.service systemd-random-seed.service systemd-pstore.service modprobe@drm.service \
  modprobe@efi_pstore.service dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  systemd-journal-flush.service libvirt-guests.service zfs-share.service zfs-zed.service zfs-import-scan.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

chroot "$root" sh -eu <<'CHROOT'
systemctl enable --quiet systemd-networkd
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
# An asterisk is no password, yet not "locked", which sshd refuses even to keys.
useradd --create-home --shell /bin/bash --password '*' ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops
CHROOT
tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
for home in root home/ops; do
  install -D -m 600 "$public_key" "$root/$home/.ssh/authorized_keys"
done
chroot "$root" chown -R ops:ops /home/ops

initramfs=$out/initramfs
mkdir -p "$initramfs"/{bin,lib,dev,root}
cp /bin/busybox "$initramfs/bin/"
install -m 755 "$here/initramfs-init" "$initramfs/init"
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
  find "$root/lib/modules" -name "$module.ko" -exec cp {} "$initramfs/lib/" \;
done
(cd "$initramfs" && find . | cpio -o -H newc -R 0:0 --quiet) > "$out/initrd"

mke2fs -q -t ext4 -O ^has_journal,^metadata_csum -d "$root" "$out/root.raw" 6G
qemu-img convert -f raw -O qcow2 "$out/root.raw" "$out/root.qcow2"

# On a partition zpool create takes one second; given a whole disk it partitions that itself, which takes five.
truncate -s 8G "$out/pool.raw"
printf 'label: gpt\n,,6A898CC3-1DD2-11B2-99A6-080020736631\n' | sfdisk --quiet "$out/pool.raw"
qemu-img convert -f raw -O qcow2 "$out/pool.raw" "$out/pool.qcow2"

rm -r "$root" "$initramfs" "$out"/{root,pool}.raw
