#!/usr/bin/env python3
"""Checks the rules of the house that a compiler does not: who may include what, the length of files, and their names.

    scripts/check_sources.py [ROOT]     prints file:line: what is wrong; exit status 1 when something is
"""

import os
import re
import sys

# For every room: the rooms it may include besides itself, and the third-party libraries. A folder listed here is a room of its own for its files.
ROOMS = {
    "base": ([], ["fmt", "yaml-cpp", "nlohmann", "zlib"]),
    "mad": (["base"], ["fmt", "nlopt"]),
    "models/formats": (["base"], ["fmt", "protobuf"]),
    "models/boxes": (["base"], []),
    "models": (["base", "mad", "models/formats", "models/boxes"], ["fmt", "torch"]),
    "models/cuda": (["base", "mad", "models"], ["fmt", "torch", "cuda"]),
    "data": (["base"], ["fmt", "opencv", "jpeg", "png", "zlib", "simdjson", "libav"]),
    "data/loader": (["base", "data"], ["fmt", "torch"]),
    "train": (["base", "mad", "models", "models/formats", "models/boxes", "data", "data/loader", "train/metrics", "train/targets", "train/report"], ["fmt", "torch", "protobuf", "gloo"]),
    "train/cuda": (["base", "models", "train"], ["torch", "cuda"]),
    "train/metrics": (["base"], ["fmt"]),
    "train/targets": (["base"], ["fmt"]),
    "train/report": (["base"], ["fmt", "opencv", "protobuf"]),
    "cli": (["base", "mad", "models", "models/formats", "data", "data/loader", "train", "train/metrics", "train/report"], ["fmt", "torch", "cli11"]),
}
LIBRARIES = {
    "fmt": r"fmt/",
    "yaml-cpp": r"yaml-cpp/",
    "nlohmann": r"nlohmann/",
    "nlopt": r"nlopt",
    "cuda": r"(c10/cuda/|ATen/cuda/|ATen/native/cuda/|torch/csrc/cuda/|cuda|nccl|cublas|cudnn)",
    "torch": r"(torch/|ATen/|c10/|caffe2/)",
    "protobuf": r"(google/protobuf/|.*\.pb\.h$)",
    "opencv": r"opencv2?/",
    "jpeg": r"(jpeglib|jerror|turbojpeg)",
    "png": r"png\.h",
    "zlib": r"zlib",
    "simdjson": r"simdjson",
    "libav": r"lib(av|sw)",
    "gloo": r"gloo/",
    "cli11": r"CLI/",
}
WHOLE_TORCH = r"torch/(torch|all|nn|extension)\.h"  # half a minute of compile time each
PRECOMPILED = "models/pch.h"
GENERATED = re.compile(r"build_stamp\.h|\w+\.pb\.h")
FOLDERS = ["base", "mad", "models", "data", "train", "cli", "tests", "scripts", "cmake"]
SOURCES = (".h", ".cc", ".cu")
LONGEST = 400
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    """The most specific room that holds a path, or None (tests, scripts)."""
    holding = [room for room in ROOMS if path.startswith(room + "/")]
    return max(holding, key=len, default=None)


def library_of(header):
    return next((name for name, pattern in LIBRARIES.items() if re.match(pattern, header)), None)


def include_faults(path, is_local, header):
    """What is wrong with one include; path and header are relative to the root."""
    room = room_of(path)
    library = library_of(header)
    if room is not None and library is not None and library not in ROOMS[room][1]:
        yield f"{room}/ may not see {library}: <{header}>"
    if is_local:
        target = room_of(header)
        if target is None and not GENERATED.fullmatch(header) and not header.startswith("tests/"):
            yield f'"{header}" is not named from the root of the checkout'
        if room is None:
            return
        rooms = ROOMS[room][0]
        if header.startswith("tests/"):
            yield f'{room}/ may not include tests: "{header}"'
        elif target is not None and target != room and target not in rooms:
            yield f'{room}/ may not include {target}/: "{header}" (it may include {", ".join(rooms) or "no other room"})'
        return
    if re.match(WHOLE_TORCH, header) and path != PRECOMPILED:
        yield f"<{header}> belongs into {PRECOMPILED} only: include the single ATen/ops header or module header instead"
    if room is not None and library == "fmt" and path.endswith(".h"):
        yield f"<{header}> in a header: LibTorch ships another fmt, so it stays in .cc files"


def file_faults(root, path):
    name = os.path.splitext(os.path.basename(path))[0].lower()
    if name in EMPTY_NAMES:
        yield 1, f"{name} says nothing about what is inside: name the file for its one idea"
    with open(os.path.join(root, path), encoding="utf-8") as file:
        lines = file.read().splitlines()
    if len(lines) > LONGEST:
        yield len(lines), f"{len(lines)} lines, at most {LONGEST}: split it by idea"
    if not path.endswith(SOURCES):
        return
    if path.endswith(".h") and "#pragma once" not in lines:
        yield 1, "no #pragma once"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            for fault in include_faults(path, match.group(1) == '"', match.group(2)):
                yield number, fault


def checked_files(root):
    for folder in FOLDERS:
        for parent, folders, names in os.walk(os.path.join(root, folder)):
            folders.sort()
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in sorted(names):
                if name.endswith(SOURCES + (".py", ".sh", ".cmake", ".in", "CMakeLists.txt")):
                    yield os.path.relpath(os.path.join(parent, name), root)


def check(root):
    """All faults below a root, as lines of text, and the number of files looked at."""
    files = list(checked_files(root))
    return [f"{path}:{line}: {fault}" for path in files for line, fault in file_faults(root, path)], len(files)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    faults, count = check(root)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"sources: {count} files, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
