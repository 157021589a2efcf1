#!/usr/bin/env python3
"""Random boxes with what torchvision's nms keeps of them, class by class: for the test of SuppressOverlaps.

    nms_peer.py OUT.json
"""

import json
import sys

import torch
import torchvision


def case(seed):
    generator = torch.Generator().manual_seed(seed)
    count, classes, threshold = 50 + 60 * seed, 1 + seed % 5, (0.5, 0.6, 0.3)[seed % 3]
    corner = torch.rand(count, 2, generator=generator) * 200
    boxes = torch.cat([corner, corner + torch.rand(count, 2, generator=generator) * 80 + 1], 1)
    scores = torch.randperm(count, generator=generator).float() / count  # all different: torchvision leaves the order of equal ones open
    labels = torch.randint(classes, (count,), generator=generator)
    kept = torch.cat([members[torchvision.ops.nms(boxes[members], scores[members], threshold)] for members in
                      [(labels == one).nonzero().flatten() for one in range(classes)]])
    kept = kept[scores[kept].argsort(descending=True)]
    return {"boxes": boxes.flatten().tolist(), "scores": scores.tolist(), "classes": labels.tolist(), "threshold": threshold, "kept": kept.tolist()}


with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump([case(seed) for seed in range(20)], file)
