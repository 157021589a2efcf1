#!/usr/bin/env python3
"""How long a GPU's queue is empty in training, on the stand-in for CUDA's runtime: what the host's waits cost, seen without a GPU.

    tests/fakecuda/idle.py PROGRAM [--ranks 2] [--batch 256] [--updates 24] [--size 32] [--microseconds 20] [OVERRIDE...]

PROGRAM is a deepmad-cuda. It trains DeepMAD-R18 on synthetic images with mixup, drop path, averaged weights and float16; each kernel takes as long as
is said, whatever it computes, so the images may be small. Printed for each rank, over the updates after the twelfth: the share of time in which the
queue was empty, and the waits an update; and the images a second of the log beside those of the wall clock.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STEADY = 12  # updates before: LibTorch's reducer waits for its first ten
RUN = """version: 1
name: idle
network: {network}
classes_from_data: true
task: {{name: classification, mixup: 0.2}}
data: {{name: synthetic, image_size: {size}, classes: 10, samples: {samples}, validation_samples: 16, workers: 2}}
train:
  epochs: 1
  batch_size: {batch}
  ema: {{decay: 0.99}}
  precision: float16
  drop_path: 0.1
  log_every_steps: {updates}
"""


def train(options, folder):
    """Runs the program; returns the reports of its ranks and the records of its log."""
    with open(os.path.join(folder, "run.yaml"), "w", encoding="utf-8") as file:
        file.write(RUN.format(network=os.path.join(ROOT, "configs/arch/deepmad-r18.yaml"), samples=options.batch * options.updates, **vars(options)))
    words = [os.path.join(HERE, "run.sh"), options.program, "train", file.name, "--out", os.path.join(folder, "run"), "--quiet", "--device", "cuda"]
    if options.ranks > 1:
        words += ["--nproc", str(options.ranks)]
    environment = {"FAKE_CUDA_DEVICES": str(options.ranks), "FAKE_CUDA_BYTES": "140e9", "FAKE_CUDA_KERNEL_US": str(options.microseconds),
                   "FAKE_CUDA_LOG": os.path.join(folder, "log"), "FAKE_CUDA_LAP": "FusedSgd"}
    subprocess.run(words + options.overrides, check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    reports = []
    for name in sorted(glob.glob(os.path.join(folder, "log.*.json"))):
        with open(name, encoding="utf-8") as file:
            reports.append(json.load(file))
    with open(os.path.join(folder, "run", "log.jsonl"), encoding="utf-8") as file:
        return reports, [json.loads(line) for line in file]


def steady(report, updates):
    """Share of the time in which the queue was empty, and the waits an update."""
    laps = report["laps"]
    launches = len(laps) // updates  # of the optimizer, an update
    first, last = laps[STEADY * launches - 1], laps[updates * launches - 1]
    idle = last["idle_seconds"] - first["idle_seconds"]
    worked = last["worked_seconds"] - first["worked_seconds"]
    waits = sum(count for lap in laps[STEADY * launches:updates * launches] for call, count in lap["calls"].items() if call.startswith("wait: "))
    return idle / (idle + worked), waits / (updates - STEADY)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("overrides", nargs="*", help="of the run, as train.ema=null")
    for name, value in (("ranks", 2), ("batch", 256), ("updates", 24), ("size", 32)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--microseconds", type=float, default=20)
    options = parser.parse_args()
    if options.updates <= STEADY:
        parser.error(f"--updates must be more than {STEADY}")
    with tempfile.TemporaryDirectory() as folder:
        reports, records = train(options, folder)
    for rank, report in enumerate(reports):
        share, waits = steady(report, options.updates)
        print(f"device {rank}: queue empty {100 * share:.1f} % of the time, {waits:.1f} waits an update, {sum(report['kernels'].values())} kernels")
    said = next(record["images_per_second"] for record in records if record["type"] == "steps")
    seconds = next(record["train_seconds"] for record in records if "train_seconds" in record)
    measured = options.batch * options.updates / seconds
    print(f"images a second: {said:.0f} in the log, {measured:.0f} by the clock, {100 * (said / measured - 1):+.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
