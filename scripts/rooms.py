#!/usr/bin/env python3
"""The rooms and their folders as rooms.json declares them; CMake and the check of the sources read the same file.

    scripts/rooms.py            prints the table of CONTRIBUTING.md
    scripts/rooms.py --write    puts it there
"""

import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
NAMES = {  # of libraries, as a reader knows them; the others are called what they are
    "nlohmann": "nlohmann-json", "nlopt": "NLopt", "torch": "LibTorch", "opencv": "OpenCV", "jpeg": "libjpeg", "png": "libpng",
    "libav": "FFmpeg's libraries", "cuda": "CUDA", "gloo": "Gloo", "cli11": "CLI11"}
TABLE = re.compile(r"(?<=<!-- made by scripts/rooms\.py --write from rooms\.json -->\n).*?(?=<!-- end -->)", re.S)


def load(root=ROOT):
    """{room: {"may_include": rooms, "libraries": names, "folders": {path: {"holds", "may_include": folders, "plug_ins"}}}}"""
    with open(os.path.join(root, "rooms.json"), encoding="utf-8") as file:
        return json.load(file)


def folder_of(path, rooms):
    """(room, folder) that a file belongs to: the folder that names its own, or (None, None)."""
    folder = os.path.dirname(path)
    return next(((name, folder) for name, room in rooms.items() if folder in room["folders"]), (None, None))


def tops(rooms):
    """The folders at the root that hold rooms."""
    return {folder.split("/")[0] for room in rooms.values() for folder in room["folders"]}


def table(rooms):
    """A line a room with the rooms below it and its libraries, then its folders with the folders of the room that each may include."""
    lines = ["| folder | holds | may include | besides |", "| --- | --- | --- | --- |"]
    for name, room in rooms.items():
        libraries = ", ".join(NAMES.get(library, library) for library in room["libraries"] if library != "fmt")
        lines.append(f"| **{name}** | | {', '.join(f'**{below}**' for below in room['may_include']) or '-'} | {libraries or '-'} |")
        for folder, declared in room["folders"].items():
            lines.append(f"| `{folder}/` | {declared['holds']} | {', '.join(f'`{other}/`' for other in declared['may_include'])} | |")
    return "\n".join(lines) + "\n"


def main():
    made = table(load())
    if sys.argv[1:] != ["--write"]:
        return print(made, end="")
    path = os.path.join(ROOT, "CONTRIBUTING.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(TABLE.sub(lambda _: made, text))


if __name__ == "__main__":
    main()
