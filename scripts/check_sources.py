#!/usr/bin/env python3
"""Checks the rules of the house that a compiler does not: who may include what (rooms.json), circles, the size of files and folders, names.

    scripts/check_sources.py [ROOT]     prints file:line: what is wrong; exit status 1 when something is
"""

import os
import re
import sys

sys.dont_write_bytecode = True
import rooms  # noqa: E402

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
MOST_UNITS = 15  # headers with their sources in a folder, but where rooms.json says that it holds one kind of plug-in
# Units (a header with its source) that include each other, and why they may.
CIRCLES = {
    ("data/image/image_io", "data/image/jpeg_decoder", "data/image/png_decoder"): "one header for the interface and the choice among its decoders",
    ("data/video/frame_folder", "data/video/frames", "data/video/video_file"): "one header for the interface and the choice among its readers",
    ("models/formats/pickle", "models/formats/pickle_calls", "models/formats/pickle_machine"): "one reader in three files",
    ("models/formats/state_dict_entries", "models/formats/stored_weights", "models/formats/torch_checkpoint"): "one header for the interface and the choice among its formats",
    ("data/inputs/boxes_config", "data/inputs/clips_config", "data/inputs/open_datasets"): "one parser in three files",
    ("mad/problem/problem", "mad/problem/problem_stages"): "one parser in two files",
}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def library_of(header):
    return next((name for name, pattern in LIBRARIES.items() if re.match(pattern, header)), None)


def include_faults(path, is_local, header, declared):
    """What is wrong with one include; path and header are relative to the root."""
    room, folder = rooms.folder_of(path, declared)
    library = library_of(header)
    if room is not None and library is not None and library not in declared[room]["libraries"]:
        yield f"{folder}/ may not see {library}: <{header}>"
    if is_local:
        target_room, target = rooms.folder_of(header, declared)
        if target is None and not GENERATED.fullmatch(header) and not header.startswith("tests/"):
            yield f'"{header}" is not named from the root of the checkout'
        if room is None:
            return
        if header.startswith("tests/"):
            yield f'{folder}/ may not include tests: "{header}"'
        elif target_room == room:
            inside = declared[room]["folders"][folder]["may_include"]
            if target != folder and target not in inside:
                yield f'{folder}/ may not include {target}/: "{header}" (of its room it may include {", ".join(inside) or "no other folder"})'
        elif target is not None and target_room not in declared[room]["may_include"]:
            yield f'{folder}/ may not include {target}/: "{header}" (it may include the rooms {", ".join(declared[room]["may_include"]) or "of nobody"})'
        return
    if re.match(WHOLE_TORCH, header) and path != PRECOMPILED:
        yield f"<{header}> belongs into {PRECOMPILED} only: include the single ATen/ops header or module header instead"
    if room is not None and library == "fmt" and path.endswith(".h"):
        yield f"<{header}> in a header: LibTorch ships another fmt, so it stays in .cc files"


def mirrors(folder, declared):
    """Whether a folder of tests is a folder of sources, a room's root, or one of the tests' own."""
    folders = {name for room in declared.values() for name in room["folders"]}
    roots = rooms.tops(declared)
    return folder in folders | roots or folder.split("/")[0] not in roots


def lines_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().splitlines()


def circles(graph):
    """The strongly connected components of more than one node, each sorted (Tarjan)."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in order:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == order[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(tuple(sorted(part)))

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return found


def structure_faults(root, files, declared):
    """What is wrong with folders: how many units they hold, and which of them, or of the units, include each other."""
    units = {}
    for path in files:
        if path.endswith(SOURCES) and rooms.folder_of(path, declared)[0] is not None:
            graph = units.setdefault(os.path.splitext(path)[0], set())
            for match in filter(None, map(INCLUDE.match, lines_of(root, path))):
                if match.group(1) == '"' and match.group(2) in files:
                    graph.add(os.path.splitext(match.group(2))[0])
    for room in declared.values():
        for folder, of_folder in room["folders"].items():
            count = sum(os.path.dirname(unit) == folder for unit in units)
            if count > MOST_UNITS and not of_folder.get("plug_ins"):
                yield f"{folder}: {count} units, at most {MOST_UNITS}: group them by idea"
    allowed = {folder: set(each["may_include"]) for room in declared.values() for folder, each in room["folders"].items()}
    for circle in circles(allowed) + circles({name: set(room["may_include"]) for name, room in declared.items()}):
        yield f"rooms.json: a circle: {', '.join(circle)}"
    for circle in circles(units):
        if circle not in CIRCLES:
            yield f"{circle[0]}: includes itself by way of {', '.join(circle[1:])}"


def file_faults(root, path, declared):
    name = os.path.splitext(os.path.basename(path))[0].lower()
    if name in EMPTY_NAMES:
        yield 1, f"{name} says nothing about what is inside: name the file for its one idea"
    lines = lines_of(root, path)
    if len(lines) > LONGEST:
        yield len(lines), f"{len(lines)} lines, at most {LONGEST}: split it by idea"
    if not path.endswith(SOURCES):
        return
    if path.split("/")[0] in rooms.tops(declared) and rooms.folder_of(path, declared)[0] is None:
        yield 1, f"rooms.json has no folder {os.path.dirname(path)}/"
    if path.startswith("tests/") and path.endswith("_test.cc") and not mirrors(os.path.dirname(path)[6:], declared):
        yield 1, "stands under no folder of the sources: tests have the path of what they test"
    if path.endswith(".h") and "#pragma once" not in lines:
        yield 1, "no #pragma once"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            for fault in include_faults(path, match.group(1) == '"', match.group(2), declared):
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
    files, declared = list(checked_files(root)), rooms.load(root)
    faults = [f"{path}:{line}: {fault}" for path in files for line, fault in file_faults(root, path, declared)]
    faults += structure_faults(root, files, declared)
    contributing = os.path.join(root, "CONTRIBUTING.md")
    if os.path.exists(contributing):
        text = "\n".join(lines_of(root, contributing)) + "\n"
        if [match.group() for match in rooms.TABLE.finditer(text)] != [rooms.table(declared)]:
            faults.append("CONTRIBUTING.md: the table of the rooms is not that of rooms.json: run scripts/rooms.py --write")
    return faults, len(files)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    faults, count = check(root)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"sources: {count} files, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
