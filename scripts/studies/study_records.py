"""The records of a study in stages and the numbers of its structures."""

import csv
import json
import os


def read_records(folder):
    """All whole lines of runs.jsonl, in order."""
    path = os.path.join(folder, "runs.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def read_structures(folder):
    """name -> {"group", "digest", predictor: number}."""
    with open(os.path.join(folder, "structures.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["name"]: {key: value if key in ("name", "group", "digest") else float(value) for key, value in row.items()} for row in rows
    }


def score(record, part, metric="top1"):
    """In percent. `part`: validation, batch_statistics, train or test; a run that diverged has chance in all of them."""
    if record["status"] == "diverged" and part not in record:
        part = "validation"
    return 100 * record[part][metric]


def mean_scores(records, part, key):
    """key(record) -> mean score over the records that share it."""
    gathered = {}
    for record in records:
        gathered.setdefault(key(record), []).append(score(record, part))
    return {name: sum(scores) / len(scores) for name, scores in gathered.items()}


def write_results(folder, results, table, picture):
    """results.json, results.csv (a list of dicts with the same keys) and results.svg."""
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
        file.write("\n")
    with open(os.path.join(folder, "results.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    with open(os.path.join(folder, "results.svg"), "w", encoding="utf-8") as file:
        file.write(picture)
