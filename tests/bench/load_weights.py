#!/usr/bin/env python3
"""Time and memory to load a network's weights from each form of file, beside Python's torch.load into the same number of tensors.

    ~/.cache/deepmad/peers/bin/python tests/bench/load_weights.py [--build build/release] [--network configs/arch/deepmad-89m.yaml] [--rounds 3]

Every load is a process of its own with one thread, the files are in the page cache; the median of the rounds is given. Memory is the peak of what the process
holds above what it held before the network was built, over the bytes of the weights (VmHWM; mapped pages of the file count while they are held).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

PYTHON_LOAD = """
import json, sys, time, torch
torch.set_num_threads(1)
def memory(name):
    return next(1024 * int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name + ":"))
from safetensors.torch import load_file
path, shapes = sys.argv[1:]
open("/proc/self/clear_refs", "w").write("5")
before = memory("VmRSS")
start = time.perf_counter()
net = {name: torch.zeros(shape, dtype=getattr(torch, dtype)) for name, (shape, dtype) in json.load(open(shapes)).items()}
built = time.perf_counter()
state = load_file(path) if path.endswith(".safetensors") else torch.load(path, weights_only=True)
for name, tensor in net.items():
    tensor.copy_(state[name])
loaded = time.perf_counter()
size = sum(tensor.nbytes for tensor in net.values())
print(json.dumps({"build_seconds": built - start, "load_seconds": loaded - built, "peak_over_weights": (memory("VmHWM") - before) / size}))
"""


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(root, "build/release"))
    parser.add_argument("--network", default=os.path.join(root, "configs/arch/deepmad-89m.yaml"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    worker = os.path.join(options.build, "tests/bench_load_weights")

    with tempfile.TemporaryDirectory() as folder:
        first = f"{folder}/weights.safetensors"
        subprocess.run([worker, options.network, "--write", first], check=True)
        convert = ("import json, sys, torch; from safetensors.torch import load_file; state = load_file(sys.argv[1]); torch.save(state, sys.argv[2]); "
                   "torch.save(state, sys.argv[3], _use_new_zipfile_serialization=False); "
                   "json.dump({k: (list(v.shape), str(v.dtype)[6:]) for k, v in state.items()}, open(sys.argv[4], 'w'))")
        files = [first, f"{folder}/zip.pth", f"{folder}/legacy.pth"]
        subprocess.run([sys.executable, "-c", convert, *files, f"{folder}/shapes.json"], check=True)
        print(f"{'':<20} {'ours':>24} {'Python':>24}")
        print(f"{'file':<20} {'build':>8} {'load':>7} {'peak':>7} {'zeros':>8} {'load':>7} {'peak':>7}")
        for path in files:
            measured = []
            for command in ([worker, options.network, path], [sys.executable, "-c", PYTHON_LOAD, path, f"{folder}/shapes.json"]):
                runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(options.rounds)]
                measured += [statistics.median(run[key] for run in runs) for key in ("build_seconds", "load_seconds")]
                measured.append(max(run["peak_over_weights"] for run in runs))
            print(f"{os.path.basename(path):<20} " + " ".join(f"{value:>{width}.3f}" for value, width in zip(measured, (8, 7, 7, 8, 7, 7))))


if __name__ == "__main__":
    main()
