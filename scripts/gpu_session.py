"""What the steps of gpu_check.sh share: programs, time, a log for each step, and run folders."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


class Session:
    def __init__(self, options):
        self.root, self.program, self.workers, self.python = options.root, options.program, options.workers, options.python
        self.stand_in = options.stand_in
        self.out = options.out.resolve()
        self.end = time.monotonic() + options.seconds
        self.deadline = self.end
        self.log = None  # of the step that runs
        self.table = []  # lines of the two tables of speed
        self.speeds = {}  # images a second of our step, by the words of its row
        self.environment = dict(os.environ)
        for key, source in (("LD_LIBRARY_PATH", "DEEPMAD_LIBRARY_PATH"), ("LD_PRELOAD", "DEEPMAD_PRELOAD")):
            if os.environ.get(source):
                self.environment[key] = os.environ[source]

    def size(self, real, tiny):
        return tiny if self.stand_in else real

    def start(self, command, own=True, **more):
        environment = {**(self.environment if own else os.environ), **more}
        self.log.write(f"$ {' '.join(map(str, command))}\n")
        self.log.flush()
        return subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=self.out)

    def run(self, command, own=True, statuses=(0,), **more):
        """Output of a command that ends with one of these statuses before the step's time is over."""
        process = self.start(command, own, **more)
        try:
            output, _ = process.communicate(timeout=max(1, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"{Path(command[0]).name} was not done in time") from None
        self.log.write(output)
        if process.returncode not in statuses:
            self.log.flush()
            lines = Path(self.log.name).read_text(encoding="utf-8", errors="replace").splitlines()
            said = [line for line in lines if line.strip() and not line.startswith("$")] or [""]
            raise Failed(f"{Path(command[0]).name} ended with status {process.returncode}: {said[-1][:160]}")
        return output

    def data(self):
        """The folder of gpu_data, made once."""
        folder = self.out / "data"
        if not folder.exists():
            self.run([self.workers / "gpu_data", f"{folder}.part", self.size(2000, 40)])
            Path(f"{folder}.part").rename(folder)
        return folder

    def train_words(self, run, name, overrides=(), device="cuda"):
        folder = self.out / name
        shutil.rmtree(folder, ignore_errors=True)
        roots = {"detection": "coco", "segmentation": "ade20k", "video": "kinetics", "pictures": "pictures"}
        places = [f"data.root={self.data() / roots[run]}"] if run in roots else []
        return [self.program, "train", self.root / f"tests/gpu/runs/{run}.yaml", "--out", folder, "--device", device, "--quiet", *places, *overrides]

    def train(self, run, name, overrides=(), device="cuda", more=()):
        self.run([*self.train_words(run, name, overrides, device), *more])
        return Run(self.out / name)

    def train_large(self, name, overrides, more=()):
        """DeepMAD-R18 at its own size in bfloat16; on the stand-in the small network. On JPEG files."""
        if self.stand_in:
            return self.train("pictures", name, ["train.batch_size=4", *overrides], more=more)
        network = self.root / "configs/arch/deepmad-r18.yaml"
        large = [f"network={network}", "classes_from_data=true", "data.image_size=224", "data.workers=12", "train.batch_size=256", "train.precision=bfloat16"]
        return self.train("pictures", name, [*large, *overrides], more=more)


class Run:
    """A run folder."""

    def __init__(self, folder):
        records = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        self.steps = [record for record in records if record["type"] == "steps"]
        self.losses = [record["loss"] for record in self.steps]
        self.metrics = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["metrics"]
        self.epochs = [record for record in records if record["type"] == "epoch"]
        self.digest = hashlib.sha256((folder / "last.safetensors").read_bytes()).hexdigest()
        self.peak = max((record["peak_bytes"] for record in self.steps), default=0)


def relative(actual, expected):
    if len(actual) != len(expected):
        raise Failed(f"{len(actual)} updates in place of {len(expected)}")
    return max(abs(a - b) / max(abs(b), 1e-12) for a, b in zip(actual, expected))
