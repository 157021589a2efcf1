#!/usr/bin/env python3
"""Time of the segmentation metric for a 512x512 image beside numpy's: on a real scene, and on noise, which has no two equal pixels in a row.

    mean_iou.py BENCH_MEAN_IOU LABELS.png        the built program, and a label map of ADE20K of at least 512x512 pixels

numpy counts by one bincount of label * classes + prediction, its fastest way.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
from PIL import Image

REPEATS = 200
CLASSES = 150


def numpy_mean_iou(label, prediction):
    counted = label != 255
    table = numpy.bincount(label[counted].astype(numpy.int64) * CLASSES + prediction[counted], minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    both, predicted, labelled = table.diagonal(), table.sum(0), table.sum(1)
    union = predicted + labelled - both
    return (both[union > 0] / union[union > 0]).mean()


def best_milliseconds(action):
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def main():
    draw = numpy.random.default_rng(0)
    scene = numpy.array(Image.open(sys.argv[2]))[:512, :512] - 1
    moved = numpy.roll(scene, (3, 5), (0, 1))
    moved[moved == 255] = 0
    noise = draw.integers(0, CLASSES, (2, 512, 512), numpy.uint8)
    for name, label, prediction in [("scene", scene, moved), ("noise", noise[0], noise[1])]:
        assert label.shape == (512, 512)
        theirs = best_milliseconds(lambda: numpy_mean_iou(label, prediction))
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, "labels"), Path(folder, "predictions")]
            for file, values in zip(files, (label, prediction)):
                file.write_bytes(values.tobytes())
            ours, mean_iou = map(float, subprocess.run([sys.argv[1], *files, str(REPEATS)], capture_output=True, check=True, text=True).stdout.split())
        assert abs(mean_iou - numpy_mean_iou(label, prediction)) < 1e-12
        print(f"{name}: {ours:.3f} ms, numpy {theirs:.3f} ms: {theirs / ours:.1f} times as fast")


if __name__ == "__main__":
    main()
