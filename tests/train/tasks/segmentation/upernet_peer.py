#!/usr/bin/env python3
"""UPerNet with its auxiliary head and losses as a Python module written from docs/protocols/segmentation.md, for the test that compares with it.

    upernet_peer.py IN.safetensors OUT.safetensors

IN has the state_dict of both heads, maps.0 to maps.3, labels, keep and auxiliary_keep (factors of channel dropout). OUT gets, in training and in evaluation, the
logits of both heads and the two losses (over all pixels, over labelled ones), and the gradients of loss + 0.4 * auxiliary loss in training as grad.NAME.
"""

import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F


class ConvModule(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def up(x, like):
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


class DecodeHead(nn.Module):
    def __init__(self, inputs, width, classes):
        super().__init__()
        self.psp_modules = nn.ModuleList(nn.Sequential(nn.AdaptiveAvgPool2d(s), ConvModule(inputs[-1], width, 1)) for s in (1, 2, 3, 6))
        self.bottleneck = ConvModule(inputs[-1] + 4 * width, width, 3)
        self.lateral_convs = nn.ModuleList(ConvModule(channels, width, 1) for channels in inputs[:-1])
        self.fpn_convs = nn.ModuleList(ConvModule(width, width, 3) for _ in inputs[:-1])
        self.fpn_bottleneck = ConvModule(len(inputs) * width, width, 3)
        self.conv_seg = nn.Conv2d(width, classes, 1)

    def forward(self, maps, keep):
        c5 = maps[-1]
        levels = [lateral(x) for lateral, x in zip(self.lateral_convs, maps)]
        levels.append(self.bottleneck(torch.cat([c5] + [up(pool(c5), c5) for pool in self.psp_modules], 1)))
        for i in (2, 1, 0):
            levels[i] = levels[i] + up(levels[i + 1], levels[i])
        outputs = [conv(level) for conv, level in zip(self.fpn_convs, levels)] + [levels[-1]]
        fused = self.fpn_bottleneck(torch.cat([up(x, outputs[0]) for x in outputs], 1))
        return self.conv_seg(fused if keep is None else fused * keep)


class AuxiliaryHead(nn.Module):
    def __init__(self, inputs, width, classes):
        super().__init__()
        self.convs = nn.ModuleList([ConvModule(inputs, width, 3)])
        self.conv_seg = nn.Conv2d(width, classes, 1)

    def forward(self, x, keep):
        x = self.convs[0](x)
        return self.conv_seg(x if keep is None else x * keep)


class Heads(nn.Module):
    def __init__(self, state, inputs):
        super().__init__()
        classes, width = state["decode_head.conv_seg.weight"].shape[:2]
        self.decode_head = DecodeHead(inputs, width, classes)
        self.auxiliary_head = AuxiliaryHead(inputs[2], state["auxiliary_head.conv_seg.weight"].shape[1], classes)


def losses(logits, labels):
    scores = F.interpolate(logits, size=labels.shape[1:], mode="bilinear", align_corners=False)
    each = F.cross_entropy(scores, labels.long(), ignore_index=255, reduction="none")
    return each.mean(), each.sum() / (labels != 255).sum()


def main():
    given = load_file(sys.argv[1])
    maps = [given.pop(f"maps.{i}") for i in range(4)]
    labels, keep, auxiliary_keep = given.pop("labels"), given.pop("keep"), given.pop("auxiliary_keep")
    heads = Heads(given, [x.shape[1] for x in maps]).double()
    heads.load_state_dict(given)
    out = {}
    for mode in ("eval", "train"):  # training moves the running statistics, so it comes last
        heads.train(mode == "train")
        main_logits = heads.decode_head(maps, keep if mode == "train" else None)
        auxiliary_logits = heads.auxiliary_head(maps[2], auxiliary_keep if mode == "train" else None)
        all_pixels, labelled = losses(main_logits, labels)
        auxiliary_loss, _ = losses(auxiliary_logits, labels)
        out |= {f"{mode}.logits": main_logits, f"{mode}.auxiliary": auxiliary_logits, f"{mode}.loss": all_pixels, f"{mode}.labelled_loss": labelled,
                f"{mode}.auxiliary_loss": auxiliary_loss}
    (all_pixels + 0.4 * auxiliary_loss).backward()
    out |= {f"grad.{name}": parameter.grad for name, parameter in heads.named_parameters()}
    out |= {f"buffer.{name}": buffer for name, buffer in heads.named_buffers()}
    save_file({name: tensor.detach().contiguous() for name, tensor in out.items()}, sys.argv[2])


if __name__ == "__main__":
    main()
