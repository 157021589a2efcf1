"""The check of the sources finds each kind of fault in a small tree made for it, and nothing in a clean one."""

import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import check_sources  # noqa: E402
import rooms  # noqa: E402


ROOMS = """{
  "base": {"may_include": [], "libraries": ["fmt"], "folders": {"base": {"holds": "", "may_include": []}}},
  "mad": {"may_include": ["base"], "libraries": ["fmt", "nlopt"], "folders": {
    "mad/recipe": {"holds": "recipes", "may_include": []},
    "mad/blocks": {"holds": "", "may_include": ["mad/recipe"], "plug_ins": true}}},
  "metrics": {"may_include": ["base"], "libraries": ["fmt"], "folders": {"train/metrics": {"holds": "", "may_include": []}}},
  "models": {"may_include": ["base", "mad"], "libraries": ["fmt", "torch"], "folders": {
    "models": {"holds": "", "may_include": []}, "models/network": {"holds": "", "may_include": []}}},
  "cuda": {"may_include": ["base", "models"], "libraries": ["torch", "cuda"], "folders": {"models/cuda": {"holds": "", "may_include": []}}},
  "train": {"may_include": ["base", "mad", "metrics", "models"], "libraries": ["fmt", "torch"], "folders": {
    "train/loop": {"holds": "", "may_include": []}, "train/run": {"holds": "", "may_include": ["train/loop"]}}}
}
"""


def faults_of(files, declaration=ROOMS):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {"rooms.json": declaration, **files}.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check_sources.check(root)[0]


class CheckSourcesTest(unittest.TestCase):
    def assert_fault(self, path, text, part):
        faults = faults_of({path: text})
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(part, faults[0])
        self.assertTrue(faults[0].startswith(path + ":"), faults[0])

    def test_a_clean_tree_has_no_faults(self):
        self.assertEqual(
            faults_of({
                "base/error.h": "#pragma once\n#include <string>\n",
                "base/error.cc": '#include "base/error.h"\n#include <fmt/format.h>\n#include <sys/stat.h>\n',
                "mad/recipe/layer.cc": '#include "base/error.h"\n#include <nlopt.hpp>\n',
                "mad/blocks/conv.cc": '#include "mad/recipe/layer.h"\n',
                "models/pch.h": "#pragma once\n#include <torch/torch.h>\n",
                "models/cuda/device.cc": "#include <c10/cuda/CUDAGuard.h>\n",
                "train/run/run.cc": '#include "train/loop/trainer.h"\n#include "models/network/network.h"\n#include "train/metrics/top_k.h"\n',
                "tests/mad/recipe/layer_test.cc": '#include "mad/recipe/layer.h"\n#include "tests/mad/golden.h"\n#include <gtest/gtest.h>\n',
                "tests/cli/run_test.cc": "#include <gtest/gtest.h>\n",
            }), [])

    def test_an_include_upwards_is_a_fault(self):
        self.assert_fault("base/a.cc", '#include "mad/recipe/layer.h"\n', "base/ may not include mad/recipe/")
        self.assert_fault("mad/blocks/a.cc", '\n#include "models/network/network.h"\n', "a.cc:2: mad/blocks/ may not include models/network/")
        self.assert_fault("models/network/a.cc", '#include "train/loop/trainer.h"\n', "models/network/ may not include train/loop/")

    def test_an_include_across_folders_of_a_room_is_a_fault(self):
        self.assert_fault("mad/recipe/a.cc", '#include "mad/blocks/residual.h"\n', "mad/recipe/ may not include mad/blocks/")
        self.assert_fault("train/loop/a.cc", '#include "train/run/run.h"\n', "of its room it may include no other folder")
        self.assert_fault("train/metrics/a.cc", '#include "train/loop/trainer.h"\n', "train/metrics/ may not include train/loop/")

    def test_a_folder_that_is_not_declared_is_a_fault(self):
        self.assert_fault("mad/other/a.cc", "", "rooms.json has no folder mad/other/")
        self.assert_fault("mad/a.h", "#pragma once\n", "rooms.json has no folder mad/")

    def test_a_test_elsewhere_than_its_source_is_a_fault(self):
        self.assert_fault("tests/train/metric/a_test.cc", "", "stands under no folder of the sources")

    def test_a_full_folder_is_a_fault_unless_it_holds_plug_ins(self):
        self.assertEqual(faults_of({f"mad/recipe/a{i}.cc": "" for i in range(15)}), [])
        self.assertIn("mad/recipe: 16 units, at most 15", faults_of({f"mad/recipe/a{i}.cc": "" for i in range(16)})[0])
        self.assertEqual(faults_of({f"mad/blocks/a{i}.cc": "" for i in range(40)}), [])

    def test_units_that_include_each_other_are_a_fault(self):
        faults = faults_of({"base/a.h": "#pragma once\n", "base/a.cc": '#include "base/b.h"\n', "base/b.h": '#pragma once\n#include "base/a.h"\n'})
        self.assertEqual(faults, ["base/a: includes itself by way of base/b"])

    def test_a_circle_of_folders_or_rooms_is_a_fault(self):
        declaration = ROOMS.replace('"recipes", "may_include": []', '"recipes", "may_include": ["mad/blocks"]')
        self.assertEqual(faults_of({}, declaration), ["rooms.json: a circle: mad/blocks, mad/recipe"])
        declaration = ROOMS.replace('"base": {"may_include": []', '"base": {"may_include": ["models"]')
        self.assertIn("rooms.json: a circle: base, mad, models", faults_of({}, declaration))

    def test_the_table_of_contributing_must_be_that_of_the_rooms(self):
        made = rooms.table(json.loads(ROOMS))
        page = "# Rooms\n\n<!-- made by scripts/rooms.py --write from rooms.json -->\n" + made + "<!-- end -->\n"
        self.assertEqual(faults_of({"CONTRIBUTING.md": page}), [])
        self.assertIn("run scripts/rooms.py --write", faults_of({"CONTRIBUTING.md": page.replace("recipes", "others")})[0])

    def test_a_library_in_the_wrong_room_is_a_fault(self):
        self.assert_fault("base/a.cc", "#include <ATen/core/Tensor.h>\n", "base/ may not see torch")
        self.assert_fault("mad/blocks/a.cc", "#  include <opencv2/core.hpp>\n", "mad/blocks/ may not see opencv")
        self.assert_fault("models/network/a.cc", "#include <c10/cuda/CUDAGuard.h>\n", "models/network/ may not see cuda")
        self.assert_fault("train/metrics/a.cc", "#include <ATen/core/Tensor.h>\n", "train/metrics/ may not see torch")
        self.assert_fault("train/run/a.cc", "#include <nlopt.hpp>\n", "train/run/ may not see nlopt")
        self.assert_fault("mad/recipe/a.cc", '#include "tensorboard.pb.h"\n', "mad/recipe/ may not see protobuf")

    def test_the_whole_of_torch_belongs_into_the_precompiled_header(self):
        self.assert_fault("models/network/a.cc", "#include <torch/torch.h>\n", "belongs into models/pch.h")
        self.assert_fault("tests/models/a_test.cc", "#include <torch/all.h>\n", "belongs into models/pch.h")

    def test_fmt_in_a_header_is_a_fault(self):
        self.assert_fault("base/a.h", "#pragma once\n#include <fmt/format.h>\n", "in a header")

    def test_a_header_without_pragma_once_is_a_fault(self):
        self.assert_fault("base/a.h", "#include <string>\n", "no #pragma once")

    def test_a_local_include_must_start_at_the_root(self):
        self.assert_fault("base/a.cc", '#include "error.h"\n', "not named from the root")
        self.assert_fault("base/a.cc", '#include "../base/error.h"\n', "not named from the root")

    def test_a_long_file_is_a_fault(self):
        self.assertEqual(faults_of({"mad/blocks/a.cc": "\n" * 400}), [])
        self.assert_fault("mad/blocks/a.cc", "\n" * 401, "401 lines")
        self.assert_fault("scripts/a.sh", "\n" * 401, "401 lines")

    def test_a_name_that_says_nothing_is_a_fault(self):
        self.assert_fault("train/loop/utils.cc", "", "says nothing")


if __name__ == "__main__":
    unittest.main()
