#!/usr/bin/env python3
"""Convert PyTorch state dicts to safetensors, with nothing but Python's standard library.

usage: to_safetensors.py IN OUT.safetensors [--f16] [--key NAME]

IN is a .pth/.pt/.th file of torch.save, in the zip format or the older one, or a .safetensors file. The pickle inside is read
with a list of allowed names, so that a hostile file cannot run code. A dict that wraps the state dict is opened by its
"state_dict" entry (or --key). "module." prefixes and num_batches_tracked are dropped. --f16 rounds to half precision."""
import argparse
import collections
import io
import json
import pickle
import struct
import sys
import zipfile

TYPES = {"FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2), "DoubleStorage": ("F64", 8), "LongStorage": ("I64", 8),
         "IntStorage": ("I32", 4), "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1), "ByteStorage": ("U8", 1),
         "BFloat16Storage": ("BF16", 2), "BoolStorage": ("BOOL", 1)}


class Storage:
    def __init__(self, dtype, size, key, data=None):
        self.dtype, self.size, self.key, self.data = dtype, size, key, data


class Tensor:
    def __init__(self, storage, offset, shape, stride):
        self.storage, self.offset, self.shape, self.stride = storage, offset, tuple(shape), tuple(stride)

    def bytes(self):
        """The elements in C order."""
        size, data, n = self.storage.size, self.storage.data, 1
        for d in self.shape:
            n *= d
        dense, step = [], 1
        for d in reversed(self.shape):
            dense.insert(0, step)
            step *= d
        if all(d == 1 or s == t for d, s, t in zip(self.shape, self.stride, dense)):
            out = data[self.offset * size:(self.offset + n) * size]
        else:
            places = [self.offset]
            for d, s in zip(self.shape, self.stride):
                places = [p + i * s for p in places for i in range(d)]
            out = b"".join(data[p * size:(p + 1) * size] for p in places)
        if len(out) != n * size:
            raise SystemExit("tensor reaches past the end of its storage")
        return out


def rebuild_tensor(storage, offset, shape, stride, *_):
    return Tensor(storage, offset, shape, stride)


class Reader(pickle.Unpickler):
    """Knows the names that a state dict needs and no others."""
    load_storage = None

    def find_class(self, module, name):
        if module == "torch" and name in TYPES:
            return TYPES[name]
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor")):
            return rebuild_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda data, *_: data
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        raise SystemExit(f"refused: the file asks for {module}.{name}")

    def persistent_load(self, pid):
        if not isinstance(pid, tuple) or pid[0] != "storage":
            raise SystemExit("refused: a persistent id that is no storage")
        return self.load_storage(pid[1], pid[2])


def read_zip(f):
    z = zipfile.ZipFile(f)
    root = next(n for n in z.namelist() if n.endswith("data.pkl"))[:-len("data.pkl")]
    r = Reader(io.BytesIO(z.read(root + "data.pkl")))
    r.load_storage = lambda t, key: Storage(t[0], t[1], key, z.read(f"{root}data/{key}"))
    return r.load()


def read_legacy(f):
    storages = {}

    def load_storage(t, key):
        return storages.setdefault(key, Storage(t[0], t[1], key))

    objects = []
    for _ in range(5):  # magic number, version, machine, the object, storage keys
        r = Reader(f)
        r.load_storage = load_storage
        objects.append(r.load())
    if objects[0] != 0x1950a86a20f9469cfc6c:
        raise SystemExit("not a file of torch.save")
    for key in objects[4]:
        n, = struct.unpack("<q", f.read(8))
        storages[key].data = f.read(n * storages[key].size)
    return objects[3]


def read_safetensors(f):
    n, = struct.unpack("<Q", f.read(8))
    header = json.loads(f.read(n))
    data, out = f.read(), {}
    size = dict(TYPES.values())
    for name, e in header.items():
        if name != "__metadata__":
            begin, end = e["data_offsets"]
            t = Tensor(Storage(e["dtype"], size[e["dtype"]], name, data[begin:end]), 0, e["shape"], [1] * len(e["shape"]))
            t.bytes = lambda d=data[begin:end]: d
            out[name] = t
    return out


def to_half(dtype, data):
    if dtype != "F32":
        return dtype, data
    n = len(data) // 4
    return "F16", struct.pack(f"<{n}e", *struct.unpack(f"<{n}f", data))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("input")
    p.add_argument("output")
    p.add_argument("--f16", action="store_true")
    p.add_argument("--key", default="state_dict")
    a = p.parse_args()
    with open(a.input, "rb") as f:
        magic = f.read(10)
        f.seek(0)
        if magic[:2] == b"PK":
            sd = read_zip(f)
        elif magic[8:9] == b"{":
            sd = read_safetensors(f)
        else:
            sd = read_legacy(f)
    sd = sd.get(a.key, sd)
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, t in sd.items():
        if not isinstance(t, Tensor) or name.endswith("num_batches_tracked"):
            continue
        dtype, data = t.storage.dtype, t.bytes()
        if a.f16:
            dtype, data = to_half(dtype, data)
        name = name[len("module."):] if name.startswith("module.") else name
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(a.output, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(f"{a.output}: {len(header) - 1} tensors, {at} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
