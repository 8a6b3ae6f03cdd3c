#!/usr/bin/env python3
"""Records what torchvision computes for each of its convolutional classifiers (Debian 12: python3-torchvision, torch 1.13).

    zoo.py [MEMBER...]      default: all; writes tests/golden/torchvision/MEMBER.npy

Weights are those of the recipe (tests/golden/README.md), the input is uniform("input") * 2, both float32; the numbers are
computed in double precision. The file is one float32 vector that tests/support/torchvision.c reads: side of the input,
class, gain of the recipe, largest |logit|, largest |gradient|, the errors of torch's own float32 computation relative to those two,
LOGITS logits at k * classes / LOGITS and GRADIENTS elements at k * elements / GRADIENTS of the class's input gradient.
Of some members a second file, MEMBER.guided.npy, has the largest element of guided backpropagation and GRADIENTS of them."""
import os
import sys

import numpy as np
import torch
import torchvision

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "golden"))
from make import guided, recipe, uniform  # noqa: E402

LOGITS, GRADIENTS = 64, 256
GUIDED = ("resnet18", "mobilenet_v2", "efficientnet_b0", "mobilenet_v3_small", "convnext_tiny")  # one an activation
SIDE = {"alexnet": 95, "googlenet": 72, "inception_v3": 99}  # others: 64, which every one of them can take
# With gain 1 the scores of these explode and the smallest rounding changes their gradient altogether.
GAIN = {n: 0.75 for n in ("efficientnet_b5", "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_s",
                          "efficientnet_v2_m", "regnet_y_1_6gf", "regnet_y_128gf")}
GAIN["efficientnet_v2_l"] = 0.625
TRANSFORMERS = ("vit_", "swin_", "maxvit_")


def members():
    return [n for n in torchvision.models.list_models(module=torchvision.models) if not n.startswith(TRANSFORMERS)]


def network(name, weights=True):
    kwargs = dict(weights=None)
    if name in ("googlenet", "inception_v3"):
        kwargs.update(aux_logits=False, transform_input=True, init_weights=False)
    model = torchvision.models.get_model(name, **kwargs).eval()
    for p in model.parameters():
        p.requires_grad_(False)
    if weights:
        recipe(model, GAIN.get(name, 1))
    return model


def run(model, x, label=None):
    """Logits, class and the input gradient of its logit."""
    x = x.clone().requires_grad_(True)
    logits = model(x)[0]
    label = int(logits.argmax()) if label is None else label
    logits[label].backward()
    return logits.detach().numpy(), label, x.grad.numpy().reshape(-1)


def error(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


def save(name, numbers):
    folder = os.path.join(ROOT, "tests", "golden", "torchvision")
    os.makedirs(folder, exist_ok=True)
    np.save(os.path.join(folder, name), np.asarray(numbers, np.float32))


def record(name):
    model = network(name)
    side = SIDE.get(name, 64)
    x = (2 * uniform("input", 3 * side * side)).astype(np.float32).reshape(1, 3, side, side)
    y, label, g = run(model.double(), torch.from_numpy(x).double())
    y32, _, g32 = run(model.float(), torch.from_numpy(x), label)
    assert np.isfinite(y).all() and np.isfinite(g).all() and np.abs(g).max() > 0, name
    head = [side, label, GAIN.get(name, 1), np.abs(y).max(), np.abs(g).max(), error(y32, y), error(g32, g)]
    if name in GUIDED:
        _, _, b = guided(run, model.double(), torch.from_numpy(x).double(), label)
        save(name + ".guided", [np.abs(b).max(), *b[np.arange(GRADIENTS) * len(b) // GRADIENTS]])
    samples = y[np.arange(LOGITS) * len(y) // LOGITS], g[np.arange(GRADIENTS) * len(g) // GRADIENTS]
    save(name, np.concatenate([head, *samples]))
    print("%-20s class %3d  |logit| %.3g  spread %.3g  |gradient| %.3g  float32 errors %.1e %.1e" % (
        name, label, head[3], y.std(), *head[4:]), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for one in sys.argv[1:] or members():
        record(one)
