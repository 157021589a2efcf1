#!/usr/bin/env bash
# Sets up, checks the sources, builds with warnings as errors and runs the tests, from nothing; a second run does only what has changed.
#
#   scripts/test.sh [PRESET] [CTEST OPTION...]            default preset: release; others: debug, asan, tsan, fuzz, coverage
#
# With DEEPMAD_TEST_DATA naming a folder of small real data sets the tests also use those; without it they use what they make themselves.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=release
case "${1:-}" in
  --help) sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' scripts/test.sh; exit 0 ;;
  "" | -*) ;;
  *) preset=$1; shift ;;
esac

case $preset in
  fuzz | coverage) scripts/setup.sh --checks ;;
  *) scripts/setup.sh ;;
esac
scripts/check_sources.py
scripts/format.sh --check
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(nproc)"
ctest --preset "$preset" --parallel "$(nproc)" "$@"
echo "test: $preset passed in $SECONDS s"
