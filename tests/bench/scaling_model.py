#!/usr/bin/env python3
"""The table of docs/cluster.md: time of an update on 1 to 64 GPUs, from the assumptions that stand below.

    tests/bench/scaling_model.py

An update = compute + exchange that the backward pass does not hide + the three small exchanges of every update + with sync_bn two a norm.
Ring: each GPU sends 2 (P - 1) / P of the gradients' bytes. The backward pass is two thirds of the compute and hides all but the last bucket.
"""

NODE = 8  # GPUs
WITHIN, BETWEEN = 200e9, 40e9  # bytes a second and GPU that a ring reaches inside a node and across nodes
SMALL = {1: 0, 2: 15e-6, 4: 17e-6, 8: 20e-6, 16: 35e-6, 32: 42e-6, 64: 50e-6}  # seconds of an exchange of a few kilobytes
LAST_BUCKET = 8 * 2**20  # bytes
# name: bytes of the gradients, samples a GPU, seconds of an update's compute on one GPU, norms
NETWORKS = {"deepmad-r18": (47.3e6, 256, 0.040, 120), "deepmad-89m": (353e6, 128, 0.165, 100)}


def update(gpus, size, compute, norms):
    """Seconds without and with sync_bn."""
    speed = WITHIN if gpus <= NODE else BETWEEN
    share = 2 * (gpus - 1) / gpus
    last = min(LAST_BUCKET, size) * share / speed
    ring = size * share / speed
    exposed = max(ring - compute * 2 / 3, last if gpus > 1 else 0)
    plain = compute + exposed + 3 * SMALL[gpus]
    return plain, plain + 2 * norms * SMALL[gpus]


def main():
    print("| GPUs | network | ms an update | efficiency | images a second | ms with `sync_bn` | efficiency |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, (size, batch, compute, norms) in NETWORKS.items():
        for gpus in SMALL:
            plain, synced = update(gpus, size, compute, norms)
            print(f"| {gpus} | {name} | {1e3 * plain:.1f} | {compute / plain:.1%} | {gpus * batch / plain:.0f} | {1e3 * synced:.1f} | {compute / synced:.1%} |")


if __name__ == "__main__":
    main()
