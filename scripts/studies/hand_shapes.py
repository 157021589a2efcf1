#!/usr/bin/env python3
"""Design 3: are designs ahead of shapes made by hand, within one block family and at equal cost?

    scripts/studies/hand_shapes.py docs/studies/hand-shapes docs/studies/hand-shapes-convnext

Within each family (the part of a structure's name before the first dash): the design's test scores less those of the best hand-made shape,
paired by seed, with a 95 % t interval; p-values adjusted by Holm over the families. The best hand-made shape is the one with the best mean
validation score. Writes results.json, results.csv, results.svg into the first folder; says "incomplete" and gives no verdict before all runs are there.
"""

import argparse

import linear_models
import scatter_svg
import statistics_of_ranks as ranks
import study_records

STAGE, SEEDS, MARGIN = "final", 5, 0.5


def family(structure):
    return structure.split("-", 1)[0]


def structure_rows(records, structures):
    rows = []
    for name, structure in structures.items():
        own = sorted((r for r in records if r["stage"] == STAGE and r["structure"] == name), key=lambda r: r["seed"])
        if own:
            numbers = {key: structure[key] for key in ("objective", "effectiveness", "flops", "params", "layers")}
            rows.append(
                {
                    "structure": name,
                    "family": family(name),
                    **numbers,
                    "lr": own[0]["factors"]["lr"],
                    "runs": len(own),
                    "test": ranks.mean([study_records.score(r, "test") for r in own]),
                    "validation": ranks.mean([study_records.score(r, "validation") for r in own]),
                }
            )
    return rows


def differences(records, design, hand):
    """By seed, for seeds that both have."""
    tests = {(r["structure"], r["seed"]): study_records.score(r, "test") for r in records if r["stage"] == STAGE}
    seeds = sorted(seed for name, seed in tests if name == design and (hand, seed) in tests)
    return [tests[design, seed] - tests[hand, seed] for seed in seeds]


def words(one):
    if one["p_holm"] <= 0.05 and one["low"] > 0:
        return "the design is ahead"
    if one["p_holm"] <= 0.05 and one["high"] < 0:
        return "the design is behind"
    return "the design is not worse by more than half a point" if one["low"] > -MARGIN else "undecided"


def analyse(*folders):
    records, structures = [], {}
    for folder in folders:
        records += study_records.read_records(folder)
        structures |= study_records.read_structures(folder)
    rows = structure_rows(records, structures)
    done, of = sum(row["runs"] for row in rows), SEEDS * len(structures)
    results = {"runs": done, "of": of, "verdict": "incomplete: no verdict"}
    if done < of:
        return results, rows
    families = {}
    for design in (row for row in rows if row["structure"].endswith("-designed")):
        hands = [row for row in rows if row["family"] == design["family"] and row is not design]
        best = max(hands, key=lambda row: row["validation"])
        one = linear_models.paired_differences(differences(records, design["structure"], best["structure"]))
        families[design["family"]] = {"design": design["structure"], "hand": best["structure"], **one}
    for one, adjusted in zip(families.values(), ranks.holm([one["p"] for one in families.values()])):
        one["p_holm"] = adjusted
    results["families"] = families
    results["verdict"] = "; ".join(f"{name}: {words(one)}" for name, one in families.items())
    return results, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+")
    folders = parser.parse_args().folders
    results, rows = analyse(*folders)
    if rows:
        series = {}
        for row in rows:
            series.setdefault(row["structure"], []).append((row["layers"], row["test"]))
        study_records.write_results(folders[0], results, rows, scatter_svg.scatter_row([("Final runs", "layers", "test top-1, %", series)]))
    print(f"{results['runs']} of {results['of']} runs")
    for name, one in results.get("families", {}).items():
        print(f"{name}: {one['design']} - {one['hand']}: {one['mean']:+.2f} [{one['low']:+.2f}, {one['high']:+.2f}], Holm {one['p_holm']:.4f}")
    print(results["verdict"])


if __name__ == "__main__":
    main()
