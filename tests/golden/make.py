#!/usr/bin/env python3
"""Writes the golden references of this folder with PyTorch (Debian 12: python3-torch python3-torchvision python3-pil).

    make.py ASSETS_MODELS_DIR CASE...     CASE = FOLDER/NAME of the table below

The networks run with exactly the weights that are bundled (F16 widened to float32) or with weights computed from names
(the recipe: tests/golden/README.md). Formulas: README.md."""
import hashlib
import json
import os
import struct
import sys

import numpy as np
import torch
import torchvision
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
HALF = ([0.5] * 3, [0.5] * 3)
# folder/name: torchvision model, picture, class (None: the top one), layer, mean and std, input-sized maps kept
CASES = {
    "squeezenet1_0/macaw": ("squeezenet1_0", "macaw_224", None, "features.12", IMAGENET, True),
    "squeezenet1_0/catmacaw_c285": ("squeezenet1_0", "catmacaw_224", 285, "features.12", IMAGENET, False),
    "mobilenet_v2/samoyed": ("mobilenet_v2", "samoyed_224", None, "features.18", HALF, True),
    "recipe_densenet121/catmacaw": ("densenet121", "catmacaw_224", None, "features", IMAGENET, True),
    "recipe_resnet50/catmacaw": ("resnet50", "catmacaw_224", None, "layer4", IMAGENET, False),
    "recipe_efficientnet_b0/catmacaw": ("efficientnet_b0", "catmacaw_224", None, "features.8", IMAGENET, False),
    "recipe_convnext_tiny/catmacaw": ("convnext_tiny", "catmacaw_224", None, "features.7", IMAGENET, False),
}
TOLERANCE = {
    "logits": "abs <= 1e-3 * max|logit|",
    "gradcam": "max abs error <= 1e-4 * absmax",
    "gradcam_prerelu": "as gradcam",
    "gradcam_weights": "as gradcam",
    "gradient": "relative L2 <= 5e-3 and cosine >= 0.9999",
    "guided_backprop": "relative L2 <= 1e-2 and cosine >= 0.9999",
    "guided_gradcam": "as guided_backprop",
}


class Guided(torch.autograd.Function):
    """An activation with the guided backward rule, max(vjp(max(g, 0)), 0)."""

    @staticmethod
    def forward(ctx, x, f):
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_(True)
            ctx.y = f(ctx.x)
        return ctx.y.detach()

    @staticmethod
    def backward(ctx, g):
        return torch.autograd.grad(ctx.y, ctx.x, g.clamp(min=0))[0].clamp(min=0), None


def bundled(path):
    """A safetensors file as float32 tensors."""
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        head, data = json.loads(f.read(n)), f.read()
    kinds = {"F16": np.float16, "F32": np.float32}
    return {
        k: torch.from_numpy(
            np.frombuffer(data[slice(*v["data_offsets"])], kinds[v["dtype"]]).astype(np.float32).reshape(v["shape"])
        )
        for k, v in head.items()
        if k != "__metadata__"
    }


def mix(z):
    u = np.uint64
    z = (z ^ (z >> u(30))) * u(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> u(27))) * u(0x94D049BB133111EB)
    return z ^ (z >> u(31))


def uniform(name, n):
    """n numbers in [-1, 1) that depend on the name."""
    h = 0xCBF29CE484222325
    for c in name.encode():
        h = ((h ^ c) * 0x100000001B3) & (2**64 - 1)
    with np.errstate(over="ignore"):
        i = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (mix(np.uint64(h ^ 2020) + i) >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def recipe(model, gain=1):
    state = model.state_dict()
    for name, t in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        u = uniform(name, t.numel())
        module, last = name.rsplit(".", 1)
        if module + ".running_var" in state:
            u = {"weight": 1 + 0.2 * u, "bias": 0.1 * u, "running_mean": 0.1 * u, "running_var": 1 + 0.5 * u}[last]
        elif last == "weight":
            u = gain * np.sqrt(6.0 / (t.numel() // t.shape[0])) * u
        else:
            u = 0.05 * u
        t.copy_(torch.from_numpy(u.astype(np.float32).reshape(tuple(t.shape))))


def network(folder, arch, assets):
    model = getattr(torchvision.models, arch)(weights=None).eval()
    for m in model.modules():
        if hasattr(m, "inplace"):
            m.inplace = False
    for p in model.parameters():
        p.requires_grad_(False)
    if folder.startswith("recipe_"):
        recipe(model)
    else:
        missing, extra = model.load_state_dict(bundled(os.path.join(assets, folder + ".safetensors")), strict=False)
        assert not extra and all("num_batches_tracked" in k for k in missing), (missing, extra)
    return model


def input_gradient(model, x, label):
    x = x.clone().requires_grad_(True)
    model(x)[0, label].backward()
    return x.grad[0]


def guided(run, *args):
    """run(*args) with the guided rule at every activation that is no gate of squeeze-and-excitation."""
    f = torch.nn.functional
    keep = {n: getattr(f, n) for n in ("relu", "silu", "hardswish", "gelu", "hardtanh")}
    for name in ("relu", "silu", "hardswish", "gelu"):
        setattr(f, name, lambda v, inplace=False, approximate="none", one=keep[name]: Guided.apply(v, one))
    f.hardtanh = lambda v, lo=-1.0, hi=1.0, inplace=False: Guided.apply(v, lambda u: keep["hardtanh"](u, lo, hi))
    try:
        return run(*args)
    finally:
        for name, one in keep.items():
            setattr(f, name, one)


def gradcam(model, x, label, layer):
    seen = {}

    def hook(_module, _input, out):
        seen["a"] = out
        return out.clone()

    handle = dict(model.named_modules())[layer].register_forward_hook(hook)
    score = model(x.clone().requires_grad_(True))[0, label]
    (g,) = torch.autograd.grad(score, seen["a"])
    handle.remove()
    weights = g[0].mean((1, 2))
    return weights, (weights[:, None, None] * seen["a"].detach()[0]).sum(0)


def make(case, assets):
    arch, picture, label, layer, (mean, std), keep_maps = CASES[case]
    folder = case.split("/")[0]
    model = network(folder, arch, assets)
    rgb = np.asarray(Image.open(f"{HERE}/images/{picture}.png").convert("RGB"), np.float32)
    x = (torch.from_numpy(rgb.copy()) / 255 - torch.tensor(mean)) / torch.tensor(std)
    x = x.permute(2, 0, 1)[None].contiguous()
    with torch.no_grad():
        logits = model(x)[0]
    label = int(logits.argmax()) if label is None else label
    weights, linear = gradcam(model, x, label, layer)
    out = dict(logits=logits, gradcam=linear.relu(), gradcam_prerelu=linear, gradcam_weights=weights)
    if keep_maps:
        out.update(gradient=input_gradient(model, x, label), guided_backprop=guided(input_gradient, model, x, label))
    files = {}
    os.makedirs(f"{HERE}/{case}", exist_ok=True)
    for name, t in out.items():
        a = t.detach().numpy().astype(np.float32)
        path = f"{HERE}/{case}/{name}.npy"
        np.save(path, a)
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        files[name] = dict(shape=list(a.shape), absmax=float(np.abs(a).max()), sha256=digest)
    manifest = dict(
        id=case, layer=layer, class_index=label, logit=float(logits[label]), input=f"images/{picture}.png",
        preprocessing=dict(mean=mean, std=std), weights="recipe" if folder.startswith("recipe_") else "bundled",
        gradcam_layers={layer: dict(max=float(linear.relu().max()))}, files=files, tolerance=TOLERANCE,
    )
    with open(f"{HERE}/{case}/manifest.json", "w") as f:
        json.dump(manifest, f, indent=1)
        f.write("\n")
    print(case, "class", label, "logit %.4f" % float(logits[label]))


if __name__ == "__main__":
    for one in sys.argv[2:]:
        make(one, sys.argv[1])
