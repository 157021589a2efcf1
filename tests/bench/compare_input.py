#!/usr/bin/env python3
"""Images per second of the input pipeline, against torchvision's ImageFolder + DataLoader and against bare libjpeg-turbo, alternating.

  tests/bench/compare_input.py --pictures FOLDER [--build build/release] [--cores 1,2] [--rounds 5] [--images 1600] [--json FILE]

Pictures are those of FOLDER, repeated by links up to --images. On each number of cores (set by affinity) every program makes one epoch a turn:
batches of 64 at 224 px, random resized crop (bicubic), mirroring, normalisation, as float32 tensors. Python is measured with as many workers as
cores and without workers, and the better counts. A ratio is the median over the rounds. Memory is proportional set size. Needs scripts/setup.sh --peers and
the target input_worker. Have the machine to yourself.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "deepmad/peers/bin/python"


class Worker:
    def __init__(self, name, cores, command):
        self.name = name
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, range(cores)))
        self.rates = []
        self.bytes = 0

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare_input: {self.name} ended with status {self.process.wait()}")
        answer = json.loads(line)
        self.bytes = answer.get("bytes") or self.memory()
        return answer["images"] / answer["seconds"]

    def memory(self):
        for line in open(f"/proc/{self.process.pid}/smaps_rollup"):
            if line.startswith("Pss_Anon:"):  # mapped files are the page cache's
                return 1024 * int(line.split()[1])
        return 0

    def quit(self):
        self.process.stdin.close()
        self.process.wait()


def link_pictures(pictures, folder, images):
    files = sorted(path for path in pictures.rglob("*") if path.is_file() and path.suffix.lower() in (".jpeg", ".jpg"))
    if not files:
        sys.exit(f"compare_input: no JPEG files: {pictures}")
    for split, count in (("train", images), ("val", len(files))):
        for i in range(count):
            target = folder / split / f"class{i % 10}"
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{i:06}.JPEG").symlink_to(files[i % len(files)].resolve())


def measure(cores, binary, folder, rounds):
    data = folder / "folder"
    workers = [
        Worker("torchvision", cores, [PEERS, HERE / "input_worker.py", data, cores]),
        Worker("torchvision, no workers", cores, [PEERS, HERE / "input_worker.py", data, 0]),
        Worker("bare decode", cores, [binary, "decode", data, cores]),
        Worker("deepmad, folder", cores, [binary, "pipeline", "image_folder", data, cores]),
        *(Worker(f"deepmad, pack of {form}", cores, [binary, "pipeline", "pack", folder / form, cores]) for form in ("files", "pixels", "256")),
    ]
    for worker in workers:
        worker.go()  # warm
    for index in range(rounds):
        for worker in workers if index % 2 == 0 else reversed(workers):
            worker.rates.append(worker.go())
    for worker in workers:
        worker.quit()
    return {worker.name: {"rates": worker.rates, "rate": statistics.median(worker.rates), "bytes": worker.bytes} for worker in workers}


def ratio(results, above, below):
    ratios = [a / b for a, b in zip(results[above]["rates"], results[below]["rates"])]
    return statistics.median(ratios), min(ratios), max(ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--cores", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=1600)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not PEERS.exists():
        sys.exit("compare_input: no Python peers: run scripts/setup.sh --peers")
    binary = options.build.resolve() / "tests/input_worker"
    everything = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        link_pictures(options.pictures, folder / "folder", options.images)
        for form in ("files", "pixels", "256"):
            subprocess.run([binary, "pack", folder / "folder", folder / form, form], check=True)
        for cores in map(int, options.cores.split(",")):
            results = measure(cores, binary, folder, options.rounds)
            everything[cores] = results
            print(f"{cores} core{'s' if cores > 1 else ''}")
            for worker, result in results.items():
                print(f"  {worker:24} {result['rate']:7.0f} img/s {min(result['rates']):7.0f} - {max(result['rates']):<7.0f} {result['bytes'] / 1e6:6.0f} MB")
            python = max(("torchvision", "torchvision, no workers"), key=lambda worker: results[worker]["rate"])
            for above, below in (("deepmad, folder", python), ("deepmad, folder", "bare decode"), ("deepmad, pack of files", "deepmad, folder"),
                                 ("deepmad, pack of pixels", "deepmad, folder"), ("deepmad, pack of 256", "deepmad, folder")):
                print("  %s / %s: %.2f (%.2f-%.2f)" % (above, below, *ratio(results, above, below)), flush=True)
    if options.json:
        options.json.write_text(json.dumps(everything, indent=2) + "\n")


if __name__ == "__main__":
    main()
