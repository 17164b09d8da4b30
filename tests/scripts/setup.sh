#!/bin/sh
# Installs the system packages that building, running and testing need, where they are missing.
# Only Debian and its relatives are handled; elsewhere it says what is needed and goes on.
set -eu

if ! command -v cargo >/dev/null 2>&1; then
  echo "A Rust toolchain is needed: see https://rustup.rs" >&2
  exit 1
fi
[ "$(uname -s)" = Linux ] || exit 0

packages="gcc libc6-dev libvulkan1 mesa-vulkan-drivers libxkbcommon0 libxkbcommon-x11-0 libwayland-client0
libx11-6 libx11-xcb1 libxcb1 libxcursor1 libxi6 libdbus-1-3 xvfb xdotool imagemagick"

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "This is no Debian: a C compiler, a Vulkan loader and a Vulkan driver are needed." >&2
  exit 0
fi
missing=""
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Installing:$missing"
as_root=""
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "Not root, and there is no sudo. Install these yourself:$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing
