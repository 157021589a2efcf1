#!/usr/bin/env python3
"""Videos a second and core, read and prepared, beside PyAV and decord, alternating.

  tests/bench/compare_video.py --root KINETICS [--build build/release] [--packages FOLDER] [--rounds 5]

Each program reads the training clips of KINETICS (train_list_videos.txt) on one core: three frames from the middles of segments, or eight frames eight
apart; short side to 256, centre crop 224, normalised float32. A ratio is the median over the rounds. PyAV decodes in order up to the last frame wanted,
as loaders built on it do. Needs scripts/setup.sh --peers, the target bench_video, and the packages: pip install --no-deps --target FOLDER av decord.
Have the machine to yourself.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "deepmad/peers/bin/python"


class Worker:
    def __init__(self, name, command, packages):
        self.name, self.rates, self.sum = name, [], None
        environment = {**os.environ, "PYTHONPATH": packages, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
                                        preexec_fn=lambda: os.sched_setaffinity(0, {0}))

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare_video: {self.name} ended with status {self.process.wait()}")
        answer = json.loads(line)
        self.sum = answer["sum"]
        return answer["videos"] / answer["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--packages", default="")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print("| frames | program | videos/s | deepmad's ratio | mean value |\n| --- | --- | --- | --- | --- |")
    for sampling in ("sparse", "dense"):
        workers = [Worker("deepmad", [arguments.build / "tests/bench_video", arguments.root, sampling], arguments.packages)]
        for peer in ("av", "decord"):
            workers.append(Worker(peer, [PEERS, HERE / "video_worker.py", peer, arguments.root, sampling], arguments.packages))
        for worker in workers:
            worker.go()  # files into the page cache
        for _ in range(arguments.rounds):
            for worker in workers:
                worker.rates.append(worker.go())
        for worker in workers:
            ratio = statistics.median(ours / theirs for ours, theirs in zip(workers[0].rates, worker.rates))
            print(f"| {sampling} | {worker.name} | {statistics.median(worker.rates):.1f} | {ratio:.2f} | {worker.sum:.4f} |", flush=True)
            worker.process.stdin.close()
            worker.process.wait()


if __name__ == "__main__":
    main()
