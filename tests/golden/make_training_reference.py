#!/usr/bin/env python3
"""Writes training_reference.json: what Python torch and timm make of optimizers, averages, schedules, losses and the loss scale.

Run with the interpreter of `scripts/setup.sh --peers`; the tests of train/ hold our values against the file.
"""

import json
import pathlib

import timm.loss
import timm.optim
import timm.scheduler
import timm.utils
import torch
from timm.data.mixup import mixup_target


def numbers(tensor):
    return [float(x) for x in tensor.detach().double().flatten()]


def parameters():
    """A convolution weight [2, 3, 2, 2] and a bias [2]."""
    weight = torch.nn.Parameter(torch.linspace(-1, 1, 24).reshape(2, 3, 2, 2).clone())
    bias = torch.nn.Parameter(torch.linspace(0.5, 1, 2).clone())
    return weight, bias


def gradients(step, generator):
    scale = 3.0 if step == 1 else 0.3  # one step that a norm of 1 clips hard
    return [scale * torch.randn(shape, generator=generator) for shape in ((2, 3, 2, 2), (2,))]


OPTIMIZERS = {
    "sgd": (lambda groups: torch.optim.SGD(groups, lr=1, momentum=0.9), 0.05, None, "{name: sgd, momentum: 0.9, nesterov: false, weight_decay: 0.05}"),
    "sgd_plain": (lambda groups: torch.optim.SGD(groups, lr=1), 0.05, None, "{name: sgd, momentum: 0, nesterov: false, weight_decay: 0.05}"),
    "sgd_nesterov": (
        lambda groups: torch.optim.SGD(groups, lr=1, momentum=0.9, nesterov=True), 0.05, None,
        "{name: sgd, momentum: 0.9, nesterov: true, weight_decay: 0.05}",
    ),
    "adamw": (
        lambda groups: torch.optim.AdamW(groups, lr=1, betas=(0.85, 0.97), eps=1e-7), 0.05, None,
        "{name: adamw, betas: [0.85, 0.97], epsilon: 1.0e-7, weight_decay: 0.05}",
    ),
    "lamb": (
        lambda groups: timm.optim.Lamb(groups, lr=1, eps=1e-6, max_grad_norm=1.0), 0.02, 1.0, "{name: lamb, weight_decay: 0.02}",
    ),
    "sgd_clipped": (
        lambda groups: torch.optim.SGD(groups, lr=1, momentum=0.9, nesterov=True), 0.05, 0.8,
        "{name: sgd, momentum: 0.9, nesterov: true, weight_decay: 0.05}",
    ),
}


def optimizers():
    cases = []
    for name, (make, weight_decay, clip_norm, ours) in OPTIMIZERS.items():
        generator = torch.Generator().manual_seed(5)
        weight, bias = parameters()
        optimizer = make([{"params": [weight], "weight_decay": weight_decay}, {"params": [bias], "weight_decay": 0}])
        steps = []
        for step in range(5):
            lr = 0.01 * (step + 1)
            grads = gradients(step, generator)
            weight.grad, bias.grad = (g.clone() for g in grads)
            norm = torch.nn.utils.get_total_norm([weight.grad, bias.grad])
            if clip_norm is not None and name != "lamb":  # timm's LAMB clips by itself
                torch.nn.utils.clip_grad_norm_([weight, bias], clip_norm)
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.step()
            steps.append({"lr": lr, "gradients": [numbers(g) for g in grads], "norm": float(norm), "parameters": [numbers(weight), numbers(bias)]})
        cases.append({"name": name, "ours": ours, "clip_norm": clip_norm, "steps": steps})
    return cases


def averages():
    cases = []
    for warmup in (False, True):
        model = torch.nn.BatchNorm1d(3)
        average = timm.utils.ModelEmaV3(model, decay=0.9, use_warmup=warmup, warmup_power=2 / 3)
        updates = []
        for update in range(12):
            with torch.no_grad():
                model.weight.copy_(torch.tensor([1.0, 2.0, -3.0]) * (update + 1) ** 0.5)
                model.running_var.copy_(torch.tensor([0.5, 0.25, 4.0]) / (update + 1))
                model.num_batches_tracked += 1
            average.update(model, step=update + 1 if warmup else None)  # timm warms up by the step alone
            live, mean = model.state_dict(), average.module.state_dict()
            names = ("weight", "running_var", "num_batches_tracked")
            updates.append({"live": {n: numbers(live[n]) for n in names}, "average": {n: numbers(mean[n]) for n in names}})
        cases.append({"decay": 0.9, "warmup": warmup, "updates": updates})
    return cases


def schedules():
    """timm counts in our samples, S - W of them after a warm-up of W: position n - W + 1 for cosine, n - W for poly."""
    samples, epochs, warmup, lr, final = 40, 5, 1, 0.4, 0.01
    after = samples * (epochs - warmup)
    optimizer = torch.optim.SGD(parameters(), lr=lr)
    at = [0, 1, 5, 39, 80, 120, 158, 159]
    cosine = timm.scheduler.CosineLRScheduler(optimizer, t_initial=after, lr_min=final)
    poly = timm.scheduler.PolyLRScheduler(optimizer, t_initial=after, power=0.9, lr_min=final)
    steps = timm.scheduler.MultiStepLRScheduler(optimizer, decay_t=[80, 120], decay_rate=0.1)
    cases = []
    for name, scheduler, offset in (("cosine", cosine, 1), ("poly", poly, 0), ("multi_step", steps, -1)):  # timm drops one position early
        values = [[warmup * samples + n, scheduler._get_lr(max(n + offset, 0))[0]] for n in at]
        if name == "cosine":
            values = values[:-1]  # there timm begins its next cycle
        cases.append({"name": name, "values": values})
    return {"samples": samples, "epochs": epochs, "warmup": warmup, "lr": lr, "final": final, "milestones": [3, 4], "cases": cases}


def losses():
    generator = torch.Generator().manual_seed(9)
    logits = 2 * torch.randn(4, 5, generator=generator)
    teacher = 2 * torch.randn(4, 5, generator=generator)
    labels = torch.tensor([1, 4, 0, 2])
    lam, smoothing = 0.7, 0.1
    mixed = mixup_target(labels, 5, lam=lam, smoothing=smoothing)  # with the batch reversed
    return {
        "logits": numbers(logits), "teacher": numbers(teacher), "labels": labels.tolist(), "lam": lam, "smoothing": smoothing,
        "mixed_targets": numbers(mixed),
        "soft_target_cross_entropy": float(timm.loss.SoftTargetCrossEntropy()(logits, mixed)),
        "binary_cross_entropy": float(timm.loss.BinaryCrossEntropy(smoothing=0)(logits, mixed)),
        "distillation": float(torch.nn.functional.cross_entropy(logits, teacher.softmax(1))),
    }


def loss_scale():
    """torch's own scaler, with every third step and some more overflowing."""
    overflows = [0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.5)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024, growth_interval=3)
    steps = []
    for overflow in overflows:
        weight.grad = None
        factor = torch.tensor([1.0, float("inf") if overflow else 2.0])
        scaler.scale((weight * factor).sum()).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        steps.append({"overflow": overflow, "scale": scaler.get_scale(), "weight": numbers(weight)})
    return {"initial": 1024, "growth_interval": 3, "lr": 0.5, "steps": steps}


def main():
    reference = {
        "made_by": f"torch {torch.__version__.split('+')[0]}, timm {timm.__version__}",
        "optimizers": optimizers(), "averages": averages(), "schedules": schedules(), "losses": losses(), "loss_scale": loss_scale(),
    }
    path = pathlib.Path(__file__).with_name("training_reference.json")
    path.write_text(json.dumps(reference, separators=(",", ":")) + "\n")


main()
