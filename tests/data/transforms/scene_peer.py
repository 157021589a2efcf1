#!/usr/bin/env python3
"""The augmentation of scenes by OpenCV and numpy, for drawn parameters: what it makes of pictures beside what the project made.

    scene_peer.py FOLDER     CASE.json {resized: [h, w], crop: [top, left, h, w], flip, brightness, contrast, contrast_last, saturation, hue}, null where
                             not drawn; CASE_picture.png, CASE_labels.png; CASE_picture_out.png, CASE_labels_out.png

Prints {"cases", "labels": how many label pixels differ, "levels": the largest difference of a picture, "off": the share of its values that differ}.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy


def converted(image, factor=1.0, shift=0.0):
    return numpy.clip(image.astype(numpy.float32) * numpy.float32(factor) + numpy.float32(shift), 0, 255).astype(numpy.uint8)


def distorted(image, draw):
    if draw["brightness"] is not None:
        image = converted(image, shift=draw["brightness"])
    if draw["contrast"] is not None and not draw["contrast_last"]:
        image = converted(image, draw["contrast"])
    if draw["saturation"] is not None:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        hsv[:, :, 1] = converted(hsv[:, :, 1], draw["saturation"])
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    if draw["hue"] is not None:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        hsv[:, :, 0] = (hsv[:, :, 0].astype(int) + draw["hue"]) % 180
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    if draw["contrast"] is not None and draw["contrast_last"]:
        image = converted(image, draw["contrast"])
    return image


def framed(image, draw, interpolation):
    height, width = draw["resized"]
    top, left, crop_height, crop_width = draw["crop"]
    image = cv2.resize(image, (width, height), interpolation=interpolation)[top:top + crop_height, left:left + crop_width]
    return cv2.flip(image, 1) if draw["flip"] else image


def main():
    folder = Path(sys.argv[1])
    cases = labels = levels = values = off = 0
    for file in sorted(folder.glob("*.json")):
        draw = json.loads(file.read_text())
        def read(kind, flags):
            return cv2.imread(str(folder / f"{file.stem}_{kind}.png"), flags)
        picture = distorted(framed(read("picture", cv2.IMREAD_COLOR), draw, cv2.INTER_LINEAR), draw)
        label_map = framed(read("labels", cv2.IMREAD_UNCHANGED), draw, cv2.INTER_NEAREST)
        difference = numpy.abs(picture.astype(int) - read("picture_out", cv2.IMREAD_COLOR))
        labels += int((label_map != read("labels_out", cv2.IMREAD_UNCHANGED)).sum())
        levels = max(levels, int(difference.max()))
        off += int((difference > 0).sum())
        values += difference.size
        cases += 1
    print(json.dumps({"cases": cases, "labels": labels, "levels": levels, "off": off / values}))


if __name__ == "__main__":
    main()
