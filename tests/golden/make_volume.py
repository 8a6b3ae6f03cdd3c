#!/usr/bin/env python3
"""Writes the golden references of 3-D networks with PyTorch (Debian 12: python3-torch; the recipe of make.py).

recipe_stack3d: Conv3d - BatchNorm3d - ReLU - MaxPool3d three times, global average, Linear, weights by recipe.
stack3d_flat:   a plain nn.Sequential with Flatten, two input channels, convolutions without bias; weights in a file.
"""
import json
import os
import struct

import numpy as np
import torch
from torch import nn

from make import HERE, Gate, recipe


class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        blocks, channels = [], 1
        for out in 8, 16, 32:
            blocks += [nn.Conv3d(channels, out, 3, padding=1), nn.BatchNorm3d(out), nn.ReLU(), nn.MaxPool3d(2)]
            channels = out
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Linear(channels, 4)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3, 4)))


def flat():
    return nn.Sequential(
        nn.Conv3d(2, 3, 3, padding=1, bias=False), nn.BatchNorm3d(3), nn.ReLU(), nn.MaxPool3d(2),
        nn.Conv3d(3, 4, (3, 1, 3), padding=(1, 0, 1), bias=False), nn.BatchNorm3d(4), nn.ReLU(), nn.MaxPool3d(2),
        nn.Flatten(), nn.Linear(4 * 2 * 3 * 2, 6), nn.ReLU(), nn.Linear(6, 3),
    )


def volume(channels, d, h, w):
    """A bright ball in waves, different along every axis."""
    c, z, y, x = np.meshgrid(range(channels), range(d), range(h), range(w), indexing="ij")
    r = np.hypot(np.hypot(z - 0.6 * d, y - 0.4 * h), x - 0.3 * w)
    v = np.sin(0.7 * x + c) + 0.5 * np.cos(0.9 * y) - 0.3 * np.sin(1.3 * z) + 2.0 * (r < 0.25 * h)
    return torch.from_numpy(v.astype(np.float32))[None]


class GuidedReLU(nn.Module):
    def forward(self, x):
        return Gate.apply(x, None)


def gradient(model, x, label):
    x = x.clone().requires_grad_(True)
    model(x)[0, label].backward()
    return x.grad[0]


def gradcam(model, x, label, layer):
    seen = {}
    handle = dict(model.named_modules())[layer].register_forward_hook(lambda m, i, o: seen.update(a=o))
    score = model(x.clone().requires_grad_(True))[0, label]
    (g,) = torch.autograd.grad(score, seen["a"])
    handle.remove()
    return (g[0].mean((1, 2, 3))[:, None, None, None] * seen["a"].detach()[0]).sum(0).relu()


def guided(model):
    for name, m in model.named_children():
        if isinstance(m, nn.ReLU):
            setattr(model, name, GuidedReLU())
        guided(m)
    return model


def save_weights(path, state):
    head, data = {}, b""
    for name, t in state.items():
        raw = t.numpy().astype("<f4" if t.is_floating_point() else "<i8").tobytes()
        head[name] = dict(
            dtype="F32" if t.is_floating_point() else "I64", shape=list(t.shape),
            data_offsets=[len(data), len(data) + len(raw)],
        )
        data += raw
    text = json.dumps(head, separators=(",", ":")).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def make(folder, model, x, layer):
    for p in model.parameters():
        p.requires_grad_(False)
    recipe(model.eval())
    at = f"{HERE}/{folder}"
    os.makedirs(at, exist_ok=True)
    if folder == "stack3d_flat":
        save_weights(f"{at}/stack3d_flat.safetensors", model.state_dict())
    with torch.no_grad():
        logits = model(x)[0]
    label = int(logits.argmax())
    out = dict(input=x[0], logits=logits, gradient=gradient(model, x, label), gradcam=gradcam(model, x, label, layer))
    out["guided_backprop"] = gradient(guided(model), x, label)
    up = nn.functional.interpolate(out["gradcam"][None, None], x.shape[2:], mode="trilinear", align_corners=False)
    out["guided_gradcam"] = out["guided_backprop"] * up[0]
    for name, t in out.items():
        np.save(f"{at}/{name}.npy", t.numpy().astype(np.float32))
    print(folder, "class", label, logits.tolist(), "cam", tuple(out["gradcam"].shape), float(out["gradcam"].max()))


if __name__ == "__main__":
    make("recipe_stack3d", Stack(), volume(1, 12, 16, 20), "features.10")
    make("stack3d_flat", flat(), volume(2, 8, 12, 8), "6")
