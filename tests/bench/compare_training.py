#!/usr/bin/env python3
"""Whole training from JPEG files: `deepmad train` against eager Python torch with torchvision's ImageFolder and DataLoader, alternating.

  tests/bench/compare_training.py --pictures FOLDER [--build build/release] [--precision float32] [--threads 2] [--workers 1] [--compile] [--rounds 3] [--json FILE]

FOLDER has train/ with a folder a class. Some of its pictures make an epoch of a few updates: DeepMAD-R18 at 224 px from the same weights, the same
transforms, loss, optimizer, precision and layout (channels_last). Each turn starts a program anew and counts its epochs but the first. Memory is the
most that the program and its children hold, file pages apart. The share outside of convolutions comes from a trace of five updates of each
program, in turns of their own. --compile compiles Python's network, whose operations a trace no longer
shows: without the share, then. Needs scripts/setup.sh --peers and the target deepmad. Have the machine to yourself.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "deepmad/peers/bin/python"
CONVOLUTIONS = ("aten::convolution", "aten::convolution_backward", "aten::mkldnn_convolution")
RUN = """
version: 1
network: {network}
task: {{name: classification, label_smoothing: 0.1}}
data:
  name: image_folder
  root: {data}
  image_size: 224
  workers: {workers}
  train: {{crop: random_resized, scale: [0.08, 1], flip: 0.5, interpolation: bicubic}}
train:
  epochs: {epochs}
  batch_size: {batch}
  optimizer: {{name: sgd, lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 5.0e-5}}
  schedule: {{name: constant}}
  precision: {precision}
  channels_last: true
validate: {{every_epochs: 1000}}
"""


def tree(process):
    """The process and all below it."""
    found = [process]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
        except OSError:  # it ended
            pass
    return found


def held(process):
    total = 0
    for member in tree(process):
        try:
            with open(f"/proc/{member}/smaps_rollup", encoding="ascii") as file:
                total += sum(1024 * int(line.split()[1]) for line in file if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
        except OSError:
            pass
    return total


def run(command):
    """Most bytes that it held; what it printed."""
    environment = {"GOMP_SPINCOUNT": "10000", **os.environ}  # what deepmad sets for itself
    peak = 0
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        done = threading.Event()

        def watch():
            nonlocal peak
            while not done.wait(0.25):
                peak = max(peak, held(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        printed, errors = process.communicate()
        done.set()
        watcher.join()
    if process.returncode != 0:
        sys.exit(f"compare_training: {command[0]} ended with status {process.returncode}: {errors[-2000:]}")
    return peak, printed


def outside_convolutions(trace):
    """Of the time between the first and the last operation of a Chrome trace."""
    with open(trace, encoding="utf-8") as file:
        events = [event for event in json.load(file)["traceEvents"] if event.get("ph") == "X" and event.get("cat") == "cpu_op"]
    begin = min(event["ts"] for event in events)
    end = max(event["ts"] + event["dur"] for event in events)
    inside, reached = 0.0, begin
    for event in sorted((event for event in events if event["name"] in CONVOLUTIONS), key=lambda event: event["ts"]):
        until = event["ts"] + event["dur"]
        inside += max(0.0, until - max(event["ts"], reached))
        reached = max(reached, until)
    return 1 - inside / (end - begin)


class Comparison:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.turns = 0
        self.epochs = options.epochs
        data = folder / "data"
        for split in ("train", "val"):
            classes = sorted(path for path in (options.pictures / "train").iterdir() if path.is_dir())
            for name in classes:
                target = data / split / name.name
                target.mkdir(parents=True)
                share = -(-options.images // len(classes)) if split == "train" else 1
                for picture in sorted(name.iterdir())[:share]:
                    (target / picture.name).symlink_to(picture.resolve())
        network = (ROOT / "configs/arch/deepmad-r18.yaml").read_text(encoding="utf-8")
        self.network = folder / "network.yaml"
        self.network.write_text(network.replace("classes: 1000", f"classes: {len(classes)}"), encoding="utf-8")
        self.eager = [PEERS, HERE / "training_worker.py", "--network", self.network, "--data", data, "--weights", folder / "start.safetensors",
                      "--threads", options.threads, "--workers", options.workers, "--batch", options.batch, "--precision", options.precision]
        run([*self.eager, "--make-weights"])
        self.config = folder / "run.yaml"
        self.config.write_text(RUN.format(network=self.network, data=data, workers=options.workers, epochs=self.epochs, batch=options.batch,
                                          precision=options.precision), encoding="utf-8")

    def ours(self, *flags):
        self.turns += 1
        out = self.folder / f"run{self.turns}"
        peak, _ = run([self.options.build / "cli/deepmad", "train", self.config, "--out", out, "--threads", self.options.threads, "--device", "cpu",
                       "--weights", self.folder / "start.safetensors", "--quiet", *flags])
        with open(out / "metrics.csv", encoding="utf-8") as file:
            epochs = [row for row in csv.DictReader(file) if row["epoch"]]
        samples = int(epochs[-1]["samples"]) // len(epochs)
        return {"seconds": [float(row["train_seconds"]) / samples for row in epochs][1:], "loss": float(epochs[0]["train_loss"]), "bytes": peak}

    def theirs(self, *flags):
        compiled = ["--compile"] if self.options.compile else []
        peak, printed = run([*self.eager, "--epochs", self.epochs, *compiled, *flags])
        epochs = json.loads(printed)
        return {"seconds": [epoch["seconds"] / epoch["samples"] for epoch in epochs][1:], "loss": epochs[0]["loss"], "bytes": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--images", type=int, default=80, help="of an epoch")
    parser.add_argument("--epochs", type=int, default=4, help="of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not PEERS.exists():
        sys.exit("compare_training: no Python peers: run scripts/setup.sh --peers")
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        comparison = Comparison(options, Path(name))
        rounds = []
        for index in range(options.rounds):
            sides = ("ours", "theirs") if index % 2 == 0 else ("theirs", "ours")
            rounds.append({side: getattr(comparison, side)() for side in sides})
            losses = [rounds[-1][side]["loss"] for side in ("ours", "theirs")]
            if abs(losses[0] - losses[1]) > 0.1 * losses[1]:  # pictures and crops come in other orders, all else is equal
                sys.exit(f"compare_training: the first epoch's loss is {losses[0]} here and {losses[1]} in Python")
        shares = {}
        for side, flag in () if options.compile else (("ours", "--profile"), ("theirs", "--trace")):
            trace = Path(name) / f"{side}.json"
            getattr(comparison, side)(flag, trace)
            shares[side] = outside_convolutions(trace)
    ratios = [statistics.median(r["theirs"]["seconds"]) / statistics.median(r["ours"]["seconds"]) for r in rounds]
    result = {"precision": options.precision, "threads": options.threads, "compiled": options.compile, "ratios": ratios}
    for side in ("ours", "theirs"):
        rates = [1 / statistics.median(r[side]["seconds"]) for r in rounds]
        result[side] = {"images_per_second": statistics.median(rates), "low": min(rates), "high": max(rates),
                        "peak_mb": max(r[side]["bytes"] for r in rounds) / 1e6, "outside_convolutions": shares.get(side)}
        share = f", {100 * shares[side]:.0f} % of the time outside of convolutions" if side in shares else ""
        print(f"{side:7} {statistics.median(rates):7.2f} img/s ({min(rates):.2f}-{max(rates):.2f}), {result[side]['peak_mb']:6.0f} MB{share}")
    print(f"ratio   {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f}), memory {result['theirs']['peak_mb'] / result['ours']['peak_mb']:.2f}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
