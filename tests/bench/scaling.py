#!/usr/bin/env python3
"""Time of an update by the number of processes on this machine, and what the exchange of gradients and statistics costs of it.

    tests/bench/scaling.py [--program build/release/cli/deepmad] [--network configs/arch/deepmad-r18.yaml] [--counts 1,2] [--updates 40]

Each process has one thread. Prints a line a case: milliseconds an update (median of the logged ones but the first five), of these the backward pass;
and the program's own line about the exchange: bytes an update, its time, the share of it during the backward pass.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = """version: 1
name: scaling
seed: 1
network: {network}
task: {{name: classification}}
data: {{name: synthetic, image_size: {size}, classes: {classes}, height: {size}, width: {size}, samples: {samples}, validation_samples: 1, workers: 1}}
train: {{epochs: 1, batch_size: {batch}, log_every_steps: 1, sync_bn: {sync_bn}}}
validate: {{batch_size: 1}}
"""


def train(arguments, count, batch, sync_bn, out, more=()):
    """Trains into the folder `out`; the program's line about the exchange."""
    run = out.with_suffix(".yaml")
    run.write_text(RUN.format(network=arguments.network.resolve(), size=arguments.size, classes=arguments.classes, samples=batch * arguments.updates,
                              batch=batch, sync_bn=str(sync_bn).lower()))
    result = subprocess.run([arguments.program, "train", run, "--out", out, "--threads", "1", "--device", "cpu", "--nproc", str(count), *more],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(result.stderr)
    exchange = re.search(r"gradients: .*", result.stderr)
    return exchange.group() if exchange else "nothing exchanged"


def case(arguments, count, batch, sync_bn, folder):
    out = pathlib.Path(folder) / f"{count}-{batch}-{sync_bn}"
    exchange = train(arguments, count, batch, sync_bn, out)
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    steps = [record for record in records if record["type"] == "steps"][5:]
    total = [1e3 * sum(record[f"{phase}_seconds"] for phase in ("forward", "backward", "optimizer")) for record in steps]
    backward = [1e3 * record["backward_seconds"] for record in steps]
    print(f"{count} processes, batch {batch // count} each, sync_bn {str(sync_bn).lower()}: {statistics.median(total):.1f} ms an update, backward "
          f"{statistics.median(backward):.1f} ms; {exchange}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/cli/deepmad"))
    parser.add_argument("--network", type=pathlib.Path, default=ROOT / "configs/arch/deepmad-r18.yaml")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--each", type=int, default=8, help="samples of each process an update")
    parser.add_argument("--counts", default="1,2")
    parser.add_argument("--updates", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for count in map(int, arguments.counts.split(",")):
            for sync_bn in (False, True) if count > 1 else (True,):
                case(arguments, count, count * arguments.each, sync_bn, folder)


if __name__ == "__main__":
    main()
