"""Trains in eager Python torch on request: the counterpart of train_worker.cc, with the same arguments and the same lines on stdin and stdout."""

import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from eager_network import EagerNetwork, Residual

BATCHES = 4  # in the pool


def make_state(arguments):
    """Random weights and images for both sides."""
    torch.manual_seed(0)
    network = EagerNetwork(arguments.network)
    for parameter in network.parameters():
        if parameter.dim() == 4:
            torch.nn.init.kaiming_normal_(parameter, mode="fan_out")
    # Small residual branches: without, rounding grows so much on the way through R18 that the first loss of eager torch in channels_last is 7e-4 off
    # that in float64, and the second 0.5, which would say nothing about agreement.
    for module in network.modules():
        if isinstance(module, Residual):
            torch.nn.init.constant_((module.conv3 if module.layers == 3 else module.conv2).bn1.weight, 0.2)
    save_file(network.state_dict(), arguments.weights)
    size = network.input
    count = BATCHES * arguments.batch
    images = torch.randint(0, 256, (count, size["channels"], size["height"], size["width"]), dtype=torch.uint8)
    labels = torch.randint(0, network.fc_linear.out_features, (count,))
    save_file({"images": images, "labels": labels}, arguments.data)


class Trainer:
    def __init__(self, arguments):
        torch.set_num_threads(arguments.threads)
        self.format = torch.channels_last if arguments.layout == "channels_last" else torch.contiguous_format
        self.autocast = arguments.precision == "bfloat16"
        self.batch = arguments.batch
        network = EagerNetwork(arguments.network)
        network.load_state_dict(load_file(arguments.weights))
        self.network = network.to(memory_format=self.format).train()
        data = load_file(arguments.data)
        self.images, self.labels = data["images"], data["labels"]
        decayed = [p for p in network.parameters() if p.dim() > 1]
        plain = [p for p in network.parameters() if p.dim() <= 1]
        self.optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 2e-4}, {"params": plain}], lr=0.001, momentum=0.9, nesterov=True, fused=True)
        self.live = [t for t in network.state_dict().values() if t.is_floating_point()]
        self.average = [t.clone() for t in self.live]
        self.step = 0

    def run(self, steps):
        phases = dict.fromkeys(("data", "forward", "backward", "optimizer"), 0.0)
        losses = []
        for _ in range(steps):
            begin = time.perf_counter()
            start = self.step % BATCHES * self.batch
            images = self.images[start:start + self.batch].to(torch.float32, memory_format=self.format).div_(255).sub_(0.286).div_(0.353)
            labels = self.labels[start:start + self.batch]
            loaded = time.perf_counter()
            self.optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
                loss = F.cross_entropy(self.network(images), labels, label_smoothing=0.1)
            forwarded = time.perf_counter()
            loss.backward()
            differentiated = time.perf_counter()
            self.optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.live, 0.002)
            losses.append(loss.item())
            done = time.perf_counter()
            for name, seconds in zip(phases, (loaded - begin, forwarded - loaded, differentiated - forwarded, done - differentiated)):
                phases[name] += seconds
            self.step += 1
        return {"phases": phases, "losses": losses}


def peak_bytes():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--make-state", action="store_true")
    for name in ("network", "weights", "data", "precision", "layout"):
        parser.add_argument("--" + name)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int)
    arguments = parser.parse_args()
    if arguments.make_state:
        make_state(arguments)
        return
    trainer = Trainer(arguments)
    print("{}", flush=True)
    for line in iter(sys.stdin.readline, ""):  # "": the other side is gone
        if line == "quit\n":
            break
        result = trainer.run(int(line))
        result["peak_bytes"] = peak_bytes()
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
