#!/bin/bash
# boot.sh NAME LAYERS SCRATCH: a host of its own from LAYERS (lowerdir= of overlayfs): its systemd is process 1 of namespaces of its own, in the
# cgroup NAME, with no network but lo. What it writes lies in memory and ends with it; the layers stay as they are.
# SCRATCH is an empty folder. The caller kills this process: everything ends with it, and remove-cgroup.sh takes the cgroup away.
set -euo pipefail
export name=$1 layers=$2 scratch=$3
exec unshare --mount --propagation private bash -euo pipefail -c '
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch"/{cgroup,upper,work,root}
mount -t cgroup2 cgroup2 "$scratch/cgroup"
mkdir "$scratch/cgroup/$name"
echo $$ >"$scratch/cgroup/$name/cgroup.procs"
umount "$scratch/cgroup"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
export root=$scratch/root
exec unshare --pid --fork --kill-child --ipc --uts --net --cgroup bash -euo pipefail -c '"'"'
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom tty; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${number%%:*}" "$root/dev/${number##*:}"; done
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
hostname vmhost
ip link set lo up
cd "$root"
mkdir -p oldroot
pivot_root . oldroot
umount -l /oldroot
exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb /sbin/init --log-target=journal --show-status=no
'"'"
