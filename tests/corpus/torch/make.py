#!/usr/bin/env python3
"""Writes accept/ (needs python3-torch) or reject/: run `make.py accept`,
`make.py reject` and `make.py pickles` in this folder.

Each file of reject/ is a good checkpoint with one fault; its name says which. Pickles are put together opcode by opcode,
archives byte by byte, so that the files are the same on every run.
"""
import os
import struct
import sys
import zipfile
import zlib

P2 = b"\x80\x02"


def uni(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def glob(name):
    module, attr = name.rsplit(".", 1)
    return b"c" + module.encode() + b"\n" + attr.encode() + b"\n"


def num(i):
    return b"J" + struct.pack("<i", i)


def tup(*items):
    return b"(" + b"".join(items) + b"t"


def persid(n, key="0", cls="torch.FloatStorage", tail=b""):
    return b"(" + uni("storage") + glob(cls) + uni(key) + uni("cpu") + num(n) + tail + b"tQ"


ODICT = glob("collections.OrderedDict") + b")R"


def tensor(n=6, offset=0, size=(2, 3), stride=(3, 1), **kw):
    return (glob("torch._utils._rebuild_tensor_v2") +
            tup(persid(n, **kw), num(offset), tup(*map(num, size)), tup(*map(num, stride)), b"\x89", ODICT) + b"R")


def state(*items):
    return P2 + ODICT + b"(" + b"".join(items) + b"u."


def good(**kw):
    return state(uni("w"), tensor(**kw))


class Entry:
    def __init__(self, name, data, **kw):
        self.name, self.data = name.encode(), data
        self.flags, self.method, self.packed = 0, 0, data
        self.crc, self.size = zlib.crc32(data), len(data)
        self.local = {}   # fields of the local header that differ
        self.offset = None
        self.__dict__.update(kw)

    def fields(self, local):
        f = dict(name=self.name, flags=self.flags, method=self.method, crc=self.crc, size=self.size,
                 packed=len(self.packed))
        f.update(self.local if local else {})
        return f


def archive(entries, before=b"", gap=b"", after=b"", count=None, disk=0, comment=b"", directory_gap=b""):
    out, cd, offsets = before, b"", []
    for e in entries:
        offsets.append(len(out) if e.offset is None else e.offset)
        f = e.fields(True)
        out += struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, f["flags"], f["method"], 0, 33, f["crc"], f["packed"], f["size"],
                           len(f["name"]), 0) + f["name"] + e.packed + gap
    start = len(out)
    for e, at in zip(entries, offsets):
        f = e.fields(False)
        cd += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, f["flags"], f["method"], 0, 33, f["crc"], f["packed"],
                          f["size"], len(f["name"]), 0, 0, 0, 0, 0, at) + f["name"]
    n = len(entries) if count is None else count
    return (out + cd + directory_gap + struct.pack("<IHHHHIIH", 0x06054b50, disk, 0, n, n, len(cd), start, len(comment)) +
            comment + after)


DATA = struct.pack("<6f", 1, 2, 3, 4, 5, 6)


def pth(pickle=None, data=DATA, extra=(), data_kw=None, **kw):
    entries = [Entry("m/data.pkl", good() if pickle is None else pickle), Entry("m/data/0", data, **(data_kw or {}))]
    return archive(entries + list(extra), **kw)


MAGIC = P2 + b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def stream(pickle=None, protocol=1001, little=b"\x88", keys=("0",), storage=struct.pack("<q", 6) + DATA, magic=MAGIC):
    return (magic + P2 + num(protocol) + b"." + P2 + b"}" + uni("little_endian") + little + b"s." +
            (good() if pickle is None else pickle) + P2 + b"](" + b"".join(map(uni, keys)) + b"e." + storage)


def reject():
    deep = P2 + b"]" * 80 + b"a" * 79 + b"."
    bomb = P2 + b"]q\x00" + b"(" + b"h\x00" * 1000002 + b"e."
    laughs = P2 + b"]q\x00" + b"".join(b"]q" + bytes([i]) + b"(" + (b"h" + bytes([i - 1])) * 10 + b"e"
                                       for i in range(1, 70)) + b"."
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packed.compress(bytes(1 << 20)) + packed.flush()
    w = uni("w")
    t = glob("torch._utils._rebuild_tensor_v2")
    args = lambda *a: state(w, t + tup(*a) + b"R")
    f = {}
    # pickle: callables and opcodes outside the list
    for name in ("os.system", "builtins.eval", "posix.system", "torch.jit.load", "torch.FloatTensor", "numpy.ndarray",
                 "argparse.Namespace", "collections.Counter", "torch._utils._rebuild_sparse_tensor"):
        f["global_" + name.replace(".", "_")] = pth(P2 + glob(name) + tup(uni("true")) + b"R.")
    for name, op in {"inst": b"(ios\nsystem\n", "obj": b"(" + ODICT + b"o", "stack_global": uni("os") + uni("system") + b"\x93",
                     "newobj": glob("collections.OrderedDict") + b")\x81", "ext1": b"\x82\x01", "frame": b"\x95" + bytes(8),
                     "memoize": b"N\x94", "bytearray8": b"\x96" + bytes(8), "binbytes": b"B" + bytes(4), "dup": b"N2",
                     "pop": b"NN0", "persid": b"P0\n", "int": b"I1\n", "empty_set": b"\x8f", "unknown_op": b"\xff",
                     "zero_op": b"\x00", "next_buffer": b"\x97"}.items():
        f["op_" + name] = pth(P2 + op + b".")
    # pickle: operands of the wrong kind
    for name, body in {"setitem_on_list": b"]" + w + b"Ns", "setitem_on_tensor": tensor() + w + b"Ns",
                       "setitems_on_tuple": b")(" + w + b"Nu", "append_on_dict": b"}Na", "appends_on_int": b"K\x01(Ne",
                       "build_on_list": b"]}b", "build_on_plain_dict": b"}}b", "build_state_int": ODICT + b"K\x01b",
                       "reduce_int": b"K\x01)R", "reduce_args_list": glob("collections.OrderedDict") + b"]R",
                       "odict_args": glob("collections.OrderedDict") + tup(b"]") + b"R",
                       "storage_called": glob("torch.FloatStorage") + b")R", "key_none": b"}NNs", "key_tuple": b"})Ns",
                       "setitems_odd": b"}(" + w + b"u", "persid_text": uni("0") + b"Q", "persid_int": b"K\x00Q",
                       "persid_short": tup(uni("storage")) + b"Q", "persid_class": tup(uni("storage"), uni("F"), w, w, num(1)) + b"Q",
                       "persid_negative": persid(-1), "persid_view": persid(6, tail=tup(w)),
                       "tuple_underflow": b"\x86", "no_mark": b"Nt", "empty_stack": b"", "two_values": b"NN", "mark_left": b"(",
                       "memo_absent": b"h\x05", "memo_far": b"Nr\xff\xff\xff\x7f", "memo_empty_stack": b"q\x00",
                       "long_9_bytes": b"\x8a\x09" + bytes(9), "text_nul": b"X\x01\x00\x00\x00\x00",
                       "text_cut": b"X\xff\xff\xff\x7fa",
                       "proto_again": P2 + b"N"}.items():
        f["type_" + name] = pth(P2 + body + b".")
    f["proto_4"] = pth(b"\x80\x04N.")
    f["proto_none"] = pth(b"N.")
    f["stop_missing"] = pth(good()[:-1])
    f["after_stop"] = pth(good() + b"N")
    long = P2 + b"X\x01\x00\x01\x00" + b"a" * 65537 + b"."
    f["type_text_long"] = archive([Entry("m/data.pkl", long, method=8, packed=deflate(long)), Entry("m/data/0", DATA)])
    f["depth"] = pth(deep)
    f["laughs"] = pth(laughs)
    open_big = archive([Entry("m/data.pkl", bomb, method=8, packed=deflate(bomb)), Entry("m/data/0", DATA)])
    f["values"] = open_big
    # tensors
    f["numel_beyond_record"] = pth(good(n=7, size=(7,), stride=(1,)))
    f["record_too_long"] = pth(data=DATA + b"\0\0\0\0")
    f["record_absent"] = archive([Entry("m/data.pkl", good())])
    f["storage_wraps"] = pth(state(w, t + tup(b"(" + uni("storage") + glob("torch.DoubleStorage") + uni("0") + uni("cpu") +
                                              b"\x8a\x08" + struct.pack("<q", 1 << 61) + b"tQ", num(0), tup(), tup(), b"\x89", ODICT) + b"R"))
    f["storage_two_sizes"] = pth(state(w, tensor(), uni("v"), tensor(n=5, size=(5,), stride=(1,))))
    f["storage_two_types"] = pth(state(w, tensor(), uni("v"), tensor(cls="torch.IntStorage")))
    f["stride_beyond"] = pth(good(stride=(4, 1)))
    f["stride_negative"] = pth(good(stride=(-3, 1)))
    f["stride_wraps"] = pth(state(w, t + tup(persid(6), num(0), tup(num(2), num(2)),
                                             tup(b"\x8a\x08" + struct.pack("<Q", (1 << 63) - 1), num(1)), b"\x89", ODICT) + b"R"))
    f["size_wraps"] = pth(state(w, t + tup(persid(6), num(0), tup(*[b"\x8a\x05" + struct.pack("<Q", 1 << 32)[:5]] * 2),
                                           tup(num(0), num(0)), b"\x89", ODICT) + b"R"))
    f["size_negative"] = pth(good(size=(-2, 3)))
    f["offset_beyond"] = pth(good(offset=1))
    f["offset_negative"] = pth(good(offset=-1))
    f["expand_zero_stride"] = pth(good(size=(1000, 1000), stride=(0, 0)))
    f["rank_9"] = pth(good(size=(1,) * 9, stride=(1,) * 9))
    f["size_stride_count"] = pth(good(size=(2, 3), stride=(1,)))
    f["tensor_args_kind"] = pth(args(uni("s"), num(0), tup(), tup(), b"\x89", ODICT))
    f["tensor_args_count"] = pth(args(persid(6), num(0)))
    f["tensor_size_kind"] = pth(args(persid(6), num(0), tup(b"N"), tup(num(1)), b"\x89", ODICT))
    f["parameter_kind"] = pth(state(w, glob("torch._utils._rebuild_parameter") + tup(b"N", b"\x88", ODICT) + b"R"))
    f["duplicate_tensor"] = pth(state(w, tensor(), w, tensor()))
    f["name_int"] = pth(state(num(1), tensor()))
    f["no_tensors"] = pth(P2 + b"}" + uni("epoch") + num(3) + b"s.")
    f["root_tensor"] = pth(P2 + tensor() + b".")
    f["key_traversal"] = pth(good(key="../0"))
    # archives
    two = [Entry("m/data.pkl", good()), Entry("m/data/0", DATA)]
    f["zip_crc"] = pth(data_kw={"crc": 1})
    f["zip_crc_pickle"] = archive([Entry("m/data.pkl", good(), crc=1), two[1]])
    f["zip_data_before"] = pth(before=b"PK\x03\x04hidden")
    f["zip_data_after"] = pth(after=b"x")
    f["zip_gap"] = pth(gap=b"hidden")
    f["zip_directory_gap"] = pth(directory_gap=b"hidden")
    inner = struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, 0, 0, 33, zlib.crc32(DATA), 24, 24, 8, 0) + b"m/data/1" + DATA
    f["zip_overlap"] = archive([two[0], Entry("m/data/0", inner), Entry("m/data/1", DATA, offset=225 + 38)])
    f["zip_same_record"] = archive([two[0], two[1], Entry("m/version", b"3", offset=0)])
    f["zip_duplicate"] = pth(extra=[Entry("m/data/0", DATA)])
    f["zip_two_pickles"] = pth(extra=[Entry("n/data.pkl", good())])
    f["zip_local_name"] = pth(data_kw={"local": {"name": b"m/data/1"}})
    f["zip_local_size"] = pth(data_kw={"local": {"size": 20, "packed": 20}})
    f["zip_local_crc"] = pth(data_kw={"local": {"crc": 7}})
    f["zip_local_method"] = pth(data_kw={"local": {"method": 8}})
    f["zip_local_flags"] = pth(data_kw={"local": {"flags": 0x800}})
    f["zip_encrypted"] = pth(data_kw={"flags": 1})
    f["zip_encrypted_strong"] = pth(data_kw={"flags": 0x41})
    f["zip_patched"] = pth(data_kw={"flags": 0x20})
    f["zip_method_12"] = pth(data_kw={"method": 12})
    f["zip_stored_size"] = pth(data_kw={"size": 100})
    f["zip_deflated_tensor"] = pth(data_kw={"method": 8, "packed": deflate(DATA)})
    f["zip_deflate_bomb"] = archive([Entry("m/data.pkl", bytes(100), method=8, packed=packed), two[1]])
    f["zip_deflate_short"] = archive([Entry("m/data.pkl", good() + b"N", method=8, packed=deflate(good())), two[1]])
    f["zip_size_64"] = pth(data_kw={"size": 0xffffffff})
    f["zip_count_more"] = pth(count=3)
    f["zip_count_less"] = pth(count=1)
    f["zip_disk"] = pth(disk=1)
    f["zip_two_ends"] = pth(comment=struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0, 0, 0, 0, 0))
    f["zip_truncated"] = pth()[:-30]
    f["zip_empty"] = archive([])
    f["zip_name_nul"] = archive([Entry("m/data.pkl\0x", good()), two[1]])
    f["zip_name_empty"] = archive([Entry("", good()), two[1]])
    f["zip_not_torch"] = archive([Entry("hello.txt", b"hello")])
    f["byteorder_big"] = pth(extra=[Entry("m/byteorder", b"big")])
    f["torchscript"] = pth(extra=[Entry("m/code/__torch__/net.py", b"def f(): pass\n"), Entry("m/constants.pkl", b"\x80\x02).")])
    # the older stream, and what came before it
    f["stream_magic"] = stream(magic=P2 + b"N.")
    f["stream_protocol"] = stream(protocol=1000)
    f["stream_big_endian"] = stream(little=b"\x89")
    f["stream_global"] = stream(P2 + glob("os.system") + tup(uni("true")) + b"R.")
    f["stream_truncated"] = stream(storage=struct.pack("<q", 6) + DATA[:-1])
    f["stream_count"] = stream(storage=struct.pack("<q", 1 << 60) + DATA)
    f["stream_extra_bytes"] = stream(storage=struct.pack("<q", 6) + DATA + b"x")
    f["stream_key_unknown"] = stream(keys=("1",))
    f["stream_key_twice"] = stream(keys=("0", "0"), storage=(struct.pack("<q", 6) + DATA) * 2)
    f["stream_key_missing"] = stream(keys=(), storage=b"")
    f["stream_cut_pickle"] = stream()[:60]
    f["plain_pickle"] = P2 + b"}."
    tar = b"sys_info".ljust(100, b"\0") + b"0000644\0".ljust(8, b"\0") * 3 + b"00000000000\0" * 2 + b"        0"
    f["legacy_tar"] = (tar.ljust(257, b"\0") + b"ustar\x0000").ljust(1024, b"\0")
    os.makedirs("reject", exist_ok=True)
    for name, data in f.items():
        with open("reject/%s.pth" % name, "wb") as out:
            out.write(data)


def deflate(data):
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


def accept():
    """The tensor "w" of each file, as [2,3] float32, is 1.5 * i - 2 for i = 0..5 (integers: i); test_torch.c checks that."""
    import torch
    w = torch.arange(6).float().reshape(2, 3) * 1.5 - 2
    os.makedirs("accept", exist_ok=True)
    save = lambda name, x, **kw: torch.save(x, "accept/%s.pth" % name, **kw)
    save("plain", {"w": w, "b": torch.zeros(0), "s": torch.tensor(7.0)})
    save("old", {"w": w}, _use_new_zipfile_serialization=False)
    for t in ("half", "bfloat16", "double"):
        save(t, {"w": getattr(w, t)()})
        save("old_" + t, {"w": getattr(w, t)()}, _use_new_zipfile_serialization=False)
    for t in ("int64", "int32", "int16", "int8", "uint8"):
        save(t, {"w": torch.arange(6).reshape(2, 3).to(getattr(torch, t))})
    save("bool", {"w": w > 1})
    save("transposed", {"w": w.t().contiguous().t()})
    big = torch.zeros(5, 4, 7)
    big[2:4, 1, ::3] = w
    save("strided", {"w": big[2:4, 1, ::3]})
    save("old_strided", {"w": big[2:4, 1, ::3].half()}, _use_new_zipfile_serialization=False)
    both = torch.cat([w.flatten(), torch.ones(3)])
    save("shared", {"w": both[:6].reshape(2, 3), "ones": both[6:]})
    save("old_shared", {"w": both[:6].reshape(2, 3), "ones": both[6:]}, _use_new_zipfile_serialization=False)
    save("expanded", {"w": w, "row": w[0].expand(2, 3)})
    m = torch.nn.Linear(3, 2)
    m.weight.data = w
    save("parameter", {"w": m.weight})
    net = torch.nn.Module()
    net.w = torch.nn.Parameter(w)
    save("state_dict", {"epoch": 3, "best": 91.25, "state_dict": torch.nn.DataParallel(net).state_dict()})
    save("beside", {"best_acc1": torch.tensor(91.25), "state_dict": net.state_dict()})
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    save("training", {"model_state_dict": net.state_dict(), "optimizer": opt.state_dict(), "args": [1, None, True, "x", -70000, (2, 3.5)]})
    save("nested", {"model": {"state_dict": net.state_dict()}})
    for name, kw in {"deflated_pickle": {"method": 8, "packed": deflate(good())}}.items():
        data = struct.pack("<6f", *[1.5 * i - 2 for i in range(6)])
        with open("accept/%s.pth" % name, "wb") as out:
            out.write(archive([Entry("m/data.pkl", good(), **kw), Entry("m/data/0", data), Entry("m/byteorder", b"little")],
                              comment=b"a comment"))


def pickles():
    """The pickles of accept/ by themselves, for the fuzz target."""
    for name in sorted(os.listdir("accept")):
        data = open("accept/" + name, "rb").read()
        if data[:2] == b"PK":
            z = zipfile.ZipFile("accept/" + name)
            pkl = [z.read(n) for n in z.namelist() if n.endswith("data.pkl")][0]
            open("../torch_pickle/accept/%s.pkl" % name[:-4], "wb").write(pkl)


if __name__ == "__main__":
    {"accept": accept, "reject": reject, "pickles": pickles}[sys.argv[1]]()
