#!/usr/bin/env python3
"""Python's side of PythonNetworkPeer: every NAME.py of a folder imports nothing but torch, takes NAME.weights with strict=True and gives the outputs in
NAME.expected, in float32 and float64, in eager mode; a detector's boxes are those of NAME.detections.

    python_network_peer.py FOLDER [--script] [--uses]

With DEEPMAD_LONG_TESTS torch.compile makes machine code, which needs a compiler and a minute; else it only traces.
--script: TorchScript too, which takes seconds for a deep network.

--uses: the network also runs through torch.compile, torch.export, mixed precision and channels_last, trains a step, and carries torchvision's FCOS.
"""

import ast
import collections
import glob
import importlib.util
import os
import sys

import torch
from safetensors.torch import load_file

LIMITS = {"single": (torch.float32, 1e-6), "double": (torch.float64, 1e-12)}
EXPONENTIAL = 1e3  # times the limit where values are exponentials of a map (fcos_plain)


def load(path):
    tree = ast.parse(open(path).read())
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.split(".")[0] not in ("torch", "typing"):
                sys.exit(f"{path} imports {name}")
    spec = importlib.util.spec_from_file_location("network", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["network"] = module
    spec.loader.exec_module(module)
    return module


def flat(output):
    if isinstance(output, torch.Tensor):
        return [output]
    return [tensor for part in output for tensor in flat(part)]


def difference(outputs, expected, kind):
    if len(outputs) != sum(name.startswith(kind) for name in expected):
        sys.exit(f"{len(outputs)} outputs of {kind}")
    worst = 0.0
    for i, output in enumerate(outputs):
        right = expected[f"{kind}{i}"]
        if output.shape != right.shape or output.dtype != right.dtype:
            sys.exit(f"{kind}{i}: {output.shape} {output.dtype}, not {right.shape} {right.dtype}")
        worst = max(worst, ((output - right).abs().max() / right.abs().max().clamp(min=1e-30)).item())
    return worst


def check(path):
    start = path.removesuffix(".py")
    module = load(path)
    network = module.Network().eval()
    network.load_state_dict(load_file(start + ".weights"), strict=True)
    expected = load_file(start + ".expected")
    worst = {}
    good = True
    for kind, (dtype, limit) in LIMITS.items():
        network.to(dtype)
        images = expected["images"].to(dtype)
        for name, run in [("eager", network)] + ([("script", torch.jit.script(network))] if kind == "single" and "--script" in sys.argv else []):
            with torch.no_grad():
                worst[f"{name} {kind}"] = difference(flat(run(images)), expected, kind)
            good = good and worst[f"{name} {kind}"] <= limit * (EXPONENTIAL if start.endswith("fcos_plain") else 1)
    features = network.forward_features(images)
    good = good and [map.shape[1] for map in features] == list(network.feature_channels)
    good = good and len(module.Network(out_indices=[0]).to(torch.float64).forward_features(images)) == 1
    print(f"{'' if good else 'FAILED '}{start.rsplit('/', 1)[1]}: {worst}")
    return good


def check_detections(path):
    module = load(path.removesuffix(".detections") + ".py")
    expected = load_file(path)
    maps = [expected[f"map{i}"] for i in range(15)]
    levels = [tuple(maps[i:i + 3]) for i in range(0, 15, 3)]
    boxes, scores, labels = module.detect(levels, 96, 160)[0]
    right = expected["detections"]
    good = len(boxes) == len(right) and torch.equal(labels.double(), right[:, 5])
    good = good and (boxes - right[:, :4]).abs().max() < 1e-3 and (scores - right[:, 4]).abs().max() < 1e-5
    print(f"{'' if good else 'FAILED '}{path.rsplit('/', 1)[1]}: {len(boxes)} boxes")
    return bool(good)


class Pyramid(torch.nn.Module):
    """torchvision's pyramid over the maps of a network."""

    def __init__(self, network, channels):
        super().__init__()
        from torchvision.ops import FeaturePyramidNetwork
        self.network, self.out_channels = network, channels
        self.pyramid = FeaturePyramidNetwork(list(network.feature_channels), channels)

    def forward(self, images):
        maps = self.network.forward_features(images)
        return self.pyramid(collections.OrderedDict((str(i), map) for i, map in enumerate(maps)))


def check_uses(path):
    module = load(path)
    network = module.Network().eval()
    network.load_state_dict(load_file(path.removesuffix(".py") + ".weights"), strict=True)
    expected = load_file(path.removesuffix(".py") + ".expected")
    images = expected["images"]
    failures = []

    def same(name, output, limit=1e-5):
        if difference([output.float()], expected, "single") > limit:
            failures.append(name)

    with torch.no_grad():
        same("torch.compile", torch.compile(network, backend="inductor" if "DEEPMAD_LONG_TESTS" in os.environ else "aot_eager")(images))
        same("torch.export", torch.export.export(network, (images,)).module()(images))
        same("channels_last", network.to(memory_format=torch.channels_last)(images.to(memory_format=torch.channels_last)))
        with torch.autocast("cpu", torch.bfloat16):
            same("autocast", network(images), 0.05)

    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    before = torch.nn.functional.cross_entropy(network(images), torch.tensor([0, 1]))
    before.backward()
    optimizer.step()
    if not torch.nn.functional.cross_entropy(network(images), torch.tensor([0, 1])) < before:
        failures.append("a step of training")
    torch.nn.SyncBatchNorm.convert_sync_batchnorm(module.Network())

    from torchvision.models.detection import FCOS
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    levels = len(network.feature_channels)
    anchors = AnchorGenerator(sizes=tuple((8 * 2 ** i,) for i in range(levels)), aspect_ratios=((1.0,),) * levels)
    detector = FCOS(Pyramid(module.Network(), 32), 3, anchor_generator=anchors, min_size=64, max_size=96)
    losses = detector([torch.rand(3, 64, 80)], [{"boxes": torch.tensor([[8.0, 8, 40, 48]]), "labels": torch.tensor([1])}])
    loss = sum(losses.values())
    loss.backward()
    if not torch.isfinite(loss) or not all(torch.isfinite(p.grad).all() for p in detector.parameters() if p.grad is not None):
        failures.append("torchvision's FCOS")
    print(f"uses of {path.rsplit('/', 1)[1]}: {'FAILED ' + ', '.join(failures) if failures else 'all'}")
    return not failures


def main():
    folder = sys.argv[1]
    torch.set_num_threads(2)
    good = [check(path) for path in sorted(glob.glob(f"{folder}/*.py"))]
    good += [check_detections(path) for path in sorted(glob.glob(f"{folder}/*.detections"))]
    if "--uses" in sys.argv:
        good += [check_uses(path) for path in sorted(glob.glob(f"{folder}/*.py"))]
    sys.exit(not good or not all(good))


if __name__ == "__main__":
    main()
