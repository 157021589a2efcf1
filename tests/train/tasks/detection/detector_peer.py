#!/usr/bin/env python3
"""One-stage detectors written from docs/protocols/detection.md, cell by cell, in float64: for tests/train/tasks/detection/detector_peer_test.cc.

    detector_peer.py fcos|fcos_plain|gflv2 IN.safetensors OUT.safetensors

IN has the state_dict of neck and head, maps.0 to maps.2 (of strides 8, 16, 32), sizes [N, 2] (height and width of each picture without padding), scales [N, 2] (of the
input over the original) and boxes.I [n, 5] (corners and class). OUT gets the maps of each level, the parts of the loss, the gradients of their sum with respect to
parameters and maps (grad.NAME), and the detections of each picture.
"""

import math
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

STRIDES = (8, 16, 32, 64, 128)
RANGES = ((-1, 64), (64, 128), (128, 256), (256, 512), (512, math.inf))


class Conv(nn.Module):
    """A convolution under the name that published checkpoints have for it."""

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(*args, **kwargs)

    def forward(self, x):
        return self.conv(x)


class Neck(nn.Module):
    def __init__(self, inputs, width, relu):
        super().__init__()
        self.relu = relu
        self.lateral_convs = nn.ModuleList(Conv(channels, width, 1) for channels in inputs)
        self.fpn_convs = nn.ModuleList(Conv(width, width, 3, padding=1, stride=1 if i < 3 else 2) for i in range(5))

    def forward(self, maps):
        c3, c4, c5 = (lateral(x) for lateral, x in zip(self.lateral_convs, maps))
        c4 = c4 + F.interpolate(c5, size=c4.shape[2:], mode="nearest")
        c3 = c3 + F.interpolate(c4, size=c3.shape[2:], mode="nearest")
        p3, p4, p5 = (conv(x) for conv, x in zip(self.fpn_convs, (c3, c4, c5)))
        p6 = self.fpn_convs[3](p5)
        return [p3, p4, p5, p6, self.fpn_convs[4](F.relu(p6) if self.relu else p6)]


class TowerLayer(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=bias)
        self.gn = nn.GroupNorm(32, width)

    def forward(self, x):
        return F.relu(self.gn(self.conv(x)))


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))


class Head(nn.Module):
    def __init__(self, kind, width, classes):
        super().__init__()
        self.kind = kind
        self.cls_convs = nn.Sequential(*(TowerLayer(width, kind == "fcos") for _ in range(4)))
        self.reg_convs = nn.Sequential(*(TowerLayer(width, kind == "fcos") for _ in range(4)))
        self.scales = nn.ModuleList(Scale() for _ in STRIDES)
        if kind == "gflv2":
            self.gfl_cls = nn.Conv2d(width, classes, 3, padding=1)
            self.gfl_reg = nn.Conv2d(width, 4 * 17, 3, padding=1)
            self.reg_conf = nn.Sequential(nn.Conv2d(20, 64, 1), nn.ReLU(), nn.Conv2d(64, 1, 1))
        else:
            self.conv_cls = nn.Conv2d(width, classes, 3, padding=1)
            self.conv_reg = nn.Conv2d(width, 4, 3, padding=1)
            self.conv_centerness = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x, level):
        """classes, quality, distances in units, bins."""
        of_class, of_sides = self.cls_convs(x), self.reg_convs(x)
        scale = self.scales[level].scale
        if self.kind != "gflv2":
            raw = self.conv_reg(of_sides) * scale
            plain = self.kind == "fcos_plain"
            return self.conv_cls(of_class), self.conv_centerness(of_class if plain else of_sides), torch.exp(raw) if plain else F.relu(raw), None
        raw = self.gfl_reg(of_sides) * scale
        statistics, distances = [], []
        for side in range(4):
            p = raw[:, 17 * side:17 * side + 17].softmax(1)
            top = p.sort(1, descending=True).values[:, :4]
            statistics += [top, top.mean(1, keepdim=True)]
            distances.append(sum(i * p[:, i:i + 1] for i in range(17)))
        return self.gfl_cls(of_class), self.reg_conf(torch.cat(statistics, 1)), torch.cat(distances, 1), raw


def unit(kind, stride):
    return 1 if kind == "fcos_plain" else stride


def point(kind, level, row, column):
    stride = STRIDES[level]
    half = 0 if kind == "gflv2" else stride // 2
    return column * stride + half, row * stride + half


def cells(grid):
    return ((level, row, column) for level, (rows, columns) in enumerate(grid) for row in range(rows) for column in range(columns))


def fcos_assign(kind, grid, boxes):
    """For each cell the place of its box, or None."""
    result = []
    for level, row, column in cells(grid):
        x, y = point(kind, level, row, column)
        best, smallest = None, math.inf
        for place, (x1, y1, x2, y2, _) in enumerate(boxes):
            near = (x1, y1, x2, y2)
            if kind == "fcos":
                radius, cx, cy = 1.5 * STRIDES[level], (x1 + x2) / 2, (y1 + y2) / 2
                near = (max(x1, cx - radius), max(y1, cy - radius), min(x2, cx + radius), min(y2, cy + radius))
            low, high = RANGES[level]
            inside = near[0] < x < near[2] and near[1] < y < near[3]
            if inside and low <= max(x - x1, y - y1, x2 - x, y2 - y) <= high and (x2 - x1) * (y2 - y1) < smallest:
                best, smallest = place, (x2 - x1) * (y2 - y1)
        result.append(best)
    return result


def plain_iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    united = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / united if united > 0 else 0


def atss_assign(grid, boxes, size):
    """The same; -1 for a cell outside the picture."""
    padded = [math.ceil(side / 32) * 32 for side in size]
    everything = list(cells(grid))
    valid = [row < math.ceil(padded[0] / STRIDES[level]) and column < math.ceil(padded[1] / STRIDES[level]) for level, row, column in everything]
    result, overlaps = [None if good else -1 for good in valid], [-1.0] * len(everything)
    for place, box in enumerate(boxes):
        cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        candidates = []
        for level in range(5):
            of_level = []
            for number, (other, row, column) in enumerate(everything):
                if other == level and valid[number]:
                    x, y = column * STRIDES[level], row * STRIDES[level]
                    of_level.append(((x - cx) ** 2 + (y - cy) ** 2, number, x, y))
            of_level.sort(key=lambda one: one[0])
            for _, number, x, y in of_level[:9]:
                half = 4 * STRIDES[level]
                inside = min(x - box[0], y - box[1], box[2] - x, box[3] - y) > 0.01
                candidates.append((number, plain_iou((x - half, y - half, x + half, y + half), box), inside))
        values = torch.tensor([iou for _, iou, _ in candidates], dtype=torch.float64)
        threshold = (values.mean() + values.std()).item()
        for number, iou, inside in candidates:
            if inside and iou >= threshold and iou > overlaps[number]:
                result[number], overlaps[number] = place, iou
    return result


def overlap(a, b):
    both = (torch.minimum(a[2], b[2]) - torch.maximum(a[0], b[0])).clamp_min(0) * (torch.minimum(a[3], b[3]) - torch.maximum(a[1], b[1])).clamp_min(0)
    united = ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both).clamp_min(1e-7)
    around = ((torch.maximum(a[2], b[2]) - torch.minimum(a[0], b[0])) * (torch.maximum(a[3], b[3]) - torch.minimum(a[1], b[1]))).clamp_min(1e-7)
    return both / united, both / united - (around - united) / around


def corners(distances, x, y):
    return torch.stack([x - distances[0], y - distances[1], x + distances[2], y + distances[3]])


def binary_entropy(p, y):
    return -(y * torch.log(p).clamp_min(-100) + (1 - y) * torch.log(1 - p).clamp_min(-100))


def positives_of(kind, grid, pictures, sizes):
    """picture, cell number, level, box, distances in units; and for each picture what fcos_assign or atss_assign say."""
    found, assigned = [], []
    for number, boxes in enumerate(pictures):
        places = atss_assign(grid, boxes, sizes[number]) if kind == "gflv2" else fcos_assign(kind, grid, boxes)
        assigned.append(places)
        for cell, (level, row, column) in enumerate(cells(grid)):
            if places[cell] is None or places[cell] < 0:
                continue
            box = boxes[places[cell]]
            x, y = point(kind, level, row, column)
            sides = [side / unit(kind, STRIDES[level]) for side in (x - box[0], y - box[1], box[2] - x, box[3] - y)]
            found.append((number, cell, level, box, sides))
    return found, assigned


def fcos_loss(kind, maps, positives, pictures):
    classes, quality, distances, _ = maps
    target = torch.zeros_like(classes)
    for number, cell, _, box, _ in positives:
        target[number, cell, int(box[4])] = 1
    p = classes.sigmoid()
    p_t = p * target + (1 - p) * (1 - target)
    alpha = 0.25 * target + 0.75 * (1 - target)
    count = max(len(positives), 1)
    zero = 0 * (quality.sum() + distances.sum())
    box_loss, centre_loss, weights = zero, zero, 0
    for number, cell, _, _, (l, t, r, b) in positives:
        weight = math.sqrt(min(l, r) / max(l, r) * min(t, b) / max(t, b))
        iou, giou = overlap(corners(distances[number, cell], 0, 0), torch.tensor([-l, -t, r, b], dtype=torch.float64))
        box_loss = box_loss + weight * (-torch.log(iou.clamp_min(1e-6)) if kind == "fcos_plain" else 1 - giou)
        centre_loss = centre_loss + F.binary_cross_entropy_with_logits(quality[number, cell], torch.tensor(weight, dtype=torch.float64))
        weights += weight
    return (-(alpha * (1 - p_t) ** 2 * torch.log(p_t)).sum() / count, box_loss / max(weights, 1e-6), centre_loss / count)


def gfl_loss(maps, positives, pictures, assigned):
    classes, quality, distances, bins = maps
    joint = classes.sigmoid() * quality.sigmoid().unsqueeze(2)
    each = -joint ** 2 * torch.log(1 - joint).clamp_min(-100)
    zero = 0 * (distances.sum() + bins.sum())
    correction, box_loss, distribution, weights = zero, zero, zero, 0
    for number, cell, _, box, sides in positives:
        w = joint[number, cell].max().detach()
        l, t, r, b = sides
        iou, giou = overlap(corners(distances[number, cell], 0, 0), torch.tensor([-l, -t, r, b], dtype=torch.float64))
        j, y, label = joint[number, cell, int(box[4])], iou.detach(), int(box[4])
        correction = correction + (y - j).abs() ** 2 * binary_entropy(j, y) - each[number, cell, label]
        box_loss = box_loss + w * (1 - giou)
        for side in range(4):
            target = min(max(sides[side], 0), 15.9)
            i = math.floor(target)
            log_p = bins[number, cell, 17 * side:17 * side + 17].log_softmax(0)
            distribution = distribution + w / 4 * (-log_p[i] * (i + 1 - target) - log_p[i + 1] * (target - i))
        weights = weights + w
    counted = torch.tensor([[place != -1 for place in places] for places in assigned])
    average = sum(max(1, sum(one[0] == number for one in positives)) for number in range(len(pictures)))
    weights = max(weights, 1e-6)
    return ((each[counted].sum() + correction) / average, 2 * box_loss / weights, 0.25 * distribution / weights)


def detections(kind, maps, grid, number, size, scale):
    classes, quality, distances, _ = (None if x is None else x[number].detach() for x in maps)
    scores = classes.sigmoid() * quality.sigmoid().unsqueeze(1)
    kept, first = [], 0
    for level, (rows, columns) in enumerate(grid):
        best = scores[first:first + rows * columns].max(1).values.topk(min(1000, rows * columns)).indices.sort().values
        for cell in best.tolist():
            x, y = point(kind, level, cell // columns, cell % columns)
            box = corners(distances[first + cell] * unit(kind, STRIDES[level]), x, y)
            box = [min(max(box[i].item(), 0), size[1 - i % 2]) / scale[1 - i % 2] for i in range(4)]
            for label in range(classes.shape[1]):
                score = scores[first + cell, label].item()
                if (score if kind == "gflv2" else classes[first + cell, label].sigmoid().item()) > 0.05:
                    kept.append((score, label, box))
        first += rows * columns
    kept.sort(key=lambda one: -one[0])
    chosen = []
    for score, label, box in kept:
        if all(other != label or plain_iou(box, taken) <= (0.5 if kind == "fcos_plain" else 0.6) for _, other, taken in chosen):
            chosen.append((score, label, box))
    return torch.tensor([[*box, score, label] for score, label, box in chosen[:100]], dtype=torch.float64).view(-1, 6)


def main():
    kind, given = sys.argv[1], load_file(sys.argv[2])
    features = [given.pop(f"maps.{i}").requires_grad_() for i in range(3)]
    sizes, scales = given.pop("sizes").tolist(), given.pop("scales").tolist()
    pictures = [given.pop(f"boxes.{i}").tolist() for i in range(len(sizes))]
    width = given["neck.fpn_convs.0.conv.bias"].shape[0]
    classes = given["bbox_head." + ("gfl_cls" if kind == "gflv2" else "conv_cls") + ".bias"].shape[0]
    network = nn.ModuleDict({"neck": Neck([x.shape[1] for x in features], width, kind != "gflv2"), "bbox_head": Head(kind, width, classes)}).double()
    network.load_state_dict(given)

    levels = [network["bbox_head"](x, level) for level, x in enumerate(network["neck"](features))]
    grid = [tuple(level[0].shape[2:]) for level in levels]
    out = {}
    for i, (of_class, quality, distances, _) in enumerate(levels):
        out |= {f"classes.{i}": of_class, f"quality.{i}": quality, f"distances.{i}": distances * unit(kind, STRIDES[i])}

    def rows(k):
        return None if levels[0][k] is None else torch.cat([level[k].flatten(2).transpose(1, 2) for level in levels], 1)

    maps = (rows(0), rows(1).squeeze(2), rows(2), rows(3))
    positives, assigned = positives_of(kind, grid, pictures, sizes)
    parts = gfl_loss(maps, positives, pictures, assigned) if kind == "gflv2" else fcos_loss(kind, maps, positives, pictures)
    out |= dict(zip(("loss.classes", "loss.boxes", "loss.quality"), parts))
    sum(parts).backward()
    out |= {f"grad.{name}": parameter.grad for name, parameter in network.named_parameters()}
    out |= {f"grad.maps.{i}": x.grad for i, x in enumerate(features)}
    out |= {f"detections.{i}": detections(kind, maps, grid, i, sizes[i], scales[i]) for i in range(len(sizes))}
    out["positives"] = torch.tensor([float(len(positives))])
    save_file({name: tensor.detach().contiguous() for name, tensor in out.items()}, sys.argv[3])


if __name__ == "__main__":
    main()
