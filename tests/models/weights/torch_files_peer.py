#!/usr/bin/env python3
"""Python's side of TorchFilesPeer: writes a network's weights in every form that people share them in, or reads ours.

    torch_files_peer.py write NETWORK.yaml FOLDER       FOLDER/NAME.pth for every form, expected.safetensors: images, and logits NAME
    torch_files_peer.py read NETWORK.yaml FOLDER        loads FOLDER/ours.safetensors with strict=True and compares with its logits in expected
    torch_files_peer.py write-torchvision NAME,... FOLDER     the same with torchvision's networks: FOLDER/NAME/theirs.pth, expected.safetensors
    torch_files_peer.py read-torchvision NAME,... FOLDER
"""

import argparse
import copy
import os
import sys

import numpy
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))


def randomise(net):
    """Statistics and scales that training would leave, so that no name can be mistaken for another."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in net.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2, generator=generator)
        elif name.endswith("num_batches_tracked"):
            tensor.fill_(7)
        elif tensor.dim() == 1:
            tensor.add_(torch.empty_like(tensor).uniform_(-0.3, 0.3, generator=generator))


def logits(net, images, state=None):
    if state is not None:
        net.load_state_dict(state, strict=True)
    net.eval()
    with torch.no_grad():
        return net(images)


def one_storage(state):
    """Every tensor a view of one long one, with strides of its own."""
    floats = [key for key in state if state[key].is_floating_point()]
    long = torch.cat([state[key].transpose(0, -1).reshape(-1) for key in floats])
    result, offset = dict(state), 0
    for key in floats:
        size = state[key].numel()
        turned = state[key].transpose(0, -1).shape
        result[key] = long[offset : offset + size].view(turned).transpose(0, -1)
        offset += size
    return result


def write(network, folder):
    from eager_network import EagerNetwork

    torch.manual_seed(0)
    net = EagerNetwork(network)
    randomise(net)
    images = torch.randn(2, net.input["channels"], net.input["height"], net.input["width"])
    state = {key: value.clone() for key, value in net.state_dict().items()}
    other = {key: value + 0.01 if value.is_floating_point() else value for key, value in state.items()}
    wrapped = {"module." + key: value for key, value in state.items()}
    last = {key: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value for key, value in state.items()}
    parameters = {key: torch.nn.Parameter(value) if value.is_floating_point() else value for key, value in state.items()}
    extras = {"epoch": 3, "best": numpy.float64(0.5), "args": argparse.Namespace(lr=0.1, device=torch.device("cpu")), "seen": {1, 2},
              "optimizer": torch.optim.SGD(net.parameters(), lr=0.1).state_dict(), "arch": "net", "none": None, "big": 1 << 80}
    whole = {
        "module_state": copy.deepcopy(net.state_dict()),  # an OrderedDict with _metadata
        "plain": state,
        "wrapped": wrapped,
        "channels_last": last,
        "one_storage": one_storage(state),
        "parameters": parameters,
        "half": {key: value.half() if value.is_floating_point() else value for key, value in state.items()},
        "bfloat16": {key: value.bfloat16() if value.is_floating_point() else value for key, value in state.items()},
        "double": {key: value.double() if value.is_floating_point() else value.int() for key, value in state.items()},
        "old_batch_norm": {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")},
    }
    nested = {"state_dict": {"state_dict": wrapped, **extras}, "model": {"model": state, "state_dict_ema": other, **extras}}
    expected = {"images": images}
    for name, value in whole.items():
        plain = {key.removeprefix("module."): tensor.detach() for key, tensor in value.items()}
        for key in state:
            plain.setdefault(key, state[key])
        expected[name] = logits(net, images, plain)
    expected["averaged"] = logits(net, images, other)
    for name, value in {**whole, **nested}.items():
        for protocol in (2, 3, 4, 5) if name == "model" else (2,):
            torch.save(value, f"{folder}/{name}-{protocol}.pth", pickle_protocol=protocol)
            torch.save(value, f"{folder}/{name}-{protocol}-legacy.pth.tar", pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    save_file(state, f"{folder}/plain.safetensors")
    save_file(expected, f"{folder}/expected.safetensors")


def compare(net, folder):
    ours = load_file(f"{folder}/ours.safetensors")
    theirs = load_file(f"{folder}/ours-logits.safetensors")["logits"]
    difference = (logits(net, load_file(f"{folder}/expected.safetensors")["images"], ours) - theirs).abs().max().item()
    if not difference <= 1e-4 * max(1, theirs.abs().max().item()):
        sys.exit(f"{folder}: logits of our weights differ by {difference}")


def torchvision_network(name):
    import torchvision

    torch.manual_seed(0)
    return torchvision.models.get_model(name)


def write_torchvision(name, folder):
    net = torchvision_network(name)
    randomise(net)
    images = torch.randn(1, 3, 64, 64)
    torch.save(net.state_dict(), f"{folder}/theirs.pth")
    save_file({"images": images, "theirs": logits(net, images)}, f"{folder}/expected.safetensors")


def main():
    torch.set_num_threads(1)
    action, network, folder = sys.argv[1:]
    if action == "write":
        write(network, folder)
    elif action == "read":
        from eager_network import EagerNetwork

        compare(EagerNetwork(network), folder)
    else:
        for name in network.split(","):
            if action == "write-torchvision":
                write_torchvision(name, f"{folder}/{name}")
            else:
                compare(torchvision_network(name), f"{folder}/{name}")


if __name__ == "__main__":
    main()
