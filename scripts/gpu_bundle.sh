#!/usr/bin/env bash
# Collects what scripts/gpu_check.sh needs on a machine with a GPU into one file to carry there, where nothing has to be built or installed but a
# Python torch 2.11 for CUDA 13: programs, configurations, scripts, and the system's libraries but for LibTorch's and CUDA's own.
#
#   scripts/gpu_bundle.sh [--build FOLDER] [--out FILE]        default: build/release, build/gpu-bundle.tar.xz
#
# There:  tar xf gpu-bundle.tar.xz && gpu-bundle/scripts/gpu_check.sh
#
# OpenCV's image reader and FFmpeg pull in a hundred libraries for formats that the check never opens: those get stand-ins, libraries of the same names
# whose functions only return 0. At most 64 MB, so that it may be carried by whatever carries files.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() { printf 'gpu_bundle: error: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

build=$root/build/release
out=$root/build/gpu-bundle.tar.xz
largest=$((64 * 1000 * 1000))
programs=(cli/deepmad-cuda tests/gpu_tests tests/gpu_data tests/train_worker-cuda tests/inference_worker-cuda)
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --build) build=$(cd "${2:-/absent}" 2>/dev/null && pwd) || fail "--build needs the folder of a build"; shift ;;
    --out) [ $# -ge 2 ] || fail "--out needs a file"; out=$(realpath "$2"); shift ;;
    *) fail "unknown option $1; see --help" ;;
  esac
  shift
done
for program in "${programs[@]}"; do [ -x "$build/$program" ] || fail "$build/$program is missing: build the target $(basename "$program")"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/gpu-bundle
mkdir -p "$bundle"/{bin,lib,stand-in,scripts,configs,tests/bench,tests/gpu,tests/golden}
for program in "${programs[@]}"; do strip --strip-unneeded -o "$bundle/bin/$(basename "$program")" "$build/$program"; done

# Of the C library, LibTorch and CUDA: of the other machine.
of_machine='^(ld-linux-x86-64|lib(c|m|pthread|dl|rt|gomp|cuda|cudart|cupti|nccl|cu[a-zA-Z]+|nv[a-zA-Z_]+|torch[a-z_]*|c10[a-z_]*|caffe2_[a-z]+))\.so'
# Never called by the check, with all that only they need.
uncalled='^lib(gdal|gdcm[A-Z]+|webp|tiff|openjp2|OpenEXR[-_0-9]*|lapack|blas|GLX|avformat|avcodec|avutil|swscale|swresample)[.-]'

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
declare -A place  # of a library on this machine, by name
while read -r name path; do place[$name]=$path; done < <(for program in "${programs[@]}"; do ldd "$build/$program"; done | sed -nE 's/^\s*(\S+) => (\/\S+) .*/\1 \2/p' | sort -u)
declare -A seen
names=()
collect() {  # FILE
  local name
  for name in $(needed "$1"); do
    [ -z "${seen[$name]:-}" ] || continue
    seen[$name]=1
    if [[ $name =~ $of_machine ]]; then continue; fi
    [ -n "${place[$name]:-}" ] || fail "$1 needs $name, which is not on this machine"
    if [[ $name =~ $uncalled ]]; then
      names+=("$name")
    else
      cp -L "${place[$name]}" "$bundle/lib/$name"
      collect "${place[$name]}"
    fi
  done
}
for program in "${programs[@]}"; do collect "$build/$program"; done

# One library without versions has all their functions; those of the names need it, and have the versions that are asked for of them.
symbols() { nm -D "$@" 2>/dev/null | awk 'NF >= 2 { sub("@.*", "", $NF); print $NF }' | grep -E '^[A-Za-z_][A-Za-z0-9_]*$' | sort -u; }
versions() {  # NAME
  awk -v name="$1:" '/required from/ { wanted = $3 == name; next } NF < 4 { wanted = 0 } wanted { print $4 " { };" }' "$work/headers" | sort -u
}
link() { gcc -shared -nostdlib -fPIC -Wl,-soname,"$1" -o "$bundle/stand-in/$1" "${@:2}"; }
if [ ${#names[@]} -gt 0 ]; then
  objdump -p "$bundle"/bin/* "$bundle"/lib/* >"$work/headers"
  mapfile -t uncalled_files < <(for name in "${names[@]}"; do echo "${place[$name]}"; ldd "${place[$name]}" | sed -nE 's/.* => (\/\S+) .*/\1/p'; done | sort -u)
  comm -12 <(symbols --undefined-only "$bundle"/bin/* "$bundle"/lib/*) <(symbols --defined-only "${uncalled_files[@]}") |
    comm -23 - <(symbols --defined-only "$bundle"/lib/* "$(gcc -print-file-name=libc.so.6)" "$(gcc -print-file-name=libm.so.6)") |
    sed 's/.*/int &(void) { return 0; }/' | link libuncalled.so -fno-builtin -w -x c -
  for name in "${names[@]}"; do
    versions "$name" >"$work/versions"
    echo 'any { };' >>"$work/versions"
    link "$name" -x c /dev/null -x none -Wl,--no-as-needed,-rpath,'$ORIGIN' -Wl,--version-script="$work/versions" "$bundle/stand-in/libuncalled.so"
  done
fi

cp -r "$root/configs/." "$bundle/configs"
cp "$root"/scripts/gpu_{check.sh,steps.py,session.py} "$bundle/scripts"
cp "$root"/tests/bench/{gpu_turns,compare_steps,compare_inference,eager_network,eager_worker,peer_inference}.py "$bundle/tests/bench"
cp -r "$root/tests/gpu/runs" "$bundle/tests/gpu"
cp "$root/tests/golden/forward_golden.json" "$bundle/tests/golden"

lost=$(for program in "$bundle"/bin/*; do LD_LIBRARY_PATH=$bundle/lib:$bundle/stand-in ldd "$program"; done | sed -nE 's/^\s*(\S+) => not found$/\1/p' | sort -u | grep -vE "$of_machine" || true)
[ -z "$lost" ] || fail "not in the bundle: $(paste -sd' ' <<<"$lost")"

mkdir -p "$(dirname "$out")"
XZ_OPT='-T0 -2' tar --sort=name --owner=0 --group=0 -C "$work" -cJf "$out" gpu-bundle
size=$(stat -c %s "$out")
[ "$size" -le "$largest" ] || fail "$out has $((size / 1000000)) MB, more than $((largest / 1000000))"
printf 'gpu_bundle: %s: %s.%s MB, %s libraries and %s stand-ins\n' "$out" $((size / 1000000)) $((size / 100000 % 10)) \
  "$(find "$bundle/lib" -type f | wc -l)" "${#names[@]}"
