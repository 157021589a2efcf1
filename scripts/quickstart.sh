#!/usr/bin/env bash
# From nothing to a network designed for a budget, trained and validated on real images (Fashion-MNIST): sets up, builds, runs.
#
#   scripts/quickstart.sh [--fresh] [KEY=VALUE...]
#
#   --fresh    forget an earlier quickstart and train again
#
# Ends with a table: the network, its accuracy on the 10,000 test images, and the run folder. Run again, it goes on where it stopped, and when the run
# was done it only shows the table.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=runs/quickstart
case "${1:-}" in
  --help) sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' scripts/quickstart.sh; exit 0 ;;
  --fresh) rm -rf "$out"; shift ;;
esac

scripts/setup.sh
cmake --preset release --log-level=WARNING
cmake --build --preset release --parallel "$(nproc)" --target deepmad
exec build/release/cli/deepmad run configs/run/quickstart_fashion.yaml --out "$out" --resume auto "$@"
