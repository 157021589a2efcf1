#!/usr/bin/env python3
"""Says which lines the tests reached, a room at a time, and names every error that no test has raised.

    scripts/test.sh coverage              builds with counters and runs the tests
    scripts/coverage.py [BUILD_FOLDER]    build/coverage by default; needs gcovr (scripts/setup.sh --checks)
"""

import collections
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import rooms  # noqa: E402

ROOMS = rooms.load()
# Where an input or a circumstance is refused. Exceptions of std are for mistakes of the program's own.
ERROR_SITE = re.compile(r"\bthrow (?!std::)\w|^\s*(return )?[Ff]ail\(|\)\s[Ff]ail\(")


def room_of(path):
    return rooms.folder_of(path, ROOMS)[0]


def counts_by_file(root, build):
    filters = [part for room in sorted(rooms.tops(ROOMS)) for part in ("--filter", f"{root}/{room}/")]
    command = ["gcovr", "--root", root, "--json", "-", "-j", str(os.cpu_count()), "--exclude-unreachable-branches", *filters, build]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    result = {}
    for entry in report["files"]:
        result[entry["file"]] = {line["line_number"]: line["count"] for line in entry["lines"] if not line.get("gcovr/noncode")}
    return result


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "build", "coverage")
    if not os.path.isdir(build):
        sys.exit(f"coverage: no folder {build}: run scripts/test.sh coverage")
    lines, reached = collections.Counter(), collections.Counter()
    sites, raised, silent = 0, 0, []
    for path, counts in sorted(counts_by_file(root, build).items()):
        lines[room_of(path)] += len(counts)
        reached[room_of(path)] += sum(count > 0 for count in counts.values())
        with open(os.path.join(root, path), encoding="utf-8") as source:
            for number, text in enumerate(source, 1):
                if not ERROR_SITE.search(text) or number not in counts:
                    continue
                sites += 1
                if counts[number] > 0:
                    raised += 1
                else:
                    silent.append(f"{path}:{number}: {text.strip()}")
    print("| room | lines | reached |\n| --- | --- | --- |")
    for room in ROOMS:
        if lines[room]:
            print(f"| {room} | {lines[room]} | {100 * reached[room] / lines[room]:.1f} % |")
    print(f"| all | {lines.total()} | {100 * reached.total() / lines.total():.1f} % |")
    print(f"\n{raised} of {sites} error sites are raised by a test; not these:")
    print("\n".join(silent))


if __name__ == "__main__":
    main()
