#!/usr/bin/env bash
# The Debian packages that the tests use beyond Node: what is missing is installed, with the machine's own apt configuration.
set -euo pipefail

packages=(
  prometheus                                                  # scrapes in tests; brings promtool
  python3 python3-grpcio python3-protobuf protobuf-compiler protobuf-compiler-grpc libprotobuf-dev  # the independent client of the contract
  buildah runc debootstrap systemd                            # builds and runs the image without an engine
  iproute2 util-linux                                         # a host of its own, in namespaces
  gcc libc6-dev                                               # the program in the guest
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  echo "all ${#packages[@]} packages are installed"
  exit 0
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
