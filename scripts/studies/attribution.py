#!/usr/bin/env python3
"""Design 0: which fault of the first study made deeper structures worse?

    scripts/studies/attribution.py docs/studies/attribution

For each cell (number of updates, start with or without a zero last norm) the learning rate of each structure is the one with the best mean
validation score over the seeds; the outcome is the slope of the mean test score at these rates on the number of layers, in points a layer.
Writes results.json, results.csv, results.svg; says "incomplete" and gives no verdict before all 128 runs are there.
"""

import argparse
import itertools

import linear_models
import scatter_svg
import statistics_of_ranks as ranks
import study_records

RUNS = 128
OLD_SLOPE = 0.215  # points a layer lost, in the first study
LIMIT = OLD_SLOPE / 2


def best_rates(records):
    """(stage, start, structure) -> learning rate: best mean validation score, of equal ones the lowest rate."""
    means = study_records.mean_scores(
        records, "validation", lambda r: (r["stage"], r["factors"]["zero"], r["structure"], float(r["factors"]["lr"]))
    )
    best = {}
    for (stage, zero, structure, rate), value in sorted(means.items()):
        known = best.get((stage, zero, structure))
        if known is None or value > known[1]:
            best[stage, zero, structure] = (rate, value)
    return {key: rate for key, (rate, _) in best.items()}


def cell_rows(records, structures):
    rates = best_rates(records)
    rows = []
    for (stage, zero, structure), rate in sorted(rates.items()):
        chosen = [
            r for r in records if (r["stage"], r["factors"]["zero"], r["structure"], float(r["factors"]["lr"])) == (stage, zero, structure, rate)
        ]
        rows.append(
            {
                "stage": stage,
                "zero_last_norm": zero,
                "structure": structure,
                "layers": structures[structure]["layers"],
                "objective": structures[structure]["objective"],
                "lr": rate,
                "runs": len(chosen),
                "test": ranks.mean([study_records.score(r, "test") for r in chosen]),
                "validation": ranks.mean([study_records.score(r, "validation") for r in chosen]),
                "batch_statistics": ranks.mean([study_records.score(r, "batch_statistics") for r in chosen]),
                "train": ranks.mean([study_records.score(r, "train") for r in chosen]),
            }
        )
    return rows


def slopes(rows):
    """(stage, start) -> slopes of the parts' scores on layers, where all four structures are there."""
    result = {}
    for stage, zero in itertools.product(("short", "long"), ("false", "true")):
        cell = [row for row in rows if row["stage"] == stage and row["zero_last_norm"] == zero]
        if len(cell) < 4:
            continue
        layers = [row["layers"] for row in cell]
        result[f"{stage}, zero_last_norm {zero}"] = {
            part: linear_models.slope(layers, [row[part] for row in cell]) for part in ("test", "validation", "batch_statistics", "train")
        }
    return result


def verdict(cells):
    value = cells["long, zero_last_norm true"]["test"]
    holds = abs(value) <= LIMIT
    return f"slope {value:+.3f} points a layer; the hypothesis |slope| <= {LIMIT:.4f} {'holds' if holds else 'does not hold'}"


def analyse(folder):
    records = study_records.read_records(folder)
    structures = study_records.read_structures(folder)
    rows = cell_rows(records, structures)
    cells = slopes(rows)
    complete = len(records) == RUNS
    results = {
        "runs": len(records),
        "of": RUNS,
        "diverged": sum(r["status"] == "diverged" for r in records),
        "slopes": cells,
        "verdict": verdict(cells) if complete else "incomplete: no verdict",
    }
    return results, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    folder = parser.parse_args().folder
    results, rows = analyse(folder)
    if rows:
        series = {}
        for row in rows:
            series.setdefault(f"{row['stage']}, zero last norm {row['zero_last_norm']}", []).append((row["layers"], row["test"]))
        picture = scatter_svg.scatter_row([("Best learning rate each", "layers", "test top-1, %", series)])
        study_records.write_results(folder, results, rows, picture)
    print(f"{results['runs']} of {results['of']} runs, {results['diverged']} diverged")
    for cell, parts in results["slopes"].items():
        print(f"{cell}: " + ", ".join(f"{part} {value:+.3f}" for part, value in parts.items()))
    print(results["verdict"])


if __name__ == "__main__":
    main()
