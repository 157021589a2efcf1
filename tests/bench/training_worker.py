"""Python's side of compare_training.py: epochs of eager (or compiled) torch on torchvision's ImageFolder and DataLoader; prints a JSON list of them."""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch.profiler import ProfilerActivity, profile
from torchvision import datasets, transforms

from eager_network import EagerNetwork, last_norm

TRACED = 5  # updates, after three


def make_weights(arguments):
    torch.manual_seed(0)
    network = EagerNetwork(arguments.network)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif last_norm(module) is not None:  # small branches: a calm start
            torch.nn.init.constant_(last_norm(module).weight, 0.2)
    save_file(network.state_dict(), arguments.weights)


def make_loader(arguments):
    steps = transforms.Compose([
        transforms.RandomResizedCrop(224, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ])
    return torch.utils.data.DataLoader(datasets.ImageFolder(arguments.data / "train", steps), batch_size=arguments.batch, shuffle=True, drop_last=True,
                                       num_workers=arguments.workers, persistent_workers=arguments.workers > 0)


def main():
    parser = argparse.ArgumentParser()
    for name in ("network", "weights", "precision", "trace"):
        parser.add_argument("--" + name)
    for name in ("threads", "workers", "batch", "epochs"):
        parser.add_argument("--" + name, type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--make-weights", action="store_true")
    arguments = parser.parse_args()
    if arguments.make_weights:
        make_weights(arguments)
        return
    torch.set_num_threads(arguments.threads)
    network = EagerNetwork(arguments.network)
    network.load_state_dict(load_file(arguments.weights))
    network = network.to(memory_format=torch.channels_last).train()
    decayed = [p for p in network.parameters() if p.dim() > 1]
    plain = [p for p in network.parameters() if p.dim() <= 1]
    optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 5e-5}, {"params": plain}], lr=0.01, momentum=0.9, nesterov=True, fused=True)
    forward = torch.compile(network) if arguments.compile else network
    loader = make_loader(arguments)
    epochs, updates, recorder = [], 0, None
    for _ in range(arguments.epochs):
        begin, total, samples = time.perf_counter(), 0.0, 0
        for images, labels in loader:
            if arguments.trace and updates == 3:
                recorder = profile(activities=[ProfilerActivity.CPU])
                recorder.start()
            images = images.to(memory_format=torch.channels_last)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bfloat16"):
                loss = F.cross_entropy(forward(images), labels, label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            total += loss.item()
            samples += len(labels)
            updates += 1
            if arguments.trace and updates == 3 + TRACED:
                recorder.stop()
                recorder.export_chrome_trace(arguments.trace)
        epochs.append({"seconds": time.perf_counter() - begin, "samples": samples, "loss": total * arguments.batch / samples})
    print(json.dumps(epochs))


if __name__ == "__main__":
    main()
