#!/bin/bash
# layers.sh DIRECTORY MIRROR: a fresh Debian 13 in DIRECTORY/base, as layers for overlayfs: systemd and Node in base, libvirt in libvirt.
# Nothing outside DIRECTORY changes; each layer appears by one rename. Needs root, debootstrap, and the network of this machine.
set -euo pipefail
directory=${1:?a directory} mirror=${2:?the URI of a Debian archive}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

install() { # install ROOT PACKAGE...: with the packages' own scripts, without documentation
  local root=$1
  shift
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  chroot "$root" apt-get update --quiet
  chroot "$root" apt-get install --yes --quiet --no-install-recommends "$@"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root/etc/resolv.conf"
}

mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9

if [ ! -d "$directory/base" ]; then
  partial=$directory/base.partial
  rm -rf "$partial"
  debootstrap --variant=minbase --merged-usr trixie "$partial" "$mirror"
  # Documentation is a third of the installed size, and synchronous writes are half of dpkg's time.
  printf 'force-unsafe-io\npath-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\n' >"$partial/etc/dpkg/dpkg.cfg.d/layers"
  install "$partial" systemd systemd-sysv dbus nodejs
  mv "$partial" "$directory/base"
fi

if [ ! -d "$directory/libvirt" ]; then
  partial=$directory/libvirt.partial
  rm -rf "$partial"
  mkdir -p "$partial"/{upper,work,root}
  export -f install
  export partial directory
  unshare --mount --propagation private bash -euo pipefail -c '
    mount -t overlay overlay -o "lowerdir=$directory/base,upperdir=$partial/upper,workdir=$partial/work" "$partial/root"
    install "$partial/root" libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients'
  mv "$partial/upper" "$directory/libvirt"
  rm -rf "$partial"
fi
