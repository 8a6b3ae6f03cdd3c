#!/usr/bin/env python3
"""Writes accept/, reject/ and reject.txt beside itself, byte by byte, the same on every run.

Each file of reject/ is a good model with one fault; its name says which, and reject.txt has a text that the refusal must
contain. wire_*: the bytes; tensor_*, attr_*, model_*, value_*: what a message says; ext_*: external data; graph_*: the
network.
"""
import os
import shutil
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def varint(v):
    v &= (1 << 64) - 1
    out = b""
    while v > 0x7F:
        out += bytes([v & 0x7F | 0x80])
        v >>= 7
    return out + bytes([v])


def key(n, wire):
    return varint(n << 3 | wire)


def num(n, v):
    return key(n, 0) + varint(v)


def msg(n, data):
    return key(n, 2) + varint(len(data)) + data


def text(n, s):
    return msg(n, s if isinstance(s, bytes) else s.encode())


def f32(n, v):
    return key(n, 5) + struct.pack("<f", v)


def floats(*v):
    return struct.pack("<%df" % len(v), *v)


def tensor(name, dims, data, kind=1):
    return b"".join(num(1, d) for d in dims) + num(2, kind) + text(8, name) + data


def raw(*v):
    return msg(9, floats(*v))


KINDS = {"f": 1, "i": 2, "s": 3, "t": 4, "g": 5, "floats": 6, "ints": 7, "strings": 8}


def attr(name, kind, value):
    return msg(5, text(1, name) + value + num(20, KINDS[kind]))


def ints(name, *v):
    return attr(name, "ints", b"".join(num(8, x) for x in v))


def integer(name, v):
    return attr(name, "i", num(3, v))


def node(op, ins, outs, attrs=b"", name="", domain=None):
    return msg(1, b"".join(text(1, i) for i in ins) + b"".join(text(2, o) for o in outs) +
               (text(3, name) if name else b"") + text(4, op) + attrs + (text(7, domain) if domain is not None else b""))


def dim(d):
    return msg(1, text(2, d) if isinstance(d, str) else num(1, d))


def value(name, dims, kind=1):
    return text(1, name) + msg(2, msg(1, num(1, kind) + msg(2, b"".join(dim(d) for d in dims))))


X = msg(11, value("x", ["N", 1, 4, 4]))
Y = msg(12, value("y", ["N", 2]))
W = msg(5, tensor("w", [2, 1, 3, 3], raw(*[0.25 * k - 2 for k in range(18)])))
B = msg(5, tensor("b", [2], raw(0.5, -0.5)))
CONV = node("Conv", ["x", "w", "b"], ["c"], ints("kernel_shape", 3, 3) + ints("pads", 1, 1, 1, 1), "conv")
RELU = node("Relu", ["c"], ["r"], b"", "relu")
POOL = node("GlobalAveragePool", ["r"], ["p"], b"", "pool")
FLAT = node("Flatten", ["p"], ["y"], b"", "flat")
NODES = CONV + RELU + POOL + FLAT
GRAPH = NODES + text(2, "g") + W + B + X + Y
OPSET = msg(8, num(2, 13))


def model(graph=GRAPH, more=OPSET, ir=8):
    return num(1, ir) + text(2, "limn") + msg(7, graph) + more


def with_init(*inits):
    """The good model with other initializers for w and b."""
    return model(NODES + text(2, "g") + b"".join(msg(5, t) for t in inits) + X + Y)


def extra(t):
    return model(GRAPH + msg(5, t))


def external(**keys):
    return b"".join(msg(13, text(1, k) + text(2, v)) for k, v in keys.items()) + num(14, 1)


WEIGHTS = [0.25 * k - 2 for k in range(18)]
TB = tensor("b", [2], raw(0.5, -0.5))


def with_external(data):
    return with_init(num(1, 2) + num(1, 1) + num(1, 3) + num(1, 3) + num(2, 1) + text(8, "w") + data, TB)


def nested(depth):
    """Graphs within an attribute within a graph: `depth` of them below the main one."""
    inner = node("Identity", ["c"], ["inner"]) + msg(12, text(1, "inner"))
    for k in range(depth):
        inner = node("If", ["cond"], ["n%d" % k], attr("then_branch", "g", msg(6, inner))) + msg(12, text(1, "n%d" % k))
    return inner


def function(name, body, ins=("a",), outs=("z",), domain="local"):
    return msg(25, text(1, name) + b"".join(text(4, i) for i in ins) + b"".join(text(5, o) for o in outs) +
               b"".join(msg(7, n[2 if n[1] < 0x80 else 3:]) for n in body) + msg(9, num(2, 13)) + text(10, domain))


def call(name, ins, outs):
    return node(name, ins, outs, b"", "", "local")


def packed(n, data):
    return msg(n, data)


def varints(*v):
    return b"".join(varint(x) for x in v)


LOCAL = OPSET + msg(8, text(1, "local") + num(2, 1))

ACCEPT = {
    "plain": model(),
    "domain_named": model(NODES.replace(b"Relu", b"Relu") + text(2, "g") + W + B + X + Y, msg(8, text(1, "ai.onnx") + num(2, 13))),
    "order_reversed": OPSET + msg(7, Y + X + B + W + NODES) + num(1, 8),
    "unknown_fields": num(1000, 7) + model(GRAPH + f32(77, 1) + msg(78, b"\xff\xfe") + key(79, 1) + bytes(8)) + text(6, b"doc \xff"),
    "init_as_input": model(GRAPH + msg(11, value("w", [2, 1, 3, 3])) + msg(11, value("b", [2]))),
    "typed_floats": with_init(tensor("w", [2, 1, 3, 3], packed(4, floats(*WEIGHTS))), TB),
    "typed_unpacked": with_init(tensor("w", [2, 1, 3, 3], b"".join(f32(4, v) for v in WEIGHTS)), TB),
    "typed_double": extra(tensor("d", [2], packed(10, struct.pack("<2d", 0.1, -1e300)), 11)),
    "typed_double_unpacked": extra(tensor("d", [2], b"".join(key(10, 1) + struct.pack("<d", v) for v in (1, 2)), 11)),
    "typed_int64": extra(tensor("i", [3], packed(7, varints(-1, 0, 1 << 40)), 7)),
    "typed_int64_unpacked": extra(tensor("i", [3], num(7, -1) + num(7, 0) + num(7, 5), 7)),
    "typed_int32": extra(tensor("i", [2], packed(5, varints(-2147483648, 2147483647)), 6)),
    "typed_int8": extra(tensor("i", [2], packed(5, varints(-128, 127)), 3)),
    "typed_uint8": extra(tensor("i", [2], packed(5, varints(0, 255)), 2)),
    "typed_bool": extra(tensor("i", [2], packed(5, varints(0, 1)), 9)),
    "typed_float16": extra(tensor("h", [2], packed(5, varints(0x3C00, 0xC000)), 10)),
    "typed_bfloat16": extra(tensor("h", [2], packed(5, varints(0x3F80, 0xC000)), 16)),
    "typed_uint64": extra(tensor("i", [2], packed(11, varints(0, (1 << 64) - 1)), 13)),
    "typed_uint32": extra(tensor("i", [1], packed(11, varints((1 << 32) - 1)), 12)),
    "strings": extra(tensor("s", [2], text(6, b"a\xff") + text(6, b""), 8)),
    "raw_float16": extra(tensor("h", [2], msg(9, struct.pack("<2H", 0x3C00, 0xC000)), 10)),
    "raw_uint16": extra(tensor("h", [2], msg(9, struct.pack("<2H", 1, 65535)), 4)),
    "empty_tensor": extra(tensor("e", [0, 3], b"")),
    "scalar": extra(tensor("e", [], raw(1.5))),
    "rank_8": extra(tensor("e", [1] * 8, raw(1.5))),
    "attr_packed_ints": model(node("Conv", ["x", "w", "b"], ["c"], attr("kernel_shape", "ints", msg(8, varints(3, 3))) +
                                   ints("pads", 1, 1, 1, 1)) + RELU + POOL + FLAT + W + B + X + Y),
    "external": with_external(external(location="external.bin", offset="8", length="72")),
    "external_rest": with_external(external(location="external.bin", offset="8", checksum="0")),
    "function": model(CONV + call("Act", ["c"], ["r"]) + POOL + FLAT + W + B + X + Y,
                      LOCAL + function("Act", [node("Relu", ["a"], ["z"])])),
}

REJECT = {
    # the bytes
    "wire_varint_11": (model() + key(500, 0) + b"\x80" * 10 + b"\x00", "varint longer than 10 bytes"),
    "wire_varint_65_bits": (model() + key(500, 0) + b"\xff" * 9 + b"\x02", "varint longer than 10 bytes or 64 bits"),
    "wire_varint_cut": (model() + key(500, 0) + b"\x80", "varint cut off"),
    "wire_tag_cut": (model() + b"\x80", "varint cut off"),
    "wire_field_0": (model() + b"\x00\x00", "field number 0"),
    "wire_field_0_inside": (model(GRAPH + b"\x02\x00"), "graph: field number 0"),
    "wire_field_huge": (model() + varint(1 << 40) + b"\x00", "field number 137438953472"),
    "wire_type_6": (model() + b"\x0e\x00", "wire type 6"),
    "wire_type_7": (model() + b"\x0f\x00", "wire type 7"),
    "wire_group": (model() + key(9, 3) + key(9, 4), "field 9 is a group"),
    "wire_group_end": (model() + key(9, 4), "field 9 is a group"),
    "wire_group_deep": (model() + key(9, 3) * 5000, "field 9 is a group"),
    "wire_length_2_31": (model() + key(50, 2) + varint(1 << 31), "length 2147483648 of field 50"),
    "wire_length_pib": (model() + key(50, 2) + varint(1 << 50), "length 1125899906842624 of field 50"),
    "wire_length_max": (model() + key(50, 2) + varint((1 << 64) - 1), "length 18446744073709551615"),
    "wire_length_past_message": (num(1, 8) + msg(7, NODES + key(2, 2) + varint(40)) + OPSET * 30, "length 40 of field 2"),
    "wire_fixed64_cut": (model() + key(50, 1) + b"1234", "length 8 of field 50"),
    "wire_fixed32_cut": (model() + key(50, 5) + b"123", "length 4 of field 50"),
    "wire_truncated": (model()[:len(model()) - len(OPSET) - 40], "length"),
    "wire_graph_twice": (model() + msg(7, GRAPH), "graph: given twice"),
    "wire_name_twice": (model(GRAPH + text(2, "h")), "graph.name: given twice"),
    "wire_ir_twice": (model() + num(1, 9), "ir_version: given twice"),
    "wire_raw_twice": (extra(tensor("t", [1], raw(1) + raw(2))), "initializer[2].raw_data: given twice"),
    "wire_type_differs": (num(7, 5) + OPSET, "graph: wire type 0 does not fit"),
    "wire_name_number": (model(GRAPH + num(2, 5)), "graph.name: wire type 0 does not fit"),
    "wire_float_as_varint": (model(node("LeakyRelu", ["x"], ["y"], attr("alpha", "f", num(2, 1))) + X + Y),
                             "graph.node[0].attribute[0].f: wire type 0"),
    "wire_name_nul": (model(NODES + text(2, b"g\0h") + W + B + X + Y), "graph.name: text with a NUL"),
    "wire_name_latin1": (model(NODES + text(2, b"caf\xe9") + W + B + X + Y), "graph.name: text that is not UTF-8"),
    "wire_name_surrogate": (model(node("Relu", [b"\xed\xa0\x80"], ["y"]) + X + Y), "graph.node[0].input[0]: text that is not"),
    "wire_name_64k": (model(node("Relu", ["x"], ["y"], b"", "n" * 65537) + X + Y), "text of 65537 bytes"),
    "wire_graphs_33": (model(GRAPH + nested(33)), "graphs nested deeper than 32"),
    "wire_graphs_500": (model(GRAPH + nested(500)), "graphs nested deeper than 32"),
    "wire_packed_ints_cut": (model(node("Conv", ["x", "w"], ["y"], attr("pads", "ints", msg(8, b"\x01\x80"))) + X + Y + W),
                             "attribute[0].ints[0]: varint cut off"),
    "wire_packed_floats_odd": (model(node("Foo", ["x"], ["y"], attr("v", "floats", msg(7, b"12345"))) + X + Y),
                               "5 bytes of float32"),
    "wire_data_odd": (extra(tensor("t", [1], msg(4, b"12345"))), "float_data[0]: 5 bytes of numbers"),
    "wire_data_double_odd": (extra(tensor("t", [1], msg(10, b"12345"), 11)), "double_data[0]: 5 bytes of numbers"),
    "wire_data_varint_cut": (extra(tensor("t", [1], msg(7, b"\xff\xff"), 7)), "int64_data[0]: varint cut off"),
    "wire_data_two_fields": (extra(tensor("t", [1], raw(1) + msg(4, floats(1)))), "numbers in field 4 after others in field 9"),
    "wire_data_two_pieces": (extra(tensor("t", [2], msg(4, floats(1)) + msg(4, floats(2)))), "numbers in several pieces"),
    "wire_data_scattered": (extra(tensor("t", [2], f32(4, 1) + text(12, "doc") + f32(4, 2))), "numbers in several pieces"),
    "kind_text": (b"ir_version: 8\nproducer_name: \"pytorch\"\ngraph {\n}\n", "not an ONNX model but text"),
    "kind_html": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>\n", "not an ONNX model but HTML"),
    "kind_lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n", "git-lfs pointer"),
    "kind_gzip": (b"\x1f\x8b\x08\x00" + bytes(20), "gzip data"),
    "kind_zip": (b"PK\x03\x04" + bytes(26), "zip archive"),
    "kind_pickle": (b"\x80\x02}q\x00.", "a pickle"),
    "kind_empty": (b"", "offset 0: empty file"),
    "kind_zeros": (bytes(64), "offset 0: field number 0"),
    "kind_safetensors": (struct.pack("<Q", 8) + b"{}      ", "offset "),
    # tensors
    "tensor_raw_short": (extra(tensor("t", [2], raw(1))), "tensor \"t\": 4 bytes of values (expected 8"),
    "tensor_raw_long": (extra(tensor("t", [2], raw(1, 2, 3))), "tensor \"t\": 12 bytes of values (expected 8"),
    "tensor_raw_odd": (extra(tensor("t", [2], msg(9, b"1234567"))), "tensor \"t\": 7 bytes of values"),
    "tensor_no_data": (extra(tensor("t", [2], b"")), "tensor \"t\": 0 elements of values (expected 2"),
    "tensor_typed_short": (extra(tensor("t", [2], msg(4, floats(1)))), "tensor \"t\": 1 elements of values (expected 2"),
    "tensor_strings_short": (extra(tensor("t", [2], text(6, "a"), 8)), "tensor \"t\": 1 elements of values (expected 2"),
    "tensor_wrong_field": (extra(tensor("t", [1], msg(4, floats(1)), 7)), "tensor \"t\": values in field 4 (expected 7"),
    "tensor_strings_raw": (extra(tensor("t", [1], msg(9, b"a"), 8)), "tensor \"t\": values in field 9"),
    "tensor_dim_negative": (extra(tensor("t", [-1], raw(1))), "tensor \"t\": dimension 0 is -1"),
    "tensor_dim_int64_min": (extra(tensor("t", [1, -(1 << 63)], raw(1))), "tensor \"t\": dimension 1 is -9223372036854775808"),
    "tensor_dims_wrap": (extra(tensor("t", [1 << 32, 1 << 32], b"")), "tensor \"t\": more than 2^31 elements"),
    "tensor_dims_wrap_int64": (extra(tensor("t", [(1 << 63) - 1, 2], b"")), "tensor \"t\": more than 2^31 elements"),
    "tensor_dims_huge": (extra(tensor("t", [65536, 65536], b"")), "tensor \"t\": more than 2^31 elements"),
    "tensor_rank_9": (extra(tensor("t", [1] * 9, raw(1))), "tensor \"t\": 9 dimensions"),
    "tensor_type_0": (extra(tensor("t", [1], raw(1), 0)), "tensor \"t\": type 0 (undefined)"),
    "tensor_type_77": (extra(tensor("t", [1], raw(1), 77)), "tensor \"t\": type 77 (unknown)"),
    "tensor_type_negative": (extra(tensor("t", [1], raw(1), -5)), "tensor \"t\": type -5 (unknown)"),
    "tensor_complex": (extra(tensor("t", [1], msg(9, bytes(8)), 14)), "tensor \"t\": type 14 (complex64)"),
    "tensor_float8": (extra(tensor("t", [1], msg(9, b"1"), 17)), "tensor \"t\": type 17 (float8e4m3fn)"),
    "tensor_int4": (extra(tensor("t", [2], msg(9, b"1"), 22)), "tensor \"t\": type 22 (int4)"),
    "tensor_segment": (extra(tensor("t", [1], raw(1) + msg(3, num(1, 0)))), "segment is not supported"),
    "tensor_sparse": (model(GRAPH + msg(15, b"")), "sparse_initializer is not supported"),
    "tensor_uint8_300": (extra(tensor("t", [1], msg(5, varints(300)), 2)), "tensor \"t\": value 300 is no uint8"),
    "tensor_int8_min": (extra(tensor("t", [1], msg(5, varints(-129)), 3)), "tensor \"t\": value -129 is no int8"),
    "tensor_bool_2": (extra(tensor("t", [1], msg(5, varints(2)), 9)), "tensor \"t\": value 2 is no bool"),
    "tensor_float16_wide": (extra(tensor("t", [1], msg(5, varints(65536)), 10)), "tensor \"t\": value 65536 is no float16"),
    "tensor_location_5": (extra(tensor("t", [1], raw(1) + num(14, 5))), "tensor \"t\": data_location 5"),
    # external data
    "ext_parent": (with_external(external(location="../accept/external.bin", offset="8")), "external data \"../accept"),
    "ext_parent_inside": (with_external(external(location="a/../../accept/external.bin")), "external data \"a/../.."),
    "ext_dot": (with_external(external(location="./external.bin")), "external data \"./external"),
    "ext_absolute": (with_external(external(location="/etc/passwd")), "external data \"/etc/passwd\""),
    "ext_proc": (with_external(external(location="/proc/self/environ")), "external data \"/proc/self"),
    "ext_backslash": (with_external(external(location="..\\external.bin")), "external data \"..\\external"),
    "ext_empty": (with_external(external(location="")), "external data without a location"),
    "ext_no_location": (with_external(external(offset="0")), "external data without a location"),
    "ext_directory": (with_external(external(location="sub/")), "external data \"sub/\""),
    "ext_nul": (with_external(external(location=b"external.bin\0.txt")), "external_data[0].value: text with a NUL"),
    "ext_long": (with_external(external(location="a/" * 2500 + "b")), "location of 5001 bytes"),
    "ext_missing": (with_external(external(location="nothing.bin")), "external data \"nothing.bin\""),
    "ext_key_unknown": (with_external(external(location="external.bin", shell="x")), "key \"shell\" is unknown"),
    "ext_key_twice": (with_external(external(location="external.bin") + external(location="b")[:-2]), "key \"location\" given twice"),
    "ext_offset_negative": (with_external(external(location="external.bin", offset="-8")), "offset \"-8\""),
    "ext_offset_hex": (with_external(external(location="external.bin", offset="0x8")), "offset \"0x8\""),
    "ext_offset_huge": (with_external(external(location="external.bin", offset="9" * 30)), "offset \"9999"),
    "ext_offset_beyond": (with_external(external(location="external.bin", offset="81")), "72 bytes at offset 81"),
    "ext_end_beyond": (with_external(external(location="external.bin", offset="9")), "72 bytes at offset 9, the file has 80"),
    "ext_length_short": (with_external(external(location="external.bin", length="71")), "length 71 (expected 72"),
    "ext_length_pib": (with_external(external(location="external.bin", length=str(1 << 50))), "length 1125899906842624"),
    "ext_and_raw": (with_external(raw(*WEIGHTS) + external(location="external.bin")), "numbers in field 9 and in external data"),
    "ext_not_said": (with_external(raw(*WEIGHTS) + external(location="external.bin")[:-2]), "data_location 0 with 1 keys"),
    "ext_strings": (extra(num(1, 1) + num(2, 8) + text(8, "t") + external(location="external.bin")), "type 8 (string)"),
    # attributes, nodes, models
    "attr_no_name": (model(node("Relu", ["x"], ["y"], msg(5, num(3, 1) + num(20, 2)), "n") + X + Y), "node 0 \"n\" (Relu): attribute without"),
    "attr_no_type": (model(node("Relu", ["x"], ["y"], msg(5, text(1, "a") + num(3, 1)), "n") + X + Y), "attribute \"a\": type 0"),
    "attr_type_99": (model(node("Relu", ["x"], ["y"], msg(5, text(1, "a") + num(20, 99)), "n") + X + Y), "attribute \"a\": type 99"),
    "attr_sparse": (model(node("Relu", ["x"], ["y"], msg(5, text(1, "a") + msg(22, b"") + num(20, 11)), "n") + X + Y),
                    "attribute \"a\": type sparse_tensor"),
    "attr_graphs": (model(node("Relu", ["x"], ["y"], msg(5, text(1, "a") + num(20, 10)), "n") + X + Y), "attribute \"a\": type graphs"),
    "attr_type_proto": (model(node("Relu", ["x"], ["y"], msg(5, text(1, "a") + num(20, 13)), "n") + X + Y), "attribute \"a\": type type_proto"),
    "attr_other_value": (model(node("Relu", ["x"], ["y"], attr("a", "i", f32(2, 1)), "n") + X + Y), "attribute \"a\": float value in"),
    "attr_two_values": (model(node("Relu", ["x"], ["y"], attr("a", "i", num(3, 1) + num(8, 1)), "n") + X + Y), "attribute \"a\": ints value in"),
    "attr_no_tensor": (model(node("Constant", [], ["y"], attr("value", "t", b""), "n") + X + Y), "attribute \"value\": type tensor without"),
    "attr_no_graph": (model(node("If", ["x"], ["y"], attr("then_branch", "g", b""), "n") + X + Y), "attribute \"then_branch\": type graph without"),
    "attr_bad_tensor": (model(node("Constant", [], ["y"], attr("value", "t", msg(5, tensor("q", [2], raw(1)))), "n") + X + Y),
                        "node 0 \"n\" (Constant): attribute \"value\": tensor \"q\": 4 bytes"),
    "attr_twice": (model(node("Relu", ["x"], ["y"], integer("a", 1) + integer("a", 2), "n") + X + Y), "attribute \"a\" given twice"),
    "attr_300": (model(node("Relu", ["x"], ["y"], b"".join(integer("a%d" % k, k) for k in range(300)), "n") + X + Y), "300 attributes"),
    "node_no_op": (model(msg(1, text(1, "x") + text(2, "y") + text(3, "n")) + X + Y), "node 0 \"n\" (): no op_type"),
    "model_no_graph": (num(1, 8) + OPSET, "no ONNX model: ir_version 8 and no graph"),
    "model_no_ir": (msg(7, GRAPH) + OPSET, "no ONNX model: ir_version 0"),
    "model_ir_negative": (model(ir=-1), "no ONNX model: ir_version -1"),
    "model_opset_0": (model(more=msg(8, b"")), "opset_import 0: version 0"),
    "model_opset_twice": (model(more=OPSET + msg(8, text(1, "ai.onnx") + num(2, 12))), "opset_import 1: version 12"),
    "model_function_no_name": (model(more=OPSET + msg(25, b"")), "function 0 has no name"),
    "model_function_bad_node": (model(more=OPSET + msg(25, text(1, "F") + msg(7, b""))), "function \"F\": node 0"),
    "value_dim_int64_min": (model(NODES + W + B + msg(11, value("x", [-(1 << 63), 1])) + Y), "value \"x\": dimension 0 is -9223372036854775808"),
    "value_dim_2_40": (model(NODES + W + B + msg(11, value("x", [1, 1 << 40])) + Y), "value \"x\": dimension 1 is 1099511627776"),
    "value_rank_9": (model(NODES + W + B + msg(11, value("x", [1] * 9)) + Y), "value \"x\": 9 dimensions"),
    "value_dim_both": (model(NODES + W + B + msg(11, text(1, "x") + msg(2, msg(1, num(1, 1) + msg(2, msg(1, num(1, 3) + text(2, "N")))))) + Y),
                       "value \"x\": dimension 0 is both 3 and \"N\""),
}


INF = [X, Y, W, B]


def net(*nodes, ins=X, outs=Y, inits=W + B, more=OPSET):
    return model(b"".join(nodes) + text(2, "g") + inits + ins + outs, more)


def const(name, dims, *v):
    """An int64 initializer."""
    return msg(5, tensor(name, dims, packed(7, varints(*v)), 7))


def scalar_out(name, rank=2):
    return msg(12, text(1, name) + msg(2, msg(1, num(1, 1))))


def conv(attrs, ins=("x", "w", "b")):
    return node("Conv", ins, ["c"], ints("kernel_shape", 3, 3) + attrs, "conv")


TAIL = RELU + POOL + FLAT
CHAIN = b"".join(function("F%d" % k, [call("F%d" % (k + 1), ["a"], ["z"])]) for k in range(200)) + function(
    "F200", [node("Relu", ["a"], ["z"])])
TREE = b"".join(function("F%d" % k, [call("F%d" % (k + 1), ["a"], ["m"]), call("F%d" % (k + 1), ["m"], ["z"])])
                for k in range(24)) + function("F24", [node("Relu", ["a"], ["z"])])


def deep_if(depth):
    """If within If: the innermost gives c."""
    inner, name = node("Identity", ["c"], ["i0"]), "i0"
    for k in range(1, depth + 1):
        other = node("Identity", ["c"], ["o%d" % k]) + scalar_out("o%d" % k)
        inner = node("If", ["yes"], ["i%d" % k], attr("then_branch", "g", msg(6, inner + scalar_out(name))) + attr(
            "else_branch", "g", msg(6, other)))
        name = "i%d" % k
    return inner + scalar_out(name)


YES = msg(5, tensor("yes", [], packed(5, b"\x01"), 9))

# The network: found when it is put together, before any work on a device.
REJECT.update({
    "graph_cycle": (net(node("Relu", ["b1"], ["a1"], b"", "first"), node("Relu", ["a1"], ["b1"], b"", "second"),
                        node("Add", ["x", "b1"], ["y"], b"", "sum")), "cycle"),
    "graph_cycle_self": (net(node("Add", ["x", "y"], ["y"], b"", "own")), "cycle"),
    "graph_undefined": (net(node("Relu", ["nowhere"], ["y"], b"", "n")), "\"nowhere\""),
    "graph_output_undefined": (net(node("Relu", ["x"], ["z"], b"", "n")), "\"y\""),
    "graph_value_twice": (net(node("Relu", ["x"], ["y"], b"", "n"), node("Abs", ["x"], ["y"], b"", "m")), "\"y\""),
    "graph_init_twice": (net(CONV, TAIL, inits=W + W + B), "\"w\""),
    "graph_input_twice": (net(CONV, TAIL, ins=X + X), "\"x\""),
    "graph_function_itself": (net(call("F", ["x"], ["y"]), more=LOCAL + function("F", [call("F", ["a"], ["z"])])), "nested more than 32"),
    "graph_function_mutual": (net(call("F", ["x"], ["y"]), more=LOCAL + function("F", [call("G", ["a"], ["z"])]) +
                                  function("G", [call("F", ["a"], ["z"])])), "nested"),
    "graph_function_chain": (net(call("F0", ["x"], ["y"]), more=LOCAL + CHAIN), "nested"),
    "graph_function_doubling": (net(call("F0", ["x"], ["y"]), more=LOCAL + TREE), "more than 10000 nodes"),
    "graph_op_unknown": (net(node("Frobnicate", ["x"], ["q"], b"", "n1"), node("Wibble", ["q"], ["y"], b"", "n2")),
                         "Frobnicate (1 node, first \"n1\"), Wibble (1 node, first \"n2\")"),
    "graph_domain_unknown": (net(node("Relu", ["x"], ["y"], b"", "n", "com.example")), "com.example.Relu"),
    "graph_opset_none": (net(CONV, TAIL, more=b""), "unsupported operators: Conv (1 node, first \"conv\")"),
    "graph_stride_0": (net(conv(ints("strides", 0, 1)), TAIL), "attribute strides"),
    "graph_stride_negative": (net(conv(ints("strides", 1, -1)), TAIL), "attribute strides"),
    "graph_dilation_0": (net(conv(ints("dilations", 0, 1)), TAIL), "attribute dilations"),
    "graph_group_0": (net(conv(integer("group", 0)), TAIL), "attribute group"),
    "graph_group_7": (net(conv(integer("group", 7)), TAIL), "conv"),
    "graph_kernel_differs": (net(node("Conv", ["x", "w", "b"], ["c"], ints("kernel_shape", 5, 5), "conv"), TAIL), "conv"),
    "graph_kernel_0": (net(node("MaxPool", ["x"], ["c"], ints("kernel_shape", 0, 0), "pool1"), TAIL), "pool1"),
    "graph_strides_many": (net(conv(ints("strides", *[1] * 50)), TAIL), "attribute strides"),
    "graph_pads_huge": (net(conv(ints("pads", *[1 << 40] * 4)), TAIL), "attribute pads"),
    "graph_attr_type": (net(conv(attr("strides", "s", text(4, "two"))), TAIL), "attribute strides"),
    "graph_channels_differ": (net(CONV, TAIL, inits=msg(5, tensor("w", [2, 3, 3, 3], raw(*[0] * 54))) + B), "conv"),
    "graph_few_inputs": (net(node("Conv", ["x"], ["c"], b"", "conv"), TAIL), "conv"),
    "graph_many_outputs": (net(node("Relu", ["x"], ["y", "z"], b"", "two")), "two"),
    "graph_reshape_differs": (net(node("Reshape", ["x", "s"], ["y"], b"", "r"), inits=const("s", [2], 1, 7)), "r\""),
    "graph_reshape_huge": (net(node("Reshape", ["x", "s"], ["y"], b"", "r"), inits=const("s", [3], 1 << 40, 1 << 40, -1)), "r\""),
    "graph_expand_huge": (net(node("Expand", ["x", "s"], ["y"], b"", "e"), inits=const("s", [4], 65536, 65536, 4, 4)), "e\""),
    "graph_fill_huge": (net(node("ConstantOfShape", ["s"], ["f"], b"", "f"), node("Add", ["x", "f"], ["y"], b"", "sum"),
                            inits=const("s", [2], 1 << 40, 1 << 40)), "f\""),
    "graph_concat_axis": (net(node("Concat", ["x", "x"], ["y"], integer("axis", 9), "cat")), "cat"),
    "graph_transpose_twice": (net(node("Transpose", ["x"], ["y"], ints("perm", 0, 0, 1, 2), "t")), "t\""),
    "graph_data_dependent": (net(node("Cast", ["x"], ["i"], integer("to", 7), "cast"),
                                 node("Reshape", ["x", "i"], ["y"], b"", "r")), "r\""),
    "graph_if_dynamic": (net(node("Cast", ["x"], ["t"], integer("to", 9), "cast"),
                             node("If", ["t"], ["y"], attr("then_branch", "g", msg(6, node("Relu", ["x"], ["z"]) + scalar_out("z"))) +
                                  attr("else_branch", "g", msg(6, node("Abs", ["x"], ["z"]) + scalar_out("z"))), "if")), "if"),
})
ACCEPT.update({
    "graph_if_nested": net(CONV, msg(1, b"".join([text(1, "yes"), text(2, "c2"), text(4, "If"),
                                                 attr("then_branch", "g", msg(6, deep_if(20))),
                                                 attr("else_branch", "g", msg(6, node("Identity", ["c"], ["z"]) + scalar_out("z")))])),
                           node("Relu", ["c2"], ["r"]), POOL, FLAT, inits=W + B + YES),
    "graph_unused_node": net(CONV, TAIL, node("Relu", ["c"], ["nobody"])),
    "graph_not_sorted": net(FLAT, POOL, RELU, CONV),
})

# Networks that are sound, for the tests of what limn makes of them.
WIDE = msg(5, tensor("w", [2, 3, 3, 3], raw(*[((k * 37) % 19) / 16 - 0.5 for k in range(54)])))
WIDE_NAN = msg(5, tensor("w", [2, 3, 3, 3], raw(*([float("nan"), float("inf")] + [0.5] * 52))))
B_NAN = msg(5, tensor("b", [2], raw(float("-inf"), 0)))
IN3 = msg(11, value("x", ["N", 3, "H", "W"]))
W3D = msg(5, tensor("w", [2, 1, 3, 3, 3], raw(*[((k * 37) % 19) / 16 - 0.5 for k in range(54)])))
NETS = {
    "free_size": net(CONV, TAIL, ins=IN3, inits=WIDE + B),
    "fixed_size": net(CONV, TAIL, ins=msg(11, value("x", [1, 3, 12, 10])), inits=WIDE + B),
    "fixed_batch": net(CONV, RELU, POOL, node("Reshape", ["p", "s"], ["y"], b"", "flat"), ins=msg(11, value("x", [1, 3, 12, 12])),
                       outs=msg(12, value("y", [1, 2])), inits=WIDE + B + const("s", [2], 1, 2)),
    "batch_of_4": net(CONV, TAIL, ins=msg(11, value("x", [4, 3, 12, 12])), inits=WIDE + B),
    "two_outputs": net(CONV, TAIL, node("Neg", ["y"], ["other"], b"", "neg"), ins=IN3, outs=Y + msg(12, value("other", ["N", 2])), inits=WIDE + B),
    "not_finite": net(CONV, TAIL, ins=IN3, inits=WIDE_NAN + B_NAN),
    "volume": net(node("Conv", ["x", "w", "b"], ["c"], ints("kernel_shape", 3, 3, 3), "conv"), TAIL,
                  ins=msg(11, value("x", ["N", 1, 6, 7, 8])), inits=W3D + B),
    "torch_scopes": net(node("Conv", ["x", "w", "b"], ["c"], ints("kernel_shape", 3, 3) + ints("pads", 1, 1, 1, 1), "/features/features.0/Conv"),
                        node("Relu", ["c"], ["r"], b"", "/features/features.1/Relu"),
                        node("MaxPool", ["r"], ["m"], ints("kernel_shape", 2, 2) + ints("strides", 2, 2), "/features/features.2/MaxPool"),
                        node("GlobalAveragePool", ["m"], ["p"], b"", "/pool/GlobalAveragePool"),
                        node("Flatten", ["p"], ["y"], b"", "/Flatten"), ins=IN3, inits=WIDE + B),
    "no_outputs": net(CONV, TAIL, ins=IN3, outs=b"", inits=WIDE + B),
    "two_inputs": net(CONV, TAIL, ins=IN3 + msg(11, value("mask", ["N", 3])), inits=WIDE + B),
    "no_input": net(node("Relu", ["w"], ["y"], b"", "n"), ins=b"", inits=WIDE),
    "channels_last": net(CONV, TAIL, ins=msg(11, value("x", [1, 12, 12, 3])), inits=WIDE + B),
    "channels_5": net(CONV, TAIL, ins=msg(11, value("x", [1, 5, 12, 12])), inits=WIDE + B),
    "channels_free": net(CONV, TAIL, ins=msg(11, value("x", [1, "C", 12, 12])), inits=WIDE + B),
    "int_input": net(CONV, TAIL, ins=msg(11, value("x", [1, 3, 12, 12], 7)), inits=WIDE + B),
    "vector_input": net(node("Relu", ["x"], ["y"]), ins=msg(11, value("x", ["N", 3])), inits=WIDE + B),
}


def main():
    os.makedirs(os.path.join(HERE, "nets"), exist_ok=True)
    for name, data in NETS.items():
        open(os.path.join(HERE, "nets", name + ".onnx"), "wb").write(data)
    for folder in ("accept", "reject"):
        shutil.rmtree(os.path.join(HERE, folder), ignore_errors=True)
        os.makedirs(os.path.join(HERE, folder))
    for name, data in ACCEPT.items():
        open(os.path.join(HERE, "accept", name + ".onnx"), "wb").write(data)
    for name, (data, _) in REJECT.items():
        open(os.path.join(HERE, "reject", name + ".onnx"), "wb").write(data)
    for folder in ("accept", "reject"):
        open(os.path.join(HERE, folder, "external.bin"), "wb").write(bytes(8) + floats(*WEIGHTS))
    with open(os.path.join(HERE, "reject.txt"), "w") as f:
        f.write("".join("%s.onnx\t%s\n" % (name, want) for name, (_, want) in REJECT.items()))


main()
