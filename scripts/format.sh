#!/usr/bin/env bash
# Formats our C++ sources by .clang-format. With --check it changes nothing and names the lines that are not formatted; exit status 1 when there are any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  "") action=(-i) ;;
  --check) action=(--dry-run --Werror) ;;
  *) echo "format: unknown option $1; the only one is --check" >&2; exit 2 ;;
esac
# Other versions of the tool format some lines differently.
tool=$(command -v clang-format-14 || command -v clang-format) || { echo "format: needs clang-format-14: run scripts/setup.sh" >&2; exit 1; }

faults=$(find base mad models data train cli tests \( -name '*.h' -o -name '*.cc' -o -name '*.cu' \) -print0 |
         { xargs -0 -n 20 -P "$(nproc)" "$tool" "${action[@]}" 2>&1 || true; } | sed -n 's/: error: .*//p')
if [ -n "$faults" ]; then
  echo "$faults" | sed 's/$/: not formatted, run scripts\/format.sh/' >&2
  exit 1
fi
