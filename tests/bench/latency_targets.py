#!/usr/bin/env python3
"""Latency tables put to the test on this machine: designs for a latency against the clock, and predictions for the published structures.

  tests/bench/latency_targets.py STEP [--build build/release] [--folder latency] [--family NAME] [--rounds 5] [--threads 1]

STEPs, in this order; each takes less than three minutes and keeps what it found in --folder, so that a busy machine can be had to oneself for one of
them at a time:
  profile    deepmad profile -> table.json
  design     for each family and target: the design for the latency, and designs for FLOPs of about the same predicted latency
  time       the designs of --family in turns, --rounds times (medians over the rounds)
  published  each 2-D structure of configs/arch: a pass at batch 1, measured and predicted
  memory     the same of training steps at batch 8: time and peak memory; --part 1, 2, ... of --parts
  report     tables and pictures of all that was measured
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"bottleneck": (10.0, 20.0, 40.0), "dw_bottleneck": (10.0, 20.0, 40.0)}  # milliseconds
FLOPS_FACTORS = (1.0, 1.05, 1.12, 1.2)  # of the budget that is predicted to take as long
SOLVE_SECONDS = 4
BATCH = 8  # of the training steps

PROBLEM = """version: 1
name: {name}
input: {{channels: 3, height: 224, width: 224}}
stem: {{out_channels: [8, 32], kernel: 3, stride: 2}}
stages:
  - {{type: {type}, stride: 2, kernel: [3, 5], depth: [1, 3], out_channels: [8, 2048], bottleneck_channels: [8, 4096]}}
  - {{type: {type}, stride: 2, kernel: [3, 5], depth: [1, 100], out_channels: [8, 2048], bottleneck_channels: [8, 4096]}}
  - {{type: {type}, stride: 2, kernel: [3, 5], depth: [1, 100], out_channels: [8, 2048], bottleneck_channels: [8, 4096]}}
  - {{type: {type}, stride: 1, kernel: [3, 5], depth: [1, 100], out_channels: [8, 2048], bottleneck_channels: [8, 4096]}}
  - {{type: {type}, stride: 2, kernel: [3, 5], depth: [1, 100], out_channels: [8, 2048], bottleneck_channels: [8, 4096]}}
rules: {{bottleneck_over_out: {ratio}}}
budgets: {{{budget}, effectiveness: {effectiveness}, latency_table: {table}}}
solver: {{time_limit_seconds: {seconds}}}
head: {{classes: 1000}}
"""
SPACE = {"bottleneck": ("[0.1, 1.0]", 0.3), "dw_bottleneck": ("[1.0, 6.0]", 0.5)}


class Bench:
    def __init__(self, arguments):
        self.folder = arguments.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = (arguments.build / "cli/deepmad").resolve()
        self.threads = str(arguments.threads)
        self.table = self.folder / "table.json"

    def deepmad(self, *words):
        done = subprocess.run([self.program, *map(str, words), "--quiet", "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"deepmad {' '.join(map(str, words))}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def load(self, name):
        path = self.folder / name
        return json.loads(path.read_text()) if path.exists() else None

    def save(self, name, value):
        (self.folder / name).write_text(json.dumps(value, indent=1) + "\n")

    # A design of a family; its report, with what it is predicted to take.
    def design(self, name, family, budget):
        ratio, effectiveness = SPACE[family]
        problem = self.folder / f"{name}.problem.yaml"
        problem.write_text(PROBLEM.format(name=name, type=family, ratio=ratio, effectiveness=effectiveness, budget=budget, table=self.table,
                                          seconds=SOLVE_SECONDS))
        report = self.deepmad("design", problem, "--out", self.folder / name)
        return {"name": name, "family": family, "objective": report["objective"], "bound": report["upper_bound"], "macs": report["macs"],
                "params": report["params"], "predicted": report["budgets"]["latency_ms"]["used"]}

    def latency(self, network, seconds):
        bench = self.deepmad("bench", network, "--work", "inference", "--batch", 1, "--precision", "float32", "--seconds", seconds, "--threads",
                             self.threads)
        return bench["cases"][0]["milliseconds"]["median"]

    def predicted(self, network, work):
        cases = self.deepmad("inspect", network, "--latency", self.table)["predictions"]["cases"]
        return next((c["milliseconds"] for c in cases if c["work"] == work and c["precision"] == "float32"), None)


def profile(bench, arguments):
    subprocess.run([bench.program, "profile", "--out", bench.table, "--threads", bench.threads, "--training-batch", str(BATCH)], check=True)


# The FLOPs whose design is predicted to take as long as the target, by bisection in the logarithm.
def equal_flops(bench, family, target, macs):
    low, high = 0.5 * macs, 3.0 * macs
    for _ in range(5):
        middle = (low * high) ** 0.5
        slow = bench.design("search", family, f"flops: {middle:.0f}")["predicted"] > target
        low, high = (low, middle) if slow else (middle, high)
    return (low * high) ** 0.5


def design(bench, arguments):
    designs = [d for d in bench.load("designs.json") or [] if d["family"] != arguments.family]
    for target in TARGETS[arguments.family]:
        name = f"{arguments.family}-{target:g}ms"
        for_latency = bench.design(name, arguments.family, f"latency_ms: {target}")
        designs.append({**for_latency, "target": target, "budget": "latency"})
        flops = equal_flops(bench, arguments.family, target, for_latency["macs"])
        for factor in FLOPS_FACTORS:
            one = bench.design(f"{name}-flops-{factor:g}", arguments.family, f"flops: {factor * flops:.0f}")
            designs.append({**one, "target": target, "budget": "flops"})
        bench.save("designs.json", designs)
        print(f"{name}: designed", file=sys.stderr)


def time(bench, arguments):
    designs = [d for d in bench.load("designs.json") if d["family"] == arguments.family]
    times = {d["name"]: [] for d in designs}
    for round_ in range(arguments.rounds):
        for d in designs:
            times[d["name"]].append(bench.latency(bench.folder / d["name"] / "network.yaml", 0.5))
        print(f"round {round_ + 1} of {arguments.rounds}", file=sys.stderr)
    bench.save("times.json", {**(bench.load("times.json") or {}), **times})


def structures():
    return [path for path in sorted((ROOT / "configs/arch").glob("*.yaml")) if "frames" not in path.read_text()]


def published(bench, arguments):
    rows = []
    for path in structures():
        rows.append({"name": path.stem, "measured": bench.latency(path, 1), "predicted": bench.predicted(path, "inference")})
        print(f"{path.stem}: {rows[-1]['measured']:.2f} ms, predicted {rows[-1]['predicted']:.2f}", file=sys.stderr)
    bench.save("published.json", rows)


def memory(bench, arguments):
    rows = {row["name"]: row for row in bench.load("memory.json") or []}
    for number, path in enumerate(structures()):
        inspected = bench.deepmad("inspect", path)
        if number % arguments.parts != arguments.part - 1 or "features" in path.read_text() or "_bits" in path.read_text():
            continue
        budgets = inspected["budgets"]
        activations = budgets["activation_memory"]["used"] / 1e6  # of an image
        measured = bench.deepmad("bench", path, "--work", "training", "--batch", BATCH, "--precision", "float32", "--seconds", 0, "--threads",
                                 bench.threads)["cases"][0]
        rows[path.stem] = {"name": path.stem, "measured_mb": measured["tensor_bytes"] / 1e6,
                           "predicted_mb": budgets["memory_mb"]["used"] + (BATCH - 1) * activations,
                           "measured": measured["milliseconds"]["median"], "predicted": bench.predicted(path, "training")}
        row = rows[path.stem]
        print(f"{path.stem}: {row['measured_mb']:.0f} MB, predicted {row['predicted_mb']:.0f}; {row['measured']:.0f} ms, predicted "
              f"{row['predicted']:.0f}", file=sys.stderr)
        bench.save("memory.json", list(rows.values()))


def correlation(x, y):
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    cross = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    return cross / (sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y)) ** 0.5


def errors_line(rows, predicted, measured):
    off = sorted(abs(row[predicted] / row[measured] - 1) for row in rows)
    return (f"{len(rows)} networks, correlation {correlation([r[predicted] for r in rows], [r[measured] for r in rows]):.4f}, median error "
            f"{100 * statistics.median(off):.1f} %, largest {100 * off[-1]:.1f} %, within 10 %: {sum(o <= 0.1 for o in off)}, within 15 %: "
            f"{sum(o <= 0.15 for o in off)}")


# Predicted against measured, both axes logarithmic, with the lines of 10 % error.
def picture(rows, predicted, measured, unit):
    from math import floor, log10
    low = 0.8 * min(min(r[predicted], r[measured]) for r in rows)
    high = 1.25 * max(max(r[predicted], r[measured]) for r in rows)
    size, left, top = 400, 60, 20
    at = lambda v: size * (log10(v) - log10(low)) / (log10(high) - log10(low))
    x, y = (lambda v: left + at(v)), (lambda v: top + size - at(v))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + size + 20}" height="{top + size + 50}" font-family="sans-serif" font-size="11">',
             f'<rect width="100%" height="100%" fill="white"/><rect x="{left}" y="{top}" width="{size}" height="{size}" fill="none" stroke="#888"/>']
    for factor, dash in ((1, ""), (1.1, ' stroke-dasharray="4 3"'), (1 / 1.1, ' stroke-dasharray="4 3"')):
        a, b = max(low, low / factor), min(high, high / factor)
        parts.append(f'<line x1="{x(a):.1f}" y1="{y(a * factor):.1f}" x2="{x(b):.1f}" y2="{y(b * factor):.1f}" stroke="#999"{dash}/>')
    for power in range(floor(log10(low)), floor(log10(high)) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0 ** power
            if low <= value <= high:
                parts.append(f'<text x="{x(value):.1f}" y="{top + size + 16}" text-anchor="middle">{value:g}</text>'
                             f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for row in rows:
        parts.append(f'<circle cx="{x(row[measured]):.1f}" cy="{y(row[predicted]):.1f}" r="4" fill="#3366aa" fill-opacity="0.7">'
                     f'<title>{row["name"]}</title></circle>')
    parts.append(f'<text x="{left + size / 2}" y="{top + size + 38}" text-anchor="middle">measured, {unit}</text>'
                 f'<text transform="translate(16 {top + size / 2}) rotate(-90)" text-anchor="middle">predicted, {unit}</text></svg>\n')
    return "\n".join(parts)


# Of the designs for FLOPs, the one that takes the least time that is not less than that of the design for the latency; else the slowest.
def rival(own, others, times):
    measured = lambda d: statistics.median(times[d["name"]])
    enough = [d for d in others if measured(d) >= measured(own)]
    return min(enough, key=measured) if enough else max(others, key=measured)


def report(bench, arguments):
    designs, times = bench.load("designs.json") or [], bench.load("times.json") or {}
    print("| family | target ms | measured (range) | off | predicted | objective | MACs | FLOPs design of that time: measured | objective | MACs |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for own in (d for d in designs if d["budget"] == "latency" and d["name"] in times):
        others = [d for d in designs if d["budget"] == "flops" and d["family"] == own["family"] and d["target"] == own["target"]]
        other = rival(own, others, times)
        own_times, other_time = times[own["name"]], statistics.median(times[other["name"]])
        median = statistics.median(own_times)
        print(f"| {own['family']} | {own['target']:g} | {median:.2f} ({min(own_times):.2f} to {max(own_times):.2f}) | "
              f"{100 * (median / own['target'] - 1):+.1f} % | {own['predicted']:.2f} | {own['objective']:.1f} | {own['macs'] / 1e9:.3f} G | "
              f"{other_time:.2f} | {other['objective']:.1f} | {other['macs'] / 1e9:.3f} G |")
    rows = bench.load("published.json")
    if rows:
        print("\npublished structures, a pass at batch 1: " + errors_line(rows, "predicted", "measured"))
        (bench.folder / "latency-published.svg").write_text(picture(rows, "predicted", "measured", "ms"))
    rows = bench.load("memory.json")
    if rows:
        print(f"\ntraining at batch {BATCH}, memory: " + errors_line(rows, "predicted_mb", "measured_mb"))
        print(f"\ntraining at batch {BATCH}, time of a step: " + errors_line(rows, "predicted", "measured"))
        (bench.folder / "memory-published.svg").write_text(picture(rows, "predicted_mb", "measured_mb", "MB"))


def main():
    steps = {step.__name__: step for step in (profile, design, time, published, memory, report)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=steps)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--folder", type=Path, default=Path("latency"))
    parser.add_argument("--family", choices=TARGETS, default="bottleneck")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--parts", type=int, default=1)
    arguments = parser.parse_args()
    steps[arguments.step](Bench(arguments), arguments)


if __name__ == "__main__":
    main()
