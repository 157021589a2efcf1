#!/usr/bin/env python3
"""Random sets of objects and detections with the numbers that pycocotools gives them, for the tests of COCO's box metric.

    coco_peer.py random COUNT FIRST_SEED OUT.json              COUNT sets of a few images
    coco_peer.py golden VECTORS.json OUT.json                  the cases of a file of vectors and twelve small random sets: tests/golden/coco_metric.json
    coco_peer.py files ANNOTATIONS.json FOLDER                 results files made of an annotation file, and stats.json with their twelve numbers

A set is {images, categories, truths, detections, stats, classes}: truths are [image, category, x, y, width, height, area, crowd], detections [image,
category, x, y, width, height, score], classes the twelve numbers of each class. pycocotools takes an object whose id is 0 for none, which the metric's
definition does not: it is given ids from 1.
"""

import contextlib
import io
import json
import multiprocessing
import random
import sys
from pathlib import Path

import numpy
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def loaded(document):
    coco = COCO()
    coco.dataset = document
    coco.createIndex()
    return coco


def twelve(precision, recall):
    """The numbers of arrays [threshold, recall, class, area, most] and [threshold, class, area, most], as COCOeval.summarize has them."""
    def mean(values):
        values = values[values > -1]
        return float(numpy.mean(values)) if values.size else -1.0

    return ([mean(precision[:, :, :, 0, 2]), mean(precision[0, :, :, 0, 2]), mean(precision[5, :, :, 0, 2])] +
            [mean(precision[:, :, :, area, 2]) for area in (1, 2, 3)] + [mean(recall[:, :, 0, most]) for most in (0, 1, 2)] +
            [mean(recall[:, :, area, 2]) for area in (1, 2, 3)])


def pycocotools_numbers(images, categories, truths, detections):
    """The twelve numbers, and those of each class by ascending id."""
    document = {"images": [{"id": image} for image in images], "categories": [{"id": category} for category in categories], "annotations": [
        {"id": index + 1, "image_id": t[0], "category_id": t[1], "bbox": list(t[2:6]), "area": t[6], "iscrowd": int(t[7])} for index, t in enumerate(truths)]}
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = loaded(document)
        results = [{"image_id": d[0], "category_id": d[1], "bbox": list(d[2:6]), "score": d[6]} for d in detections]
        found = ground_truth.loadRes(results) if results else loaded({"images": document["images"], "categories": document["categories"], "annotations": []})
        scorer = COCOeval(ground_truth, found, "bbox")
        scorer.evaluate()
        scorer.accumulate()
        scorer.summarize()
    precision, recall = scorer.eval["precision"], scorer.eval["recall"]
    stats = [float(value) for value in scorer.stats]
    assert max(abs(a - b) for a, b in zip(stats, twelve(precision, recall))) < 1e-12
    return stats, [twelve(precision[:, :, k:k + 1], recall[:, k:k + 1]) for k in range(len(set(categories)))]


def near(draw, box):
    """A box that overlaps another one, often by a simple fraction: exactly a threshold."""
    x, y, width, height = box
    kind = draw.randrange(5)
    if kind == 0:
        return [x, y, width, height]
    if kind == 1:
        return [x, y, width * draw.choice([0.5, 0.55, 0.6, 0.75, 0.8, 0.95, 2]), height]
    if kind == 2:
        return [x + draw.randint(-3, 3), y + draw.randint(-3, 3), width, height]
    return [x + draw.gauss(0, 0.1) * width, y + draw.gauss(0, 0.1) * height, width * draw.uniform(0.7, 1.4), height * draw.uniform(0.7, 1.4)]


def random_set(seed, small=False):
    draw = random.Random(seed)
    images = draw.sample(range(0, 40), draw.randint(1, 4 if small else 8))
    if draw.random() < 0.3 and 0 not in images:
        images[0] = 0
    categories = draw.sample(range(0, 12), draw.randint(1, 3 if small else 5))
    scores = draw.choice([lambda: draw.random(), lambda: round(draw.random(), 1), lambda: 0.5])
    truths, detections = [], []
    for image in images:
        if draw.random() < 0.2:
            continue  # an image without objects
        for _ in range(draw.randint(0, 6)):
            side = draw.choice([8, 20, 32, 40, 96, 100, 150])
            box = [draw.randint(0, 60), draw.randint(0, 60), side, side] if draw.random() < 0.6 else [
                draw.uniform(0, 60), draw.uniform(0, 60), draw.uniform(1, 150), draw.uniform(1, 150)]
            area = draw.choice([box[2] * box[3], box[2] * box[3] * 0.6, 1024, 9216, 1024 + 1e-9, 9216 - 1e-9, 0, 1e10, 2e10])
            truths.append([image, draw.choice(categories[:-1] or categories) if draw.random() < 0.5 else draw.choice(categories), *box, area,
                           int(draw.random() < 0.15)])
    for truth in truths:
        for _ in range(draw.choice([0, 1, 1, 2, 4])):
            detections.append([truth[0], truth[1] if draw.random() < 0.9 else draw.choice(categories), *near(draw, truth[2:6]), scores()])
    for _ in range(draw.randint(0, 12)):  # of nothing
        side = draw.choice([0, 5, 32, 96, 120, -4])
        detections.append([draw.choice(images), draw.choice([*categories, 99]), draw.uniform(-5, 90), draw.uniform(-5, 90), side, abs(side), scores()])
    if not small and draw.random() < 0.1 and truths:  # more than are kept in an image
        crowded = draw.choice(truths)
        detections += [[crowded[0], crowded[1], *near(draw, crowded[2:6]), scores()] for _ in range(draw.randint(95, 130))]
    draw.shuffle(detections)
    stats, classes = pycocotools_numbers(images, categories, truths, detections)
    return {"name": f"random {seed}", "images": images, "categories": categories, "truths": truths, "detections": detections, "stats": stats, "classes": classes}


def small_random_set(seed):
    return random_set(seed, small=True)


def vector_case(case):
    """A case of the vectors, whose twelve numbers come from elsewhere and must be pycocotools' too."""
    truths = [[t["image_id"], t["category_id"], *t["bbox"], t["area"], t["iscrowd"]] for t in case["gt"]]
    detections = [[d["image_id"], d["category_id"], *d["bbox"], d["score"]] for d in case["dt"]]
    stats, classes = pycocotools_numbers(case["images"], case["categories"], truths, detections)
    assert max(abs(a - b) for a, b in zip(stats, case["stats"])) < 1e-9, case["name"]
    return {"name": case["name"], "images": case["images"], "categories": case["categories"], "truths": truths, "detections": detections, "stats": case["stats"],
            "classes": classes}


def write_cases(cases, path):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    Path(path).write_text(f'{{"cases": [\n{lines}\n]}}\n', encoding="utf-8")


def write_files(annotations, folder):
    """Ground truth as results, jittered, duplicated with every score equal, shuffled with noise, and none."""
    document = json.loads(Path(annotations).read_text(encoding="utf-8"))
    draw = random.Random(5)
    perfect = [{"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"], "score": 1.0} for a in document["annotations"]]

    def jittered(result):
        x, y, width, height = result["bbox"]
        box = [x + draw.gauss(0, 0.08) * width, y + draw.gauss(0, 0.08) * height, width * draw.uniform(0.8, 1.25), height * draw.uniform(0.8, 1.25)]
        return {**result, "bbox": box, "score": draw.random()}

    results = {"perfect": perfect, "jittered": [jittered(r) for r in perfect], "duplicated": [r for r in perfect for _ in range(3)],
               "noisy": [jittered(r) for r in perfect for _ in range(4)], "empty": []}
    draw.shuffle(results["noisy"])
    truths = [[a["image_id"], a["category_id"], *a["bbox"], a["area"], a["iscrowd"]] for a in document["annotations"]]
    stats = {}
    for name, rows in results.items():
        (Path(folder) / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        stats[name], _ = pycocotools_numbers([i["id"] for i in document["images"]], [c["id"] for c in document["categories"]], truths,
                                             [[r["image_id"], r["category_id"], *r["bbox"], r["score"]] for r in rows])
    (Path(folder) / "stats.json").write_text(json.dumps(stats), encoding="utf-8")


def main():
    action, *arguments = sys.argv[1:]
    if action == "random":
        count, first = int(arguments[0]), int(arguments[1])
        with multiprocessing.Pool(2) as pool:
            write_cases(pool.map(random_set, range(first, first + count), chunksize=8), arguments[2])
    elif action == "golden":
        vectors = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        write_cases([vector_case(case) for case in vectors["cases"]] + [small_random_set(seed) for seed in range(12)], arguments[1])
    elif action == "files":
        write_files(*arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
