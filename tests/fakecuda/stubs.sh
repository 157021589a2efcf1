#!/usr/bin/env bash
# Makes libraries that LibTorch's CUDA libraries are linked with and this machine lacks, with functions that only return 0: on the stand-in nothing
# calls them, or nothing looks at what they do. The driver, libcuda.so.1, is always made, so that a real one is left alone.
#
#   tests/fakecuda/stubs.sh FOLDER LIBRARY...     into FOLDER, for these libraries of LibTorch
set -euo pipefail
folder=$1
shift
mkdir -p "$folder"
rm -f "$folder"/*.so*
export LD_LIBRARY_PATH=$folder:${CUDA_HOME:-/usr/local/cuda}/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# Those that are asked for of a library, as a linker's version script: the loader warns of each that is not there.
versions() {  # NAME LIBRARY...
  for library in "${@:2}"; do objdump -p "$library"; done |
    awk -v name="$1:" '/required from/ { wanted = $3 == name; next } NF < 4 { wanted = 0 } wanted { print $4 " { };" }' | sort -u
}
link() {  # NAME WORD...
  gcc -shared -nostdlib -fPIC -Wl,-soname,"$1" -o "$folder/$1" "${@:2}"
}

mapfile -t names < <({ echo libcuda.so.1; for library in "$@"; do ldd "$library" 2>&1; done | sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p'; } | sort -u)
for name in "${names[@]}"; do link "$name" -x c /dev/null; done
{
  cat <<'END'
// Each device has a context, and this thread is in it.
int cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) { return *flags = 0, *active = 1, 0; }
int cuCtxGetCurrent(void** context) { static int made; return *context = &made, 0; }
END
  for library in "$@"; do ldd -r "$library" 2>&1; done | sed -nE 's/^undefined symbol: ([A-Za-z0-9_]+).*/int \1(void) { return 0; }/p' | sort -u |
    grep -vE ' (cuDevicePrimaryCtxGetState|cuCtxGetCurrent)\('
} | link libabsent.so -x c -
for name in "${names[@]}"; do
  link "$name" -x c /dev/null -x none -Wl,--no-as-needed,-rpath,'$ORIGIN' -Wl,--version-script=<(versions "$name" "$@"; echo 'any { };') "$folder/libabsent.so"
done
