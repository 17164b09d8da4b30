#!/bin/sh
# Builds the release binary and opens the window on the demo dataset; without a display, prints
# the demo's scan report instead. The first argument is the cargo to use.
set -eu
cargo=${1:-cargo}

"$cargo" build --release
report=$("$cargo" run --release --quiet -- demo)
dataset=$(printf '%s\n' "$report" | sed -n 's/^[0-9]* samples in //p')
case "$(uname -s)" in
  Linux) display=${DISPLAY:-}${WAYLAND_DISPLAY:-} ;;
  *) display=native ;;
esac
if [ -n "$display" ]; then
  exec "$cargo" run --release --quiet -- "$dataset"
fi
echo "There is no display here, so this is the scan report of the demo dataset:"
echo
exec "$cargo" run --release --quiet -- scan "$dataset"
