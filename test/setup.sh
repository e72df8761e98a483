#!/bin/sh
# Makes a bare Debian 12 or 13 machine (root, Node.js with npm) ready to build and test this project.
# Safe to repeat: what is there stays, and nothing left to do takes a fraction of a second.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 1; }

packages="
  openssh-server openssh-client dropbear-bin sudo redis-server
  libfaketime libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients libxml2-utils
  qemu-system-x86 qemu-utils ovmf dnsmasq-base
  iproute2 iptables nftables util-linux kmod procps
  mmdebstrap debian-archive-keyring syslinux syslinux-common mtools dosfstools e2fsprogs fdisk
  busybox-static cpio xz-utils zstd curl ca-certificates
  nginx wrk"

missing_packages() {
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  for package in $packages; do
    echo "$installed" | grep -qx "$package" || printf '%s ' "$package"
  done
}

# The lab runs its own copies of these daemons inside namespaces. The machine's own must neither start now
# (policy-rc.d, see invoke-rc.d(8)) nor at the next boot.
install_packages() {
  [ "$(id -u)" = 0 ] || die "these Debian packages are missing and only root can install them: $*"
  export DEBIAN_FRONTEND=noninteractive
  policy=/usr/sbin/policy-rc.d
  log=$(mktemp)
  [ ! -e "$policy" ] || [ -e "$policy.before-waifu" ] || mv "$policy" "$policy.before-waifu"
  trap 'rm -f "$log" "$policy"; [ ! -e "$policy.before-waifu" ] || mv "$policy.before-waifu" "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"

  apt="apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0"
  $apt install --download-only "$@" >"$log" 2>&1 || { $apt update && $apt install --download-only "$@"; } >&2
  $apt install "$@" >"$log" 2>&1 || { cat "$log" >&2; die "apt-get install failed"; }
  if [ -d /run/systemd/system ]; then
    dpkg -L "$@" | sed -n 's#.*/lib/systemd/system/\([^/]*\.\(service\|socket\)\)$#\1#p' |
      xargs -r systemctl --quiet disable >/dev/null 2>&1 || true
  fi
}

install_node_modules() {
  # Without a lockfile --frozen-lockfile succeeds and installs whatever is newest.
  [ -s bun.lockb ] || die "bun.lockb is missing: restore it from git"
  version=$(node -p 'require("./package.json").devDependencies.bun')
  bun=node_modules/.bin/bun
  scratch=
  if [ "$($bun --version 2>/dev/null)" != "$version" ]; then
    command -v npm >/dev/null || die "npm is missing: install Node.js first"
    say "fetching Bun $version"
    scratch=$(mktemp -d)
    npm install --silent --no-save --no-package-lock --prefix "$scratch" "bun@$version" >&2
    bun=$scratch/node_modules/.bin/bun
  fi
  "$bun" install --frozen-lockfile --silent >&2
  [ -z "$scratch" ] || rm -rf "$scratch"
}

command -v apt-get >/dev/null || die "this is not Debian: install what the package list in $0 stands for"
missing=$(missing_packages)
if [ -n "$missing" ]; then
  say "installing Debian packages: $missing"
  # shellcheck disable=SC2086 # one word a package
  (install_packages $missing)
fi
install_node_modules
