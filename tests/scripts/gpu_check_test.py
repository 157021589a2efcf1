#!/usr/bin/env python3
"""Tests of scripts/gpu_bundle.sh and scripts/gpu_check.sh on the stand-in runtime: that they run, not what they measure.

    gpu_check_test.py BUILD STAND_IN WHAT      WHAT: bundle (made, unpacked, every step run from it), libraries (one line for what is missing or broken)
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = ["device", "numerics", "tasks", "graphs", "precisions", "memory", "resume", "profile", "training", "inference", "loader", "sanitizer"]


def run(command, **more):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)
    return result.returncode, result.stdout, result.stderr


def expect(holds, *facts):
    if not holds:
        sys.exit("\n".join(map(str, ("gpu_check_test: not as expected:", *facts))))


def bundle(build, stand_in, folder):
    archive = folder / "bundle.tar.xz"
    status, out, err = run([ROOT / "scripts/gpu_bundle.sh", "--build", build, "--out", archive])
    expect(status == 0 and " MB" in out, out, err)
    expect(archive.stat().st_size < 64e6, archive.stat().st_size)
    subprocess.run(["tar", "xf", archive, "-C", folder], check=True)
    check = folder / "gpu-bundle/scripts/gpu_check.sh"
    status, out, err = run([check, "--stand-in", stand_in, "--out", folder / "out", "--seconds", 1200])
    expect(status == 0, out, err)
    report = json.loads((folder / "out/report.json").read_text(encoding="utf-8"))
    expect(report["stand_in"] and [row["step"] for row in report["steps"]] == STEPS, report)
    expect({row["result"] for row in report["steps"][:-1]} == {"ran"} and report["steps"][-1]["result"] == "skipped", out)
    expect("training, images a second" in out and "inference, milliseconds a picture" in out and "12 steps: all ran" in out, out)
    expect(out.strip() == (folder / "out/table.txt").read_text(encoding="utf-8").strip(), out)
    # A step that fails is said, and the others go on.
    (folder / "gpu-bundle/tests/gpu/runs/video.yaml").unlink()
    status, out, err = run([check, "--stand-in", stand_in, "--out", folder / "out", "--only", "tasks,1"])
    expect(status == 1 and "tasks       FAIL" in out and "device      ran" in out and "not passed: tasks" in out, out, err)
    print(f"{sum(row['seconds'] for row in report['steps']):.0f} s in the steps, the bundle has {archive.stat().st_size / 1e6:.1f} MB")


def one_line(status, out, err, *words):
    expect(status == 2 and not out and len(err.splitlines()) == 1 and all(word in err for word in words), status, out, err)


def libraries(build, stand_in, folder):
    check = [ROOT / "scripts/gpu_check.sh", "--build", build, "--out", folder / "out"]
    # LibTorch's library in front of the real one that asks for a cuDNN that nobody has.
    (folder / "empty.c").write_text("", encoding="utf-8")
    absent = folder / "libcudnn_absent.so.9"
    subprocess.run(["gcc", "-shared", "-nostdlib", "-Wl,-soname,libcudnn_absent.so.9", "-o", absent, folder / "empty.c"], check=True)
    subprocess.run(["gcc", "-shared", "-nostdlib", "-Wl,-soname,libtorch_cuda.so,--no-as-needed", "-o", folder / "libtorch_cuda.so", folder / "empty.c", absent],
                   check=True)
    absent.unlink()
    one_line(*run(check, env={**os.environ, "LD_LIBRARY_PATH": f"{folder}:{stand_in}/stubs"}), "missing libraries", "libcudnn_absent.so.9", "LD_LIBRARY_PATH")
    (folder / "libtorch_cuda.so").unlink()
    broken = folder / "broken"
    broken.mkdir()
    (broken / "libcudnn.so.9").write_text("", encoding="utf-8")
    one_line(*run([*check, "--stand-in", stand_in], env={**os.environ, "LD_LIBRARY_PATH": str(broken)}), "libcudnn.so.9")
    one_line(*run([*check, "--only", "nothing", "--stand-in", stand_in]), "no step 'nothing'")
    one_line(*run([*check, "--stand-in", folder]), "libfakecuda.so")
    one_line(*run([*check[:1], "--build", folder]), "deepmad-cuda is missing")


def main():
    build, stand_in, what = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        {"bundle": bundle, "libraries": libraries}[what](build, stand_in, Path(folder))


if __name__ == "__main__":
    main()
