#!/usr/bin/env python3
"""Writes accept/ with python3-nibabel and reject/ by changing bytes of one of them (Debian 12: python3-nibabel).

Voxel (x, y, z, c) of a 3 x 4 x 5 grid holds (x + 3 y + 12 z + 60 c) mod 100, minus 50 where the type is signed."""
import gzip
import os
import struct

import nibabel as nib
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
AFFINE = np.array([[-2, 0, 0, 90], [0, 2.5, 0.1, -126], [0, -0.1, 3, -72], [0, 0, 0, 1.0]])


def voxels(dtype, channels=1):
    x, y, z, c = np.meshgrid(range(3), range(4), range(5), range(channels), indexing="ij")
    v = (x + 3 * y + 12 * z + 60 * c) % 100 - (0 if np.dtype(dtype).kind == "u" else 50)
    return v.astype(dtype)


def save(name, v, order="<", slope=None, inter=None, extension=None):
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(v.dtype)
    image = nib.Nifti1Image(v, AFFINE, header)
    if slope is not None:
        image.header.set_slope_inter(slope, inter)
    if extension is not None:
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", extension))
    path = f"{HERE}/accept/{name}"
    nib.save(image, path)
    if name.endswith(".gz"):  # without time and name
        data = gzip.open(path).read()
        open(path, "wb").write(gzip.compress(data, mtime=0))
    return open(path, "rb").read()


def reject(name, data):
    open(f"{HERE}/reject/{name}", "wb").write(data)


def put(data, at, form, *value):
    return data[:at] + struct.pack(form, *value) + data[at + struct.calcsize(form) :]


os.makedirs(f"{HERE}/accept", exist_ok=True)
os.makedirs(f"{HERE}/reject", exist_ok=True)
for kind in "u1 i1 i2 u2 i4 f4 f8".split():
    for order in "<>":
        save(f"{kind}-{'le' if order == '<' else 'be'}.nii", voxels(kind, 1)[..., 0], order)
plain = save("i2-gz.nii.gz", voxels("i2")[..., 0])
save("time.nii.gz", voxels("u1", 2))
save("vector.nii", voxels("u1", 3)[:, :, :, None, :])
ext = save("extension.nii", voxels("u1")[..., 0], extension=b"made for a test")
base = save("i2-le.nii", voxels("i2")[..., 0])
open(f"{HERE}/accept/scaled.nii", "wb").write(put(base, 112, "<ff", 0.5, -3))
open(f"{HERE}/accept/slope-nan.nii", "wb").write(put(base, 112, "<ff", np.nan, 7))
open(f"{HERE}/accept/slope-zero.nii", "wb").write(put(base, 112, "<ff", 0, 7))
open(f"{HERE}/accept/i2-trailing.nii", "wb").write(base + b"more")
open(f"{HERE}/accept/ones.nii", "wb").write(put(base, 40, "<8h", 7, 3, 4, 5, 1, 1, 1, 1))
open(f"{HERE}/accept/members.nii.gz", "wb").write(
    gzip.compress(base[:400], mtime=0) + gzip.compress(base[400:], mtime=0) + bytes(8)
)
f4 = open(f"{HERE}/accept/f4-le.nii", "rb").read()
open(f"{HERE}/accept/not-finite.nii", "wb").write(put(f4, 352, "<ff", np.nan, np.inf))

reject("empty.nii", b"")
reject("short-header.nii", base[:200])
reject("no-extension-word.nii", base[:348])
reject("truncated.nii", base[:-1])
reject("truncated.nii.gz", plain[:-20])
reject("checksum.nii.gz", plain[:-8] + bytes([plain[-8] ^ 1]) + plain[-7:])
reject("damaged.nii.gz", plain[:30] + bytes(20) + plain[50:])
reject("text.nii", b"this is not a volume" * 30)
reject("header-size.nii", put(base, 0, "<i", 347))
reject("nifti2.nii", put(base, 0, "<i", 540))
reject("pair.nii", base[:344] + b"ni1\0" + base[348:])
reject("analyze.nii", base[:344] + bytes(4) + base[348:])
reject("dims-0.nii", put(base, 40, "<h", 0))
reject("dims-8.nii", put(base, 40, "<h", 8))
reject("dims-2.nii", put(base, 40, "<h", 2))
reject("dim-negative.nii", put(base, 44, "<h", -4))
reject("dim-zero.nii", put(base, 46, "<h", 0))
reject("dim-6.nii", put(base, 40, "<8h", 6, 3, 4, 5, 1, 1, 2, 1))
reject("two-axes-more.nii", put(base, 40, "<6h", 5, 3, 4, 1, 2, 2))
reject("huge.nii", put(base, 40, "<5h", 4, 32767, 32767, 32767, 32767))
reject("bomb.nii.gz", gzip.compress(put(base, 40, "<4h", 3, 600, 600, 600) + bytes(1 << 16), mtime=0))
reject("bits.nii", put(base, 72, "<h", 8))
reject("bits-zero.nii", put(base, 72, "<h", 0))
reject("type-unknown.nii", put(base, 70, "<h", 3))
reject("type-complex.nii", put(base, 70, "<hh", 32, 64))
reject("type-rgb.nii", put(base, 70, "<hh", 128, 24))
reject("type-int64.nii", put(base, 70, "<hh", 1024, 64))
for name, value in dict(nan=np.nan, inf=np.inf, huge=1e30, zero=0, negative=-352, half=352.5, past=1e6).items():
    reject(f"offset-{name}.nii", put(base, 108, "<f", value))
reject("inter-nan.nii", put(base, 112, "<ff", 1, np.nan))
reject("after-voxels.nii.gz", gzip.compress(base + bytes(2 << 20), mtime=0))

for name in sorted(os.listdir(f"{HERE}/accept")):  # what nibabel sees is what the test expects
    if name in ("not-finite.nii", "slope-nan.nii", "slope-zero.nii", "members.nii.gz"):
        continue
    image = nib.load(f"{HERE}/accept/{name}")
    v = np.squeeze(image.get_fdata())
    signed = not name.startswith(("u", "time", "vector", "ext"))
    expected = np.squeeze(voxels("i4" if signed else "u4", v.size // 60)).astype(float)
    expected = expected * 0.5 - 3 if name == "scaled.nii" else expected
    assert v.shape == expected.shape and (v == expected).all(), name
