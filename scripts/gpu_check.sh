#!/usr/bin/env bash
# Checks deepmad on this machine's GPU: results against the CPU, graphs, number formats, memory, resuming, speed beside PyTorch. One GPU, about 11
# minutes, no network, no root. Prints a row as each step ends and a table at the end; exit status 0 only if every step passed. docs/gpu.md explains
# the rows.
#
#   scripts/gpu_check.sh [--only STEP,...] [--seconds N] [--out FOLDER] [--build FOLDER] [--python FILE] [--stand-in FOLDER] [--list]
#
#   --only     some of the steps, by number or name (--list shows them)
#   --seconds  of the whole check, 660 by default: a step that would begin later is not run, which counts as not passed
#   --out      where rows, logs and report.json go; ./gpu-check by default
#   --build    take the programs of this build; by default of the bundle that the script lies in, else of build/release
#   --python   the Python whose torch is measured beside (default: python3); one without torch for CUDA leaves those columns empty
#   --stand-in on the stand-in runtime of tests/fakecuda (its build folder), whose kernels compute nothing: tiny sizes, and no number is judged
#
# Libraries are looked for in the bundle, the folders of that Python's torch, and LD_LIBRARY_PATH.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() { printf 'gpu_check: %s\n' "$*" >&2; exit 2; }
usage() { sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

build=
python=python3
preload=
steps=()
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit 0 ;;
    --list) steps+=("$1") ;;
    --build | --python | --stand-in | --only | --seconds | --out)
      [ $# -ge 2 ] || fail "$1 needs a value; see --help"
      case $1 in
        --build) build=$(cd "$2" 2>/dev/null && pwd) || fail "there is no folder $2 (--build)" ;;
        --python) python=$2 ;;
        --stand-in) preload=$(realpath -e "$2/libfakecuda.so" 2>/dev/null) || fail "there is no libfakecuda.so in $2 (--stand-in)"; steps+=(--stand-in) ;;
        *) steps+=("$1" "$2") ;;
      esac
      shift ;;
    *) fail "unknown option $1; see --help" ;;
  esac
  shift
done
command -v python3 >/dev/null || fail "the steps need python3"

libraries=${LD_LIBRARY_PATH:-}
if [ -z "$build" ] && [ -x "$root/bin/deepmad-cuda" ]; then
  folders=("$root/bin" "$root/bin")
  # Python's torch brings LibTorch, and CUDA's libraries in folders beside its own. Asked without loading it.
  torch=$("$python" -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null || true)
  found=$root/lib:$root/stand-in
  if [ -n "$torch" ]; then
    found+=:$torch/lib
    for folder in "$(dirname "$torch")"/nvidia/*/lib; do found+=:$folder; done
  fi
  libraries=$found${libraries:+:$libraries}
else
  build=${build:-$root/build/release}
  folders=("$build/cli" "$build/tests")
fi
programs=("${folders[0]}/deepmad-cuda" "${folders[1]}"/{gpu_tests,gpu_data,train_worker-cuda,inference_worker-cuda})
for program in "${programs[@]}"; do [ -x "$program" ] || fail "$program is missing: build the target $(basename "$program")"; done

if [ -n "$preload" ]; then libraries+=${libraries:+:}$(dirname "$preload")/stubs:${CUDA_HOME:-/usr/local/cuda}/lib64; fi
# For our programs alone: Python and the shell have other libraries of these names.
linked() { env ${libraries:+"LD_LIBRARY_PATH=$libraries"} ldd "$@" 2>&1 || true; }

missing=$(for program in "${programs[@]}"; do linked "$program"; done |
  sed -nE 's/^[[:space:]]*([^ ]+) => not found$/\1/p' | sort -u | paste -sd' ')
[ -z "$missing" ] ||
  fail "missing libraries: $missing. Put their folders into LD_LIBRARY_PATH, or name by --python a Python with torch 2.11 for CUDA 13, which brings them"
# What loads only when it is called for: cuDNN's own parts.
cudnn=$(linked "${programs[0]}" | sed -nE 's/^[[:space:]]*libcudnn\.so\.9 => ([^ ]+) .*/\1/p')
if [ -n "$cudnn" ]; then
  for part in graph ops cnn adv heuristic engines_precompiled engines_runtime_compiled; do
    [ -e "$(dirname "$cudnn")/libcudnn_$part.so.9" ] || fail "cuDNN is not whole: libcudnn_$part.so.9 is missing beside $cudnn"
  done
fi
if ! broken=$(env ${libraries:+"LD_LIBRARY_PATH=$libraries"} ${preload:+"LD_PRELOAD=$preload"} "${programs[0]}" --version 2>&1 >/dev/null); then
  fail "deepmad-cuda does not start: $(head -n 1 <<<"$broken")"
fi

export DEEPMAD_CONFIGS=$root/configs DEEPMAD_SOURCE_FOLDER=$root GOMP_SPINCOUNT=1000
export DEEPMAD_LIBRARY_PATH=$libraries DEEPMAD_PRELOAD=$preload  # gpu_turns.py gives them to our programs
exec python3 "$root/scripts/gpu_steps.py" --root "$root" --program "${programs[0]}" --workers "${folders[1]}" --python "$python" "${steps[@]}"
