#!/usr/bin/env python3
"""Latency tables put to the test on this machine: designs for a latency against the clock, and predictions for the published structures.

  tests/bench/latency_targets.py STEP [--build build/release] [--folder latency] [--family NAME] [--seconds 150] [--threads 1]

STEPs, in this order; each takes less than three minutes and keeps what it found in --folder, so that a busy machine can be had to oneself for one of
them at a time:
  profile    deepmad profile -> table.json
  design     for each family and target: the design for the latency, and designs for FLOPs of about the same predicted latency
  time       all designs in turns for --seconds, a tenth of a second each: the median over the turns
  published  the same of the 2-D structures of configs/arch that are not quantised, and what is predicted for them
  memory     the same of training steps at batch 8: time and peak memory; --part 1, 2, ... of --parts
  report     tables and pictures of all that was measured

The speed of a shared machine drifts. The small reference network beside which a table is measured runs in turns with the others here: the report gives its time
then and now, and each median also at the table's speed, turn by turn. Needs the targets deepmad and latency_worker,
report also numpy (scripts/setup.sh --peers).
"""

import argparse
import json
import math
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
        self.worker = (arguments.build / "tests/latency_worker").resolve()
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

    # Milliseconds of every turn: of the reference network, then of each of those given.
    def turns(self, networks, seconds):
        done = subprocess.run([self.worker, self.threads, str(seconds), *map(str, networks)], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def reference_ms(self):
        return json.loads(self.table.read_text())["inference"][0]["reference_ms"]

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
    designs = bench.load("designs.json")
    reference, *turns = bench.turns([bench.folder / d["name"] / "network.yaml" for d in designs], arguments.seconds)
    bench.save("times.json", {"reference": reference, **{d["name"]: t for d, t in zip(designs, turns)}})


def structures():
    return [path for path in sorted((ROOT / "configs/arch").glob("*.yaml")) if not any(word in path.read_text() for word in ("frames", "_bits"))]


# The median of times, each put to the speed at which the reference network, a few seconds away in the same turn, takes `then`.
def at_speed(times, reference, then):
    return statistics.median(time * then / now for time, now in zip(times, reference))


def published(bench, arguments):
    reference, *turns = bench.turns(structures(), arguments.seconds)
    rows = []
    for path, times in zip(structures(), turns):
        rows.append({"name": path.stem, "measured": statistics.median(times), "turns": len(times), "predicted": bench.predicted(path, "inference")})
        rows[-1]["at_table_speed"] = at_speed(times, reference, bench.reference_ms())
    bench.save("published.json", rows)


def memory(bench, arguments):
    rows = {row["name"]: row for row in bench.load("memory.json") or []}
    for number, path in enumerate(structures()):
        inspected = bench.deepmad("inspect", path)
        if number % arguments.parts != arguments.part - 1 or "features" in path.read_text():
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
    low = 0.8 * min(min(r[predicted], r[measured]) for r in rows)
    high = 1.25 * max(max(r[predicted], r[measured]) for r in rows)
    size, left, top = 400, 60, 20
    at = lambda v: size * (math.log10(v) - math.log10(low)) / (math.log10(high) - math.log10(low))
    x, y = (lambda v: left + at(v)), (lambda v: top + size - at(v))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + size + 20}" height="{top + size + 50}" font-family="sans-serif" font-size="11">',
             f'<rect width="100%" height="100%" fill="white"/><rect x="{left}" y="{top}" width="{size}" height="{size}" fill="none" stroke="#888"/>']
    for factor, dash in ((1, ""), (1.1, ' stroke-dasharray="4 3"'), (1 / 1.1, ' stroke-dasharray="4 3"')):
        a, b = max(low, low / factor), min(high, high / factor)
        parts.append(f'<line x1="{x(a):.1f}" y1="{y(a * factor):.1f}" x2="{x(b):.1f}" y2="{y(b * factor):.1f}" stroke="#999"{dash}/>')
    for power in range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1):
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


# The objective that designs for FLOPs reach in these milliseconds: a parabola through them in logarithms, as their times scatter; and by how much
# of the objective they scatter around it.
def frontier(designs, milliseconds):
    import numpy
    x, y = [[math.log(value) for value in values] for values in ([milliseconds[d["name"]] for d in designs], [d["objective"] for d in designs])]
    curve = numpy.polyfit(x, y, 2)
    return lambda ms: math.exp(numpy.polyval(curve, math.log(ms))), float(numpy.std(numpy.array(y) - numpy.polyval(curve, x)))


def report(bench, arguments):
    designs, times = bench.load("designs.json") or [], bench.load("times.json") or {}
    if times:
        now, then = statistics.median(times["reference"]), bench.reference_ms()
        quarters = statistics.quantiles(times["reference"], n=4)
        print(f"reference network: {then:.3f} ms in the table, now {now:.3f} (quartiles {quarters[0]:.3f}, {quarters[2]:.3f})\n")
        print("| family | target ms | measured, median (quartiles) | off | at the table's speed | off | objective | MACs | params | objective of FLOPs designs in "
              "this time | scatter | in the predicted time |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        milliseconds = {name: at_speed(turns, times["reference"], then) for name, turns in times.items()}
    for own in (d for d in designs if d["budget"] == "latency" and d["name"] in times):
        of_flops = [d for d in designs if d["budget"] == "flops" and d["family"] == own["family"]]
        reached, scatter = frontier(of_flops, milliseconds)
        foretold, _ = frontier(of_flops, {d["name"]: d["predicted"] for d in of_flops})
        quarters = statistics.quantiles(times[own["name"]], n=4)
        median, target = statistics.median(times[own["name"]]), own["target"]
        same_speed = milliseconds[own["name"]]
        equal = reached(same_speed)
        print(f"| {own['family']} | {target:g} | {median:.2f} ({quarters[0]:.2f} to {quarters[2]:.2f}) | {100 * (median / target - 1):+.1f} % | "
              f"{same_speed:.2f} | {100 * (same_speed / target - 1):+.1f} % | {own['objective']:.1f} | {own['macs'] / 1e9:.3f} G | "
              f"{own['params'] / 1e6:.1f} M | {equal:.0f} ({100 * (own['objective'] / equal - 1):+.1f} %) | "
              f"{100 * scatter:.1f} % | {100 * (own['objective'] / foretold(own['predicted']) - 1):+.2f} % |")
    rows = bench.load("published.json")
    if rows:
        print("\npublished structures, a pass at batch 1: " + errors_line(rows, "predicted", "measured"))
        print("\nthe same at the table's speed: " + errors_line(rows, "predicted", "at_table_speed"))
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
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--parts", type=int, default=1)
    arguments = parser.parse_args()
    steps[arguments.step](Bench(arguments), arguments)


if __name__ == "__main__":
    main()
