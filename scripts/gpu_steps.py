#!/usr/bin/env python3
"""The steps of gpu_check.sh, which finds programs and libraries and starts this. Each step is a function of a Session; it gives a line of details or
raises Failed. On the stand-in runtime, whose kernels compute nothing, what only a GPU can answer is not asked."""

import argparse
import json
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from gpu_session import Failed, Run, Session, Skipped, relative


def step_device(session):
    """the device answers, no library is missing"""
    device = "the stand-in runtime"
    if not session.stand_in:
        device = session.run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"], own=False).strip().splitlines()[0]
    version = session.run([session.program, "--version"]).strip().splitlines()[0]
    network = session.out / "tiny.yaml"
    network.write_text("version: 1\nname: tiny\ninput: {channels: 3, height: 16, width: 16}\nblocks:\n  - {type: conv, stride: 2, out_channels: 8}\n"
                       "head: {classes: 4}\n", encoding="utf-8")
    words = [session.program, "bench", network, "--device", "cuda", "--batch", "2", "--seconds", "0", "--json"]
    document = json.loads(session.run([*words, "--precision", "float32,bfloat16,float16", "--layers"]))
    session.run([*words, "--precision", "float32", "--graphs"])
    return f"{device}; {version}; as the program sees it: {document['device']}"


def step_numerics(session):
    """unit tests on the device against the CPU in float64"""
    output = session.run([session.workers / "gpu_tests"], statuses=(0, 1), DEEPMAD_DEVICE="cuda")
    ran = re.search(r"^\[==========\] (\d+) tests? from", output, re.MULTILINE)  # the last line but one
    failed = re.findall(r"^\[  FAILED  \] ([\w./]+)(?: \(|,|$)", output, re.MULTILINE)
    if not ran:
        raise Failed("gpu_tests did not come to its end")
    worst = ", ".join(f"{kind} {difference} in {where}" for kind, difference, where in re.findall(r"^worst (\w+): (\S+) \((\w+)\)", output, re.MULTILINE))
    if failed and not session.stand_in:
        raise Failed(f"{len(set(failed))} of {ran.group(1)} tests fail: {', '.join(sorted(set(failed)))}; worst {worst}")
    return f"{ran.group(1)} tests" if session.stand_in else f"{ran.group(1)} tests, worst {worst}"


def step_tasks(session):
    """12 updates of each task in float64 on the CPU and on the GPU"""
    overrides = ["train.precision=float64", "train.ema=null"]
    worst = {}
    for task in ("classification", "detection", "segmentation", "video"):
        gpu = session.train(task, f"{task}-gpu", overrides)
        if session.stand_in:
            continue
        cpu = session.train(task, f"{task}-cpu", overrides, device="cpu")
        worst[task] = relative(gpu.losses, cpu.losses)
        if worst[task] > 1e-8:
            raise Failed(f"{task}: the losses differ by {worst[task]:.1e}")
        for name, value in cpu.metrics.items():
            if abs(gpu.metrics[name] - value) > 1e-6 * max(1, abs(value)):
                raise Failed(f"{task}: {name} is {gpu.metrics[name]} on the GPU, {value} on the CPU")
    return "losses within " + ", ".join(f"{value:.0e} ({task})" for task, value in worst.items()) if worst else "4 tasks"


def step_graphs(session):
    """recorded passes give the same weights, with threads that decode JPEG meanwhile"""
    pictures = ["data.workers=8", "train.deterministic=true", "train.batch_size=" + str(session.size(100, 4)), "train.ema=null"]
    eager = session.train("pictures", "eager", pictures)
    starts = session.size(5, 1)
    for start in range(starts):
        graphs = session.train("pictures", f"graphs{start}", [*pictures, "train.cuda_graphs=true"])
        if graphs.digest != eager.digest and not session.stand_in:
            raise Failed(f"start {start + 1}: the weights differ; losses by {relative(graphs.losses, eager.losses):.1e}")
    return f"{len(eager.losses)} updates, digest {eager.digest[:12]}, {starts} starts"


def step_precisions(session):
    """number formats end at the same loss; float16 lowers a scale that is too large"""
    epochs = ["train.epochs=" + str(session.size(17, 1))]
    finals = {}
    for precision in session.size(("float32", "bfloat16", "float16", "mixed"), ("bfloat16", "float16")):
        run = session.train("classification", precision, [*epochs, f"train.precision={precision}"])
        finals[precision] = statistics.mean(run.losses[-12:])
    scaled = session.train("classification", "scaled", ["train.precision=float16", f"train.loss_scale.initial={2 ** 40}"])
    last = scaled.steps[-1]
    if session.stand_in:
        return ", ".join(finals)
    for precision, loss in finals.items():
        if abs(loss / finals["float32"] - 1) > 0.03:
            raise Failed(f"{precision} ends at a loss of {loss:.4f}, float32 at {finals['float32']:.4f}")
    if last["skipped"] < 1 or last["loss_scale"] >= 2 ** 40:
        raise Failed(f"the scale is {last['loss_scale']:.0f} after {last['skipped']} skipped updates")
    return ", ".join(f"{name} {loss:.3f}" for name, loss in finals.items()) + f"; from 2^40 {last['skipped']} updates skipped, scale {last['loss_scale']:.0f}"


def step_memory(session):
    """batch_size: auto within a limit, with and without graphs, then an epoch with validation"""
    limit = session.size(8, 0.5)
    found = []
    for graphs in ("false", "true"):
        run = session.train_large(f"auto-{graphs}", ["train.batch_size=auto", f"train.batch_limits.memory_gb={limit}", f"train.cuda_graphs={graphs}"])
        size = int(re.search(r"batch_size: (\d+)", (session.out / f"auto-{graphs}/config.yaml").read_text(encoding="utf-8")).group(1))
        if run.peak > limit * 1e9:
            raise Failed(f"a batch of {size} took {run.peak / 1e9:.2f} of {limit} GB")
        found.append(f"{size} in {run.peak / 1e9:.2f} GB{' with graphs' if graphs == 'true' else ''}")
    return ", ".join(found)


def step_resume(session):
    """stopped by SIGTERM and started again: the same weights"""
    overrides = ["train.deterministic=true", "train.epochs=" + str(session.size(30, 4)), "train.checkpoint_every_steps=5"]
    whole = session.train("classification", "whole", overrides)
    words = session.train_words("classification", "stopped", overrides)
    log = session.out / "stopped/log.jsonl"
    process = session.start(words)
    while process.poll() is None and not (log.exists() and log.read_text(encoding="utf-8").count("\n") >= 8):
        if time.monotonic() > session.deadline:
            process.kill()
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    if process.returncode != 75:
        raise Failed(f"stopped with status {process.returncode}, not 75")
    at = log.read_text(encoding="utf-8").count('"type":"steps"')
    session.run(words)
    stopped = Run(session.out / "stopped")
    if stopped.digest != whole.digest and not session.stand_in:
        raise Failed(f"the weights differ after a stop at update {at}")
    return f"stopped after {at} of {len(whole.losses)} updates, digest {stopped.digest[:12]}"


def read_trace(file):
    """Share of the time between the first and the last kernel in which one runs, and waits for the device an update."""
    events = json.loads(file.read_text(encoding="utf-8"))["traceEvents"]
    kernels = sorted((event["ts"], event["ts"] + event["dur"]) for event in events if event.get("cat") in ("kernel", "gpu_memcpy", "gpu_memset"))
    if not kernels:
        raise Failed("the trace has no kernels")
    busy, end = 0, kernels[0][0]
    for begin, stop in kernels:
        busy += max(0, stop - max(begin, end))
        end = max(end, stop)
    waits = sum(event.get("cat") == "cuda_runtime" and event.get("name") in ("cudaDeviceSynchronize", "cudaStreamSynchronize", "cudaEventSynchronize")
                for event in events)
    return busy / (end - kernels[0][0]), waits / 5


def step_profile(session):
    """the GPU is busy in five updates of DeepMAD-R18, and the host waits once an update at most"""
    found = []
    for graphs in ("false", "true"):
        trace = session.out / f"trace-{graphs}.json"
        session.train_large(f"profile-{graphs}", [f"train.cuda_graphs={graphs}", "train.epochs=" + str(session.size(2, 1)), "train.log_every_steps=100"],
                            ["--profile", trace])
        if session.stand_in:
            continue
        busy, waits = read_trace(trace)
        found.append(f"{100 * busy:.1f} % busy, {waits:.1f} waits{' with graphs' if graphs == 'true' else ''}")
        if busy < 0.95 or waits > 1:
            raise Failed(", ".join(found))
    return ", ".join(found) or "2 traces"


def peers(session):
    """The Python whose torch sees a GPU; None."""
    if session.stand_in:
        return None
    script = "import torch, safetensors, yaml, sys; sys.exit(not torch.cuda.is_available())"
    return session.python if subprocess.run([session.python, "-c", script], capture_output=True, check=False).returncode == 0 else None


def compare(session, program, words):
    python = peers(session)
    document = session.out / f"{program}.json"
    command = [sys.executable, session.root / f"tests/bench/{program}.py", "--device", "cuda", "--programs", session.workers, "--json", document, *words]
    try:
        table = session.run(command + (["--python", python] if python else []), own=False)
    finally:
        rows = json.loads(document.read_text(encoding="utf-8")) if document.exists() else []
    session.table += table.splitlines()
    behind = [f"{row['row']}: torch {row['sides']['torch']['images_per_second'] / row['sides']['deepmad']['images_per_second']:.2f} times as fast"
              for row in rows if {"torch", "deepmad"} <= row["sides"].keys()
              and row["sides"]["torch"]["images_per_second"] > row["sides"]["deepmad"]["images_per_second"]]
    if behind:
        raise Failed("; ".join(behind))
    return rows, f"{len(rows)} rows" + ("" if python else "; no Python torch sees the GPU, so nothing beside")


def step_training(session):
    """training, images a second, beside eager torch, its graphs and torch.compile"""
    words = session.size(["--rounds", "3", "--seconds", "1"], ["--rounds", "1", "--seconds", "0.02", "--batch", "2", "--only", "deepmad-r18 float16"])
    rows, detail = compare(session, "compare_steps", words)
    session.speeds = {row["row"]: row["sides"]["deepmad"]["images_per_second"] for row in rows if "deepmad" in row["sides"]}
    return detail


def step_inference(session):
    """inference, a picture at a time and 256"""
    words = session.size(["--rounds", "3", "--seconds", "1"], ["--rounds", "1", "--seconds", "0.02", "--batch", "2", "--only", "deepmad-r18 2"])
    return compare(session, "compare_inference", words)[1]


def step_loader(session):
    """training from JPEG files against training from memory"""
    run = session.train_large("loader", ["train.epochs=" + str(session.size(4, 1)), "train.log_every_steps=2"])
    settled = run.steps[len(run.steps) // 4:]
    waiting = statistics.mean(step["data_share"] for step in settled)
    rate = max(epoch["images_per_second"] for epoch in run.epochs)
    memory = session.speeds.get("deepmad-r18 bfloat16 256 NHWC")
    share = f", {100 * rate / memory:.0f} % of the step's own" if memory else ""
    return f"{rate:.0f} images/s{share}; {100 * waiting:.0f} % of the time waiting for pictures"


def step_sanitizer(session):
    """compute-sanitizer's memcheck on some updates"""
    tool = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")
    if tool is None or session.stand_in:
        raise Skipped("not possible here: " + ("no device" if session.stand_in else "there is no compute-sanitizer"))
    words = session.train_words("classification", "sanitized", ["data.samples=192", "data.validation_samples=64", "train.ema=null"])
    output = session.run([tool, "--tool", "memcheck", "--error-exitcode", "9", *words], statuses=(0, 1, 9))
    summary = re.search(r"ERROR SUMMARY: (\d+) errors?", output)
    if summary is None:
        raise Skipped("not possible here: " + (output.strip().splitlines() or ["compute-sanitizer said nothing"])[-1][:120])
    if summary.group(1) != "0":
        raise Failed(summary.group(0))
    return "no error"


STEPS = {  # name: function, seconds after which it is ended
    "device": (step_device, 30),
    "numerics": (step_numerics, 120),
    "tasks": (step_tasks, 80),
    "graphs": (step_graphs, 80),
    "precisions": (step_precisions, 80),
    "memory": (step_memory, 80),
    "resume": (step_resume, 40),
    "profile": (step_profile, 40),
    "training": (step_training, 300),
    "inference": (step_inference, 120),
    "loader": (step_loader, 60),
    "sanitizer": (step_sanitizer, 60),
}


def chosen_steps(only):
    names = list(STEPS)
    if not only:
        return names
    chosen = [names[int(word) - 1] if word.isdigit() and 0 < int(word) <= len(names) else word for word in only.split(",")]
    for name in chosen:
        if name not in STEPS:
            print(f"gpu_check: there is no step '{name}': use 1 to {len(names)} or {', '.join(names)}", file=sys.stderr)
            sys.exit(2)
    return chosen


def run_step(session, name):
    function, limit = STEPS[name]
    begin = time.monotonic()
    if begin >= session.end:
        return {"step": name, "result": "not run", "detail": "the time was over", "seconds": 0}
    session.deadline = min(session.end, begin + limit * session.size(1, 20))  # a busy machine's tests are slow
    with open(session.out / f"{name}.log", "w", encoding="utf-8") as session.log:
        try:
            detail = function(session)
            result = "ran" if session.stand_in else "pass"
        except Skipped as reason:
            result, detail = "skipped", str(reason)
        except Failed as reason:
            result, detail = "FAIL", f"{reason} (see {name}.log)"
        except (OSError, KeyError, ValueError, IndexError) as reason:  # a file that is not there or not as expected
            result, detail = "FAIL", f"{type(reason).__name__}: {reason} (see {name}.log)"
    return {"step": name, "result": result, "detail": detail, "seconds": round(time.monotonic() - begin, 1)}


def show(session, line):
    print(line, flush=True)
    with open(session.out / "table.txt", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def row_line(row):
    number = list(STEPS).index(row["step"]) + 1
    return f"{number:>2} {row['step']:<11} {row['result']:<8} {row['seconds']:>6.1f} s  {row['detail']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("root", "program", "workers"):
        parser.add_argument("--" + name, type=Path, required=True)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=660)
    parser.add_argument("--out", type=Path, default=Path("gpu-check"))
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for number, (name, (function, _)) in enumerate(STEPS.items(), 1):
            print(f"{number:>2} {name:<11} {function.__doc__}")
        return
    names = chosen_steps(options.only)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "table.txt").unlink(missing_ok=True)
    session = Session(options)
    rows = []
    for name in names:
        rows.append(run_step(session, name))
        show(session, row_line(rows[-1]))
    show(session, "\ncheck          result     time    detail" + (" (stand-in: no number was judged)" if session.stand_in else ""))
    for row in rows:
        show(session, row_line(row))
    for line in session.table:
        show(session, line)
    (options.out / "report.json").write_text(json.dumps({"stand_in": session.stand_in, "steps": rows}, indent=1) + "\n", encoding="utf-8")
    bad = [row["step"] for row in rows if row["result"] not in ("pass", "ran", "skipped")]
    good = "all ran" if session.stand_in else "all passed or not possible here"
    show(session, f"\n{len(rows)} steps: " + (f"not passed: {', '.join(bad)}" if bad else good))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
