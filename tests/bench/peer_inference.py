"""Classifies in eager Python torch or onnxruntime on request: the counterpart of inference_worker.cc, with the same lines on stdin and stdout.

--how  users        model.eval() and inference_mode, nothing else: the layout and norms as built
       folded       norms folded into the convolutions, channels_last: the best that eager torch offers
       onnxruntime  the file of `deepmad export --onnx`
With --device cuda also --compile MODE (torch.compile) and --graphs (a CUDA graph of the pass); the waits are around the passes of a line.
"""

import argparse
import json
import sys


def make_state(arguments):
    """Random weights with running statistics of real maps, and images for all sides."""
    import torch
    from safetensors.torch import save_file

    from eager_network import EagerNetwork, last_norm
    torch.manual_seed(0)
    network = EagerNetwork(arguments.network)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1
        elif last_norm(module) is not None:  # small branches, so that rounding does not grow on the way
            torch.nn.init.constant_(last_norm(module).weight, 0.2)
    size = network.input
    images = torch.randint(0, 256, (arguments.batch, size["channels"], size["height"], size["width"]), dtype=torch.uint8)
    if arguments.weights:
        with torch.no_grad():
            network.train()(torch.rand(8, size["channels"], size["height"], size["width"]))
        save_file(network.state_dict(), arguments.weights)
    save_file({"images": images}, arguments.data)


def torch_pass(arguments):
    import torch
    from safetensors.torch import load_file

    from eager_network import ConvNorm, EagerNetwork
    torch.set_num_threads(arguments.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.matmul.allow_tf32 = True
    network = EagerNetwork(arguments.network)
    network.load_state_dict(load_file(arguments.weights))
    network.eval()
    images = load_file(arguments.data)["images"].float().div_(255)
    if arguments.how == "folded":
        for module in network.modules():
            if isinstance(module, ConvNorm):
                module.conv1 = torch.nn.utils.fusion.fuse_conv_bn_eval(module.conv1, module.bn1)
                module.bn1 = torch.nn.Identity()
        network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    if arguments.precision != "float32":
        dtype = {"bfloat16": torch.bfloat16, "float16": torch.float16}[arguments.precision]
        network, images = network.to(dtype), images.to(dtype)
    network, images = network.to(arguments.device), images.to(arguments.device)
    if arguments.compile:
        network = torch.compile(network, mode=arguments.compile)

    def run():
        with torch.inference_mode():
            return network(images)
    return replayed(run) if arguments.graphs else run, lambda logits: logits[0].float().tolist()


def replayed(run):
    import torch
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = run()

    def replay():
        graph.replay()
        return logits
    return replay


def wait(arguments):
    if arguments.device == "cuda":
        import torch
        torch.cuda.synchronize()


def onnx_pass(arguments):
    import numpy
    import onnxruntime
    from safetensors.numpy import load_file
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    session = onnxruntime.InferenceSession(arguments.weights, options, providers=["CPUExecutionProvider"])
    images = load_file(arguments.data)["images"].astype(numpy.float32) / numpy.float32(255)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: images})[0], lambda logits: logits[0].tolist()


def peak_bytes(arguments):
    if arguments.device == "cuda":
        import torch
        return torch.cuda.max_memory_allocated()
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--make-state", action="store_true")
    for name in ("network", "weights", "data", "how", "precision"):
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
    run, first = (onnx_pass if arguments.how == "onnxruntime" else torch_pass)(arguments)
    print("{}", flush=True)
    for line in iter(sys.stdin.readline, ""):  # "": the other side is gone
        if line == "quit\n":
            break
        wait(arguments)
        for _ in range(int(line)):
            logits = run()
        wait(arguments)
        print(json.dumps({"phases": {}, "logits": first(logits), "peak_bytes": peak_bytes(arguments)}), flush=True)


if __name__ == "__main__":
    main()
