#!/usr/bin/env python3
"""Seconds of a training step and of detection of ResNet-50 under FCOS here and in torchvision (fcos_resnet50_fpn): the same weights, picture and boxes, float32,
channels_last, the programs in turns, the fastest step of each turn and the median of the turns. The maps of both agree to 1e-3; the assignment of boxes to points differs a little, so losses do not.

    ~/.cache/deepmad/peers/bin/python tests/bench/compare_fcos.py [--build build/release] [--height 480] [--width 640] [--batch 1] [--steps 3] [--threads 2] [--rounds 3]
"""

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
CLASSES = 80
LAYERS = {"classification_head": "cls", "regression_head": "reg"}
NAMES = (
    (r"backbone\.body\.", ""), (r"backbone\.fpn\.inner_blocks\.(\d)\.0", r"neck.lateral_convs.\1.conv"), (r"backbone\.fpn\.layer_blocks\.(\d)\.0", r"neck.fpn_convs.\1.conv"),
    (r"backbone\.fpn\.extra_blocks\.p6", "neck.fpn_convs.3.conv"), (r"backbone\.fpn\.extra_blocks\.p7", "neck.fpn_convs.4.conv"),
    (r"head\.classification_head\.cls_logits", "bbox_head.conv_cls"), (r"head\.regression_head\.bbox_reg", "bbox_head.conv_reg"),
    (r"head\.regression_head\.bbox_ctrness", "bbox_head.conv_centerness"),
)


def our_name(name):
    layer = re.fullmatch(r"head\.(\w+)\.conv\.(\d+)\.(\w+)", name)
    if layer:
        head, number, tensor = layer.groups()
        return f"bbox_head.{LAYERS[head]}_convs.{int(number) // 3}.{('conv', 'gn')[int(number) % 3]}.{tensor}"
    for pattern, replacement in NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def make_model(options):
    """Pictures come normalised and in size."""
    return torchvision.models.detection.fcos_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=CLASSES, score_thresh=0.05, min_size=options.height, max_size=options.width,
        image_mean=[0, 0, 0], image_std=[1, 1, 1]).to(memory_format=torch.channels_last)


def write_inputs(folder, options):
    torch.manual_seed(0)
    model = make_model(options)
    for name, parameter in model.named_parameters():
        if name.endswith("bn3.weight"):
            torch.nn.init.constant_(parameter, 0.2)  # small residual branches keep rounding from growing on the way
    torch.nn.init.constant_(model.head.classification_head.cls_logits.bias, -3)  # so that there is something to suppress
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "theirs.safetensors")
    ours = {our_name(name): tensor for name, tensor in state.items()} | {f"bbox_head.scales.{i}.scale": torch.ones(()) for i in range(5)}
    save_file({name: tensor.clone() for name, tensor in ours.items()}, folder / "ours.safetensors")
    corners = torch.rand(8, 2) * torch.tensor([0.6 * options.width, 0.6 * options.height])
    sides = 20 + torch.rand(8, 2) * torch.tensor([0.35 * options.width, 0.35 * options.height])
    boxes = torch.cat([corners, corners + sides, torch.arange(8).unsqueeze(1).float()], 1)
    save_file({"images": torch.randn(options.batch, 3, options.height, options.width), "boxes": boxes}, folder / "data.safetensors")
    text = (ROOT / "configs/arch/resnet50.yaml").read_text()
    (folder / "network.yaml").write_text(text[:text.index("head:")] + f"head: {{type: fcos, classes: {CLASSES}}}\n")


def work(folder, options):
    torch.set_num_threads(options.threads)
    model = make_model(options)
    model.load_state_dict(load_file(folder / "theirs.safetensors"))
    data = load_file(folder / "data.safetensors")
    images = list(data["images"])
    targets = [{"boxes": data["boxes"][:, :4], "labels": data["boxes"][:, 4].long()} for _ in images]
    model.eval()
    detection, training, values = [], [], []
    with torch.inference_mode():
        features = list(model.backbone(data["images"].contiguous(memory_format=torch.channels_last)).values())
        maps = model.head(features)
        for _ in range(options.steps):
            begin = time.perf_counter()
            model(images)
            detection.append(time.perf_counter() - begin)
    save_file({"classes": maps["cls_logits"], "quality": maps["bbox_ctrness"], "distances": maps["bbox_regression"]}, folder / "their_maps.safetensors")
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4, fused=True)
    for _ in range(options.steps):
        begin = time.perf_counter()
        optimizer.zero_grad()
        loss = sum(model(images, targets).values())
        loss.backward()
        optimizer.step()
        values.append(loss.item())
        training.append(time.perf_counter() - begin)
    print(json.dumps({"training": training, "detection": detection, "losses": values, "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


def check_maps(folder):
    ours, theirs = load_file(folder / "our_maps.safetensors"), load_file(folder / "their_maps.safetensors")
    for name, scale in (("classes", 1), ("quality", 1), ("distances", 8)):  # theirs are in strides
        rows = ours[name].flatten(2).transpose(1, 2)
        other = theirs[name][:, :rows.shape[1]] * scale
        assert (rows - other).abs().max() <= 1e-3 * max(1, other.abs().max()), name


def seconds(rounds, who, what):
    return statistics.median(min(one[who][what]) for one in rounds)


def peak(rounds, who):
    return max(one[who]["peak_bytes"] for one in rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)  # in a process of its own, for its memory
    options = parser.parse_args()
    if options.folder:
        work(options.folder, options)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, options)
        files = [folder / file for file in ("network.yaml", "ours.safetensors", "data.safetensors", "our_maps.safetensors")]
        commands = {"ours": [options.build / "tests/fcos_worker", *files, str(options.steps), str(options.threads)],
                    "torchvision": [sys.executable, __file__, *sys.argv[1:], "--folder", name]}
        rounds = []
        for index in range(options.rounds):
            order = list(commands) if index % 2 == 0 else list(reversed(commands))
            rounds.append({who: json.loads(subprocess.run(commands[who], stdout=subprocess.PIPE, check=True, text=True).stdout) for who in order})
        check_maps(folder)
    print(f"{options.batch} x {options.height} x {options.width}, {options.threads} threads\n{'':12} {'training s':>11} {'detection s':>12} {'peak GiB':>9}  losses")
    for who in commands:
        losses = " ".join(f"{loss:.3f}" for loss in rounds[0][who]["losses"])
        print(f"{who:12} {seconds(rounds, who, 'training'):>11.3f} {seconds(rounds, who, 'detection'):>12.3f} {peak(rounds, who) / 2**30:>9.2f}  {losses}")
    ratios = {what: sorted(min(one["torchvision"][what]) / min(one["ours"][what]) for one in rounds) for what in ("training", "detection")}
    print(f"{'ratio':12} {statistics.median(ratios['training']):>11.2f} {statistics.median(ratios['detection']):>12.2f} {peak(rounds, 'torchvision') / peak(rounds, 'ours'):>9.2f}")
    for what, values in ratios.items():
        print(f"ratios of the rounds, {what}: {' '.join(f'{value:.2f}' for value in values)}")


if __name__ == "__main__":
    main()
