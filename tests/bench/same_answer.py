#!/usr/bin/env python3
"""Whether a design depends on anything but its problem: the same problems with the machine as it is, beside busy processes, and with two threads.

  tests/bench/same_answer.py [--build build/release] [--problems 30] [--work 0.2] [--busy 8]

The problems are those of configs/design/ that can be solved, then variants of them with other budgets and seeds, up to --problems. --work is
solver.work_limit, so that most of them are ended by it: 0 leaves the default. Each is solved four times; networks, bounds, numbers of evaluations and
work have to be equal. Busy processes run at the lowest priority. The table says what ended each and the proven gap. Exit status 1 where an answer
differs. Needs the target bench_design.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLOCK = {"solve_seconds"}  # of a report: what may differ
# Of a variant: the factor of FLOPs and of parameters, and the seed.
VARIANTS = ((0.8, 1.0, 1), (1.0, 0.7, 2), (1.3, 0.9, 3))


def own_budgets(text):
    """`flops` and `params` of a problem file, where it has them."""
    found = {}
    for line in text.splitlines():
        if line.startswith("budgets:"):
            for part in line[line.index("{") + 1:line.rindex("}")].split(","):
                key, _, value = part.partition(":")
                if key.strip() in ("flops", "params"):
                    found[key.strip()] = float(value)
    return found


def problems(count):
    """(name, file, overrides), the published ones first."""
    files = [path for path in sorted((ROOT / "configs/design").glob("*.yaml")) if "latency:" not in path.read_text()]
    listed = [(path.stem, path, []) for path in files]
    for number, (flops, params, seed) in enumerate(VARIANTS, 1):
        for path in files:
            budgets = own_budgets(path.read_text())
            overrides = [f"solver.seed={seed}"]
            for key, factor in (("flops", flops), ("params", params)):
                if key in budgets:
                    overrides.append(f"budgets.{key}={budgets[key] * factor:.17g}")
            listed.append((f"{path.stem}, variant {number}", path, overrides))
    return listed[:count]


def solve(program, path, overrides):
    done = subprocess.run([program, path, *overrides], capture_output=True, text=True)
    if done.returncode != 0:
        return {"status": "infeasible", "message": done.stderr.strip()}
    report = json.loads(done.stdout)
    return {key: value for key, value in report.items() if key not in CLOCK}


class Busy:
    """Processes that compute for nothing, at the lowest priority."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        self.processes = [
            subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=lambda: os.nice(19)) for _ in range(self.count)
        ]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--problems", type=int, default=30)
    parser.add_argument("--work", type=float, default=0.2)
    parser.add_argument("--busy", type=int, default=8)
    arguments = parser.parse_args()
    program = (arguments.build / "tests/bench_design").resolve()
    listed = problems(arguments.problems)
    limit = [f"solver.work_limit={arguments.work}"] if arguments.work > 0 else []

    def run(extra):
        begin = time.monotonic()
        answers = [solve(program, path, overrides + limit + extra) for _, path, overrides in listed]
        return answers, time.monotonic() - begin

    runs = {"as it is": run(["solver.threads=1"])}
    with Busy(arguments.busy):
        runs[f"{arguments.busy} busy processes"] = run(["solver.threads=1"])
        runs[f"2 threads, {arguments.busy} busy processes"] = run(["solver.threads=2"])
    runs["2 threads"] = run(["solver.threads=2"])

    first = runs["as it is"][0]
    print("| problem | ended by | work | objective | upper bound | gap | the same in all runs |\n| --- | --- | --- | --- | --- | --- | --- |")
    different = 0
    for i, (name, _, _) in enumerate(listed):
        same = all(answers[i] == first[i] for answers, _ in runs.values())
        different += not same
        answer = first[i]
        if "message" in answer:
            print(f"| {name} | {answer['message']} | | | | | {'yes' if same else 'NO'} |")
            continue
        number = lambda key, form: "-" if answer[key] is None else format(answer[key], form)
        print(f"| {name} | {answer['ended_by']} | {answer['work']:.3f} | {answer['objective']:.3f} | {number('upper_bound', '.3f')} | "
              f"{number('gap', '.2e')} | {'yes' if same else 'NO'} |")
    for name, (_, seconds) in runs.items():
        print(f"{name}: {seconds:.1f} s")
    print(f"{len(listed)} problems, {different} with different answers")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
