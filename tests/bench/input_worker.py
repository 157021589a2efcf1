#!/usr/bin/env python3
"""Python's side of compare_input.py: epochs of torchvision's ImageFolder and DataLoader with the same transforms.

    input_worker.py ROOT WORKERS

Reads lines "go" and answers {"images": n, "seconds": s, "bytes": b}: memory as the proportional set size of this process and its workers.
"""

import json
import os
import sys
import time

import torch
from torchvision import datasets, transforms


def memory():
    total = 0
    children = open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read().split()
    for process in [str(os.getpid()), *children]:
        for line in open(f"/proc/{process}/smaps_rollup"):
            if line.startswith("Pss:"):
                total += 1024 * int(line.split()[1])
    return total


def main():
    root, workers = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    steps = transforms.Compose([
        transforms.RandomResizedCrop(224, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ])
    loader = torch.utils.data.DataLoader(datasets.ImageFolder(os.path.join(root, "train"), steps), batch_size=64, shuffle=True, num_workers=workers,
                                         persistent_workers=workers > 0)
    for _ in sys.stdin:
        start = time.perf_counter()
        images = 0
        for batch, _ in loader:
            images += len(batch)
        print(json.dumps({"images": images, "seconds": time.perf_counter() - start, "bytes": memory()}), flush=True)


if __name__ == "__main__":
    main()
