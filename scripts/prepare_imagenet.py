#!/usr/bin/env python3
"""Puts ImageNet-1k (ILSVRC 2012) into the folders that deepmad reads, DEST/{train,val}/WNID/*.JPEG, and counts what came out.

    scripts/prepare_imagenet.py --source FOLDER --dest DEST

FOLDER holds either the original archives

    ILSVRC2012_img_train.tar            a tar of one tar a class
    ILSVRC2012_img_val.tar              50,000 pictures
    ILSVRC2012_devkit_t12.tar.gz        which class each validation picture belongs to

or Kaggle's unpacked ones

    ILSVRC/Data/CLS-LOC/train/WNID/*.JPEG, ILSVRC/Data/CLS-LOC/val/*.JPEG, LOC_val_solution.csv

Started again after any interruption it goes on: a class appears under its name only when it is whole, and one that is there is only counted.
Kaggle's pictures are linked where the file system can, else copied. At the end the numbers of classes and pictures must be ImageNet's, or the
status is 1. Needs Python 3.8 and nothing else. Then check that every picture decodes: deepmad data check RUN.yaml data.root=DEST
"""

import argparse
import collections
import csv
import os
import re
import shutil
import struct
import sys
import tarfile
import zlib

TRAIN_TAR = "ILSVRC2012_img_train.tar"
VAL_TAR = "ILSVRC2012_img_val.tar"
DEVKIT = "ILSVRC2012_devkit_t12.tar.gz"
KAGGLE = os.path.join("ILSVRC", "Data", "CLS-LOC")
SOLUTION = "LOC_val_solution.csv"
WNID = re.compile(r"n\d{8}")


class Trouble(Exception):
    """A line for the user."""


def log(text):
    print(text, file=sys.stderr, flush=True)


# MATLAB's file format, level 5, as far as the devkit's meta.mat needs it: a struct array whose fields are numbers and texts.

INTEGERS = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}
COMPRESSED, MATRIX, STRUCT, CHARACTERS = 15, 14, 2, 4


def elements(data):
    """The (type, content) pairs that follow each other in `data`."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind >> 16:  # the short form: both in four bytes, content in the next four
            kind, size = kind & 0xFFFF, kind >> 16
            yield kind, data[at + 4 : at + 4 + size]
            at += 8
            continue
        content = data[at + 8 : at + 8 + size]
        at += 8 + size + (0 if kind == COMPRESSED else -size % 8)
        yield (next(elements(zlib.decompress(content))) if kind == COMPRESSED else (kind, content))


def numbers(element):
    kind, content = element
    return list(struct.unpack("<%d%s" % (len(content) // struct.calcsize(INTEGERS[kind]), INTEGERS[kind]), content))


def text(element):
    kind, content = element
    if kind in (16, 17, 18):
        return content.decode({16: "utf-8", 17: "utf-16-le", 18: "utf-32-le"}[kind])
    return "".join(map(chr, numbers(element)))


def matrix(content):
    """A number, a text, a list of them, or a list of dictionaries."""
    if not content:
        return None
    parts = list(elements(content))
    class_id = numbers(parts[0])[0] & 0xFF
    if class_id == CHARACTERS:
        return text(parts[3])
    if class_id == STRUCT:
        length = numbers(parts[3])[0]
        names = [parts[4][1][i : i + length].split(b"\0")[0].decode() for i in range(0, len(parts[4][1]), length)]
        values = [matrix(part) if kind == MATRIX else None for kind, part in parts[5:]]
        return [dict(zip(names, values[i : i + len(names)])) for i in range(0, len(values), len(names))]
    values = numbers(parts[3]) if len(parts) > 3 and parts[3][0] in INTEGERS else []
    return values[0] if len(values) == 1 else values


def read_synsets(meta):
    """WNID by ILSVRC2012_ID, of the 1..1000 that are classes (the rest are their groups)."""
    for kind, content in elements(meta[128:]):
        entries = matrix(content) if kind == MATRIX else None
        if isinstance(entries, list) and entries and isinstance(entries[0], dict) and "WNID" in entries[0]:
            return {int(entry["ILSVRC2012_ID"]): entry["WNID"] for entry in entries}
    raise Trouble("meta.mat holds no table of synsets: %s: download it again" % DEVKIT)


def devkit_labels(path):
    """WNID of each validation picture, by its number from 1."""
    with tarfile.open(path) as archive:
        content = {}
        for member in archive:
            name = os.path.basename(member.name)
            if name in ("meta.mat", "ILSVRC2012_validation_ground_truth.txt"):
                content[name] = archive.extractfile(member).read()
    if len(content) != 2:
        raise Trouble("no meta.mat and ILSVRC2012_validation_ground_truth.txt in it: %s: download it again" % path)
    synsets = read_synsets(content["meta.mat"])
    ids = [int(line) for line in content["ILSVRC2012_validation_ground_truth.txt"].split()]
    return {number: synsets[i] for number, i in enumerate(ids, 1)}


def kaggle_labels(path):
    with open(path, newline="") as file:
        return {picture_number(row["ImageId"]): row["PredictionString"].split()[0] for row in csv.DictReader(file)}


def picture_number(name):
    """ILSVRC2012_val_00000293.JPEG: 293."""
    match = re.search(r"_val_(\d+)", os.path.basename(name))
    if not match:
        raise Trouble("not the name of a validation picture: %s" % name)
    return int(match.group(1))


class ClassFolder:
    """A class in the making: pictures go into a hidden folder, which gets its name at the end."""

    def __init__(self, parent, wnid):
        if not WNID.fullmatch(wnid):
            raise Trouble("not the name of a class: %s" % wnid)
        self.final = os.path.join(parent, wnid)
        self.partial = os.path.join(parent, "." + wnid + ".partial")

    def done(self):
        return os.path.isdir(self.final)

    def begin(self):
        shutil.rmtree(self.partial, ignore_errors=True)
        os.makedirs(self.partial)

    def path(self, name):
        return os.path.join(self.partial, os.path.basename(name))

    def finish(self):
        os.rename(self.partial, self.final)


def extract(archive, member, path):
    with archive.extractfile(member) as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target)


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def train_from_tars(source, train):
    with tarfile.open(os.path.join(source, TRAIN_TAR)) as outer:
        for member in outer:
            folder = ClassFolder(train, os.path.splitext(os.path.basename(member.name))[0])
            if folder.done():
                continue
            folder.begin()
            with tarfile.open(fileobj=outer.extractfile(member)) as inner:
                for picture in inner:
                    if picture.isfile():
                        extract(inner, picture, folder.path(picture.name))
            folder.finish()
            log("train/%s" % os.path.basename(folder.final))


def train_from_folders(source, train):
    for wnid in sorted(os.listdir(os.path.join(source, KAGGLE, "train"))):
        folder = ClassFolder(train, wnid)
        if folder.done():
            continue
        folder.begin()
        with os.scandir(os.path.join(source, KAGGLE, "train", wnid)) as entries:
            for entry in entries:
                link_or_copy(entry.path, folder.path(entry.name))
        folder.finish()


def label_of(labels, name):
    number = picture_number(name)
    if number not in labels:
        raise Trouble("no class is known for validation picture %d: %s" % (number, name))
    return labels[number]


def validation(val, labels, pictures):
    """`pictures`: pairs of a name and a function that writes it to a path. All classes are finished together, at the end."""
    wnids = sorted(set(labels.values()))
    folders = {wnid: ClassFolder(val, wnid) for wnid in wnids}
    if all(folder.done() for folder in folders.values()):
        return
    for folder in folders.values():
        shutil.rmtree(folder.final, ignore_errors=True)
        folder.begin()
    for name, write in pictures:
        write(folders[label_of(labels, name)].path(name))
    for folder in folders.values():
        folder.finish()


def val_from_tar(source, val):
    labels = devkit_labels(os.path.join(source, DEVKIT))
    with tarfile.open(os.path.join(source, VAL_TAR)) as archive:
        files = (member for member in archive if member.isfile())
        validation(val, labels, ((m.name, lambda path, m=m: extract(archive, m, path)) for m in files))


def val_from_folder(source, val):
    folder = os.path.join(source, KAGGLE, "val")
    names = sorted(os.listdir(folder))
    pictures = ((name, lambda path, name=name: link_or_copy(os.path.join(folder, name), path)) for name in names)
    validation(val, kaggle_labels(os.path.join(source, SOLUTION)), pictures)


def count(split):
    counts = collections.Counter()
    for wnid in os.listdir(split):
        if not wnid.startswith("."):
            counts[wnid] = len(os.listdir(os.path.join(split, wnid)))
    return counts


def verify(dest, classes, train_pictures, val_pictures):
    counts = {split: count(os.path.join(dest, split)) for split in ("train", "val")}
    faults = []
    for split, expected in (("train", train_pictures), ("val", val_pictures)):
        found = sum(counts[split].values())
        log("%s: %d pictures in %d classes" % (split, found, len(counts[split])))
        if len(counts[split]) != classes:
            faults.append("%s has %d classes, not %d" % (split, len(counts[split]), classes))
        if found != expected:
            faults.append("%s has %d pictures, not %d" % (split, found, expected))
    if set(counts["train"]) != set(counts["val"]):
        faults.append("train and val have different classes")
    if faults:
        raise Trouble("; ".join(faults) + ": %s: is an archive cut off? remove the class folders concerned and start again" % dest)


def need(source, names):
    missing = [name for name in names if not os.path.exists(os.path.join(source, name))]
    if missing:
        raise Trouble("missing: %s: %s" % (", ".join(missing), source))


def prepare(source, dest):
    train, val = os.path.join(dest, "train"), os.path.join(dest, "val")
    if os.path.isdir(os.path.join(source, KAGGLE)):
        need(source, [os.path.join(KAGGLE, "train"), os.path.join(KAGGLE, "val"), SOLUTION])
        steps = (train_from_folders, val_from_folder)
    else:
        need(source, [TRAIN_TAR, VAL_TAR, DEVKIT])
        steps = (train_from_tars, val_from_tar)
    for split, step in zip((train, val), steps):
        os.makedirs(split, exist_ok=True)
        step(source, split)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="folder of the archives")
    parser.add_argument("--dest", required=True, help="folder to fill")
    parser.add_argument("--classes", type=int, default=1000, help="how many there must be (another number for a part of ImageNet)")
    parser.add_argument("--train-pictures", type=int, default=1281167)
    parser.add_argument("--val-pictures", type=int, default=50000)
    arguments = parser.parse_args()
    try:
        prepare(arguments.source, arguments.dest)
        verify(arguments.dest, arguments.classes, arguments.train_pictures, arguments.val_pictures)
    except Trouble as trouble:
        sys.exit("prepare_imagenet: %s" % trouble)
    except (OSError, EOFError, KeyError, tarfile.TarError, zlib.error) as error:
        sys.exit("prepare_imagenet: %s: %s: mend what it names and start again" % (type(error).__name__, error))


if __name__ == "__main__":
    main()
