#!/usr/bin/env python3
"""Losses of detectors, written out entry by entry from their definitions in float64, with gradients by central differences: for tests/train/
detection_losses_test.cc.

    detection_losses_peer.py OUT.json
"""

import json
import math
import random
import sys


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def log(x):
    return max(math.log(x), -100) if x > 0 else -100


def focal(logits, labels):
    total = 0
    for row, label in zip(logits, labels):
        for k, x in enumerate(row):
            p = sigmoid(x)
            alpha, p_t = (0.25, p) if k == label else (0.75, 1 - p)
            total -= alpha * (1 - p_t) ** 2 * math.log(p_t)
    return total


def quality_focal(joint, labels, quality):
    total = 0
    for row, label, y in zip(joint, labels, quality):
        for k, p in enumerate(row):
            total += abs(y - p) ** 2 * -(y * log(p) + (1 - y) * log(1 - p)) if k == label else -p ** 2 * log(1 - p)
    return total


def overlap(a, b):
    width, height = max(min(a[2], b[2]) - max(a[0], b[0]), 0), max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    united = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height, max(united, 1e-7)


def giou(a, b):
    both, united = overlap(a, b)
    around = max((max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1])), 1e-7)
    return both / united - (around - united) / around


def distribution_focal(logits, y):
    y = min(max(y, 0), len(logits) - 1.1)
    i = math.floor(y)
    total = math.log(sum(math.exp(x) for x in logits))
    return (total - logits[i]) * (i + 1 - y) + (total - logits[i + 1]) * (y - i)


def gradient(function, rows, step=1e-6):
    """Of a sum, with respect to each entry of a list of rows."""
    result = []
    for row in rows:
        result.append([])
        for k, value in enumerate(row):
            row[k] = value + step
            high = function()
            row[k] = value - step
            low = function()
            row[k] = value
            result[-1].append((high - low) / (2 * step))
    return result


def main():
    draw = random.Random(3)
    n, classes, bins = 30, 5, 17
    labels = [draw.randint(0, classes) for _ in range(n)]
    logits = [[draw.gauss(-2, 2) for _ in range(classes)] for _ in range(n)]
    joint = [[draw.uniform(0.01, 0.99) for _ in range(classes)] for _ in range(n)]
    quality = [draw.random() for _ in range(n)]
    sides = [[draw.gauss(0, 2) for _ in range(bins)] for _ in range(n)]
    targets = [draw.uniform(-1, 18) for _ in range(n - 4)] + [0.0, 3.0, 15.9, 16.0]

    def box():
        x, y = draw.uniform(0, 20), draw.uniform(0, 20)
        return [x, y, x + draw.uniform(1, 20), y + draw.uniform(1, 20)]

    boxes, wanted = [box() for _ in range(n)], [box() for _ in range(n)]
    document = {
        "labels": labels, "logits": logits, "joint": joint, "quality": quality, "sides": sides, "side_targets": targets, "boxes": boxes, "box_targets": wanted,
        "focal": focal(logits, labels), "focal_gradient": gradient(lambda: focal(logits, labels), logits),
        "quality_focal": quality_focal(joint, labels, quality), "quality_focal_gradient": gradient(lambda: quality_focal(joint, labels, quality), joint),
        "iou": [overlap(a, b)[0] / overlap(a, b)[1] for a, b in zip(boxes, wanted)], "giou": [giou(a, b) for a, b in zip(boxes, wanted)],
        "giou_gradient": gradient(lambda: sum(giou(a, b) for a, b in zip(boxes, wanted)), boxes),
        "distribution_focal": [distribution_focal(row, y) for row, y in zip(sides, targets)],
        "distribution_focal_gradient": gradient(lambda: sum(distribution_focal(row, y) for row, y in zip(sides, targets)), sides)}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document, file)


if __name__ == "__main__":
    main()
