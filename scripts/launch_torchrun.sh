#!/usr/bin/env bash
# One run on several machines by torchrun, started on each of them with the same words but NODE:
#
#   NODES=4 NODE=0 HEAD=node0 scripts/launch_torchrun.sh train RUN.yaml --out DIR [key.sub=value ...]
#
#   NODES    how many machines (1)        NODE  which of them this is, from 0 (0)
#   HEAD     name of machine 0 (here)     PORT  free there (29500)
#   PER_NODE processes a machine: one a GPU (what nvidia-smi counts, at least 1)
#   RETRIES  new starts after a lost rank, each from the last checkpoint (3); 0 for the first try: an error in RUN.yaml, too, ends a rank
#   DEEPMAD  the program, a name or a path (deepmad-cuda where there is a GPU, else deepmad)
#
# Needs torchrun, which comes with Python's torch; the ranks themselves need no Python. For one machine `deepmad train --nproc N` does without.
set -euo pipefail

gpus=$(nvidia-smi --list-gpus 2>/dev/null | wc -l || true)
program=${DEEPMAD:-$([ "$gpus" -gt 0 ] && echo deepmad-cuda || echo deepmad)}
for needed in torchrun "$program"; do
  command -v "$needed" >/dev/null && continue
  echo "$needed is not on the PATH; torchrun comes with Python's torch, DEEPMAD names the program" >&2
  exit 2
done
exec torchrun --no-python --nnodes "${NODES:-1}" --node-rank "${NODE:-0}" --master-addr "${HEAD:-$(hostname)}" --master-port "${PORT:-29500}" \
  --nproc-per-node "${PER_NODE:-$((gpus > 0 ? gpus : 1))}" --max-restarts "${RETRIES:-3}" "$program" "$@"
