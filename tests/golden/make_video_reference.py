#!/usr/bin/env python3
"""Writes video_reference.json: frames and crops by numpy and exact fractions, for the tests of data/video. Run with the interpreter of `scripts/setup.sh --peers`."""

import fractions
import json
import pathlib
import random

import numpy as np

generator = random.Random(12)


def sparse_test(count, frames):
    """In numpy's float64, as published implementations compute it."""
    length = count / float(frames)
    return [int(i) % count for i in (np.arange(frames) * length + length / 2.0).astype(int)]


def sparse_train_short(count, segments):
    return [round(fractions.Fraction(k * count, segments)) % count for k in range(segments)]


def dense_test(count, frames, step, clips):
    free = max(count - ((frames - 1) * step + 1), 0)
    starts = [free // 2] if clips == 1 else [round(fractions.Fraction(k * free, clips - 1)) for k in range(clips)]
    return [[(start + i * step) % count for i in range(frames)] for start in starts]


def dense_target_fps_test(count, frames, step, clips, fps, target_fps):
    span = max(1.0, frames * step * fps / target_fps)
    free = max(count - span, 0)
    starts = [int(np.floor(free / 2))] if clips == 1 else [k * int(np.floor(free / (clips - 1))) for k in range(clips)]
    return [[int(start + int(offset)) % count for offset in np.linspace(0, span - 1, frames)] for start in starts]


def multi_scale_crops(height, width, side):
    """All 50 crops [x, y, w, h] that may be drawn, with repeats."""
    short = min(height, width)
    sizes = [int(short * scale) for scale in (1, 0.875, 0.75, 0.66)]
    sizes = [side if abs(size - side) < 3 else size for size in sizes]
    crops = []
    for i, w in enumerate(sizes):
        for j, h in enumerate(sizes):
            if abs(i - j) <= 1:
                x, y = (width - w) // 4, (height - h) // 4
                crops += [[dx * x, dy * y, w, h] for dx, dy in ((0, 0), (4, 0), (0, 4), (4, 4), (2, 2))]
    return crops


def main():
    counts = [1, 2, 3, 7] + sorted(generator.sample(range(8, 1000), 60))
    reference = {"sparse_test": [], "sparse_train_short": [], "dense_test": [], "dense_target_fps_test": [], "multi_scale_crops": []}
    for count in counts:
        for frames in (1, 3, 5, 8, 25):
            if generator.random() < 0.4:
                reference["sparse_test"].append({"frames": count, "M": frames, "index": sparse_test(count, frames)})
        length, step, clips = generator.choice([4, 8, 16, 32]), generator.choice([1, 2, 4, 8]), generator.choice([1, 2, 3, 10])
        reference["dense_test"].append({"frames": count, "L": length, "tau": step, "M": clips, "index": dense_test(count, length, step, clips)})
        fps, target = generator.choice([15, 23.976, 25, 29.97, 50, 60]), generator.choice([24, 30])
        index = dense_target_fps_test(count, length, step, clips, fps, target)
        reference["dense_target_fps_test"].append({"frames": count, "L": length, "tau": step, "M": clips, "fps": fps, "target_fps": target, "index": index})
    for segments in (3, 5, 7, 8, 16, 25):
        for count in range(1, segments):
            reference["sparse_train_short"].append({"frames": count, "S": segments, "index": sparse_train_short(count, segments)})
    for height, width in ((256, 340), (256, 256), (341, 256), (256, 455), (240, 320)):
        reference["multi_scale_crops"].append({"h": height, "w": width, "side": 224, "crops": multi_scale_crops(height, width, 224)})
    text = ",\n".join(f'"{name}": [\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "]" for name, cases in reference.items())
    (pathlib.Path(__file__).parent / "video_reference.json").write_text("{" + text + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
