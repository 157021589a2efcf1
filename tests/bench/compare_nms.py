#!/usr/bin/env python3
"""Non-maximum suppression here and in torchvision, one thread: the same random boxes; the fastest of the rounds of each.

    ~/.cache/deepmad/peers/bin/python tests/bench/compare_nms.py [--build build/release] [--boxes 10000] [--rounds 20]
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import torch
import torchvision

ROOT = Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--boxes", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{options.boxes} boxes, threshold 0.6\n{'':34} {'kept':>6} {'ours ms':>8} {'torchvision ms':>15} {'ratio':>6}")
    for classes, spread, name in ((1, 1000, "one class, few overlap"), (1, 60, "one class, most overlap"), (80, 1000, "80 classes")):
        generator = torch.Generator().manual_seed(classes)
        corner = torch.rand(options.boxes, 2, generator=generator) * spread
        boxes = torch.cat([corner, corner + 20 + torch.rand(options.boxes, 2, generator=generator) * 100], 1)
        scores = torch.randperm(options.boxes, generator=generator).float() / options.boxes
        labels = torch.randint(classes, (options.boxes,), generator=generator)
        best = float("inf")
        for _ in range(options.rounds):
            start = time.perf_counter()
            kept = torchvision.ops.nms(boxes, scores, 0.6) if classes == 1 else torchvision.ops.batched_nms(boxes, scores, labels, 0.6)
            best = min(best, 1000 * (time.perf_counter() - start))
        with tempfile.NamedTemporaryFile() as file:
            torch.cat([boxes, scores[:, None], labels[:, None].float()], 1).numpy().astype(numpy.float32).tofile(file.name)
            ours = json.loads(subprocess.run([options.build / "tests/bench_nms", file.name, "0.6", str(options.rounds)], check=True, capture_output=True).stdout)
        assert ours["kept"] == len(kept), (ours, len(kept))
        print(f"{name:34} {len(kept):6} {ours['milliseconds']:8.2f} {best:15.2f} {best / ours['milliseconds']:6.1f}")


if __name__ == "__main__":
    main()
