#!/usr/bin/env python3
"""What a small detector learns from an excerpt of COCO on a CPU: whether it fits what it trains on, and what a classifier's weights are worth.

  tests/bench/coco_mini.py overfit  --coco FOLDER [--heads fcos gflv2] [--pictures 24]
  tests/bench/coco_mini.py finetune --coco FOLDER --photos FOLDER [--seeds 0 1 2] [--category person]
      both: [--build build/release] [--folder coco-mini] [--threads 1]

FOLDERs are of the forms of docs/detection.md and docs/imagenet-mini.md. Runs that are finished are not repeated, one that was stopped goes on.
  overfit   configs/run/coco_mini_HEAD.yaml on the training pictures whose thinnest box is thickest, scored on the same
  finetune  a classifier of the same backbone on the photos; then FCOS on the training pictures with a category, its boxes alone, from the classifier's and from random
            weights, the same updates and seeds; scored on the validation pictures and on those that it trained on
"""

import argparse
import json
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRAIN_SIZES = "{short_edge: [256], long_edge: 427, flip: 0.5}"
EPOCHS = 24


def backbone():
    lines = (ROOT / "configs/run/coco_mini_fcos.yaml").read_text().splitlines()
    return "[" + ", ".join(line.strip()[2:] for line in lines if line.startswith("    - {type:")) + "]"


class Bench:
    def __init__(self, options):
        self.folder = options.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program, self.threads = (options.build / "cli/deepmad").resolve(), str(options.threads)

    def write(self, name, document):
        path = self.folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def train(self, name, config, *words):
        out = self.folder / name
        if not (out / "summary.json").exists():
            subprocess.run([self.program, "train", ROOT / f"configs/run/{config}.yaml", "--out", out, "--threads", self.threads, *map(str, words)], check=True)
        return out

    def scores(self, run, *overrides):
        done = subprocess.run([self.program, "validate", run, *map(str, overrides), "--json", "--quiet", "--threads", self.threads], check=True, capture_output=True)
        report = json.loads(done.stdout)
        return dict(zip(report["stat_names"], report["stats"]))


def annotations(coco, split):
    return json.loads((coco / f"annotations/instances_{split}2017.json").read_text(encoding="utf-8"))


def excerpt(document, images, kept):
    return {**document, "images": images, "annotations": [a for a in document["annotations"] if kept(a)]}


# The pictures without crowds whose thinnest box is thickest, measured by the short edge.
def easiest(document, count):
    smallest = {}
    sides = {image["id"]: min(image["height"], image["width"]) for image in document["images"]}
    for a in document["annotations"]:
        side = 0 if a["iscrowd"] else min(a["bbox"][2:]) / sides[a["image_id"]]
        smallest[a["image_id"]] = min(side, smallest.get(a["image_id"], side))
    chosen = set(sorted(smallest, key=lambda image: (-smallest[image], image))[:count])
    return excerpt(document, [i for i in document["images"] if i["id"] in chosen], lambda a: a["image_id"] in chosen)


def overfit(bench, options):
    chosen = easiest(annotations(options.coco, "train"), options.pictures)
    file = bench.write("overfit.json", chosen)
    print(f"{len(chosen['images'])} pictures, {len(chosen['annotations'])} boxes")
    files = [f"data.{split}_{what}" for split in ("train", "validation") for what in ("annotations", "pictures")]
    words = [f"{key}={file if key.endswith('annotations') else 'train2017'}" for key in files]
    for head in options.heads:
        run = bench.train(f"overfit-{head}", f"coco_mini_{head}", f"data.root={options.coco}", *words)
        stats = bench.scores(run)
        print(f"{head:8} AP {stats['AP']:.3f}  AP50 {stats['AP50']:.3f}", flush=True)


def finetune(bench, options):
    words = [f"data.root={options.coco}", f"data.train={TRAIN_SIZES}", f"train.epochs={EPOCHS}", "validate.every_epochs=24"]
    for split, key in (("train", "train"), ("val", "validation")):
        document = annotations(options.coco, split)
        category = next(c for c in document["categories"] if c["name"] == options.category)
        pictures = {a["image_id"] for a in document["annotations"] if a["category_id"] == category["id"]}
        images = [i for i in document["images"] if split == "val" or i["id"] in pictures]
        file = bench.write(f"{options.category}-{split}.json", {**excerpt(document, images, lambda a, c=category: a["category_id"] == c["id"]), "categories": [category]})
        words += [f"data.{key}_annotations={file}", f"data.{key}_pictures={split}2017"]
    network = f"{{version: 1, name: small, input: {{channels: 3, height: 96, width: 96}}, blocks: {backbone()}, head: {{classes: 10}}}}"
    classifier = bench.train("classifier", "imagenet_mini", f"data.root={options.photos}", "design=null", f"network={network}", "data.image_size=96", "train.epochs=60",
                             "train.precision=float32", "train.ema=null")
    print(f"classifier: {json.loads((classifier / 'summary.json').read_text())['best']}")
    starts = {"random": [], "classifier": ["--weights", classifier / "best.safetensors", "--head", "drop"]}
    for name, weights in starts.items():
        found = []
        for seed in options.seeds:
            run = bench.train(f"{name}-{seed}", "coco_mini_fcos", *weights, *words, "network.head.classes=1", f"seed={seed}")
            trained_on = bench.scores(run, f"data.validation_annotations={bench.folder / (options.category + '-train.json')}", "data.validation_pictures=train2017")
            found.append((bench.scores(run)["AP50"], trained_on["AP50"]))
            print(f"{name:10} seed {seed}: AP50 {found[-1][0]:.3f}, on its own pictures {found[-1][1]:.3f}", flush=True)
        for what, values in zip(("new pictures", "its own pictures"), zip(*found)):
            print(f"{name:10} {what}: mean {statistics.mean(values):.3f}, {min(values):.3f} to {max(values):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("overfit", "finetune"))
    parser.add_argument("--coco", type=lambda p: Path(p).resolve(), required=True)
    parser.add_argument("--photos", type=lambda p: Path(p).resolve())
    parser.add_argument("--heads", nargs="+", default=["fcos", "gflv2"])
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--category", default="person")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--folder", type=Path, default=Path("coco-mini"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.step == "finetune" and options.photos is None:
        parser.error("finetune needs --photos")
    {"overfit": overfit, "finetune": finetune}[options.step](Bench(options), options)


if __name__ == "__main__":
    main()
