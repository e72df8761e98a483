#!/bin/bash
# Builds a guest that boots in seconds: Debian's cloud kernel, busybox and dropbear in an initramfs, on a FAT disk without a
# partition table that both BIOS and UEFI start. Makes tiny.qcow2 in the current, empty folder. Needs no loop device.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

# ---- kernel, and UEFI's boot loader

fetch_packages() {
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
  apt-get -qq -o APT::Sandbox::User=root download "$package" systemd-boot-efi
}
# The machine's package lists may be missing, or so old that they name a kernel that the mirror has no more.
fetch_packages 2>apt.log || { apt-get -qq update && fetch_packages; }
dpkg-deb -x "$package"_*.deb kernel
dpkg-deb -x systemd-boot-efi_*.deb loader
[ -e kernel/lib ] || ln -s usr/lib kernel/lib # as Debian 13 packages it
version=$(ls kernel/lib/modules)
depmod -b kernel "$version"

# ---- initramfs

mkdir -p root/{bin,sbin,lib/modules,proc,sys,dev,disk,mnt,seed,run,tmp,root,home/waifu}
cp -r "$here/root/." root/
cp /bin/busybox root/bin/
for applet in $(busybox --list); do [ -e "root/bin/$applet" ] || ln -s busybox "root/bin/$applet"; done
ln -s ../bin/busybox root/sbin/init

programs="/usr/sbin/dropbear /usr/bin/dropbearkey /usr/bin/dropbearconvert"
for file in $programs; do cp "$file" root/bin/; done
# shellcheck disable=SC2086 # one word a program
for library in $(ldd $programs | grep -o '/lib[^ ]*' | sort -u); do cp -L --parents "$library" root/; done

# The order in which modprobe would load them and what they depend on, so that the guest needs neither it nor its index.
modules="virtio_pci virtio_blk virtio_net virtio_console vfat nls_cp437 nls_ascii isofs button evdev"
for module in $modules; do
  modprobe -d "$PWD/kernel" -S "$version" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' >order
i=100
while read -r file; do
  plain=root/lib/modules/$i-$(basename "$file" | sed 's/\.ko.*/.ko/')
  case $file in *.xz) xz -dc "$file" ;; *.zst) zstd -dqc "$file" ;; *) cat "$file" ;; esac >"$plain"
  i=$((i + 1))
done <order
(cd root && find . | sort | cpio -o -H newc -R 0:0 --quiet --reproducible) | gzip -n >initrd

# ---- disk

truncate -s 32M disk
mkfs.vfat -F 16 -n TINY disk >mkfs.log
options="console=ttyS0,115200 quiet net.ifnames=0 mitigations=off random.trust_cpu=on tsc=reliable"
cat >syslinux.cfg <<CFG
DEFAULT tiny
PROMPT 0
TIMEOUT 0
LABEL tiny
 KERNEL vmlinuz
 APPEND initrd=initrd $options
CFG
printf 'linux /vmlinuz\ninitrd /initrd\noptions %s\n' "$options" >tiny.conf
cp "kernel/boot/vmlinuz-$version" vmlinuz
mmd -i disk ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
mcopy -i disk vmlinuz initrd syslinux.cfg ::/
mcopy -i disk loader/usr/lib/systemd/boot/efi/systemd-bootx64.efi ::/EFI/BOOT/BOOTX64.EFI
mcopy -i disk tiny.conf ::/loader/entries/
syslinux --install disk
qemu-img convert -f raw -O qcow2 disk tiny.qcow2
