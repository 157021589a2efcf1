#!/usr/bin/env python3
"""Random scores of videos and what plain numpy makes of them.

    video_accuracy_peer.py FOLDER SEED     writes FOLDER/{labels.txt,scores.json,expected.json}
"""

import json
import pathlib
import sys

import numpy as np


def main():
    folder, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    generator = np.random.default_rng(seed)
    videos, classes = int(generator.integers(30, 300)), int(generator.integers(6, 40))
    labels = generator.integers(0, max(2, classes - 3), videos)
    scores = generator.normal(size=(videos, classes)).astype(np.float32)
    scores[np.arange(videos), labels] += 1.5
    names = [f'class {label}/a "video" {i}.mp4' for i, label in enumerate(labels)]
    order = np.argsort(-scores, axis=1, kind="stable")
    recalls = []
    for k in set(labels) | set(order[:, 0]):
        mine = labels == k
        recalls.append((order[mine, 0] == k).mean() if mine.any() else 0.0)
    expected = {
        "top1": float((order[:, 0] == labels).mean()),
        "top5": float((order[:, :5] == labels[:, None]).any(axis=1).mean()),
        "mean_class_accuracy": float(np.mean(recalls)),
        "videos": videos,
    }
    (folder / "labels.txt").write_text("".join(f"{name} {label}\n" for name, label in zip(names, labels)), encoding="utf-8")
    shuffled = generator.permutation(videos)
    (folder / "scores.json").write_text(json.dumps({names[i]: [float(x) for x in scores[i]] for i in shuffled}), encoding="utf-8")
    (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


if __name__ == "__main__":
    main()
