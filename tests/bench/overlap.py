#!/usr/bin/env python3
"""Which share of the gradients' exchange a run hides behind its backward pass, from the traces that its ranks write (`deepmad train --profile`).

    tests/bench/overlap.py [--program build/release/cli/deepmad] [--network configs/arch/deepmad-r18.yaml] [--counts 2,4]     trains and reads
    tests/bench/overlap.py --read trace.rank0.json trace.rank1.json                                                          only reads

Of each rank's traced updates, as means: the time from the start of the backward pass to the last gradient; the time in which at least one part of
the gradients was on its way; the share of it that lies within the former; the same two from the first exchange to the end of the last, pauses
included, which is what the program itself measures and prints; and the bytes. An exchange counts from the moment a thread works on it: time in a
queue does not. Gradients are told from other exchanges (statistics, the loss, synchronised norms) by what asked for them: AccumulateGrad.
"""

import argparse
import collections
import json
import pathlib
import statistics
import tempfile

from scaling import ROOT, train

SIZES = {"float": 4, "double": 8}
GRADIENT = "torch::autograd::AccumulateGrad"  # is there
HOOKS = f"autograd::engine::evaluate_function: {GRADIENT}"  # and what follows from it


class Ranges:
    """The events of a trace by name, in order: (start, end, event), in milliseconds."""

    def __init__(self, path):
        trace = json.loads(pathlib.Path(path).read_text())
        self.rank = trace["distributedInfo"]["rank"]
        self.named = collections.defaultdict(list)
        for event in trace["traceEvents"]:
            if event.get("ph") == "X":
                start = event["ts"] / 1e3
                self.named[event["name"]].append((start, start + event["dur"] / 1e3, event))
        for events in self.named.values():
            events.sort(key=lambda entry: entry[0])

    def within(self, name, begin, end):
        return [entry for entry in self.named[name] if begin <= entry[0] < end]


def shape_of(event):
    """Type and number of elements of what an exchange carries."""
    kind, dims = event["args"]["Input type"][0], event["args"]["Input Dims"][0]
    return kind, tuple(dims[0]) if kind == "TensorList" else tuple(dims)


def gradient_exchanges(ranges):
    """The running exchanges that a gradient set off. The thread that runs one names only its shape; those of one shape run in the order asked for."""
    hooks = ranges.named[HOOKS]
    asked = collections.defaultdict(collections.deque)
    hook = 0
    for begin, _, event in ranges.named["c10d::allreduce_"]:
        while hook + 1 < len(hooks) and hooks[hook + 1][0] <= begin:
            hook += 1
        asked[shape_of(event)[1]].append(hooks[hook][0] <= begin < hooks[hook][1])
    found = []
    for entry in ranges.named["gloo:all_reduce"]:
        kind, shape = shape_of(entry[2])
        if asked[shape].popleft() and kind in SIZES:
            found.append((*entry[:2], SIZES[kind] * shape[0]))
    return found


def length(intervals, begin, end):
    """Of the union of intervals, within [begin, end]."""
    total, reached = 0.0, begin
    for start, stop in sorted(intervals):
        start, stop = max(start, reached), min(stop, end)
        if stop > start:
            total, reached = total + stop - start, stop
    return total


def read(path):
    ranges = Ranges(path)
    exchanges = gradient_exchanges(ranges)
    forever = float("inf")
    rows = []
    for begin, end, _ in ranges.named["backward"]:
        last = max(entry[1] for entry in ranges.within(GRADIENT, begin, end))
        own = [(start, stop) for start, stop, _ in exchanges if begin <= start < end]
        first, final = min(start for start, _ in own), max(stop for _, stop in own)
        rows.append({"backward": last - begin, "exchange": length(own, begin, forever), "hidden": length(own, begin, last),
                     "span": final - first, "span_hidden": min(final, last) - first, "bytes": sum(size for start, _, size in exchanges if begin <= start < end)})
    mean = {name: statistics.mean(row[name] for row in rows) for name in rows[0]}
    print(f"  rank {ranges.rank}, {len(rows)} updates: backward {mean['backward']:.1f} ms; {mean['bytes'] / 1e6:.1f} MB on their way for {mean['exchange']:.1f} ms, "
          f"{mean['hidden'] / mean['exchange']:.1%} within it; first to last {mean['span']:.1f} ms, {mean['span_hidden'] / mean['span']:.1%} within it", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--read", nargs="+", metavar="TRACE")
    parser.add_argument("--program", default=str(ROOT / "build/release/cli/deepmad"))
    parser.add_argument("--network", type=pathlib.Path, default=ROOT / "configs/arch/deepmad-r18.yaml")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--each", type=int, default=8, help="samples of each process an update")
    parser.add_argument("--counts", default="2,4")
    parser.add_argument("--updates", type=int, default=12)
    arguments = parser.parse_args()
    for path in arguments.read or []:
        read(path)
    with tempfile.TemporaryDirectory() as folder:
        for count in [] if arguments.read else map(int, arguments.counts.split(",")):
            for sync_bn in (False, True):
                out = pathlib.Path(folder) / f"{count}-{sync_bn}"
                said = train(arguments, count, count * arguments.each, sync_bn, out, ["--profile", f"{out}.json"])
                print(f"{count} processes, {arguments.each} samples each, sync_bn {str(sync_bn).lower()}; the program: {said}", flush=True)
                for rank in range(count):
                    read(f"{out}.rank{rank}.json")


if __name__ == "__main__":
    main()
