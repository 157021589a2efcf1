#!/usr/bin/env bash
# Runs a program that uses CUDA on the stand-in for its runtime: no GPU and no driver are needed, and kernels compute nothing.
#
#   tests/fakecuda/run.sh PROGRAM ARGUMENT...
#
# In the environment:
#   FAKE_CUDA_DEVICES    devices of the machine (1); CUDA_VISIBLE_DEVICES shows a part of them
#   FAKE_CUDA_BYTES      memory of each (8e9)
#   FAKE_CUDA_KERNEL_US  microseconds that a kernel takes (0)
#   FAKE_CUDA_LOG        FILE: each process that used a device reports into FILE.PID.json when it ends
#   FAKE_CUDA_LAP        TEXT: the report counts anew after each kernel with this in its name
#   FAKE_CUDA_STACKS     1: the report names the callers of each call
#   FAKE_CUDA_FOLDER     where libfakecuda.so and stubs/ are (build/release/tests/fakecuda)
set -euo pipefail
case ${1:---help} in --help) sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;; esac
folder=${FAKE_CUDA_FOLDER:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/tests/fakecuda}
[ -e "$folder/libfakecuda.so" ] || { echo "run.sh: no libfakecuda.so in $folder: build the target test_fakecuda" >&2; exit 1; }
export LD_LIBRARY_PATH=$folder/stubs:${CUDA_HOME:-/usr/local/cuda}/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_PRELOAD=$folder/libfakecuda.so
exec "$@"
