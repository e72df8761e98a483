#!/bin/bash
# rootfs.sh DIRECTORY: a Debian 12 tree with ZFS built for its own kernel. About seven minutes, most of it the module.
set -euo pipefail
tree=$1

packages=(
  systemd-sysv dbus udev kmod procps less sudo linux-image-cloud-amd64 linux-headers-cloud-amd64
  zfs-dkms zfsutils-linux e2fsprogs
  libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils dnsmasq-base dmidecode
  openssh-server redis-server redis-tools iproute2 iputils-ping nftables iptables netcat-openbsd wireguard-tools
  curl ca-certificates jq mbuffer zstd xz-utils
)

# The machine's own mirrors, asked for Debian 12 whatever the machine runs; the ZFS module's source is in contrib.
. /etc/os-release
sources=$(mktemp)
trap 'rm -f "$sources"' EXIT
apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' | sort -u |
  sed -nE "s#^(\S+) $VERSION_CODENAME(-updates|-security)?\$#deb \1 bookworm\2 main contrib#p" > "$sources"

# INITRD=No: the node boots with an initramfs of its own, so the kernel package need not make one.
INITRD=No mmdebstrap --mode=root --variant=minbase --format=directory \
  --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --include="$(IFS=,; echo "${packages[*]}")" \
  bookworm "$tree" "$sources"

# The compiler and headers made the module and are dead weight from here on.
kernel=$(ls "$tree/lib/modules")
chroot "$tree" modinfo -k "$kernel" zfs > /dev/null
rm -rf "$tree"/usr/{src,lib/gcc,libexec/gcc,lib/linux-kbuild*} "$tree"/usr/bin/x86_64-linux-gnu-* \
  "$tree/lib/modules/$kernel/build" "$tree"/var/lib/dkms "$tree"/var/{cache/apt,lib/apt/lists}
