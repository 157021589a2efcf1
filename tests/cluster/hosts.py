#!/usr/bin/env python3
"""Ranks in network namespaces, as if on several hosts: equality with one process, exact validation, and what happens when one is lost.

    tests/cluster/hosts.py PROGRAM FAULT_LIBRARY [CHECK...]     all checks, or those named; exit status 77 where it may not make namespaces

Each host has a network, a host name and a hosts file of its own; a bridge in one more namespace joins them. Needs root and iproute2. Torchrun comes
from the Python environment of scripts/setup.sh --peers; without it that launcher is left out.
"""

import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

NETWORK = """version: 1
name: small
input: {channels: 3, height: 16, width: 16}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: bottleneck, depth: 2, stride: 2, bottleneck_channels: 8, out_channels: 24}
head: {classes: 4}
"""
RUN = """version: 1
name: small
seed: 3
network: network.yaml
task: {name: classification, label_smoothing: 0.1}
data: {name: synthetic, image_size: 16, classes: 4, height: 20, width: 18, samples: 320, validation_samples: 77, workers: 1}
train: {epochs: 2, batch_size: 32, ema: {decay: 0.9}, checkpoint_every_steps: 5, log_every_steps: 1}
validate: {batch_size: 8}
"""
LIMIT = 30  # seconds in which all ranks have to end
WORDS = ["--quiet", "--json", "--device", "cpu", "--threads", "1"]


def call(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Hosts:
    """Host i has the name hosti and the address 10.77.0.(1 + i)."""

    def __init__(self, count, folder):
        self.count, self.prefix = count, f"dm{os.getpid()}"
        self.hosts_file = pathlib.Path(folder) / "hosts"
        self.hosts_file.write_text("127.0.0.1 localhost\n" + "".join(f"{self.address(i)} host{i}\n" for i in range(count)))

    def __enter__(self):
        call("ip", "netns", "add", self.space("hub"))
        self.inside("hub", "ip", "link", "add", "bridge", "type", "bridge")
        self.inside("hub", "ip", "link", "set", "bridge", "up")
        for i in range(self.count):
            call("ip", "netns", "add", self.space(i))
            call("ip", "link", "add", f"{self.prefix}v{i}", "netns", self.space("hub"), "type", "veth", "peer", "name", "eth0", "netns", self.space(i))
            self.inside("hub", "ip", "link", "set", f"{self.prefix}v{i}", "master", "bridge", "up")
            self.inside(i, "ip", "address", "add", f"{self.address(i)}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                self.inside(i, "ip", "link", "set", device, "up")
        return self

    def __exit__(self, *_):
        for name in ["hub", *range(self.count)]:
            subprocess.run(["ip", "netns", "delete", self.space(name)], check=False)

    def space(self, name):
        return f"{self.prefix}{name}"

    @staticmethod
    def address(i):
        return f"10.77.0.{1 + i}"

    def inside(self, name, *words):
        call("ip", "netns", "exec", self.space(name), *words)

    def link(self, i, state):
        self.inside("hub", "ip", "link", "set", f"{self.prefix}v{i}", state)

    def start(self, i, words, environment, log):
        """A process on host i; its id is that of the program itself."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "TORCHELASTIC_", "MASTER_"))}
        script = f'mount --bind {self.hosts_file} /etc/hosts && hostname host{i} && exec "$@"'
        return subprocess.Popen(["nsenter", f"--net=/run/netns/{self.space(i)}", "unshare", "--uts", "--mount", "sh", "-c", script, "sh", *words],
                                env={**clean, "GOMP_SPINCOUNT": "1000", **environment}, stdout=open(f"{log}.out", "w"), stderr=open(f"{log}.err", "w"))


def by_environment(rank, count, port):
    return [], {"RANK": str(rank), "WORLD_SIZE": str(count), "MASTER_ADDR": "host0", "MASTER_PORT": str(port)}


def by_slurm(rank, count, port):
    """What srun sets for a step of one task a host."""
    return [], {"SLURM_PROCID": str(rank), "SLURM_STEP_NUM_TASKS": str(count), "SLURM_LOCALID": "0", "SLURM_STEP_TASKS_PER_NODE": f"1(x{count})",
                "SLURM_STEP_NODELIST": f"host[0-{count - 1}]", "SLURM_JOB_ID": str(port)}


def by_torchrun(rank, count, port):
    return [torchrun(), "--no-python", f"--nnodes={count}", f"--node-rank={rank}", "--nproc-per-node=1", "--master-addr=host0", f"--master-port={port}"], {}


def torchrun():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = f"{cache}/deepmad/peers/bin/torchrun"
    return path if os.path.exists(path) else None


class Stage:
    """The hosts and the files of the checks."""

    def __init__(self, program, faults, folder, hosts):
        self.program, self.faults, self.folder, self.hosts = program, faults, pathlib.Path(folder), hosts
        (self.folder / "network.yaml").write_text(NETWORK)
        (self.folder / "run.yaml").write_text(RUN)
        self.port, self.number = 29600, 0

    def new(self, name):
        self.number += 1
        return str(self.folder / f"{self.number}-{name}")

    def train_words(self, out, overrides=()):
        return ["train", str(self.folder / "run.yaml"), "--out", out, *WORDS, *overrides]

    def start(self, count, launcher, words, environment=None):
        self.port += 1
        processes = []
        for rank in range(count):
            before, variables = launcher(rank, count, self.port)
            extra = environment(rank) if environment else {}
            log = self.new(f"rank{rank}")
            process = self.hosts.start(rank, [*before, self.program, *words], {**variables, **extra}, log)
            process.log = log
            processes.append(process)
        return processes

    def run(self, count, launcher, words):
        """Rank 0's JSON."""
        processes = self.start(count, launcher, words)
        codes = [process.wait(120) for process in processes]
        assert codes == [0] * count, (codes, [error_of(process) for process in processes])
        return json.loads(pathlib.Path(processes[0].log + ".out").read_text())

    def alone(self, words):
        return json.loads(subprocess.run([self.program, *words], check=True, capture_output=True, text=True).stdout)


def error_of(process):
    return pathlib.Path(process.log + ".err").read_text()


def tensors(path):
    """The float64 tensors of a safetensors file, flat."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    flat = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F64":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            flat[name] = struct.unpack(f"<{(end - begin) // 8}d", data[begin:end])
    assert flat
    return flat


def difference(a, b):
    one, other = tensors(a), tensors(b)
    assert one.keys() == other.keys()
    return max(abs(x - y) for name in one for x, y in zip(one[name], other[name]))


def check_equal(stage):
    """20 updates in float64: 2 and 4 hosts make the weights of one process, whichever way they are started."""
    exact = ["train.precision=float64"]
    one = stage.new("one")
    expected = stage.alone(stage.train_words(one, exact))
    launchers = {"environment": by_environment, "slurm": by_slurm, **({"torchrun": by_torchrun} if torchrun() else {})}
    for name, launcher in launchers.items():
        for count in (2, 4):
            out = stage.new(f"{name}{count}")
            found = stage.run(count, launcher, stage.train_words(out, exact))
            gap = difference(f"{one}/last.safetensors", f"{out}/last.safetensors")
            print(f"  {name}, {count} hosts: largest difference of a weight {gap:.1e}, top-1 {found['metrics']['top1']:.6f}")
            assert gap < 1e-9
            assert found["metrics"]["top1"] == expected["metrics"]["top1"] and found["samples"] == expected["samples"] == 640


def check_validation(stage):
    """Sets of 1, 2, 5 and 7 samples on 4 hosts: the counts of one process."""
    out = stage.new("run")
    stage.alone(stage.train_words(out))
    for samples in (1, 2, 5, 7):
        words = ["validate", out, *WORDS, f"data.validation_samples={samples}", "validate.batch_size=1"]
        one, four = stage.alone(words), stage.run(4, by_slurm, words)
        print(f"  {samples} samples: top-1 {four['metrics']['top1']:.4f} on four hosts, {one['metrics']['top1']:.4f} on one")
        assert four["samples"] == samples
        assert all(four["metrics"][name] == one["metrics"][name] for name in ("top1", "top5"))


def in_training(stage, out):
    """A long run; the event comes after some updates."""
    return ["train.epochs=1000", "train.checkpoint_every_steps=20"], {}, lambda: lines_of(out) >= 30


def in_validation(stage, out):
    """The set is so large that the event falls into its scoring: the epoch's updates are done and no score is there."""
    return ["data.validation_samples=400000"], {}, lambda: lines_of(out) >= 10 and pause(0.5)


def in_saving(stage, out):
    """Rank 0 is held for a minute in the write of the second checkpoint."""
    held = {"LD_PRELOAD": stage.faults, "FAULT_UNDER": out + "/checkpoints", "FAULT_CALL": "fsync", "FAULT_ACTION": "wait", "FAULT_AT": "3"}
    return [], held, lambda: any(pathlib.Path(out, "checkpoints").glob("*.partial-*")) and pause(0.5) and \
        any(pathlib.Path(out, "checkpoints").glob("*.partial-*"))


def lines_of(out):
    log = pathlib.Path(out, "log.jsonl")
    return log.read_text().count("\n") if log.exists() else 0


def pause(seconds):
    time.sleep(seconds)
    return True


def kill_one(stage, processes):
    processes[1].kill()
    return {0, 2}


def kill_root(stage, processes):
    processes[0].kill()
    return {1, 2}


def kill_all(stage, processes):
    for process in processes:
        process.kill()
    return set()


def stop_one(stage, processes):
    processes[1].send_signal(signal.SIGSTOP)
    return {0, 2}


def link_down(stage, processes):
    stage.hosts.link(1, "down")
    return {0, 1, 2}


def check_losses(stage):
    """Three hosts; one is lost in training, in validation, while saving. All end in time, say which one, and the run goes on."""
    share = ["train.batch_size=48", "data.samples=480"]
    sample = {in_training: [link_down], in_validation: [kill_root], in_saving: [stop_one]}
    for phase in (in_training, in_validation, in_saving):
        every = (kill_one, kill_root, kill_all, stop_one, link_down)
        for event in every if os.environ.get("DEEPMAD_LONG_TESTS") == "1" else sample[phase]:
            out = stage.new(f"{phase.__name__}-{event.__name__}")
            overrides, held, reached = phase(stage, out)
            processes = stage.start(3, by_environment, stage.train_words(out, share + overrides), lambda rank: held if rank == 0 else {})
            while not reached():
                assert all(process.poll() is None for process in processes), [error_of(process) for process in processes]
                time.sleep(0.02)
            start = time.monotonic()
            survivors = event(stage, processes)
            try:
                for rank in survivors:
                    assert processes[rank].wait(LIMIT) == 1, (rank, error_of(processes[rank]))
                seconds = time.monotonic() - start
                for rank in survivors:
                    line = error_of(processes[rank])
                    lost = "rank 0 (host0)" if event is kill_root or (event is link_down and rank == 1) else "rank 1 (host1)"
                    assert line.count("\n") == 1 and line.startswith(f"deepmad: rank {rank} (host{rank}): {lost} "), line
            finally:
                stage.hosts.link(1, "up")
                for process in processes:
                    process.kill()
                    process.wait()
            line = error_of(processes[min(survivors)]).strip() if survivors else "-"
            print(f"  {phase.__name__}, {event.__name__}: all ended after {seconds:.1f} s: {line}")
            before, begin = newest(out), time.monotonic()
            processes = stage.start(3, by_environment, stage.train_words(out, share + overrides))
            while newest(out) <= before and time.monotonic() < begin + 5 and all(process.poll() is None for process in processes):
                time.sleep(0.02)
            for process in processes:
                process.send_signal(signal.SIGTERM)
            codes = [process.wait(60) for process in processes]
            assert codes in ([75] * 3, [0] * 3), (codes, [error_of(process) for process in processes])


def newest(out):
    names = sorted(path.name for path in pathlib.Path(out, "checkpoints").glob("step-*.safetensors"))
    return names[-1] if names else ""


def check_resumed(stage):
    """Two hosts, one killed, then the run to its end: the same files as of an uninterrupted run."""
    whole = stage.new("whole")
    stage.run(2, by_environment, stage.train_words(whole))
    for victim in (0, 1):
        out = stage.new("cut")
        processes = stage.start(2, by_environment, stage.train_words(out, ["data.workers=1"]))
        while lines_of(out) < 8:
            time.sleep(0.005)
        processes[victim].kill()
        codes = [process.wait(LIMIT) for process in processes]
        assert codes[1 - victim] == 1, codes
        stage.run(2, by_environment, stage.train_words(out))
        for name in ("last.safetensors", "last_ema.safetensors", "best.safetensors"):
            assert pathlib.Path(whole, name).read_bytes() == pathlib.Path(out, name).read_bytes(), name
    print("  the weights are the same, bit by bit")


CHECKS = {"equal": check_equal, "validation": check_validation, "losses": check_losses, "resumed": check_resumed}


def main():
    program, faults, *names = sys.argv[1:]
    if os.geteuid() != 0 or not shutil.which("ip") or subprocess.run(["unshare", "--net", "true"], check=False).returncode != 0:
        print("network namespaces need root and iproute2: skipped")
        return 77
    with tempfile.TemporaryDirectory(prefix="deepmad-hosts-") as folder, Hosts(4, folder) as hosts:
        stage = Stage(program, faults, folder, hosts)
        for name in names or CHECKS:
            print(f"{name}: {CHECKS[name].__doc__}", flush=True)
            CHECKS[name](stage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
