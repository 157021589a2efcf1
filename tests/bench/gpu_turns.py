"""Programs that take turns on one GPU: ours and, where a Python torch sees the GPU, eager torch, its CUDA graphs and torch.compile. For compare_steps.py and
compare_inference.py with --device cuda.

All programs of a row are alive at once and wait while another one works; each makes its first pass alone, since cuDNN then measures its kernels. A
program that ends (out of memory, not supported) leaves its column empty and is named below the table.
"""

import json
import os
import statistics
import sys
from pathlib import Path

SIDES = {  # column: program, what is added to its flags
    "deepmad": ("ours", {}),
    "+graphs": ("ours", {"graphs": 1}),
    "torch": ("peer", {}),
    "torch+graphs": ("peer", {"graphs": 1}),
    "compile": ("peer", {"compile": "default"}),
    "max-autotune": ("peer", {"compile": "max-autotune"}),
}


def add_options(parser):
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--batch", type=int, help="with --device cuda: images at a time in every row")
    parser.add_argument("--programs", type=Path, help="with --device cuda: the folder of the workers, by default that of the build")
    parser.add_argument("--python", help="with --device cuda: a Python with torch for CUDA; none: only our columns, with random weights")


def words(flags):
    return [str(part) for key, value in flags.items() for part in (f"--{key}", value)]


def start(columns, command_of, worker_class, differs):
    """The workers by column after their first pass, and by column why there is none. `differs(reference, worker)`: why its first results are wrong, or ''."""
    waiting, workers, faults = {}, {}, {}
    for column in columns:
        program, more = SIDES[column]
        waiting[column] = worker_class(command_of(program, more), begin=False, environment=environment(program))
    for column, worker in waiting.items():
        try:
            worker.begin()
            fault = differs(workers["deepmad"], worker) if "deepmad" in workers else ""
        except SystemExit as ended:
            fault = str(ended)
        if fault:
            faults[column] = fault
            worker.kill()
        else:
            workers[column] = worker
    return workers, faults


def measure(row, batch, columns, command_of, worker_class, differs, options):
    workers, faults = start(columns, command_of, worker_class, differs)
    steps = {column: max(1, round(options.seconds / worker.run(3)["seconds"])) for column, worker in workers.items()}
    rounds = [{column: workers[column].run(steps[column]) for column in (list(workers) if index % 2 == 0 else list(reversed(workers)))}
              for index in range(options.rounds)]
    sides = {}
    for column, worker in workers.items():
        rates = [batch / r[column]["seconds"] for r in rounds]
        sides[column] = {"images_per_second": statistics.median(rates), "low": min(rates), "high": max(rates),
                         "peak_mb": rounds[-1][column]["peak_bytes"] / 1e6, "milliseconds": 1000 * batch / statistics.median(rates)}
        worker.quit()
    return {"row": row, "batch": batch, "sides": sides, "faults": faults}


def print_head(title):
    print(f"{title:42}" + "".join(f"{column:>13}" for column in SIDES), flush=True)


def print_row(result, figure="images_per_second"):
    def cell(column):
        side = result["sides"].get(column)
        return f"{side[figure]:13.1f}" if side else f"{'-':>13}"

    print(f"{result['row']:42}" + "".join(cell(column) for column in SIDES), flush=True)
    for column, fault in result["faults"].items():
        print(f"  {column}: {fault}", flush=True)


def finish(results, options, name):
    """Writes the document; the exit status: 1 where one of our own columns is missing or a program computed something else."""
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    broken = [result["row"] for result in results for column in result["faults"] if column in ("deepmad", "+graphs") or "differ" in result["faults"][column]]
    if broken:
        sys.exit(f"{name}: not as it should be: {', '.join(sorted(set(broken)))}")


def columns_of(python, compiled, graphs=True):
    return [column for column, (program, more) in SIDES.items()
            if (program == "ours" or python) and (compiled or "compile" not in more) and (graphs or "graphs" not in more)]


def environment(program):
    """Of one of our programs, with the libraries that scripts/gpu_check.sh has found for them alone, or of Python, whose torch brings its own."""
    given = dict(os.environ)
    if program == "ours":
        for key, source in (("LD_LIBRARY_PATH", "DEEPMAD_LIBRARY_PATH"), ("LD_PRELOAD", "DEEPMAD_PRELOAD")):
            if os.environ.get(source):
                given[key] = os.environ[source]
    return given
