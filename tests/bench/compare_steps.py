#!/usr/bin/env python3
"""Training steps per second against eager Python torch: the same network, weights, batches, threads, precision and layout, alternating.

  tests/bench/compare_steps.py [--build build/release] [--only SUBSTRING] [--rounds 7] [--seconds 1.5] [--json FILE]

Each case starts both programs once, checks that their first losses agree, and then lets them train in turns of about --seconds. A ratio is the eager
program's time over ours within a round; the table gives the median of the rounds and their range. Needs scripts/setup.sh --peers and the targets
deepmad and train_worker. Have the machine to yourself.

  tests/bench/compare_steps.py --device cuda [--python FILE] [--batch N] [--programs FOLDER] [--only WORDS] [--rounds 3] [--seconds 1] [--json FILE]

On a GPU: images a second of our step, eager and as CUDA graphs, beside eager torch, a graph captured by hand, torch.compile and its max-autotune
(gpu_turns.py). Needs the target train_worker-cuda.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gpu_turns

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "deepmad/peers/bin/python"
PHASES = ("data", "forward", "backward", "optimizer")
TOLERANCE = {"float32": 1e-4, "bfloat16": 3e-2}  # relative, of the first losses
BATCH = {"fashion-28": 128, "deepmad-r18": 8}
GPU_TOLERANCE = {"float32": 1e-2, "bfloat16": 3e-2, "float16": 1e-2}  # TF32
GPU_ROWS = (  # network, precision, layout, batch, whether torch.compile is shown: it warms up for 40 s a network
    ("deepmad-r18", "bfloat16", "channels_last", 256, True),
    ("deepmad-r18", "float32", "channels_last", 256, False),
    ("deepmad-r18", "float16", "channels_last", 256, False),
    ("deepmad-r18", "bfloat16", "contiguous", 256, False),
    ("deepmad-r50", "bfloat16", "channels_last", 128, True),  # six programs at once
    ("deepmad-29m-224", "bfloat16", "channels_last", 128, False),
)


class Worker:
    def __init__(self, command, begin=True, environment=None):
        self.started = time.perf_counter()
        environment = {"GOMP_SPINCOUNT": "10000", **(environment or os.environ)}  # what deepmad sets for itself
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        if begin:
            self.begin()

    def begin(self):
        self._line()
        self.ready_seconds = time.perf_counter() - self.started
        self.first = self.run(1)
        self.first_step_seconds = time.perf_counter() - self.started

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare_steps: {self.process.args[0]} ended with status {self.process.wait()}")
        return json.loads(line)

    def run(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        started = time.perf_counter()
        answer = self._line()
        answer["seconds"] = (time.perf_counter() - started) / steps
        answer["phases"] = {name: seconds / steps for name, seconds in answer["phases"].items()}
        return answer

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.close()
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()


def network_file(name, build, folder):
    if name == "deepmad-r18":
        return ROOT / "configs/arch/deepmad-r18.yaml"
    subprocess.run([build / "cli/deepmad", "design", ROOT / f"configs/design/{name}.yaml", "--out", folder / name], check=True, capture_output=True)
    return folder / name / "network.yaml"


def measure(name, threads, precision, layout, options, folder):
    network = network_file(name, options.build, folder)
    common = {"network": network, "weights": folder / f"{name}.weights", "data": folder / f"{name}.data", "threads": threads, "batch": BATCH[name],
              "precision": precision, "layout": layout}
    flags = [str(part) for key, value in common.items() for part in (f"--{key}", value)]
    eager_command = [PEERS, HERE / "eager_worker.py", *flags]
    if not common["weights"].exists():
        subprocess.run([*eager_command, "--make-state"], check=True)
    ours, eager = Worker([options.build / "tests/train_worker", *flags]), Worker(eager_command)
    # The second loss has seen one update, so it compares the gradients too.
    for side in (ours, eager):
        side.first["losses"] += side.run(1)["losses"]
    for mine, theirs in zip(ours.first["losses"], eager.first["losses"]):
        if not abs(mine - theirs) <= TOLERANCE[precision] * abs(theirs):
            sys.exit(f"compare_steps: {name} {precision} {layout}: losses {ours.first['losses']} here, {eager.first['losses']} in eager torch")
    steps = max(1, round(options.seconds / min(ours.run(2)["seconds"], eager.run(2)["seconds"])))
    rounds = []
    for index in range(options.rounds):
        order = (ours, eager) if index % 2 == 0 else (eager, ours)
        rounds.append({("ours" if side is ours else "eager"): side.run(steps) for side in order})
    ours.quit()
    eager.quit()
    ratios = [r["eager"]["seconds"] / r["ours"]["seconds"] for r in rounds]

    def summary(side, worker):
        return {"steps_per_second": 1 / statistics.median(r[side]["seconds"] for r in rounds),
                "phase_ms": {phase: 1000 * statistics.median(r[side]["phases"][phase] for r in rounds) for phase in PHASES},
                "images_per_second": BATCH[name] / statistics.median(r[side]["seconds"] for r in rounds), "peak_mb": rounds[-1][side]["peak_bytes"] / 1e6, "ready_seconds": worker.ready_seconds,
                "first_step_seconds": worker.first_step_seconds, "first_losses": worker.first["losses"]}

    return {"network": name, "batch": BATCH[name], "threads": threads, "precision": precision, "layout": layout, "steps": steps, "rounds": options.rounds,
            "ratio": statistics.median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios), "ours": summary("ours", ours),
            "eager": summary("eager", eager)}


def gpu_row(row, options, folder):
    name, precision, layout, batch, compiled = row
    batch = options.batch or batch
    flags = {"network": ROOT / f"configs/arch/{name}.yaml", "threads": 4, "batch": batch, "precision": precision, "layout": layout, "device": "cuda"}
    if options.python:
        flags.update({"weights": folder / f"{name}.weights", "data": folder / f"{name}.{batch}.data"})
        if not flags["weights"].exists():
            subprocess.run([options.python, HERE / "eager_worker.py", *gpu_turns.words(flags), "--make-state"], check=True)
    ours = [(options.programs or options.build / "tests") / "train_worker-cuda"]

    def command_of(program, more):
        return [*(ours if program == "ours" else [options.python, HERE / "eager_worker.py"]), *gpu_turns.words({**flags, **more})]

    def differs(reference, other):
        for side in (reference, other):
            if len(side.first["losses"]) == 1:  # the second loss has seen one update, so it compares the gradients too
                side.first["losses"] += side.run(1)["losses"]
        if not options.python or all(abs(mine - theirs) <= GPU_TOLERANCE[precision] * abs(mine)
                                     for mine, theirs in zip(reference.first["losses"], other.first["losses"])):
            return ""
        return f"the losses differ: {reference.first['losses']} in deepmad, {other.first['losses']} here"

    words = f"{name} {precision} {batch} {'NHWC' if layout == 'channels_last' else 'NCHW'}"
    return gpu_turns.measure(words, batch, gpu_turns.columns_of(options.python, compiled), command_of, Worker, differs, options)


def gpu_table(options):
    gpu_turns.print_head("training, images a second")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for row in GPU_ROWS:
            if set(options.only.split()) <= set(map(str, row)):
                results.append(gpu_row(row, options, Path(folder)))
                gpu_turns.print_row(results[-1])
    if not results:
        sys.exit(f"compare_steps: no case has all of: {options.only}")
    gpu_turns.finish(results, options, "compare_steps")


def print_row(case):
    def phases(side):
        return " ".join(f"{case[side]['phase_ms'][phase]:6.1f}" for phase in PHASES)

    ours, eager = case["ours"], case["eager"]
    print(f"{case['network']:12} {case['threads']} {case['precision']:8} {case['layout']:13} {ours['steps_per_second']:8.2f} {eager['steps_per_second']:8.2f} "
          f"{case['ratio']:6.3f} {case['ratio_low']:6.3f}-{case['ratio_high']:.3f} | {phases('ours')} | {phases('eager')} | "
          f"{ours['peak_mb']:5.0f} {eager['peak_mb']:5.0f} | {ours['ready_seconds']:5.2f} {eager['ready_seconds']:5.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--only", default="", help="words that a case must contain, for example 'fashion-28 2 float32'")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--json", type=Path)
    gpu_turns.add_options(parser)
    options = parser.parse_args()
    if options.device == "cuda":
        gpu_table(options)
        return
    if not PEERS.exists():
        sys.exit("compare_steps: no Python peers: run scripts/setup.sh --peers")
    options.build = options.build.resolve()
    cases = [case for case in itertools.product(BATCH, ("1", "2"), ("float32", "bfloat16"), ("channels_last", "contiguous"))
             if set(options.only.split()) <= set(case)]
    if not cases:
        sys.exit(f"compare_steps: no case has all of: {options.only}")
    print("network      t precision layout         ours/s  eager/s  ratio    range     | ours ms: data fwd bwd opt   | eager ms: data fwd bwd opt  | "
          "peak MB     | ready s")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            results.append(measure(*case, options, Path(folder)))
            print_row(results[-1])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
