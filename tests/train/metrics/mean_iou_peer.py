#!/usr/bin/env python3
"""The metric of semantic segmentation in numpy, written from its definition, for the tests that compare with it.

    mean_iou_peer.py random COUNT SEED OUT.json       label maps with predictions, and what is to come out
    mean_iou_peer.py files LABELS PREDICTIONS         makes a prediction for every label map of a folder; prints what is to come out
"""

import json
import sys
from pathlib import Path

import numpy
from PIL import Image

IGNORED = 255


def counts(label, prediction, classes):
    """[class, (both, predicted, labelled)] over the pixels that are not ignored."""
    counted = label != IGNORED
    label, prediction = label[counted], prediction[counted]
    return numpy.array([[((label == c) & (prediction == c)).sum(), (prediction == c).sum(), (label == c).sum()] for c in range(classes)], numpy.int64)


def scores(table):
    ious, accuracies = [], []
    for both, predicted, labelled in table.tolist():
        union = predicted + labelled - both
        if union > 0:
            ious.append(both / union)
        if labelled > 0:
            accuracies.append(both / labelled)
    return {"mIoU": sum(ious) / len(ious), "mAcc": sum(accuracies) / len(accuracies), "aAcc": int(table[:, 0].sum()) / int(table[:, 2].sum())}


def random_map(draw, height, width, values):
    """Rectangles over noise or over one value: regions as real maps have them, and pixels that have no equal beside them."""
    plane = draw.choice(values, (height, width)) if draw.random() < 0.5 else numpy.full((height, width), draw.choice(values))
    for _ in range(draw.integers(0, 6)):
        y, x = draw.integers(0, height), draw.integers(0, width)
        plane[y:y + draw.integers(1, height + 1), x:x + draw.integers(1, width + 1)] = draw.choice(values)
    return plane.astype(numpy.uint8)


def random_case(draw):
    height, width = (int(side) for side in draw.integers(1, 60, 2))
    classes = int(draw.choice([1, 2, 3, 19, 150, 255]))
    present = draw.permutation(classes)[:draw.integers(1, classes + 1)]  # the others are absent, or predicted only
    label = random_map(draw, height, width, numpy.append(present, IGNORED) if draw.random() < 0.7 else present)
    label[draw.integers(0, height), draw.integers(0, width)] = present[0]  # at least one pixel counts
    prediction = random_map(draw, height, width, numpy.arange(classes))
    agree = draw.random((height, width)) < draw.random()
    prediction[agree] = label[agree]  # 255 under an ignored pixel too
    table = counts(label, prediction, classes)
    return {"classes": classes, "labels": label.ravel().tolist(), "predictions": prediction.ravel().tolist(), "counts": table.tolist(), **scores(table)}


def files(labels, predictions):
    """Files of 0 = other and classes from 1 on. A prediction is the label moved by some pixels, with some classes taken for others."""
    predictions.mkdir(parents=True, exist_ok=True)
    draw = numpy.random.default_rng(7)
    classes, pairs = 0, []
    for file in sorted(labels.glob("*.png")):
        stored = numpy.array(Image.open(file))
        made = numpy.roll(stored, draw.integers(-9, 10, 2), (0, 1))
        swap = numpy.arange(256, dtype=numpy.uint8)
        swap[draw.integers(1, 151, 30)] = draw.integers(1, 151, 30)
        made = swap[made]
        made[made == 0] = 1 + draw.integers(0, 150)
        Image.fromarray(made).save(predictions / file.name)
        pairs.append((stored, made))
        classes = max(classes, int(stored.max()), int(made.max()))
    table = sum(counts(numpy.where(label == 0, IGNORED, label - 1), made - 1, classes) for label, made in pairs)
    return {"images": len(pairs), "counts": table.tolist(), **scores(table)}


if __name__ == "__main__":
    if sys.argv[1] == "random":
        draw = numpy.random.default_rng(int(sys.argv[3]))
        Path(sys.argv[4]).write_text(json.dumps([random_case(draw) for _ in range(int(sys.argv[2]))]))
    else:
        print(json.dumps(files(Path(sys.argv[2]), Path(sys.argv[3]))))
