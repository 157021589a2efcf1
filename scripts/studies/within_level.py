#!/usr/bin/env python3
"""Design 1: does a larger objective mean a better network at a fixed effectiveness?

    scripts/studies/within_level.py docs/studies/within-level [--stage main]

Primary outcome: Kendall's tau-b of objective and mean test score within each level of the effectiveness, averaged over the levels, with a
permutation test within levels (100,000 draws, two-sided). Secondary: the partial tau given layers, the same two for the control predictors,
adjusted by Holm; a mixed model of the score on objective and layers with a random intercept for each level. Writes results.json,
results.csv, results.svg; says "incomplete" and gives no verdict before all runs are there.
"""

import argparse

import linear_models
import scatter_svg
import statistics_of_ranks as ranks
import study_records

SEEDS = 2
DRAWS, RESAMPLES, SEED = 100_000, 10_000, 1
SECONDARY_DRAWS = 20_000
CONTROLS = ["params", "flops", "layers", "mean_log_width", "inverse_widths", "effectiveness"]


def partial_tau(x, y, given):
    return ranks.partial(ranks.kendall, x, y, given)


def structure_rows(records, structures, stage):
    chosen = [r for r in records if r["stage"] == stage]
    tests = study_records.mean_scores(chosen, "test", lambda r: r["structure"])
    parts = {
        part: study_records.mean_scores([r for r in chosen if r["status"] == "finished"], part, lambda r: r["structure"])
        for part in ("validation", "batch_statistics", "train")
    }
    counts = {}
    for record in chosen:
        counts[record["structure"]] = counts.get(record["structure"], 0) + 1
    rows = []
    for name, structure in structures.items():
        if name in tests:
            numbers = {key: structure[key] for key in ("objective", *CONTROLS)}
            scores = {part: values.get(name, "") for part, values in parts.items()}
            rows.append({"structure": name, "level": structure["group"], **numbers, "runs": counts[name], "test": tests[name], **scores})
    return rows


def strata(rows, predictor, given=None):
    """A tuple (predictor, test score[, given]) a level."""
    levels = {}
    for row in rows:
        levels.setdefault(row["level"], []).append(row)
    return [tuple([row[key] for row in level] for key in (predictor, "test") + ((given,) if given else ())) for level in levels.values()]


def primary(rows):
    levels = strata(rows, "objective")

    def signed(x, y):  # x comes as signs already: they are the same in every permutation
        return ranks.tau_of_signs(x, ranks.signs(y))

    with_signs = [(ranks.signs(x), y) for x, y in levels]
    low, high = ranks.bootstrap_interval(levels, ranks.kendall, RESAMPLES, SEED)
    return {
        "tau": ranks.mean_within(ranks.kendall, levels),
        "by_level": [ranks.kendall(x, y) for x, y in levels],
        "low": low,
        "high": high,
        "p": ranks.permutation_test(with_signs, signed, DRAWS, SEED),
    }


def secondary(rows):
    tests = {"objective given layers": ("objective", "layers")}
    for control in CONTROLS:
        tests[control] = (control, None)
        if control != "layers":
            tests[control + " given layers"] = (control, "layers")
    results = {}
    for name, (predictor, given) in tests.items():
        levels = strata(rows, predictor, given)
        statistic = partial_tau if given else ranks.kendall
        results[name] = {
            "tau": ranks.mean_within(statistic, levels),
            "p": ranks.permutation_test(levels, statistic, SECONDARY_DRAWS, SEED),
        }
    for result, adjusted in zip(results.values(), ranks.holm([one["p"] for one in results.values()])):
        result["p_holm"] = adjusted
    return results


def mixed_model(rows):
    """Effect of one standard deviation of the predictor, in points."""
    predictors = {name: linear_models.standardised([row[name] for row in rows]) for name in ("objective", "layers")}
    return linear_models.random_intercept(predictors, [row["test"] for row in rows], [row["level"] for row in rows])


def verdict(first, partial):
    if first["p"] > 0.05:
        return "no relation found: the primary outcome is not significant"
    if first["tau"] < 0:
        return "claim refuted at this scale"
    if partial["tau"] > 0 and partial["p"] <= 0.05:
        return "entropy helps beyond depth"
    return "deeper is better at this length of training"


def analyse(folder, stage):
    records = study_records.read_records(folder)
    structures = study_records.read_structures(folder)
    rows = structure_rows(records, structures, stage)
    done, of = sum(row["runs"] for row in rows), SEEDS * len(structures)
    results = {"stage": stage, "runs": done, "of": of, "verdict": "incomplete: no verdict"}
    if done == of:
        results["primary"] = primary(rows)
        results["secondary"] = secondary(rows)
        results["mixed_model"] = mixed_model(rows)
        results["verdict"] = verdict(results["primary"], results["secondary"]["objective given layers"])
    return results, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--stage", default="main")
    options = parser.parse_args()
    results, rows = analyse(options.folder, options.stage)
    if rows:
        panels = []
        for predictor in ("objective", "layers"):
            series = {}
            for row in rows:
                series.setdefault(row["level"], []).append((row[predictor], row["test"]))
            panels.append(("Within levels", predictor, "test top-1, %", series))
        study_records.write_results(options.folder, results, rows, scatter_svg.scatter_row(panels))
    print(f"{results['runs']} of {results['of']} runs")
    if "primary" in results:
        print("primary: tau {tau:.3f} [{low:.3f}, {high:.3f}], p {p:.4f}".format(**results["primary"]))
        for name, one in results["secondary"].items():
            print(f"{name}: tau {one['tau']:.3f}, p {one['p']:.4f}, Holm {one['p_holm']:.4f}")
    print(results["verdict"])


if __name__ == "__main__":
    main()
