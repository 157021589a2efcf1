#!/usr/bin/env python3
"""Random maps of a detection head with the detections that they stand for, by the definition written out cell by cell: for the test of Detect.

    detect_peer.py OUT.json
"""

import json
import math
import random
import sys

import numpy


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def detect(case):
    candidates = []
    for level in case["levels"]:
        cells = level["rows"] * level["columns"]

        def joint(cell, k):
            return sigmoid(level["classes"][k * cells + cell]) * sigmoid(level["quality"][cell])

        best = sorted(range(cells), key=lambda cell: -max(joint(cell, k) for k in range(case["classes"])))[:case["cells_a_level"]]
        for cell in sorted(best):
            offset = level["stride"] // 2 if case["half_cell"] else 0
            x, y = cell % level["columns"] * level["stride"] + offset, cell // level["columns"] * level["stride"] + offset
            d = [level["distances"][i * cells + cell] for i in range(4)]
            box = [min(max(v, 0), case["width" if i % 2 == 0 else "height"]) / case["scale_x" if i % 2 == 0 else "scale_y"]
                   for i, v in enumerate((x - d[0], y - d[1], x + d[2], y + d[3]))]
            for k in range(case["classes"]):
                if (joint(cell, k) if case["threshold_joint"] else sigmoid(level["classes"][k * cells + cell])) > 0.05:
                    candidates.append((joint(cell, k), k, box))
    kept = []
    for score, k, box in sorted(candidates, key=lambda c: -c[0]):
        if all(k != other or overlap(box, that) <= case["overlap"] for _, other, that in kept):
            kept.append((score, k, box))
    return [[*box, score, k] for score, k, box in kept[:100]], len(candidates)


def float32(values):
    return [float(numpy.float32(value)) for value in values]


def case(seed):
    draw = random.Random(seed)
    classes, height, width = draw.randint(1, 6), 32 * draw.randint(2, 5), 32 * draw.randint(2, 6)
    fcos = seed % 2 == 0
    levels = []
    for stride in (8, 16, 32):
        rows, columns = height // stride, width // stride
        cells = rows * columns
        levels.append({"stride": stride, "rows": rows, "columns": columns,
                       "classes": float32(draw.gauss(-4, 2) for _ in range(classes * cells)),
                       "quality": float32(draw.gauss(0, 2) for _ in range(cells)), "distances": float32(draw.uniform(0, 3 * stride) for _ in range(4 * cells))})
    result = {"classes": classes, "height": height - draw.randint(0, 31), "width": width - draw.randint(0, 31), "scale_y": draw.uniform(0.5, 2),
              "scale_x": draw.uniform(0.5, 2), "half_cell": fcos, "threshold_joint": not fcos, "cells_a_level": draw.choice([1000, 60, 20]),
              "overlap": draw.choice([0.5, 0.6, 0.3]), "levels": levels}
    result["detections"], result["candidates"] = detect(result)
    return result


with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump([case(seed) for seed in range(24)], file)
