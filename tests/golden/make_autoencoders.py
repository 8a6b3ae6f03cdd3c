#!/usr/bin/env python3
"""Writes autoencoders/NAME.npy: the residual autoencoders defined here in PyTorch, with recipe weights (README.md), on
uniform("input"). One vector of float32: side, gain, largest |latent|, largest |output|, torch's own float32 errors of
both (relative to those), number of parameters / 1e6 whole part and rest, then LATENT and OUTPUT evenly spaced elements.

    make_autoencoders.py [NAME...]"""
import os
import sys

import numpy as np
import torch
from torch import nn

from make import HERE, recipe, uniform

LATENT, OUTPUT = 64, 256


class Encode(nn.Module):
    """Bottleneck; `early`: ReLU before the addition too, as torchxrayvision has it."""

    def __init__(self, inside, mid, stride, changes, early):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, mid, 1, bias=False), nn.BatchNorm2d(mid)
        self.conv2, self.bn2 = nn.Conv2d(mid, mid, 3, stride, 1, bias=False), nn.BatchNorm2d(mid)
        self.conv3, self.bn3 = nn.Conv2d(mid, 4 * mid, 1, bias=False), nn.BatchNorm2d(4 * mid)
        self.early = early
        if changes:
            self.downsample = nn.Sequential(nn.Conv2d(inside, 4 * mid, 1, stride, bias=False), nn.BatchNorm2d(4 * mid))
        self.changes = changes

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        y = y.relu() if self.early else y
        return (y + (self.downsample(x) if self.changes else x)).relu()


class Decode(nn.Module):
    """DeconvBottleneck."""

    def __init__(self, inside, mid, expansion, stride, changes):
        super().__init__()
        out = mid * expansion
        self.conv1, self.bn1 = nn.Conv2d(inside, mid, 1, bias=False), nn.BatchNorm2d(mid)
        if stride == 1:
            self.conv2 = nn.Conv2d(mid, mid, 3, 1, 1, bias=False)
        else:
            self.conv2 = nn.ConvTranspose2d(mid, mid, 3, stride, 1, output_padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3, self.bn3 = nn.Conv2d(mid, out, 1, bias=False), nn.BatchNorm2d(out)
        self.changes = changes
        if changes:
            up = nn.ConvTranspose2d(inside, out, 1, stride, output_padding=int(stride > 1), bias=False)
            self.upsample = nn.Sequential(up, nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y)).relu()
        return (y + (self.upsample(x) if self.changes else x)).relu()


class Autoencoder(nn.Module):
    def __init__(self, channels, down, up, top, early):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        width = 64
        for k, (n, mid, stride) in enumerate(down):
            blocks = []
            for i in range(n):
                blocks.append(Encode(width, mid, stride if i == 0 else 1, i == 0, early))
                width = 4 * mid
            setattr(self, f"layer{k + 1}", nn.Sequential(*blocks))
        for k, (n, mid, stride) in enumerate(up):
            blocks = [Decode(width, mid, 4, 1, False) for _ in range(n - 1)] + [Decode(width, mid, 2, stride, True)]
            setattr(self, f"uplayer{k + 1}", nn.Sequential(*blocks))
            width = 2 * mid
        if top:
            self.uplayer_top = Decode(width, 64, 1, 2, True)
            width = 64
        self.top = top
        self.conv1_1 = nn.ConvTranspose2d(width, channels, 1, bias=False)

    def forward(self, x):
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        for k in range(4):
            x = getattr(self, f"layer{k + 1}")(x)
        z = x
        for k in range(4):
            x = getattr(self, f"uplayer{k + 1}")(x)
        return z, self.conv1_1(self.uplayer_top(x) if self.top else x)


def xrv(deep, last):
    down = [(3, 64, 1), (4, 128, 2), (deep, 256, 2), (last, 128, 6)]
    return Autoencoder(1, down, [(last, 128, 6), (deep, 64, 2), (4, 32, 2), (3, 16, 2)], True, True)


def resnet50():
    down = [(3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2)]
    return Autoencoder(3, down, [(3, 512, 1), (6, 256, 2), (4, 128, 2), (3, 64, 2)], False, False)


CASES = {"resnetae101": (lambda: xrv(23, 2), 224, 0.5), "resnetae50": (lambda: xrv(6, 3), 224, 0.5),
         "resnet50_ae": (resnet50, 96, 0.5)}


def samples(t, count):
    a = t.flatten().double().numpy()
    return a[np.arange(count) * len(a) // count]


def make(name):
    build, side, gain = CASES[name]
    model = build().eval()
    for p in model.parameters():
        p.requires_grad_(False)
    recipe(model, gain)
    n = sum(p.numel() for p in model.parameters())
    channels = model.conv1.weight.shape[1]
    x = torch.from_numpy(uniform("input", channels * side * side).astype(np.float32)).reshape(1, channels, side, side)
    z32, y32 = model(x)
    z, y = model.double()(x.double())
    top = [float(z.abs().max()), float(y.abs().max())]
    off = [float((z32 - z).abs().max()) / top[0], float((y32 - y).abs().max()) / top[1]]
    head = [side, gain, *top, *off, n // 1000000, n % 1000000]
    v = np.concatenate([head, samples(z, LATENT), samples(y, OUTPUT)]).astype(np.float32)
    os.makedirs(f"{HERE}/autoencoders", exist_ok=True)
    np.save(f"{HERE}/autoencoders/{name}.npy", v)
    print(name, "parameters", n, "latent", tuple(z.shape), "output", tuple(y.shape), "largest", top, "float32", off)


if __name__ == "__main__":
    for one in sys.argv[1:] or CASES:
        make(one)
