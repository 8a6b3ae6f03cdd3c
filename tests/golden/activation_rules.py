#!/usr/bin/env python3
"""Writes tests/explain/rules_golden.h with PyTorch (Debian 12: python3-torch): input gradients of a small network with
squeeze-excitation under the backward rules of engine/explain/emit.h, by hooks on the activation modules.

    activation_rules.py tests/golden/models/activations.onnx > tests/explain/rules_golden.h

The file named is a second network, of activations that ONNX opset 12 spells out, with the same rules (2-D, below).

Network (numbers sin(a i + b), float32 widened to float64): conv 3x3 pad 1 (2 to 4), first activation, times gate(conv 1x1
of its spatial mean), conv 1x1 (4 to 3), second activation, mean over space, Linear to 2; the score is class 0."""
import sys

import numpy as np
import torch
from torch import nn

PAIRS = [  # first activation, second, gate; the order of the rows of test_rules.c
    (nn.SiLU(), nn.SiLU(), nn.Sigmoid()),
    (nn.Hardswish(), nn.Hardswish(), nn.Hardsigmoid()),
    (nn.GELU(), nn.ELU(0.7), nn.Sigmoid()),
    (nn.GELU(approximate="tanh"), nn.Softplus(), nn.Sigmoid()),
    (nn.Mish(), nn.Tanh(), nn.Hardsigmoid()),
    (nn.LeakyReLU(0.1), nn.Sigmoid(), nn.Sigmoid()),
    (nn.Softsign(), nn.ReLU6(), nn.Sigmoid()),
]


def numbers(shape, a, b, scale):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.from_numpy((scale * np.sin(a * i + b)).astype(np.float32).astype(np.float64)).reshape(shape)


class Net(nn.Module):
    def __init__(self, first, second, gate):
        super().__init__()
        self.first, self.second, self.gate = first, second, gate

    def forward(self, x):
        h = self.first(nn.functional.conv2d(x, numbers((4, 2, 3, 3), 0.37, 0.1, 0.9), padding=1))
        s = self.gate(nn.functional.conv2d(h.mean((2, 3), keepdim=True), numbers((4, 4, 1, 1), 0.9, 0.4, 1.5)))
        h = self.second(nn.functional.conv2d(h * s, numbers((3, 4, 1, 1), 0.7, 0.2, 1.2)))
        return h.mean((2, 3)) @ numbers((2, 3), 1.1, 1.5, 1.0).T


class Spelled(nn.Module):
    """SiLU, GELU, squeeze-excitation, hard swish and Mish between convolutions 3x3 of 4 channels."""

    def __init__(self):
        super().__init__()
        self.acts = nn.ModuleList([nn.SiLU(), nn.GELU(), nn.Hardswish(), nn.Mish()])
        self.convs = nn.ModuleList([nn.Conv2d(3 if i == 0 else 4, 4, 3, padding=1) for i in range(4)])
        self.squeeze = nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(4, 3)
        for i, p in enumerate(self.parameters()):
            p.data = numbers(p.shape, 0.37 + 0.1 * i, 0.2 * i, 1.0 if p.dim() > 1 else 0.3).to(torch.float32)

    def forward(self, x):
        for i, (conv, act) in enumerate(zip(self.convs, self.acts)):
            x = act(conv(x))
            if i == 1:
                x = x * torch.sigmoid(self.squeeze(x.mean((2, 3), keepdim=True)))
        return self.fc(x.mean((2, 3)))


def guided(module, grad_in, grad_out):
    return (grad_in[0].clamp(min=0) * (grad_out[0] > 0),)


def deconv(module, grad_in, grad_out):
    return (grad_out[0].clamp(min=0),)


def gradient(net, acts, shape, hook, score):
    handles = [m.register_full_backward_hook(hook) for m in acts if hook]
    x = numbers(shape, 0.53, 0.0, 2.0).requires_grad_()
    net(x)[0, score].backward()
    for h in handles:
        h.remove()
    return x.grad.flatten().tolist()


def table(name, rows):
    """rows: of (comment, network, activations)."""
    shape, score, size = ((1, 2, 4, 4), 0, 32) if name == "golden" else ((1, 3, 5, 5), 1, 75)
    print("static const double %s[%d][3][%d] = {" % (name, len(rows), size))
    for comment, net, acts in rows:
        print("    { /* %s */" % comment)
        for hook in (None, guided, deconv):
            v = ["%.8g" % g for g in gradient(net, acts, shape, hook, score)]
            print("        {" + ",\n         ".join(", ".join(v[i : i + 8]) for i in range(0, size, 8)) + "},")
        print("    },")
    print("};\n")


def main():
    print("/* Written by tests/golden/activation_rules.py: [row][rule: derivative, guided, deconv][input]. */")
    print("#ifndef LIMN_TEST_RULES_GOLDEN_H\n#define LIMN_TEST_RULES_GOLDEN_H\n")
    nets = [(", ".join(type(p).__name__ for p in parts), Net(*parts)) for parts in PAIRS]
    table("golden", [(comment, net, (net.first, net.second)) for comment, net in nets])
    net = Spelled()
    torch.onnx.export(net, numbers((1, 3, 5, 5), 0.53, 0.0, 2.0).float(), sys.argv[1], opset_version=12,
                      input_names=["input"], output_names=["scores"])
    table("golden_spelled", [("activations.onnx", net.double(), net.acts)])
    print("#endif")


main()
