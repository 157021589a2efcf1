"""The check of the sources finds each kind of fault in a small tree made for it, and nothing in a clean one."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import check_sources  # noqa: E402


def faults_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
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
                "mad/cost.cc": '#include "base/error.h"\n#include <nlopt.hpp>\n',
                "models/pch.h": "#pragma once\n#include <torch/torch.h>\n",
                "models/cuda/device.cc": "#include <c10/cuda/CUDAGuard.h>\n",
                "data/loader/loader.cc": '#include "data/sample.h"\n#include <ATen/core/Tensor.h>\n',
                "train/trainer.cc": '#include "train/metrics/top_k.h"\n#include "models/network.h"\n#include "data/loader/loader.h"\n',
                "cli/main.cc": '#include "train/trainer.h"\n#include <CLI/CLI.hpp>\n',
                "tests/mad/cost_test.cc": '#include "mad/cost.h"\n#include "tests/mad/golden.h"\n#include <gtest/gtest.h>\n',
            }), [])

    def test_an_include_upwards_is_a_fault(self):
        self.assert_fault("base/a.cc", '#include "mad/cost.h"\n', "base/ may not include mad/")
        self.assert_fault("mad/a.cc", '\n#include "models/network.h"\n', "a.cc:2: mad/ may not include models/")
        self.assert_fault("models/a.cc", '#include "train/task.h"\n', "models/ may not include train/")
        self.assert_fault("train/a.cc", '#include "cli/main.h"\n', "train/ may not include cli/")

    def test_an_include_across_is_a_fault(self):
        self.assert_fault("models/a.cc", '#include "data/sample.h"\n', "models/ may not include data/")
        self.assert_fault("data/a.cc", '#include "mad/cost.h"\n', "data/ may not include mad/")
        self.assert_fault("data/a.cc", '#include "data/loader/loader.h"\n', "data/ may not include data/loader/")
        self.assert_fault("train/metrics/a.cc", '#include "train/task.h"\n', "train/metrics/ may not include train/")
        self.assert_fault("train/report/a.cc", '#include "models/network.h"\n', "train/report/ may not include models/")

    def test_a_library_in_the_wrong_room_is_a_fault(self):
        self.assert_fault("base/a.cc", "#include <ATen/core/Tensor.h>\n", "base/ may not see torch")
        self.assert_fault("mad/a.cc", "#  include <opencv2/core.hpp>\n", "mad/ may not see opencv")
        self.assert_fault("models/a.cc", "#include <opencv2/core.hpp>\n", "models/ may not see opencv")
        self.assert_fault("models/a.cc", "#include <c10/cuda/CUDAGuard.h>\n", "models/ may not see cuda")
        self.assert_fault("data/a.cc", "#include <c10/core/Device.h>\n", "data/ may not see torch")
        self.assert_fault("train/metrics/a.cc", "#include <ATen/core/Tensor.h>\n", "train/metrics/ may not see torch")
        self.assert_fault("train/a.cc", "#include <nlopt.hpp>\n", "train/ may not see nlopt")
        self.assert_fault("mad/a.cc", '#include "tensorboard.pb.h"\n', "mad/ may not see protobuf")

    def test_the_whole_of_torch_belongs_into_the_precompiled_header(self):
        self.assert_fault("models/a.cc", "#include <torch/torch.h>\n", "belongs into models/pch.h")
        self.assert_fault("tests/models/a_test.cc", "#include <torch/all.h>\n", "belongs into models/pch.h")

    def test_fmt_in_a_header_is_a_fault(self):
        self.assert_fault("base/a.h", "#pragma once\n#include <fmt/format.h>\n", "in a header")

    def test_a_header_without_pragma_once_is_a_fault(self):
        self.assert_fault("base/a.h", "#include <string>\n", "no #pragma once")

    def test_a_local_include_must_start_at_the_root(self):
        self.assert_fault("base/a.cc", '#include "error.h"\n', "not named from the root")
        self.assert_fault("base/a.cc", '#include "../base/error.h"\n', "not named from the root")

    def test_a_long_file_is_a_fault(self):
        self.assertEqual(faults_of({"mad/a.cc": "\n" * 400}), [])
        self.assert_fault("mad/a.cc", "\n" * 401, "401 lines")
        self.assert_fault("scripts/a.sh", "\n" * 401, "401 lines")

    def test_a_name_that_says_nothing_is_a_fault(self):
        self.assert_fault("train/utils.cc", "", "says nothing")


if __name__ == "__main__":
    unittest.main()
