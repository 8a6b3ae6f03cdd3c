#!/usr/bin/env python3
"""Writes outputs/: a network of two sections and four outputs as ONNX, and gradients of its scores by PyTorch (Debian 12:
python3-torch): a softmax, a sigmoid of several labels, an output with positions, and a single logit. And the 3-D network
of make_volume.py as ONNX."""
import os

import numpy as np
import torch
from torch import nn

from make import HERE, recipe
from make_volume import Stack, volume


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        pool = lambda n, k: [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n, k)]
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU()
        )
        self.kind = nn.Sequential(nn.Conv2d(12, 6, 3, padding=1), nn.ReLU(), *pool(6, 4), nn.Softmax(1))
        self.findings = nn.Sequential(nn.Conv2d(12, 10, 3, padding=1), nn.ReLU(), *pool(10, 5), nn.Sigmoid())
        self.segments = nn.Conv2d(12, 3, 1)
        self.risk = nn.Sequential(*pool(12, 1))

    def forward(self, x):
        f = self.encoder(x)
        return self.kind(f), self.findings(f), self.segments(f), self.risk(f)[:, 0]


OUTPUTS = ["kind", "findings", "segments", "risk"]
SCORES = {  # file: score of image 0 of the batch, and of image 1
    "kind": (lambda o: o[0][0, 2], lambda o: o[0][1, 0]),
    "findings": (lambda o: o[1][0, 3], lambda o: o[1][1, 1]),
    "findings_before": (lambda o: torch.logit(o[1][0, 3]), lambda o: torch.logit(o[1][1, 1])),
    "segments": (lambda o: o[2][0, 1].mean(), lambda o: o[2][1, 2].mean()),
    "risk": (lambda o: -o[3][0], lambda o: o[3][1]),
}


def export(path, model, x, names):
    axes = {name: {0: "n"} for name in ["x", *names]}
    torch.onnx.export(model, x, path, input_names=["x"], output_names=names, opset_version=13, dynamic_axes=axes)


if __name__ == "__main__":
    at = f"{HERE}/outputs"
    os.makedirs(at, exist_ok=True)
    net, stack = Net().eval(), Stack().eval()
    for model in net, stack:
        for p in model.parameters():
            p.requires_grad_(False)
        recipe(model)
    x = torch.from_numpy(np.random.RandomState(1).randn(2, 3, 16, 16).astype(np.float32))
    export(f"{at}/outputs.onnx", net, x[:1], OUTPUTS)
    export(f"{HERE}/recipe_stack3d/stack3d.onnx", stack, volume(1, 12, 16, 20), ["scores"])
    np.save(f"{at}/input.npy", x.numpy())
    for name, scores in SCORES.items():
        leaf = x.clone().requires_grad_(True)
        out = net(leaf)
        sum(s(out) for s in scores).backward()
        np.save(f"{at}/{name}.npy", leaf.grad.numpy())
