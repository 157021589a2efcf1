#!/usr/bin/env python3
"""Makes the tables of docs/mathematics.md, and the picture of the baseline, with the built programs.

  scripts/mathematics_tables.py [--build build/release] [TABLE...]        tables: baseline, structures, problems; all without a name
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/mathematics.md"
PICTURE = ROOT / "docs/pictures/against-baseline.png"

# The published classification problems and the structures published for them.
PROBLEMS = {
    "classification-deepmad-r18-flops": "deepmad-r18",
    "classification-deepmad-r34-flops": "deepmad-r34",
    "classification-deepmad-r50-flops": "deepmad-r50",
    "classification-deepmad-29m-224": "deepmad-29m-224",
    "classification-deepmad-29m-288": "deepmad-29m-288",
    "classification-deepmad-50m": "deepmad-50m",
    "classification-deepmad-89m": "deepmad-89m",
    "classification-mbv2-flops": None,
    "classification-r50-flops": None,
}
# None: the formulation of the file.
FORMULATIONS = (None, "paper")
SECONDS = (1, 10)


def output(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def deepmad(build, *arguments):
    return json.loads(output([build / "cli/deepmad", *arguments, "--json", "--quiet"]))


def inspect(build, arch, formulation):
    return deepmad(build, "inspect", ROOT / f"configs/arch/{arch}.yaml", "--formulation", formulation)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def baseline(build):
    return output([build / "tests/bench_against_baseline", PICTURE])


def structures(build):
    rows = []
    for file in sorted((ROOT / "configs/arch").glob("deepmad-*.yaml")):
        paper, reference = (inspect(build, file.stem, formulation) for formulation in ("paper", "reference"))
        rows.append([file.stem, f"{paper['macs'] / 1e9:.3f} G", f"{reference['flops'] / 1e9:.3f} G", f"{paper['params'] / 1e6:.2f} M",
                     f"{reference['params_backbone'] / 1e6:.2f} M", f"{paper['layers']}", f"{paper['effectiveness']:.4f}",
                     f"{paper['objective']:,.1f}", f"{reference['objective']:,.1f}"])
    return table(["structure", "MACs", "reference FLOPs", "parameters", "without the head", "layers", "effectiveness", "objective `paper`",
                  "objective `reference`"], rows)


def verdict(published, budgets):
    """Which budgets of the problem a published structure exceeds."""
    over = [f"{name} {100 * (published['budgets'][name]['used'] / budget['limit'] - 1):.2g} %" for name, budget in budgets.items()
            if budget["limit"] is not None and published["budgets"][name]["used"] > budget["limit"]]
    return "over its budget: " + ", ".join(over) if over else "feasible"


def solve(build, problem, formulation, seconds):
    overrides = [f"formulation={formulation}", "objective.depth_term=exp_std"] if formulation else []
    return deepmad(build, "design", ROOT / f"configs/design/{problem}.yaml", "--out", build / "mathematics" / problem, "--threads", "1",
                   "rules.ratio_rounding=exact", "solver.start=null", f"solver.time_limit_seconds={seconds}", *overrides)


def percent(gap):
    return "-" if gap is None else f"{100 * gap:.2g} %"


def problems(build):
    rows = []
    for problem, arch in PROBLEMS.items():
        for formulation in FORMULATIONS:
            first, last = (solve(build, problem, formulation, seconds) for seconds in SECONDS)
            published = inspect(build, arch, last["formulation"]) if arch else None
            rows.append([problem.removeprefix("classification-"), f"`{last['formulation']}`",
                         f"{published['objective']:,.1f}, {verdict(published, last['budgets'])}" if published else "-",
                         f"{first['objective']:,.3f}", percent(first["gap"]), f"{last['objective']:,.3f}",
                         "-" if last["upper_bound"] is None else f"{last['upper_bound']:,.3f}", percent(last["gap"]),
                         f"{last['solve_seconds']:.2f}"])
    return table(["problem", "formulation", "published structure", "objective within 1 s", "gap", "objective within 10 s",
                  "proven bound", "gap", "seconds"], rows)


TABLES = {"baseline": baseline, "structures": structures, "problems": problems}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("tables", nargs="*", metavar="TABLE", choices=[[], *TABLES])
    arguments = parser.parse_args()
    for name in arguments.tables or TABLES:
        text = TABLES[name](arguments.build)
        page = PAGE.read_text()
        block = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not block.search(page):
            sys.exit(f"{PAGE}: no block for the table '{name}'")
        PAGE.write_text(block.sub(lambda match: match.group(1) + text + match.group(2), page))
        print(f"{name}: written to {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
