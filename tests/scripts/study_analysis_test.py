#!/usr/bin/env python3
"""The analysis of studies in stages against values worked out by hand or known from tables, and on records made up for it."""

import itertools
import json
import math
import os
import random
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "studies"))

import attribution  # noqa: E402
import hand_shapes  # noqa: E402
import linear_models  # noqa: E402
import scatter_svg  # noqa: E402
import statistics_of_ranks as ranks  # noqa: E402
import study_records  # noqa: E402
import within_level  # noqa: E402


class RankStatistics(unittest.TestCase):
    def test_ranks_share_the_mean_of_ties(self):
        self.assertEqual(ranks.ranks([3, 1, 3, 2]), [3.5, 1, 3.5, 2])

    def test_correlations(self):
        x, y = [1, 2, 3, 4, 5], [2, 1, 4, 3, 5]
        self.assertAlmostEqual(ranks.spearman(x, y), 0.8)
        self.assertAlmostEqual(ranks.kendall(x, y), 0.6)
        # With ties: 4 pairs alike, 0 opposite, 5 told apart by the one, 5 by the other.
        self.assertAlmostEqual(ranks.kendall([1, 1, 2, 3], [1, 2, 3, 3]), 4 / 5)
        self.assertEqual(ranks.kendall([1, 1, 1], [1, 2, 3]), 0)

    def test_partial_correlation_takes_the_common_cause_out(self):
        source = random.Random(0)
        given = [source.gauss(0, 1) for _ in range(2000)]
        x = [g + source.gauss(0, 1) for g in given]
        y = [g + source.gauss(0, 1) for g in given]
        self.assertGreater(ranks.spearman(x, y), 0.4)
        self.assertLess(abs(ranks.partial(ranks.spearman, x, y, given)), 0.06)

    def test_permutation_test_agrees_with_all_permutations(self):
        strata = [([1, 2, 3, 4], [1, 2, 4, 3]), ([1, 2, 3], [1, 2, 3])]
        observed = ranks.mean_within(ranks.kendall, strata)
        extreme = total = 0
        for one in itertools.permutations(strata[0][1]):
            for other in itertools.permutations(strata[1][1]):
                value = (ranks.kendall(strata[0][0], one) + ranks.kendall(strata[1][0], other)) / 2
                extreme += abs(value) >= abs(observed) - 1e-12
                total += 1
        self.assertAlmostEqual(ranks.permutation_test(strata, ranks.kendall, 20_000, 1), extreme / total, delta=0.01)

    def test_permutation_test_keeps_its_level(self):
        source = random.Random(2)
        rejected = 0
        for trial in range(300):
            strata = [(list(range(8)), [source.random() for _ in range(8)]) for _ in range(2)]
            rejected += ranks.permutation_test(strata, ranks.kendall, 99, trial) <= 0.05
        self.assertLess(rejected / 300, 0.09)
        self.assertGreater(rejected / 300, 0.01)

    def test_bootstrap_interval_holds_the_value(self):
        source = random.Random(3)
        x = [source.random() for _ in range(40)]
        strata = [(x, [v + source.gauss(0, 0.2) for v in x])]
        low, high = ranks.bootstrap_interval(strata, ranks.spearman, 2000, 1)
        self.assertLess(low, ranks.spearman(*strata[0]))
        self.assertGreater(high, ranks.spearman(*strata[0]))
        self.assertGreater(low, 0.3)

    def test_holm(self):
        for adjusted, expected in zip(ranks.holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]):
            self.assertAlmostEqual(adjusted, expected)


class LinearModels(unittest.TestCase):
    def test_solves(self):
        for value, expected in zip(linear_models.solve([[0, 2], [1, 1]], [4, 5]), [3, 2]):
            self.assertAlmostEqual(value, expected)
        with self.assertRaises(ValueError):
            linear_models.solve([[1, 2], [2, 4]], [1, 2])

    def test_student_t_as_in_tables(self):
        for freedom, expected in [(1, 12.706), (4, 2.776), (9, 2.262), (30, 2.042)]:
            self.assertAlmostEqual(linear_models.t_quantile(0.975, freedom), expected, places=3)
        self.assertAlmostEqual(linear_models.t_cumulative(0, 7), 0.5)

    def test_paired_differences(self):
        one = linear_models.paired_differences([1.0, 2.0, 3.0])
        self.assertAlmostEqual(one["mean"], 2)
        self.assertAlmostEqual(one["high"] - 2, 4.3027 / math.sqrt(3), places=3)
        self.assertAlmostEqual(one["p"], 0.0742, places=3)

    def test_slope(self):
        self.assertAlmostEqual(linear_models.slope([0, 1, 2], [5, 3, 1]), -2)

    def test_random_intercept_recovers_what_was_put_in(self):
        source = random.Random(4)
        x, y, groups = [], [], []
        for group in range(30):
            level = source.gauss(0, 3)
            for _ in range(8):
                x.append(source.gauss(level, 1))  # goes with the level, so plain least squares is misled
                y.append(1.5 * x[-1] - 4 * level + source.gauss(0, 0.5))
                groups.append(group)
        model = linear_models.random_intercept({"x": x}, y, groups)
        self.assertAlmostEqual(model["x"]["estimate"], 1.5, delta=0.15)
        self.assertGreater(model["variance_ratio"], 10)
        self.assertLess(linear_models.slope(x, y), -1)
        self.assertLess(model["x"]["low"], 1.5)

    def test_without_groups_it_is_least_squares(self):
        source = random.Random(5)
        x = [source.random() for _ in range(60)]
        y = [2 * v + source.gauss(0, 0.1) for v in x]
        model = linear_models.random_intercept({"x": x}, y, [i % 3 for i in range(60)])
        self.assertAlmostEqual(model["x"]["estimate"], linear_models.slope(x, y), delta=0.02)


def record(stage, structure, seed, test, **factors):
    parts = {part: {"top1": test / 100} for part in ("validation", "batch_statistics", "train", "test")}
    name = "/".join([stage, structure] + [f"{key}={value}" for key, value in factors.items()] + [f"seed={seed}"])
    return {"run": name, "stage": stage, "structure": structure, "seed": seed, "factors": factors, "status": "finished", **parts}


class Studies(unittest.TestCase):
    def write(self, structures, records):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        keys = ["objective", "weighted_entropy", "effectiveness", "flops", "params", "layers", "mean_log_width", "inverse_widths"]
        with open(os.path.join(folder.name, "structures.csv"), "w", encoding="utf-8") as file:
            file.write(",".join(["name", "group", "digest"] + keys) + "\n")
            for name, (group, numbers) in structures.items():
                file.write(",".join([name, group, "0"] + [str(numbers.get(key, 1)) for key in keys]) + "\n")
        with open(os.path.join(folder.name, "runs.jsonl"), "w", encoding="utf-8") as file:
            file.write("".join(json.dumps(one) + "\n" for one in records) + '{"run": "torn')
        return folder.name

    def attribution_folder(self, loss):
        layers = {"a": 15, "b": 25, "c": 50, "d": 90}
        structures = {name: (name, {"layers": value}) for name, value in layers.items()}
        records = []
        for stage, zero, lr, name, seed in itertools.product(("short", "long"), ("false", "true"), ("0.05", "0.1", "0.2", "0.4"), layers, (0, 1)):
            worse = 0 if lr == "0.2" else 5
            records.append(record(stage, name, seed, 90 - worse - loss[stage, zero] * layers[name], zero=zero, lr=lr))
        return self.write(structures, records)

    def test_attribution_finds_the_slope_of_each_cell(self):
        loss = {("short", "false"): 0.3, ("short", "true"): 0.2, ("long", "false"): 0.15, ("long", "true"): 0.05}
        results, rows = attribution.analyse(self.attribution_folder(loss))
        self.assertEqual(results["runs"], 128)
        self.assertTrue(all(row["lr"] == 0.2 and row["runs"] == 2 for row in rows))
        for (stage, zero), value in loss.items():
            self.assertAlmostEqual(results["slopes"][f"{stage}, zero_last_norm {zero}"]["test"], -value)
        self.assertIn("holds", results["verdict"])
        loss["long", "true"] = 0.12
        self.assertIn("does not hold", attribution.analyse(self.attribution_folder(loss))[0]["verdict"])

    def test_no_verdict_before_the_last_run(self):
        loss = dict.fromkeys(itertools.product(("short", "long"), ("false", "true")), 0.1)
        folder = self.attribution_folder(loss)
        path = os.path.join(folder, "runs.jsonl")
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines[1:]))
        self.assertEqual(attribution.analyse(folder)[0]["verdict"], "incomplete: no verdict")

    def level_folder(self, points):
        """`points`(objective, layers) -> test score."""
        source = random.Random(6)
        structures, records = {}, []
        for level in ("low", "high"):
            for i in range(10):
                layers, objective = 10 + (i % 2) * 10 + i // 4, 1000 + 100 * source.random()
                name = f"{level}-{i:02}"
                structures[name] = (level, {"objective": objective, "layers": layers, "params": source.random(), "flops": source.random()})
                for seed in (0, 1):
                    test = points(objective, layers) + (5 if level == "high" else 0) + source.gauss(0, 0.01)
                    records.append(record("main", name, seed, test))
        return self.write(structures, records)

    def test_within_level_tells_entropy_from_depth(self):
        before = within_level.DRAWS, within_level.RESAMPLES, within_level.SECONDARY_DRAWS
        within_level.DRAWS, within_level.RESAMPLES, within_level.SECONDARY_DRAWS = 500, 200, 300
        try:
            results, rows = within_level.analyse(self.level_folder(lambda objective, layers: 40 + 0.1 * (objective - 1000)), "main")
            self.assertEqual(len(rows), 20)
            self.assertGreater(results["primary"]["tau"], 0.9)
            self.assertEqual(results["verdict"], "entropy helps beyond depth")
            self.assertGreater(results["mixed_model"]["objective"]["low"], 0)
            refuted = within_level.analyse(self.level_folder(lambda objective, layers: 60 - 0.1 * (objective - 1000)), "main")[0]
            self.assertEqual(refuted["verdict"], "claim refuted at this scale")
            self.assertEqual(within_level.analyse(self.level_folder(lambda *_: 50), "other")[0]["verdict"], "incomplete: no verdict")
        finally:
            within_level.DRAWS, within_level.RESAMPLES, within_level.SECONDARY_DRAWS = before

    def test_hand_shapes_are_paired_by_seed(self):
        structures = {name: (name, {}) for name in ("full-designed", "full-resnet", "full-regnet", "dw-designed", "dw-mobile")}
        offsets = {"full-designed": 1.0, "full-resnet": 0.2, "full-regnet": 0.1, "dw-designed": 0.0, "dw-mobile": 0.0}
        records = []
        for name, seed in itertools.product(structures, range(5)):
            # The seeds differ by far more than the structures; pairing takes that out.
            jitter = 0.05 * ((seed * 7 + len(name)) % 3 - 1)
            records.append(record("final", name, seed, 50 + 3 * seed + offsets[name] + jitter, lr="0.1"))
        results, _ = hand_shapes.analyse(self.write(structures, records))
        full = results["families"]["full"]
        self.assertEqual(full["hand"], "full-resnet")
        self.assertAlmostEqual(full["mean"], 0.8, delta=0.1)
        self.assertIn("full: the design is ahead", results["verdict"])
        self.assertIn("dw: the design is not worse by more than half a point", results["verdict"])

    def test_diverged_runs_score_chance(self):
        diverged = {"status": "diverged", "validation": {"top1": 0.1}, "test": {"top1": 0.1}}
        self.assertEqual(study_records.score(diverged, "test"), 10)
        self.assertEqual(study_records.score(diverged, "train"), 10)

    def test_pictures_have_a_point_for_each_structure(self):
        picture = scatter_svg.scatter_row([("t", "x", "y", {"a": [(1, 2), (3, 4)], "b": [(5, 6)]})])
        self.assertEqual(picture.count("<circle"), 3)
        self.assertTrue(picture.startswith("<svg") and picture.endswith("</svg>\n"))


if __name__ == "__main__":
    unittest.main()
