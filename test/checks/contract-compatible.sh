#!/usr/bin/env bash
# The public contract may grow, not break: proto/ against the newest commit before this one that changed it.
set -euo pipefail
cd "$(dirname "$0")/../.."

against=$(git log --format=%H -n 1 --skip=1 -- proto || true)
if [ -z "$against" ]; then
  echo 'the contract has no earlier version to compare with'
  exit 0
fi
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$against" proto buf.yaml | tar -x -C "$before"
npx buf breaking --against "$before"
echo "the contract is compatible with $(git log -1 --format='%h of %cs' "$against")"
