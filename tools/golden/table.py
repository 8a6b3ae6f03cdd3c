#!/usr/bin/env python3
"""Writes the table of docs/architectures.md from what tests/model/test_torchvision_all printed.

    table.py RUN.txt...     later runs replace rows of earlier ones"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOC = os.path.join(ROOT, "docs", "architectures.md")
HEAD = """| network | parameters | input | gain | device: logits | gradient | double: logits | gradient | torch float32: logits | gradient |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def rows(paths):
    found = {}
    for path in paths:
        with open(path) as f:
            for line in f:
                cells = [c.strip() for c in line.split("|")[1:-1]]
                if len(cells) == 10 and "FAIL" not in line:
                    cells[1] = "{:,}".format(int(cells[1]))
                    found[cells[0]] = "| " + " | ".join(cells) + " |\n"
    return found


if __name__ == "__main__":
    found = rows(sys.argv[1:])
    with open(os.path.join(ROOT, "engine", "model", "archs.def")) as f:
        order = re.findall(r"^ARCH\((\w+),", f.read(), re.M)
    with open(DOC) as f:
        before, rest = f.read().split("<!-- table -->\n", 1)
    after = rest.split("<!-- end -->\n", 1)[1]
    table = HEAD + "".join(found[n] for n in order if n in found)
    with open(DOC, "w") as f:
        f.write(before + "<!-- table -->\n" + table + "<!-- end -->\n" + after)
    print(len(found), "rows")
