#!/usr/bin/env python3
"""The pyramid and head of torchvision's FCOS under our weights: for tests/train/tasks/detection/detector_peer_test.cc.

    torchvision_fcos_peer.py IN.safetensors OUT.safetensors

IN has the state_dict of neck and head (scales of 1) and maps.0 to maps.2; OUT gets classes.I, quality.I and distances.I of each level.
"""

import re
import sys
from collections import OrderedDict

from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models.detection.fcos import FCOSHead
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelP6P7

NAMES = (
    (r"neck\.lateral_convs\.(\d)\.conv", r"fpn.inner_blocks.\1.0"), (r"neck\.fpn_convs\.([012])\.conv", r"fpn.layer_blocks.\1.0"),
    (r"neck\.fpn_convs\.3\.conv", "fpn.extra_blocks.p6"), (r"neck\.fpn_convs\.4\.conv", "fpn.extra_blocks.p7"),
    (r"bbox_head\.conv_cls", "head.classification_head.cls_logits"), (r"bbox_head\.conv_reg", "head.regression_head.bbox_reg"),
    (r"bbox_head\.conv_centerness", "head.regression_head.bbox_ctrness"),
)
LAYERS = {"cls": "classification_head", "reg": "regression_head"}


def renamed(name):
    layer = re.fullmatch(r"bbox_head\.(cls|reg)_convs\.(\d)\.(conv|gn)\.(\w+)", name)
    if layer:
        kind, number, part, tensor = layer.groups()
        return f"head.{LAYERS[kind]}.conv.{3 * int(number) + (part == 'gn')}.{tensor}"  # convolution, norm, ReLU
    for pattern, replacement in NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def main():
    given = load_file(sys.argv[1])
    features = [given.pop(f"maps.{i}") for i in range(3)]
    classes, width = given["bbox_head.conv_cls.weight"].shape[:2]
    fpn = FeaturePyramidNetwork([x.shape[1] for x in features], width, extra_blocks=LastLevelP6P7(width, width))
    network = nn.ModuleDict({"fpn": fpn, "head": FCOSHead(width, 1, classes)}).double()
    network.load_state_dict({renamed(name): tensor for name, tensor in given.items() if not name.endswith(".scale")})
    levels = list(network["fpn"](OrderedDict((str(i), x) for i, x in enumerate(features))).values())
    found = network["head"](levels)
    out, first = {}, 0
    for i, level in enumerate(levels):
        rows, columns = level.shape[2:]
        for ours, theirs in (("classes", "cls_logits"), ("quality", "bbox_ctrness"), ("distances", "bbox_regression")):
            part = found[theirs][:, first:first + rows * columns]
            out[f"{ours}.{i}"] = part.transpose(1, 2).unflatten(2, (rows, columns)).detach().contiguous()
        first += rows * columns
    save_file(out, sys.argv[2])


if __name__ == "__main__":
    main()
