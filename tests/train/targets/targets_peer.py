#!/usr/bin/env python3
"""Random pictures with boxes and what each cell should predict for them, by the definitions written out over all pairs: for the tests of AssignFcos and
AssignAtss.

    targets_peer.py COUNT FIRST_SEED OUT.json

A scene is {height, width, batch: [height, width], boxes, atss, fcos: [{centre, boxes, distances, centreness}, ...]}; per cell, all levels one behind the other.
"""

import json
import math
import random
import sys
from pathlib import Path

import numpy

STRIDES = (8, 16, 32, 64, 128)
RANGES = ((-1, 64), (64, 128), (128, 256), (256, 512), (512, math.inf))


def cells(batch, stride, offset):
    """Centres [n, 2] of the cells of a level, row by row."""
    rows, columns = -(-batch[0] // stride), -(-batch[1] // stride)
    y, x = numpy.meshgrid(numpy.arange(rows), numpy.arange(columns), indexing="ij")
    return numpy.stack([x.ravel() * stride + offset, y.ravel() * stride + offset], 1).astype(numpy.float64)


def fcos(boxes, batch, centre_sampling):
    chosen, distances, centreness = [], [], []
    for stride, (low, high) in zip(STRIDES, RANGES):
        for x, y in cells(batch, stride, stride // 2):
            best = None
            for index, (x1, y1, x2, y2) in enumerate(boxes):
                left, top, right, bottom = x1, y1, x2, y2
                if centre_sampling:
                    cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
                    left, right = max(x1, cx - 1.5 * stride), min(x2, cx + 1.5 * stride)
                    top, bottom = max(y1, cy - 1.5 * stride), min(y2, cy + 1.5 * stride)
                sides = (x - x1, y - y1, x2 - x, y2 - y)
                if left < x < right and top < y < bottom and low <= max(sides) <= high:
                    area = (x2 - x1) * (y2 - y1)
                    if best is None or area < best[0]:
                        best = (area, index, sides)
            chosen.append(-1 if best is None else best[1])
            l, t, r, b = (0, 0, 0, 0) if best is None else best[2]
            distances += [d / (stride if centre_sampling else 1) for d in (l, t, r, b)]
            centreness.append(0 if best is None else math.sqrt(min(l, r) / max(l, r) * min(t, b) / max(t, b)))
    return {"centre": centre_sampling, "boxes": chosen, "distances": distances, "centreness": centreness}


def atss(boxes, picture, batch):
    centres = [cells(batch, stride, 0) for stride in STRIDES]
    valid = numpy.concatenate([(c[:, 0] / s < -(-picture[1] // s)) & (c[:, 1] / s < -(-picture[0] // s)) for c, s in zip(centres, STRIDES)])
    half = numpy.concatenate([numpy.full(len(c), 4.0 * s) for c, s in zip(centres, STRIDES)])
    level_of = numpy.concatenate([numpy.full(len(c), i) for i, c in enumerate(centres)])
    centres = numpy.concatenate(centres)
    chosen = numpy.where(valid, -1, -2)
    best = numpy.full(len(centres), -1.0)
    for index, (x1, y1, x2, y2) in enumerate(boxes):
        width = numpy.minimum(centres[:, 0] + half, x2) - numpy.maximum(centres[:, 0] - half, x1)
        height = numpy.minimum(centres[:, 1] + half, y2) - numpy.maximum(centres[:, 1] - half, y1)
        inner = numpy.clip(width, 0, None) * numpy.clip(height, 0, None)
        overlap = inner / (4 * half * half + (x2 - x1) * (y2 - y1) - inner)
        distance = (centres[:, 0] - (x1 + x2) / 2) ** 2 + (centres[:, 1] - (y1 + y2) / 2) ** 2
        candidates = []
        for level in range(len(STRIDES)):
            members = numpy.flatnonzero(valid & (level_of == level))
            candidates += list(members[numpy.argsort(distance[members], kind="stable")[:9]])
        overlaps = overlap[candidates]
        threshold = overlaps.mean() + overlaps.std(ddof=1)
        for cell in candidates:
            x, y = centres[cell]
            if overlap[cell] >= threshold and min(x - x1, y - y1, x2 - x, y2 - y) > 0.01 and overlap[cell] > best[cell]:
                best[cell], chosen[cell] = overlap[cell], index
    return chosen.tolist()


def scene(seed):
    draw = random.Random(seed)
    picture = [32 * draw.randint(1, 8), 32 * draw.randint(1, 8)]
    batch = [side + 32 * draw.choice([0, 0, 1, 3]) for side in picture]
    boxes = []
    for _ in range(draw.randint(0, 6)):
        x1, y1 = draw.uniform(0, picture[1] - 4), draw.uniform(0, picture[0] - 4)
        box = [x1, y1, x1 + draw.uniform(2, picture[1] - x1), y1 + draw.uniform(2, picture[0] - y1)]
        boxes.append([float(numpy.float32(v)) for v in (box if draw.random() < 0.6 else [round(v / 4) * 4 + (i > 1) * 8 for i, v in enumerate(box)])])
    if boxes and draw.random() < 0.3:
        boxes.append(list(draw.choice(boxes)))  # twice the same
    return {"height": picture[0], "width": picture[1], "batch": batch, "boxes": boxes, "atss": atss(boxes, picture, batch),
            "fcos": [fcos(boxes, batch, True), fcos(boxes, batch, False)]}


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps({"scenes": [scene(int(sys.argv[2]) + i) for i in range(int(sys.argv[1]))]}), encoding="utf-8")
