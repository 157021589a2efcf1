#!/usr/bin/env python3
"""Python's side of the suites AugmentPeer and ValidationPeer. Pixels are raw files of RGB bytes, row by row.

    input_peer.py augment FOLDER      applies the operations of FOLDER/cases.json, [{"image": name, "height": h, "width": w, "ops": [...]}], to
                                      FOLDER/NAME.in with Pillow and timm and writes FOLDER/NAME.out
    input_peer.py validate FOLDER     writes timm's validation pixels of the files in FOLDER/cases.json, [{"file": path, "name": name,
                                      "size": s, "crop_pct": c, "interpolation": i}], to FOLDER/NAME.timm; and to FOLDER/NAME.columns_first
                                      what Pillow gives with its two passes one by one, columns first
    input_peer.py finish FOLDER       adds lighting to FOLDER/in.raw (224x224) and normalises it with torchvision: FOLDER/out.raw, float32 [3][H][W]
"""

import importlib.util
import json
import math
import os
import sys

import numpy
from PIL import Image


def load_auto_augment():
    """timm/data/auto_augment.py alone: the package would import torch, which takes seconds."""
    folder = importlib.util.find_spec("timm").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("auto_augment", os.path.join(folder, "data", "auto_augment.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


auto_augment = load_auto_augment()

RESAMPLE = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
PLAIN = {
    "autocontrast": auto_augment.auto_contrast,
    "equalize": auto_augment.equalize,
    "invert": auto_augment.invert,
}
WITH_VALUE = {
    "solarize": auto_augment.solarize,
    "solarize_add": lambda image, value: auto_augment.solarize_add(image, int(value)),
    "posterize": lambda image, value: auto_augment.posterize(image, int(value)),
    "brightness": auto_augment.brightness,
    "color": auto_augment.color,
    "contrast": auto_augment.contrast,
    "sharpness": auto_augment.sharpness,
}
GEOMETRIC = {
    "shear_x": auto_augment.shear_x,
    "shear_y": auto_augment.shear_y,
    "translate_x": auto_augment.translate_x_rel,
    "translate_y": auto_augment.translate_y_rel,
    "rotate": auto_augment.rotate,
}


def apply(image, op):
    if op["op"] in PLAIN:
        return PLAIN[op["op"]](image)
    if op["op"] in WITH_VALUE:
        return WITH_VALUE[op["op"]](image, op["value"])
    return GEOMETRIC[op["op"]](image, op["value"], resample=RESAMPLE[op["sampling"]], fillcolor=tuple(op["fill"]))


def augment(folder):
    for case in json.load(open(os.path.join(folder, "cases.json"))):
        name = os.path.join(folder, case["image"])
        image = Image.frombytes("RGB", (case["width"], case["height"]), open(name + ".in", "rb").read())
        for op in case["ops"]:
            image = apply(image, op)
        open(name + ".out", "wb").write(image.tobytes())


class ColumnsFirst:
    """Pillow's resize in two calls: a pass whose size stays is skipped, so each call makes one pass."""

    def __init__(self, size, resample):
        self.size, self.resample = size, resample

    def __call__(self, image):
        width, height = image.size
        short = min(width, height)
        if short == self.size:
            return image
        target = (self.size, int(self.size * height / width)) if width <= height else (int(self.size * width / height), self.size)
        return image.resize((target[0], height), self.resample).resize(target, self.resample)


def validate(folder):
    from timm.data.transforms_factory import create_transform
    from torchvision import transforms

    for case in json.load(open(os.path.join(folder, "cases.json"))):
        image = Image.open(case["file"]).convert("RGB")
        steps = create_transform(
            case["size"], is_training=False, interpolation=case["interpolation"], crop_pct=case["crop_pct"], use_prefetcher=True
        )
        pixels = numpy.ascontiguousarray(numpy.moveaxis(numpy.asarray(steps(image)), 0, 2))
        name = os.path.join(folder, case["name"])
        open(name + ".timm", "wb").write(pixels.astype(numpy.uint8).tobytes())
        resize = ColumnsFirst(math.floor(case["size"] / case["crop_pct"]), RESAMPLE[case["interpolation"]])
        cropped = transforms.CenterCrop(case["size"])(resize(image))
        open(name + ".columns_first", "wb").write(cropped.tobytes())


def finish(folder):
    import torch
    from torchvision import transforms

    image = Image.frombytes("RGB", (224, 224), open(os.path.join(folder, "in.raw"), "rb").read())
    added = torch.tensor(json.load(open(os.path.join(folder, "added.json"))), dtype=torch.float32)
    tensor = transforms.ToTensor()(image) + added.view(3, 1, 1)
    tensor = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))(tensor)
    open(os.path.join(folder, "out.raw"), "wb").write(tensor.contiguous().numpy().tobytes())


if __name__ == "__main__":
    {"augment": augment, "validate": validate, "finish": finish}[sys.argv[1]](sys.argv[2])
