#!/usr/bin/env bash
# The public contract may grow, not break: proto/ against every state of it that can be in use: each that landed on this line of history (the newest
# 30), each that has a tag, and the one where this branch left its upstream. A break is so found however many commits lie between.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
buf=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)/node_modules/.bin/buf

landed=$(git log --first-parent --format=%H -n 30 HEAD -- proto)
tagged=$(git for-each-ref --format='%(refname)' refs/tags)
upstream=$(git merge-base HEAD '@{upstream}' 2>/dev/null || true)

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
seen=' '
compared=0
broken=0
for commit in $landed $tagged $upstream; do
  # The same contract is compared once; a tag from before there was one, not at all.
  tree=$(git rev-parse --verify --quiet "$commit:proto") || continue
  case $seen in *" $tree "*) continue ;; esac
  seen+="$tree "
  rm -rf "${before:?}"/*
  git archive "$commit" proto | tar -x -C "$before"
  # By today's rules: whoever relaxes them does not relax what was promised before.
  cp buf.yaml "$before"
  compared=$((compared + 1))
  if ! "$buf" breaking --against "$before"; then
    echo "the contract breaks that of $(git log -1 --format='%h of %cs' "$commit")" >&2
    broken=$((broken + 1))
  fi
done
[ "$broken" = 0 ] || { echo "$broken of $compared earlier contracts are broken: add to the contract instead, and keep what was there" >&2; exit 1; }
[ "$compared" != 0 ] || { echo 'the contract has no earlier version to compare with'; exit 0; }
echo "the contract is compatible with $compared version(s) of it"
