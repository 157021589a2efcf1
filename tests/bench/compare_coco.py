#!/usr/bin/env python3
"""COCO's box metric here and in pycocotools: the same files of random detections, each program a process of its own on one core.

    ~/.cache/deepmad/peers/bin/python tests/bench/compare_coco.py [--build build/release] [--images 5000] [--detections 200000] [--rounds 3] [--large]

"score" is the metric alone (evaluate, accumulate and the sums, from boxes in memory), "whole" the program from start to end, reading the files included; the
median of the rounds. Memory is the process's peak. The numbers of both must agree to 1e-9.
--large measures the reader on a made annotation file of 450 MB: seconds for 100 MB, and memory over the size of the file.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

PYCOCOTOOLS = """
import contextlib, io, json, sys, time
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    found = truth.loadRes(sys.argv[2])
    start = time.perf_counter()
    scorer = COCOeval(truth, found, "bbox")
    scorer.evaluate()
    scorer.accumulate()
    scorer.summarize()
    seconds = time.perf_counter() - start
print(json.dumps({"stats": list(scorer.stats), "score_seconds": seconds}))
"""


def make_files(folder, images, detections):
    draw = random.Random(1)

    def box():
        width, height = draw.uniform(5, 300), draw.uniform(5, 300)
        return [round(draw.uniform(0, 640 - width), 2), round(draw.uniform(0, 480 - height), 2), round(width, 2), round(height, 2)]

    truth = {"images": [{"id": i, "file_name": f"{i:012}.jpg", "width": 640, "height": 480} for i in range(1, images + 1)],
             "categories": [{"id": c, "name": f"class {c}"} for c in range(1, 81)], "annotations": []}
    for image in truth["images"]:
        for _ in range(draw.randint(0, 14)):
            b = box()
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": image["id"], "category_id": draw.randint(1, 80), "bbox": b,
                                         "area": b[2] * b[3] * 0.7, "iscrowd": int(draw.random() < 0.01), "segmentation": []})
    results = []
    for a in truth["annotations"]:  # some near an object, the rest anywhere
        x, y, width, height = a["bbox"]
        results.append({"image_id": a["image_id"], "category_id": a["category_id"], "score": draw.random(),
                        "bbox": [x + draw.gauss(0, 6), y + draw.gauss(0, 6), width * draw.uniform(0.8, 1.2), height * draw.uniform(0.8, 1.2)]})
    while len(results) < detections:
        results.append({"image_id": draw.randint(1, images), "category_id": draw.randint(1, 80), "score": draw.random() * 0.6, "bbox": box()})
    draw.shuffle(results)
    paths = [Path(folder) / "truth.json", Path(folder) / "results.json"]
    for path, document in zip(paths, (truth, results[:detections])):
        path.write_text(json.dumps(document), encoding="utf-8")
    return [str(path) for path in paths]


def measured(command):
    """The JSON that a process prints, its seconds and its peak of memory in MB; on one core."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, {0}))
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"compare_coco: {command[0]} failed")
    return json.loads(output), time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e6


def compare(options):
    with tempfile.TemporaryDirectory() as folder:
        truth, results = make_files(folder, options.images, options.detections)
        commands = {"ours": [options.build / "cli/deepmad", "evaluate", "coco", "--annotations", truth, "--results", results, "--json", "--threads", "1"],
                    "pycocotools": [sys.executable, "-c", PYCOCOTOOLS, truth, results]}
        rows = {name: [measured(command) for _ in range(options.rounds)] for name, command in commands.items()}
    ours, theirs = rows["ours"][0][0]["stats"], rows["pycocotools"][0][0]["stats"]
    difference = max(abs(a - b) for a, b in zip(ours, theirs))
    if not difference < 1e-9:
        sys.exit(f"compare_coco: the numbers differ by {difference}")
    table = {name: [statistics.median(row[0]["score_seconds"] for row in runs), statistics.median(row[1] for row in runs), max(row[2] for row in runs)]
             for name, runs in rows.items()}
    print(f"{options.images} images, {options.detections} detections, AP {100 * theirs[0]:.2f}, largest difference {difference:.1e}")
    print(f"{'':12} {'score s':>9} {'whole s':>9} {'peak MB':>9}")
    for name, values in table.items():
        print(f"{name:12} {values[0]:9.3f} {values[1]:9.2f} {values[2]:9.0f}")
    print(f"{'ratio':12} " + " ".join(f"{theirs / ours:9.1f}" for ours, theirs in zip(table["ours"], table["pycocotools"])))


def make_large_file(path, megabytes):
    """Annotations as those of instances_train2017.json: polygons make up most of it."""
    draw = random.Random(2)
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"info": {}, "images": [' + ",".join(f'{{"id":{i},"file_name":"{i:012}.jpg","width":640,"height":480}}' for i in range(118287)))
        file.write('], "annotations": [')
        polygons = [",".join(str(round(draw.uniform(0, 640), 2)) for _ in range(2 * draw.randint(4, 60))) for _ in range(1000)]
        number = 0
        while file.tell() < megabytes * 1e6:
            polygon, (x, y) = polygons[number % 1000], (round(draw.uniform(0, 300), 2), round(draw.uniform(0, 200), 2))
            file.write(f'{"," if number else ""}{{"segmentation":[[{polygon}]],"area":{draw.uniform(1, 9e4):.4f},"iscrowd":0,"image_id":{draw.randrange(118287)},'
                       f'"bbox":[{x},{y},100.25,99.5],"category_id":{draw.randint(1, 80)},"id":{number}}}')
            number += 1
        file.write('], "categories": [' + ",".join(f'{{"id":{i},"name":"class {i}"}}' for i in range(1, 81)) + "]}")
    return number


def read_large(options):
    program = options.build / "cli/deepmad"
    with tempfile.TemporaryDirectory() as folder:
        truth, results = Path(folder) / "large.json", Path(folder) / "none.json"
        count = make_large_file(truth, 450)
        results.write_text("[]", encoding="utf-8")
        size = truth.stat().st_size / 1e6

        def run(annotations):
            return measured([program, "evaluate", "coco", "--annotations", annotations, "--results", results, "--json", "--threads", "1"])

        small = Path(folder) / "small.json"
        small.write_text('{"images": [], "annotations": [], "categories": []}', encoding="utf-8")
        _, empty_seconds, empty_mb = run(small)
        rows = [run(truth) for _ in range(options.rounds)]
    seconds, peak = statistics.median(row[1] for row in rows) - empty_seconds, max(row[2] for row in rows) - empty_mb
    print(f"{size:.0f} MB, {count} annotations: {seconds:.2f} s ({100 * seconds / size:.2f} s for 100 MB), {peak:.0f} MB above an empty file "
          f"({peak / size:.2f} of the file)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=200000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="read a made file of 450 MB instead")
    options = parser.parse_args()
    options.build = options.build.resolve()
    read_large(options) if options.large else compare(options)


if __name__ == "__main__":
    main()
