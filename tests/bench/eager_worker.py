"""Trains in eager Python torch on request: the counterpart of train_worker.cc, with the same arguments and the same lines on stdin and stdout.

On a GPU also as torch is used for speed: --compile MODE (torch.compile), --graphs (CUDA graphs, captured by hand), float16 under a GradScaler; always fused
SGD, cudnn.benchmark and TF32, as train_worker has them. The waits are around the steps of a line.
"""

import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from eager_network import EagerNetwork, last_norm

BATCHES = 4  # in the pool
WARMUPS = 3  # before a capture


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
        if last_norm(module) is not None:
            torch.nn.init.constant_(last_norm(module).weight, 0.2)
    save_file(network.state_dict(), arguments.weights)
    size = network.input
    count = BATCHES * arguments.batch
    images = torch.randint(0, 256, (count, size["channels"], size["height"], size["width"]), dtype=torch.uint8)
    labels = torch.randint(0, network.fc_linear.out_features, (count,))
    save_file({"images": images, "labels": labels}, arguments.data)


class Trainer:
    def __init__(self, arguments):
        torch.set_num_threads(arguments.threads)
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cuda.matmul.allow_tf32 = True
        self.device = torch.device(arguments.device)
        self.format = torch.channels_last if arguments.layout == "channels_last" else torch.contiguous_format
        self.autocast = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(arguments.precision)
        self.batch = arguments.batch
        network = EagerNetwork(arguments.network)
        network.load_state_dict(load_file(arguments.weights))
        network = network.to(self.device, memory_format=self.format).train()
        self.network = torch.compile(network, mode=arguments.compile) if arguments.compile else network
        data = load_file(arguments.data, device=str(self.device))
        self.images, self.labels = data["images"], data["labels"]
        decayed = [p for p in network.parameters() if p.dim() > 1]
        plain = [p for p in network.parameters() if p.dim() <= 1]
        self.optimizer = torch.optim.SGD([{"params": decayed, "weight_decay": 2e-4}, {"params": plain}], lr=0.001, momentum=0.9, nesterov=True, fused=True)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.autocast == torch.float16)
        self.live = [t for t in network.state_dict().values() if t.is_floating_point()]
        self.average = [t.clone() for t in self.live]
        self.step = 0
        self.capture = arguments.graphs
        self.graph = None

    def next_batch(self):
        start = self.step % BATCHES * self.batch
        images = self.images[start:start + self.batch].to(torch.float32, memory_format=self.format).div_(255).sub_(0.286).div_(0.353)
        return images, self.labels[start:start + self.batch]

    def loss_of(self, images, labels):
        # A cache of cast weights must not outlive a capture.
        with torch.autocast(self.device.type, self.autocast or torch.bfloat16, enabled=self.autocast is not None, cache_enabled=not self.capture):
            return F.cross_entropy(self.network(images), labels, label_smoothing=0.1)

    def finish(self):
        self.scaler.step(self.optimizer)
        self.scaler.update()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.live, 0.002)

    def pass_of(self, images, labels):
        loss = self.loss_of(images, labels)
        self.scaler.scale(loss).backward()
        return loss

    def record(self, images, labels):
        """Captures forward and backward pass, the optimizer too where no scale decides about it; undoes what that did to the weights."""
        self.inputs = images.clone(memory_format=torch.preserve_format), labels.clone()
        whole = self.autocast != torch.float16
        before = [t.clone() for t in self.network.state_dict().values()]
        averages = [t.clone() for t in self.average]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARMUPS):
                self.optimizer.zero_grad(set_to_none=True)
                self.pass_of(*self.inputs)
                if whole:
                    self.finish()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(self.graph):
            self.loss = self.pass_of(*self.inputs)
            if whole:
                self.finish()
        self.finish_after = not whole
        with torch.no_grad():
            for tensor, old in zip(self.network.state_dict().values(), before):
                tensor.copy_(old)
            for tensor, old in zip(self.average, averages):
                tensor.copy_(old)
            for state in self.optimizer.state.values():
                state["momentum_buffer"].zero_()

    def replay(self, images, labels):
        if self.graph is None:
            self.record(images, labels)
        self.inputs[0].copy_(images)
        self.inputs[1].copy_(labels)
        self.graph.replay()
        if self.finish_after:
            self.finish()
        return self.loss.detach().clone()

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def run(self, steps):
        phases = dict.fromkeys(("data", "forward", "backward", "optimizer"), 0.0)
        losses = []
        self.wait()
        for _ in range(steps):
            begin = time.perf_counter()
            images, labels = self.next_batch()
            loaded = time.perf_counter()
            if self.capture:
                losses.append(self.replay(images, labels))
                forwarded = differentiated = time.perf_counter()
            else:
                self.optimizer.zero_grad()
                loss = self.loss_of(images, labels)
                forwarded = time.perf_counter()
                self.scaler.scale(loss).backward()
                differentiated = time.perf_counter()
                self.finish()
                losses.append(loss.detach().clone())
            done = time.perf_counter()
            for name, seconds in zip(phases, (loaded - begin, forwarded - loaded, differentiated - forwarded, done - differentiated)):
                phases[name] += seconds
            self.step += 1
        self.wait()
        return {"phases": phases, "losses": [loss.item() for loss in losses]}

    def peak_bytes(self):
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated()
        return resident_peak()


def resident_peak():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make-state", action="store_true")
    for name in ("network", "weights", "data", "precision", "layout"):
        parser.add_argument("--" + name)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", default="", help="mode of torch.compile: default, max-autotune, ...")
    parser.add_argument("--graphs", type=int, default=0)
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
        result["peak_bytes"] = trainer.peak_bytes()
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
