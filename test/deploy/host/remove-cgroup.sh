#!/bin/bash
# remove-cgroup.sh NAME SCRATCH: removes what boot.sh made, when nothing runs in it any more.
set -euo pipefail
export name=$1 scratch=$2
exec unshare --mount --propagation private bash -euo pipefail -c '
mount -t cgroup2 cgroup2 "$scratch"
[ ! -d "$scratch/$name" ] || find "$scratch/$name" -depth -type d -exec rmdir {} +'
