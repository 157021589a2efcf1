#!/usr/bin/env python3
"""scripts/prepare_imagenet.py on miniature archives of the original and of Kaggle's form, whole, cut off and interrupted."""

import io
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zlib

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "prepare_imagenet.py")
# Not in the order of the names, as in the devkit; the last two are groups of classes.
SYNSETS = {1: "n02119789", 2: "n01440764", 3: "n03100240", 4: "n00001740", 5: "n00002684"}
LABELS = [3, 1, 2, 2, 1, 3, 3]  # of the validation pictures
CLASSES = sorted(SYNSETS[i] for i in (1, 2, 3))


def element(kind, content):
    if 0 < len(content) <= 4:
        return struct.pack("<HH", kind, len(content)) + content.ljust(4, b"\0")
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def matrix(class_id, dimensions, *parts, name=b""):
    flags = element(6, struct.pack("<II", class_id, 0))
    return element(14, flags + element(5, struct.pack("<%di" % len(dimensions), *dimensions)) + element(1, name) + b"".join(parts))


def meta_mat(compress):
    """A file of MATLAB's level 5 with the struct array `synsets`, one number and two texts an entry."""
    fields = [b"ILSVRC2012_ID", b"WNID", b"words"]
    values = b""
    for number, wnid in SYNSETS.items():
        kind, packed = (9, struct.pack("<d", number)) if number % 2 else (2, struct.pack("<B", number))  # as MATLAB shrinks them
        values += matrix(6, (1, 1), element(kind, packed))
        values += matrix(4, (1, len(wnid)), element(16, wnid.encode()))
        words = "a thing, \u00e9"
        values += matrix(4, (1, len(words)), element(4, words.encode("utf-16-le")))
    names = element(1, b"".join(field.ljust(16, b"\0") for field in fields))
    struct_array = matrix(2, (len(SYNSETS), 1), element(5, struct.pack("<i", 16)), names, values, name=b"synsets")
    if compress:
        packed = zlib.compress(struct_array)
        struct_array = struct.pack("<II", 15, len(packed)) + packed
    return b"MATLAB 5.0 MAT-file".ljust(124, b" ") + b"\x00\x01IM" + struct_array


def add(archive, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def picture(name):
    return b"\xff\xd8\xff" + name.encode() * 50


def train_names(wnid):
    return ["%s_%d.JPEG" % (wnid, i) for i in range(2 + CLASSES.index(wnid))]


def val_name(number):
    return "ILSVRC2012_val_%08d.JPEG" % number


class Archives:
    def __init__(self, folder, compress=True):
        self.folder = folder
        with tarfile.open(os.path.join(folder, "ILSVRC2012_img_train.tar"), "w") as outer:
            for wnid in reversed(CLASSES):
                buffer = io.BytesIO()
                with tarfile.open(fileobj=buffer, mode="w") as inner:
                    for name in train_names(wnid):
                        add(inner, name, picture(name))
                add(outer, wnid + ".tar", buffer.getvalue())
        with tarfile.open(os.path.join(folder, "ILSVRC2012_img_val.tar"), "w") as archive:
            for number in range(len(LABELS), 0, -1):
                add(archive, val_name(number), picture(val_name(number)))
        with tarfile.open(os.path.join(folder, "ILSVRC2012_devkit_t12.tar.gz"), "w:gz") as archive:
            add(archive, "ILSVRC2012_devkit_t12/data/meta.mat", meta_mat(compress))
            truth = "".join("%d\n" % label for label in LABELS)
            add(archive, "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", truth.encode())


def kaggle(folder):
    root = os.path.join(folder, "ILSVRC", "Data", "CLS-LOC")
    for wnid in CLASSES:
        os.makedirs(os.path.join(root, "train", wnid))
        for name in train_names(wnid):
            pathlib.Path(root, "train", wnid, name).write_bytes(picture(name))
    os.makedirs(os.path.join(root, "val"))
    with open(os.path.join(folder, "LOC_val_solution.csv"), "w") as file:
        file.write("ImageId,PredictionString\n")
        for number, label in enumerate(LABELS, 1):
            pathlib.Path(root, "val", val_name(number)).write_bytes(picture(val_name(number)))
            file.write("%s,%s 85 1 499 272 \n" % (val_name(number)[:-5], SYNSETS[label]))


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}


EXPECTED = {os.path.join("train", wnid, name): picture(name) for wnid in CLASSES for name in train_names(wnid)}
EXPECTED.update({os.path.join("val", SYNSETS[label], val_name(n)): picture(val_name(n)) for n, label in enumerate(LABELS, 1)})


class PrepareImagenet(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.source = os.path.join(self.temporary.name, "source")
        self.dest = os.path.join(self.temporary.name, "dest")
        os.mkdir(self.source)

    def run_script(self, train=9, val=len(LABELS), classes=3):
        words = ["--classes", str(classes), "--train-pictures", str(train), "--val-pictures", str(val)]
        return subprocess.run([sys.executable, SCRIPT, "--source", self.source, "--dest", self.dest] + words, capture_output=True, text=True)

    def expect_whole(self):
        result = self.run_script()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(tree(self.dest), EXPECTED)

    def expect_failure(self, *words, **numbers):
        result = self.run_script(**numbers)
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr.strip().split("\n")[-1])

    def test_original_archives_become_class_folders(self):
        for compress in (True, False):
            Archives(self.source, compress)
            self.expect_whole()

    def test_kaggles_folders_become_class_folders(self):
        kaggle(self.source)
        self.expect_whole()

    def test_a_second_run_changes_nothing(self):
        Archives(self.source)
        self.expect_whole()
        before = {path: os.stat(os.path.join(self.dest, path)).st_mtime_ns for path in EXPECTED}
        self.expect_whole()
        self.assertEqual({path: os.stat(os.path.join(self.dest, path)).st_mtime_ns for path in EXPECTED}, before)

    def test_what_an_interruption_left_is_done_again(self):
        Archives(self.source)
        partial = os.path.join(self.dest, "train", "." + CLASSES[1] + ".partial")
        os.makedirs(partial)
        pathlib.Path(partial, "half.JPEG").write_bytes(b"x")
        os.makedirs(os.path.join(self.dest, "val", CLASSES[0]))  # the first of the renames at the end
        self.expect_whole()

    def test_an_archive_that_is_cut_off_is_found_and_the_rest_kept(self):
        Archives(self.source)
        path = pathlib.Path(self.source, "ILSVRC2012_img_train.tar")
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        self.assertEqual(self.run_script().returncode, 1)
        path.write_bytes(whole)
        self.expect_whole()

    def test_wrong_counts_are_named(self):
        Archives(self.source)
        self.expect_failure("train has 9 pictures, not 1281167", train=1281167)
        self.expect_failure("val has 7 pictures, not 50000", val=50000)
        self.expect_failure("train has 3 classes, not 1000", classes=1000)

    def test_a_missing_archive_is_named(self):
        Archives(self.source)
        os.remove(os.path.join(self.source, "ILSVRC2012_devkit_t12.tar.gz"))
        self.expect_failure("missing: ILSVRC2012_devkit_t12.tar.gz")

    def test_a_validation_picture_without_a_class_is_named(self):
        Archives(self.source)
        with tarfile.open(os.path.join(self.source, "ILSVRC2012_img_val.tar"), "a") as archive:
            add(archive, val_name(99), b"x")
        self.expect_failure("no class is known for validation picture 99")


if __name__ == "__main__":
    unittest.main()
