#!/usr/bin/env python3
"""Inference against eager Python torch and onnxruntime: the same network, weights, images and threads, in turns.

  tests/bench/compare_inference.py [--build build/release] [--only "deepmad-r18 2"] [--rounds 7] [--seconds 0.4] [--json FILE]

Sides: ours (the folded network of `predict`), torch as users run it (eval, inference_mode, nothing else), torch folded and in channels_last, onnxruntime
on the file that `deepmad export --onnx` writes; and in bfloat16 ours and torch folded. Each case starts all programs, checks that the logits agree, and lets
them run in turns of about --seconds. A ratio is the other side's time over ours (of the same precision) within a round; the table gives the median of the
rounds and their range. Needs scripts/setup.sh --peers and the targets deepmad and inference_worker. Have the machine to yourself.

  tests/bench/compare_inference.py --device cuda [--python FILE] [--batch N] [--programs FOLDER] [--only WORDS] [--rounds 3] [--seconds 1] [--json FILE]

On a GPU, in bfloat16: milliseconds of a batch of one and images a second of 256, beside torch with folded norms (gpu_turns.py). Needs the target
inference_worker-cuda.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import gpu_turns
from compare_steps import HERE, PEERS, ROOT, Worker, network_file

BATCHES = {"fashion-28": ("1", "32"), "deepmad-r18": ("1", "8"), "deepmad-r50": ("1", "4")}
SIDES = {  # name: program, precision, allowed difference of the logits relative to the largest of the first side
    "ours": ("ours", "float32", 0),
    "users": ("users", "float32", 1e-4),
    "folded": ("folded", "float32", 1e-4),
    "onnxruntime": ("onnxruntime", "float32", 1e-4),
    "ours bf16": ("ours", "bfloat16", 1e-1),
    "folded bf16": ("folded", "bfloat16", 1e-1),
}


def peer(flags):
    return [PEERS, HERE / "peer_inference.py", *[str(part) for key, value in flags.items() for part in (f"--{key}", value)]]


def file_of_network(name, build, folder):
    return network_file(name, build, folder) if name.startswith("fashion") else ROOT / f"configs/arch/{name}.yaml"


def start(how, precision, flags, onnx, build):
    flags = {**flags, "precision": precision}
    if how == "ours":
        return Worker([build / "tests/inference_worker", *[str(part) for key, value in flags.items() for part in (f"--{key}", value)]])
    if how == "onnxruntime":
        flags["weights"] = onnx
    return Worker(peer({**flags, "how": how}))


def prepare(name, batch, build, folder):
    """Weights, images and the ONNX file of a case: their paths by flag, and the last."""
    flags = {"network": file_of_network(name, build, folder), "weights": folder / f"{name}.safetensors", "data": folder / f"{name}-{batch}.data"}
    onnx = folder / f"{name}.onnx"
    if not onnx.exists():
        subprocess.run([*peer({**flags, "batch": batch}), "--make-state"], check=True)
        subprocess.run([build / "cli/deepmad", "export", flags["network"], "--weights", flags["weights"], "--onnx", onnx, "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)
    elif not flags["data"].exists():
        subprocess.run([*peer({"network": flags["network"], "data": flags["data"], "batch": batch}), "--make-state"], check=True)
    return flags, onnx


def check_logits(case, workers):
    expected = workers["ours"].first["logits"]
    largest = max(map(abs, expected))
    for side, worker in workers.items():
        worst = max(abs(a - b) for a, b in zip(worker.first["logits"], expected))
        if not worst <= SIDES[side][2] * largest:
            sys.exit(f"compare_inference: {' '.join(case)}: the logits of '{side}' are {worst / largest:.1e} of the largest off ours")


def measure(case, options, folder):
    name, batch, threads = case
    flags, onnx = prepare(name, batch, options.build, folder)
    workers = {side: start(how, precision, {**flags, "threads": threads}, onnx, options.build) for side, (how, precision, _) in SIDES.items()}
    check_logits(case, workers)
    passes = {side: max(1, round(options.seconds / worker.run(3)["seconds"])) for side, worker in workers.items()}
    rounds = []
    for index in range(options.rounds):
        order = list(workers) if index % 2 == 0 else list(reversed(workers))
        rounds.append({side: workers[side].run(passes[side]) for side in order})
    for worker in workers.values():
        worker.quit()
    sides = {}
    for side, worker in workers.items():
        own = "ours bf16" if side.endswith("bf16") else "ours"
        ratios = [r[side]["seconds"] / r[own]["seconds"] for r in rounds]
        sides[side] = {"milliseconds": 1000 * statistics.median(r[side]["seconds"] for r in rounds), "ratio": statistics.median(ratios),
                       "ratio_low": min(ratios), "ratio_high": max(ratios), "peak_mb": rounds[-1][side]["peak_bytes"] / 1e6,
                       "ready_seconds": worker.ready_seconds, "first_pass_seconds": worker.first_step_seconds}
    return {"network": name, "batch": int(batch), "threads": int(threads), "rounds": options.rounds, "sides": sides}


def gpu_row(name, batch, options, folder):
    flags = {"network": ROOT / f"configs/arch/{name}.yaml", "threads": 4, "batch": batch, "precision": "bfloat16", "device": "cuda"}
    if options.python:
        flags.update({"weights": folder / f"{name}.weights", "data": folder / f"{name}.{batch}.data"})
        made = {key: flags[key] for key in ("network", "data", "batch")}
        if not flags["weights"].exists():
            made["weights"] = flags["weights"]
        subprocess.run([options.python, HERE / "peer_inference.py", *gpu_turns.words(made), "--make-state"], check=True)
    ours = [(options.programs or options.build / "tests") / "inference_worker-cuda"]

    def command_of(program, more):
        return [*(ours if program == "ours" else [options.python, HERE / "peer_inference.py", "--how", "folded"]), *gpu_turns.words({**flags, **more})]

    def differs(reference, other):
        expected = reference.first["logits"]
        worst = max(abs(a - b) for a, b in zip(other.first["logits"], expected))
        if not options.python or worst <= 1e-1 * max(map(abs, expected)):
            return ""
        return f"the logits differ by {worst / max(map(abs, expected)):.1e} of the largest"

    return gpu_turns.measure(f"{name} bfloat16 {batch} NHWC", batch, gpu_turns.columns_of(options.python, compiled=name == "deepmad-r18"), command_of,
                             Worker, differs, options)


def gpu_table(options):
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for batch, figure, title in ((1, "milliseconds", "inference, milliseconds a picture"), (options.batch or 256, "images_per_second", "inference, images a second")):
            gpu_turns.print_head(title)
            for name in ("deepmad-r18", "deepmad-r50"):
                if set(options.only.split()) <= {name, str(batch)}:
                    results.append(gpu_row(name, batch, options, Path(folder)))
                    gpu_turns.print_row(results[-1], figure)
    if not results:
        sys.exit(f"compare_inference: no case has all of: {options.only}")
    gpu_turns.finish(results, options, "compare_inference")


def print_case(case):
    for side, row in case["sides"].items():
        print(f"{case['network']:12} {case['batch']:5} {case['threads']:7} {side:12} {row['milliseconds']:9.3f} {row['ratio']:7.2f} "
              f"{row['ratio_low']:5.2f}-{row['ratio_high']:<5.2f} {row['peak_mb']:7.0f} {row['ready_seconds']:7.2f} {row['first_pass_seconds']:10.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--only", default="", help="words that a case must contain, for example 'deepmad-r18 2'")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--json", type=Path)
    gpu_turns.add_options(parser)
    options = parser.parse_args()
    if options.device == "cuda":
        gpu_table(options)
        return
    if not PEERS.exists():
        sys.exit("compare_inference: no Python peers: run scripts/setup.sh --peers")
    options.build = options.build.resolve()
    cases = [case for name, batches in BATCHES.items() for case in itertools.product((name,), batches, ("1", "2"))
             if all(word in case for word in options.only.split())]
    if not cases:
        sys.exit(f"compare_inference: no case has all of: {options.only}")
    print("network      batch threads side                ms   ratio range       peak MB ready s first pass s")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            results.append(measure(case, options, Path(folder)))
            print_case(results[-1])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
