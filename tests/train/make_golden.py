#!/usr/bin/env python3
"""Writes golden.txt with PyTorch in double precision (Debian 12: python3-torch): losses and their derivatives; the first
step's gradients of LeNet and of a CIFAR ResNet-20 in training mode, with its running statistics; LeNet's parameters
after three steps of each optimiser. Weights by recipe (tests/golden/README.md), inputs sin(0.37 i), labels 3 i mod 10.

A line: CASE TENSOR sum abs-sum v0..v7, v_k being element floor(k n / 8)."""
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
from make import recipe  # noqa: E402

OUT = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.txt"), "w")


def put(case, name, t):
    t = t.detach().double().reshape(-1)
    pick = [t[k * t.numel() // 8].item() for k in range(8)]
    print(case, name, *("%.12g" % v for v in [t.sum().item(), t.abs().sum().item()] + pick), file=OUT)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(256, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class Block(nn.Module):
    def __init__(self, cin, out):
        super().__init__()
        self.grows = cin != out
        self.conv1 = nn.Conv2d(cin, out, 3, 2 if self.grows else 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.extra = (out - cin) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        skip = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra, self.extra)) if self.grows else x
        return F.relu(y + skip)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        w = [(16, 16), (16, 32), (32, 64)]
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(Block(a, b), Block(b, b), Block(b, b)) for a, b in w)
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def make(cls, shape):
    torch.manual_seed(0)
    m = cls()
    with torch.no_grad():
        recipe(m)
    n = 1
    for d in shape:
        n *= d
    x = torch.sin(0.37 * torch.arange(n, dtype=torch.float64)).float().double().reshape(shape)
    return m.double().train(), x, torch.arange(shape[0]) * 3 % 10


def losses():
    y = torch.sin(0.37 * torch.arange(12, dtype=torch.float64)).float().double().reshape(3, 4).mul(3)
    t = torch.cos(0.53 * torch.arange(12, dtype=torch.float64)).float().double().reshape(3, 4).abs()
    p = t / t.sum(1, keepdim=True)
    p = p.float().double()
    y.requires_grad_(True)
    items = {
        "cross-entropy": F.cross_entropy(y, p, reduction="none"),
        "mse": F.mse_loss(y, t, reduction="none").mean(1),
        "l1": F.l1_loss(y, t, reduction="none").mean(1),
        "bce": F.binary_cross_entropy_with_logits(y, t, reduction="none").mean(1),
        "mse.sum": F.mse_loss(y, t, reduction="none").sum(1),
    }
    for name, v in items.items():
        put("loss", name, v)
        put("loss", name + ".grad", torch.autograd.grad(v.sum(), y)[0])
    w = torch.tensor([0.5, 2, 1, 3], dtype=torch.float64)
    hard = torch.tensor([2, 0, 3])
    v = F.cross_entropy(y, hard, weight=w)
    put("loss", "weighted", v)
    put("loss", "weighted.grad", torch.autograd.grad(v, y)[0])


def gradients(case, cls, shape):
    m, x, label = make(cls, shape)
    loss = F.cross_entropy(m(x), label)
    loss.backward()
    put(case, "loss", loss)
    for name, p in m.named_parameters():
        put(case, name, p.grad)
    for name, b in m.named_buffers():
        if "num_batches" not in name:
            put(case, name, b)


def optimisers():
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, 0.05),
        "sgd-nesterov": lambda p: torch.optim.SGD(p, 0.02, momentum=0.9, weight_decay=0.01, nesterov=True),
        "adam": lambda p: torch.optim.Adam(p, 1e-3),
        "adam-decay": lambda p: torch.optim.Adam(p, 1e-3, weight_decay=0.01),
        "amsgrad": lambda p: torch.optim.Adam(p, 1e-3, betas=(0.8, 0.99), amsgrad=True),
        "adamw": lambda p: torch.optim.AdamW(p, 1e-3, weight_decay=0.1),
    }
    for name, start in kinds.items():
        m, x, label = make(LeNet, (6, 1, 28, 28))
        o = start(m.parameters())
        for _ in range(3):
            o.zero_grad()
            F.cross_entropy(m(x), label).backward()
            o.step()
        for k, p in m.named_parameters():
            put(name, k, p)


losses()
gradients("lenet", LeNet, (6, 1, 28, 28))
gradients("cifar_resnet20", ResNet20, (4, 3, 32, 32))
optimisers()
