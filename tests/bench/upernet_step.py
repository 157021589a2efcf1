#!/usr/bin/env python3
"""Seconds and memory of a training step of ResNet-50 under UPerNet at 512x512 beside the Python module of tests/train/tasks/segmentation/upernet_peer.py.

    upernet_step.py UPERNET_WORKER [--side 512] [--batch 2] [--steps 2]

Both start from the same weights and batch, float32, channels_last; the first losses must agree to 1e-4. Run with the Python of scripts/setup.sh --peers.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/train/tasks/segmentation"))
from upernet_peer import Heads, losses  # noqa: E402

WIDTHS = (256, 512, 1024, 2048)
CLASSES = 150


def features(backbone, x):
    x = backbone.maxpool(backbone.relu(backbone.bn1(backbone.conv1(x))))
    maps = []
    for layer in (backbone.layer1, backbone.layer2, backbone.layer3, backbone.layer4):
        x = layer(x)
        maps.append(x)
    return maps


def make_modules():
    shapes = {"decode_head.conv_seg.weight": torch.empty(CLASSES, 512), "auxiliary_head.conv_seg.weight": torch.empty(CLASSES, 256)}
    return torchvision.models.resnet50(), Heads(shapes, WIDTHS)


def write_inputs(folder, side, batch):
    torch.manual_seed(0)
    backbone, heads = make_modules()
    for name, parameter in backbone.named_parameters():
        if name.endswith("bn3.weight"):
            torch.nn.init.constant_(parameter, 0.2)  # small residual branches keep rounding from growing on the way
    save_file({k: v for k, v in backbone.state_dict().items() if not k.startswith("fc.")}, folder / "backbone.safetensors")
    save_file(heads.state_dict(), folder / "heads.safetensors")
    save_file({"images": torch.randn(batch, 3, side, side), "labels": torch.randint(0, CLASSES, (batch, side, side), dtype=torch.uint8)},
              folder / "data.safetensors")
    text = (ROOT / "configs/arch/resnet50.yaml").read_text()
    head = text.index("head:")
    (folder / "network.yaml").write_text(text[:head] + "head: {type: features, levels: [1, 2, 3, 4]}\n")


def train(folder, steps):
    backbone, heads = make_modules()
    backbone.load_state_dict(load_file(folder / "backbone.safetensors"), strict=False)
    heads.load_state_dict(load_file(folder / "heads.safetensors"))
    del backbone.fc
    both = torch.nn.ModuleList([backbone, heads]).to(memory_format=torch.channels_last).train()
    data = load_file(folder / "data.safetensors")
    images, labels = data["images"].to(memory_format=torch.channels_last), data["labels"]
    decayed = [p for p in both.parameters() if p.dim() > 1]
    plain = [p for p in both.parameters() if p.dim() <= 1]
    optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 5e-4}, {"params": plain}], lr=0.001, momentum=0.9, fused=True)
    seconds, values = [], []
    for _ in range(steps):
        begin = time.perf_counter()
        optimizer.zero_grad()
        maps = features(backbone, images)
        loss = losses(heads.decode_head(maps, None), labels)[0] + 0.4 * losses(heads.auxiliary_head(maps[2], None), labels)[0]
        loss.backward()
        optimizer.step()
        values.append(loss.item())
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": seconds, "losses": values, "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("worker")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--folder", help=argparse.SUPPRESS)  # in a process of its own, for its memory
    arguments = parser.parse_args()
    if arguments.folder:
        train(Path(arguments.folder), arguments.steps)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, arguments.side, arguments.batch)
        files = [folder / file for file in ("network.yaml", "backbone.safetensors", "heads.safetensors", "data.safetensors")]
        commands = {"ours": [arguments.worker, *files, str(arguments.steps)],
                    "Python": [sys.executable, __file__, arguments.worker, "--folder", name, "--steps", str(arguments.steps)]}
        results = {who: json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout) for who, command in commands.items()}
    for who, result in results.items():
        print(f"{who}: {min(result['seconds']):.2f} s a step, {result['peak_bytes'] / 2**30:.2f} GiB at most, losses {result['losses']}")
    ours, theirs = results["ours"], results["Python"]
    assert abs(ours["losses"][0] - theirs["losses"][0]) < 1e-4 * abs(theirs["losses"][0])
    print(f"time {min(theirs['seconds']) / min(ours['seconds']):.2f} times as fast, memory {ours['peak_bytes'] / theirs['peak_bytes']:.2f} of Python's")


if __name__ == "__main__":
    main()
