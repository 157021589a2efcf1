#!/usr/bin/env bash
# Installs what the build needs and says what it does; a second run finds everything there and is done at once.
#
#   scripts/setup.sh [--libtorch DIR] [--gpu] [--peers] [--checks]
#
#   --libtorch DIR  use this LibTorch (holds include/ and lib/); the build then wants -DDEEPMAD_LIBTORCH=DIR or DEEPMAD_LIBTORCH=DIR in the environment
#   --gpu           also fetch the CUDA libraries that deepmad-cuda needs at run time and this machine lacks: cuDNN and NCCL, which no CUDA toolkit
#                   brings, and small ones (about 800 MB); where only the compiler of the toolkit is there, cuBLAS and the like too (2 GB)
#   --checks        also install what the presets `fuzz` and `coverage` need: clang (400 MB) and gcovr
#   --peers         also make the Python environment for the tests labelled `peers` and for tests/bench (CPU only: 100 MB besides the wheel)
#
# LibTorch is taken from the folder above or CMAKE_PREFIX_PATH, else from an importable Python torch 2.11, else from the pinned wheel (530 MB,
# unpacked without Python packages around it). Downloads are kept per user in ${XDG_CACHE_HOME:-~/.cache}/deepmad, so every clone shares them.
set -euo pipefail

# Debian packages, the one list of them.
packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates                         # build
  libfmt-dev libyaml-cpp-dev nlohmann-json3-dev libnlopt-dev libnlopt-cxx-dev         # base, mad
  libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev                    # data
  libavformat-dev libavcodec-dev libswscale-dev libavutil-dev
  libjpeg-dev libpng-dev zlib1g-dev libsimdjson-dev dataset-fashion-mnist
  libprotobuf-dev protobuf-compiler libgloo-dev libcli11-dev libjemalloc-dev         # train, cli
  libgtest-dev libbenchmark-dev clang-format-14                                       # tests
  python3-pip unzip                                                                   # to fetch and unpack LibTorch
)
check_packages=(clang-14 libclang-rt-14-dev gcovr)

torch_version=2.11.0
# Wheels by what they bring: requirement and SHA-256.
torch_wheel=("torch==$torch_version" 7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a)
declare -A wheel_of=(
  [libcudart.so.13]="nvidia-cuda-runtime==13.0.96 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"
  [libcupti.so.13]="nvidia-cuda-cupti==13.0.85 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"
  [libcufile.so.0]="nvidia-cufile==1.15.1.6 08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44"
  [libcusparseLt.so.0]="nvidia-cusparselt-cu13==0.8.0 25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd"
  [libnvshmem_host.so.3]="nvidia-nvshmem-cu13==3.4.5 290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80"
  [libcudnn.so.9]="nvidia-cudnn-cu13==9.19.0.56 d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf"
  [libnccl.so.2]="nvidia-nccl-cu13==2.28.9 e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42"
  [libcublas.so.13]="nvidia-cublas==13.1.0.3 ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171"
  [libcublasLt.so.13]="nvidia-cublas==13.1.0.3 ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171"
  [libcusparse.so.12]="nvidia-cusparse==12.6.3.3 2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b"
  [libcusolver.so.12]="nvidia-cusolver==12.0.4.66 0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112"
  [libcufft.so.12]="nvidia-cufft==12.0.0.61 6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3"
  [libcurand.so.10]="nvidia-curand==10.4.0.35 1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc"
  [libnvJitLink.so.13]="nvidia-nvjitlink==13.0.88 13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b"
  [libnvrtc.so.13]="nvidia-cuda-nvrtc==13.0.88 ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575"
)
cpu_libraries=(libtorch_cpu.so libc10.so libgomp.so.1)
cuda_libraries=(libtorch_cuda.so libtorch_cuda_linalg.so libc10_cuda.so libcaffe2_nvrtc.so libtorch_nvshmem.so)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/deepmad

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

usage() { sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "packages are missing and need root to install: run as root: $*"
  fi
}

install_packages() {  # PACKAGE...
  command -v apt-get >/dev/null || fail "this script installs with apt (Debian 12); elsewhere install the counterparts of: $*"
  local missing log
  mapfile -t missing < <(comm -23 <(printf '%s\n' "$@" | sort) \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort))
  if [ ${#missing[@]} = 0 ]; then
    say "Debian packages: all $# there"
    return
  fi
  say "Debian packages: installing ${missing[*]}"
  log=$(mktemp)
  if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
         as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "apt-get failed; its whole output is in $log"
  fi
  rm "$log"
}

# Downloads one wheel into a folder; pip checks the hash.
fetch_wheel() {  # REQUIREMENT SHA256 FOLDER
  say "downloading $1"
  printf '%s --hash=sha256:%s\n' "$1" "$2" >"$3/wheel.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary=:all: \
    --implementation cp --python-version 3.11 --abi cp311 --abi none --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
    --platform manylinux_2_25_x86_64 --platform manylinux_2_18_x86_64 --platform manylinux2014_x86_64 --platform manylinux2010_x86_64 --dest "$3" --requirement "$3/wheel.txt"
}

has_cuda_toolkit() { command -v nvcc >/dev/null || [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ]; }

# Names of the shared libraries that a library needs and the loader cannot find.
missing_for() { ldd "$1" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p' | sort -u; }

# Puts the libraries that a library of LibTorch lacks beside it, and what those load by name: the parts of cuDNN, NVRTC's built-ins.
complete_library() {  # FOLDER LIBRARY
  local name wheel temporary
  for name in $(missing_for "$1/$2"); do
    [ ! -e "$1/$name" ] || continue  # came with another one's wheel
    [ "$name" != libcuda.so.1 ] || continue  # the driver's
    [ -n "${wheel_of[$name]:-}" ] || { say "warning: $2 needs $name, which is not on this machine"; continue; }
    read -r -a wheel <<<"${wheel_of[$name]}"
    temporary=$(mktemp -d "$cache/tmp.XXXXXX")
    fetch_wheel "${wheel[@]}" "$temporary"
    mkdir "$temporary/lib"
    unzip -q -j -o "$temporary"/*.whl "*/lib/${name%%.so*}*.so*" -d "$temporary/lib"
    mv "$temporary/lib"/* "$1"
    rm -rf "$temporary"
    say "$name put beside $2"
  done
}

unpack_libtorch() {  # FOLDER
  [ "$(uname -m)" = x86_64 ] || fail "the pinned LibTorch is for x86_64; pass --libtorch DIR with one for $(uname -m)"
  local libraries=("${cpu_libraries[@]}") temporary
  has_cuda_toolkit && libraries+=("${cuda_libraries[@]}")
  temporary=$(mktemp -d "$cache/tmp.XXXXXX")
  fetch_wheel "${torch_wheel[@]}" "$temporary"
  unzip -q "$temporary"/*.whl 'torch/include/*' 'torch/share/*' "${libraries[@]/#/torch/lib/}" -d "$temporary"
  grep -q "PACKAGE_VERSION \"$torch_version" "$temporary/torch/share/cmake/Torch/TorchConfigVersion.cmake" || fail "the wheel is not LibTorch $torch_version"
  rm -rf "$1"
  mv "$temporary/torch" "$1"
  if [ "$peers" = 1 ]; then mkdir -p "$cache/wheels" && mv "$temporary"/*.whl "$cache/wheels"; fi  # the peers want it next
  rm -rf "$temporary"
  say "LibTorch $torch_version unpacked into $1"
}

install_libtorch() {
  local own=$cache/libtorch-$torch_version found
  found=$(cmake -DDEEPMAD_LIBTORCH="$libtorch" -P "$root/cmake/LocateLibTorch.cmake")
  if [ -n "$found" ] && [ "$found" != "$own" ]; then
    say "LibTorch: $found"
    for name in $(missing_for "$found/lib/libtorch_cpu.so"); do say "warning: its libtorch_cpu.so needs $name, which is not found"; done
    return
  fi
  if [ -z "$found" ] || { has_cuda_toolkit && [ ! -e "$own/lib/libtorch_cuda.so" ]; }; then
    unpack_libtorch "$own"
  fi
  complete_library "$own/lib" libtorch_cpu.so
  if [ "$gpu" = 1 ]; then
    has_cuda_toolkit || fail "--gpu needs a CUDA 13 toolkit (nvcc on PATH or in /usr/local/cuda)"
    for name in "${cuda_libraries[@]}"; do complete_library "$own/lib" "$name"; done
  fi
  say "LibTorch: $own ($(has_cuda_toolkit && echo 'CPU and CUDA' || echo 'CPU only: no CUDA toolkit here'))"
}

# Puts empty stand-ins for the CUDA libraries that the peers' torch is linked with and this machine lacks: over 4 GB that a CPU never calls. Python has
# all symbols looked up when it loads torch, so one more library, which the stand-ins need, defines those that are missing (Python's own aside).
stand_in_for_cuda() {  # FOLDER
  local names name
  mapfile -t names < <(missing_for "$1/libtorch_python.so")
  [ ${#names[@]} -gt 0 ] || return 0
  stand_ins() { for name in "${names[@]}"; do g++ -shared -nostdlib -Wl,-soname,"$name" -o "$1/$name" -x c /dev/null -x none "${@:2}"; done; }
  stand_ins "$1"
  ldd -r "$1/libtorch_python.so" 2>&1 | sed -nE 's/^undefined symbol: ([A-Za-z0-9_]+).*/void \1(void) { __builtin_trap(); }/p' | grep -vE '^void _?Py' |
    sort -u | g++ -shared -nostdlib -fPIC -Wl,-soname,libno_cuda.so -o "$1/libno_cuda.so" -x c -
  stand_ins "$1" -Wl,--no-as-needed,-rpath,\$ORIGIN "$1/libno_cuda.so"
}

install_peers() {
  local peers=$cache/peers wanted=$root/scripts/requirements-peers.txt libraries
  if cmp -s "$wanted" "$peers/requirements.txt"; then
    say "Python peers: $peers"
    return
  fi
  install_packages python3-venv
  say "Python peers: installing into $peers"
  python3 -m venv --clear "$peers"
  mkdir -p "$cache/wheels"
  "$peers/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: \
    --find-links "$cache/wheels" --requirement "$wanted"
  rm -rf "$cache/wheels"
  libraries=$("$peers/bin/python" -c 'import importlib.util; print(importlib.util.find_spec("torch").submodule_search_locations[0])')/lib
  complete_library "$libraries" libtorch_cpu.so
  stand_in_for_cuda "$libraries"
  "$peers/bin/python" -c 'import torch, torchvision' || fail "the Python torch in $peers does not start"
  cp "$wanted" "$peers/requirements.txt"
}

libtorch=${DEEPMAD_LIBTORCH:-}
gpu=0
peers=0
while [ $# -gt 0 ]; do
  case $1 in
    --libtorch) [ $# -ge 2 ] || fail "--libtorch needs a folder"; libtorch=$2; shift ;;
    --gpu) gpu=1 ;;
    --peers) peers=1 ;;
    --checks) packages+=("${check_packages[@]}") ;;
    --help) usage; exit 0 ;;
    *) fail "unknown option $1; see --help" ;;
  esac
  shift
done

install_packages "${packages[@]}"
mkdir -p "$cache"
exec 9>"$cache/setup.lock"  # two clones may set up at once
flock 9
rm -rf "$cache"/tmp.*  # of a run that was killed
install_libtorch
if [ "$peers" = 1 ]; then install_peers; fi
