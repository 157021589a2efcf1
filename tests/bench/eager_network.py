"""The network of a network.yaml as plain torch.nn modules, the way one would write it by hand; independent of models/ but for the names of its tensors."""

import torch
import torch.nn.functional as F
import yaml
from torch import nn


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn1(self.conv1(x))


class Residual(nn.Module):
    """A unit of a `basic` (kxk, kxk) or `bottleneck` (1x1, kxk, 1x1) block; a strided shortcut is pooled, one that changes channels projected."""

    def __init__(self, kind, inputs, middle, outputs, kernel, stride, first):
        super().__init__()
        self.layers = 3 if kind == "bottleneck" else 2
        if kind == "bottleneck":
            self.conv1 = ConvNorm(inputs, middle, 1)
            self.conv2 = ConvNorm(middle, middle, kernel, stride)
            self.conv3 = ConvNorm(middle, outputs, 1)
        else:
            self.conv1 = ConvNorm(inputs, middle, kernel)
            self.conv2 = ConvNorm(middle, outputs, kernel, stride)
        self.pool = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False) if stride > 1 else None
        projected = first if kind == "bottleneck" else inputs != outputs
        self.residual_proj = ConvNorm(inputs, outputs, 1) if projected else None

    def forward(self, x):
        y = F.relu(self.conv1(x), inplace=True)
        y = self.conv2(y)
        if self.layers == 3:
            y = self.conv3(F.relu(y, inplace=True))
        if self.pool is not None:
            x = self.pool(x)
        if self.residual_proj is not None:
            x = self.residual_proj(x)
        y += x
        return F.relu(y, inplace=True)


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = 8 * max(1, round(channels / 4) // 8)
        self.conv1 = ConvNorm(channels, hidden, 1)
        self.conv2 = ConvNorm(hidden, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.conv2(F.silu(self.conv1(x.mean((2, 3), keepdim=True)), inplace=True)))


class DepthwiseResidual(nn.Module):
    """A unit of a `dw_se_bottleneck` block: a strided shortcut is pooled, one that changes channels left out."""

    def __init__(self, inputs, middle, outputs, kernel, stride):
        super().__init__()
        self.conv1 = ConvNorm(inputs, middle, 1)
        self.conv2 = ConvNorm(middle, middle, kernel, stride, groups=middle)
        self.se2 = SqueezeExcite(middle)
        self.conv3 = ConvNorm(middle, outputs, 1)
        self.pool = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
        self.shortcut = inputs == outputs

    def forward(self, x):
        y = F.silu(self.conv1(x), inplace=True)
        y = self.conv3(self.se2(F.silu(self.conv2(y), inplace=True)))
        if self.shortcut:
            y += self.pool(x)
        return F.silu(y, inplace=True)


def last_norm(module):
    """The norm at the end of a residual branch, from which the branch gets its size; None for other modules."""
    if isinstance(module, DepthwiseResidual):
        return module.conv3.bn1
    if isinstance(module, Residual):
        return (module.conv3 if module.layers == 3 else module.conv2).bn1
    return None


class Block(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.block_list = nn.Sequential(*units)

    def forward(self, x):
        return self.block_list(x)


class Stem(ConvNorm):
    def forward(self, x):
        return F.relu(super().forward(x), inplace=True)


class EagerNetwork(nn.Module):
    def __init__(self, path):
        super().__init__()
        with open(path, encoding="utf-8") as file:
            spec = yaml.safe_load(file)
        self.input = spec["input"]
        channels = self.input["channels"]
        blocks = []
        for block in spec["blocks"]:
            outputs, kernel, stride = block["out_channels"], block["kernel"], block["stride"]
            if block["type"] == "conv":
                blocks.append(Stem(channels, outputs, kernel, stride))
            elif block["type"] in ("basic", "bottleneck"):
                units = []
                for unit in range(block["depth"]):
                    first = unit == 0
                    units.append(Residual(block["type"], channels if first else outputs, block["bottleneck_channels"], outputs, kernel,
                                          stride if first else 1, first))
                blocks.append(Block(units))
            elif block["type"] == "dw_se_bottleneck":
                blocks.append(Block([DepthwiseResidual(channels if unit == 0 else outputs, block["bottleneck_channels"], outputs, kernel,
                                                       stride if unit == 0 else 1) for unit in range(block["depth"])]))
            else:
                raise ValueError(f"{path}: block type {block['type']} is not written here")
            channels = outputs
        self.block_list = nn.Sequential(*blocks)
        self.fc_linear = nn.Linear(channels, spec["head"]["classes"])

    def forward(self, x):
        x = self.block_list(x)
        return self.fc_linear(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
