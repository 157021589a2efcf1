#!/usr/bin/env python3
"""scripts/setup.sh --gpu can bring every library that LibTorch's CUDA libraries ask for: each has a pinned wheel, is LibTorch's own or the system's.

    setup_wheels_test.py LIBTORCH_LIB      exit status 77 where that folder has no CUDA libraries
"""

import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SYSTEM = {"libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
DRIVER = {"libcuda.so.1"}


def needed(library):
    text = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"\(NEEDED\)\s+Shared library: \[([^]]+)\]", text))


def main():
    folder = sys.argv[1]
    with open(os.path.join(ROOT, "scripts", "setup.sh"), encoding="utf-8") as file:
        script = file.read()
    pinned = re.findall(r'^  \[(lib[^]]+)\]="([\w.-]+==[\w.]+) ([0-9a-f]{64})"$', script, re.MULTILINE)
    wheels = {name for name, _, _ in pinned}
    own = re.search(r"^cuda_libraries=\((.*)\)$", script, re.MULTILINE).group(1).split()
    there = [name for name in own if os.path.exists(os.path.join(folder, name))]
    if not there:
        print("no CUDA libraries in", folder)
        return 77
    shipped = set(re.search(r"^cpu_libraries=\((.*)\)$", script, re.MULTILINE).group(1).split()) | set(own)
    absent = {f"{library}: {name}" for library in there for name in needed(os.path.join(folder, library)) - wheels - shipped - SYSTEM - DRIVER}
    print(f"{len(there)} libraries, {len(wheels)} pinned")
    for line in sorted(absent):
        print("no wheel for", line)
    return 1 if absent else 0


if __name__ == "__main__":
    sys.exit(main())
