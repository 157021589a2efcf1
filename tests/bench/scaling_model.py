#!/usr/bin/env python3
"""The table of docs/cluster.md: time of an update on 1 to 64 GPUs, from the assumptions that stand below.

    tests/bench/scaling_model.py

An update = compute + exchange that the backward pass does not hide + the three small exchanges of every update + with sync_bn two a norm.
Ring: each GPU sends 2 (P - 1) / P of the gradients' bytes. The backward pass is two thirds of the compute and hides all but the last bucket.
"""

NODE = 8  # GPUs
# Bytes a second at which a ring passes data on (the "busbw" of nccl-tests), inside a node: about 200 to 230e9 with eight A100 (issues 149 and 175 of
# NVIDIA/nccl-tests). From node to node: assumed, of two 200 Gb/s adapters a node; the same issue 175 reports 86e9 with four.
WITHIN, BETWEEN = 200e9, 40e9
# Seconds of an exchange of a few kilobytes: assumed; NCCL's own estimate between nodes of H100 is 25e-6 (issue 1453 of NVIDIA/nccl).
SMALL = {1: 0, 2: 15e-6, 4: 17e-6, 8: 20e-6, 16: 35e-6, 32: 42e-6, 64: 50e-6}
LAST_BUCKET = 8 * 2**20  # bytes, train/distributed/gradient_reducer.cc
# FLOP/s of a GPU in training: what NVIDIA publishes for ResNet-50 on one A100 in mixed precision (NVIDIA/DeepLearningExamples, ResNet50 v1.5 for
# PyTorch): 2470 images a second of 4.09e9 multiply-accumulates, two FLOP each, the backward pass twice the forward pass.
SPEED = 2470 * 4.09e9 * 2 * 3
# name: parameters (float32), multiply-accumulates at 224x224 (both: `deepmad inspect`), samples a GPU, norms
NETWORKS = {"deepmad-r18": (11826088, 1.8116e9, 256, 120), "deepmad-89m": (88325780, 15.0265e9, 128, 157)}


def update(gpus, parameters, compute, norms):
    """Seconds without sync_bn, with it, and without it if the backward pass hid nothing."""
    speed = WITHIN if gpus <= NODE else BETWEEN
    ring, last = (min(limit, 4 * parameters) * 2 * (gpus - 1) / gpus / speed for limit in (float("inf"), LAST_BUCKET))
    small = SMALL[gpus]
    plain = compute + max(ring - compute * 2 / 3, last) + 3 * small
    return plain, plain + 2 * norms * small, compute + ring + 3 * small


def main():
    print("| GPUs | network | ms an update | efficiency | if nothing hides | images a second | ms with `sync_bn` | efficiency |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, (parameters, macs, batch, norms) in NETWORKS.items():
        compute = 6 * macs * batch / SPEED
        for gpus in SMALL:
            plain, synced, bare = update(gpus, parameters, compute, norms)
            print(f"| {gpus} | {name} | {1e3 * plain:.1f} | {compute / plain:.1%} | {compute / bare:.1%} | {gpus * batch / plain:.0f} | "
                  f"{1e3 * synced:.1f} | {compute / synced:.1%} |")


if __name__ == "__main__":
    main()
