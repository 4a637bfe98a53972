#!/usr/bin/env bash
# The unit tests on the other versions of Node that people run. Their programs are npm packages, so they come from the registry that npm has
# anyway; they are kept in .cache, and nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
versions=(22.23.3 24.21.0)
case $(uname -m) in
  x86_64) architecture=x64 ;;
  aarch64) architecture=arm64 ;;
  *) echo "other-nodes: there is no package of Node for $(uname -m); run it on x86_64 or aarch64" >&2; exit 1 ;;
esac

# fetch FOLDER PACKAGE: npm compares what it gets with the registry's own checksum.
fetch() {
  local partial
  mkdir -p .cache
  partial=$(mktemp -d .cache/node.XXXXXX)
  trap 'rm -rf "$partial"' RETURN
  npm pack --silent --pack-destination "$partial" "$2" >/dev/null
  tar -xz --strip-components=1 -C "$partial" -f "$partial"/*.tgz
  rm "$partial"/*.tgz
  mv "$partial" "$1"
}

for version in "${versions[@]}"; do
  folder=$PWD/.cache/node-$version-$architecture
  [ -x "$folder/bin/node" ] || fetch "$folder" "node-linux-$architecture@$version"
  export PATH="$folder/bin:$PATH"
  echo "the unit tests on Node $(node --version)"
  # What is built is built anew by each (test/support/build.ts).
  node node_modules/vitest/vitest.mjs run --project unit "$@" || node dist/test/checks/second-try-main.js tests
done
