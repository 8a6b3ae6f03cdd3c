#!/usr/bin/env python3
"""Compares the layers that `limn inspect` lists with torchvision's modules: names and output shapes of every module that
runs.

    layers.py LIMN [MEMBER...]      default: all that tools/golden/zoo.py knows

A module that runs several times is NAME, NAME:2, ... in limn. Modules that never run (auxiliary classifiers) have no line."""
import json
import subprocess
import sys

import torch
from zoo import SIDE, members, network


def modules(model, side):
    found, counts = {}, {}

    def note(name):
        def hook(_module, _args, out):
            counts[name] = counts.get(name, 0) + 1
            found[name if counts[name] == 1 else "%s:%d" % (name, counts[name])] = list(out.shape)

        return hook

    for name, m in model.named_modules():
        if name:
            m.register_forward_hook(note(name))
    with torch.no_grad():
        model(torch.zeros(1, 3, side, side))
    return found


def listed(limn, name, side):
    text = subprocess.run([limn, "inspect", "recipe:" + name, "--size", str(side), "--json"], check=True,
                          capture_output=True).stdout
    return {layer["name"]: layer["shape"] for layer in json.loads(text)["layers"]}


def compare(limn, name):
    side = SIDE.get(name, 64)
    want, got = modules(network(name, weights=False), side), listed(limn, name, side)
    bad = ["missing " + n for n in want if n not in got] + ["unknown " + n for n in got if n not in want]
    bad += ["%s is %s, torchvision's %s" % (n, got[n], want[n]) for n in want if n in got and got[n] != want[n]]
    print("%-20s %d layers%s" % (name, len(want), "".join("\n  " + b for b in bad[:10])), flush=True)
    return len(bad)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(sum(compare(sys.argv[1], n) for n in sys.argv[2:] or members()) > 0)
