/* A pickle machine without objects (Python's pickletools.py documents the opcodes).
 *
 * The opcodes are those that torch.save writes with protocol 2; the callables are those in `globals` below and are
 * rows of that table, never code. Each opcode checks the kinds of its operands; values, depth, memo and bytes are
 * capped. There is no fallback: anything else is an error with its name and offset. */
#include "model/pickle.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#define VALUES_MAX 1000000u
#define DEPTH_MAX 64
#define TEXT_MAX_BYTES 65536u

enum global_role { ROLE_DICT, ROLE_TENSOR, ROLE_TENSOR_V2, ROLE_PARAMETER, ROLE_STORAGE };

static const struct global {
    const char *module, *name;
    enum global_role role;
    enum dtype dtype; /* of a storage */
} globals[] = {
    {"collections", "OrderedDict", ROLE_DICT, DTYPE_F32},
    {"torch._utils", "_rebuild_tensor", ROLE_TENSOR, DTYPE_F32},
    {"torch._utils", "_rebuild_tensor_v2", ROLE_TENSOR_V2, DTYPE_F32},
    {"torch._utils", "_rebuild_parameter", ROLE_PARAMETER, DTYPE_F32},
    {"torch", "FloatStorage", ROLE_STORAGE, DTYPE_F32},
    {"torch", "HalfStorage", ROLE_STORAGE, DTYPE_F16},
    {"torch", "BFloat16Storage", ROLE_STORAGE, DTYPE_BF16},
    {"torch", "DoubleStorage", ROLE_STORAGE, DTYPE_F64},
    {"torch", "LongStorage", ROLE_STORAGE, DTYPE_I64},
    {"torch", "IntStorage", ROLE_STORAGE, DTYPE_I32},
    {"torch", "ShortStorage", ROLE_STORAGE, DTYPE_I16},
    {"torch", "CharStorage", ROLE_STORAGE, DTYPE_I8},
    {"torch", "ByteStorage", ROLE_STORAGE, DTYPE_U8},
    {"torch", "BoolStorage", ROLE_STORAGE, DTYPE_BOOL},
};

struct machine {
    const uint8_t *data;
    size_t size, at, op_at; /* op_at: where the current opcode stands */
    uint8_t op;
    struct arena *arena;
    struct pickle_value **stack, **memo;
    size_t n_stack, stack_cap, n_memo, memo_cap;
    size_t n_values, n_pushes;
    const struct pickle_storage *storages;
    bool cut, stopped;
    limn_error *err;
};

static const char *op_name(uint8_t op)
{
    static const struct {
        uint8_t op;
        const char *name;
    } names[] = {
        /* clang-format off */
        {'(', "MARK"}, {'.', "STOP"}, {'0', "POP"}, {'1', "POP_MARK"}, {'2', "DUP"}, {'F', "FLOAT"}, {'I', "INT"},
        {'J', "BININT"}, {'K', "BININT1"}, {'L', "LONG"}, {'M', "BININT2"}, {'N', "NONE"}, {'P', "PERSID"},
        {'Q', "BINPERSID"}, {'R', "REDUCE"}, {'S', "STRING"}, {'T', "BINSTRING"}, {'U', "SHORT_BINSTRING"},
        {'V', "UNICODE"}, {'X', "BINUNICODE"}, {'a', "APPEND"}, {'b', "BUILD"}, {'c', "GLOBAL"}, {'d', "DICT"},
        {'}', "EMPTY_DICT"}, {'e', "APPENDS"}, {'g', "GET"}, {'h', "BINGET"}, {'i', "INST"}, {'j', "LONG_BINGET"},
        {'l', "LIST"}, {']', "EMPTY_LIST"}, {'o', "OBJ"}, {'p', "PUT"}, {'q', "BINPUT"}, {'r', "LONG_BINPUT"},
        {'s', "SETITEM"}, {'t', "TUPLE"}, {')', "EMPTY_TUPLE"}, {'u', "SETITEMS"}, {'G', "BINFLOAT"}, {'B', "BINBYTES"},
        {'C', "SHORT_BINBYTES"}, {0x80, "PROTO"}, {0x81, "NEWOBJ"}, {0x82, "EXT1"}, {0x83, "EXT2"}, {0x84, "EXT4"},
        {0x85, "TUPLE1"}, {0x86, "TUPLE2"}, {0x87, "TUPLE3"}, {0x88, "NEWTRUE"}, {0x89, "NEWFALSE"}, {0x8a, "LONG1"},
        {0x8b, "LONG4"}, {0x8c, "SHORT_BINUNICODE"}, {0x8d, "BINUNICODE8"}, {0x8e, "BINBYTES8"}, {0x8f, "EMPTY_SET"},
        {0x90, "ADDITEMS"}, {0x91, "FROZENSET"}, {0x92, "NEWOBJ_EX"}, {0x93, "STACK_GLOBAL"}, {0x94, "MEMOIZE"},
        {0x95, "FRAME"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].op == op) {
            return names[i].name;
        }
    }
    return "unknown";
}

static const char *kind_name(const struct pickle_value *v)
{
    static const char *const names[] = {"none", "bool", "int",    "float",   "text",   "tuple",
                                        "list", "dict", "global", "storage", "tensor", "mark"};
    return names[v->kind];
}

/* "pickle byte 12: REDUCE: TEXT" */
static limn_status bad(struct machine *m, const char *what)
{
    return err_set(m->err, LIMN_ERR_FORMAT, "pickle byte %zu: opcode %s (0x%02x): %s", m->op_at, op_name(m->op), m->op,
                   what);
}

static limn_status bad_kind(struct machine *m, const char *what, const struct pickle_value *found, const char *expected)
{
    char text[160];
    snprintf(text, sizeof text, "%s is a %s (expected %s)", what, kind_name(found), expected);
    return bad(m, text);
}

static limn_status need(struct machine *m, size_t n, const uint8_t **p)
{
    if (n > m->size - m->at) {
        m->cut = true;
        return bad(m, "the pickle is cut off");
    }
    *p = m->data + m->at;
    m->at += n;
    return LIMN_OK;
}

static limn_status push(struct machine *m, struct pickle_value *v)
{
    if (++m->n_pushes > VALUES_MAX) {
        return bad(m, "more than 1000000 values");
    }
    limn_status st = mem_grow(&m->stack, &m->stack_cap, m->n_stack + 1, sizeof(struct pickle_value *), m->err);
    if (st == LIMN_OK) {
        m->stack[m->n_stack++] = v;
    }
    return st;
}

static limn_status push_new(struct machine *m, enum pickle_kind kind, int64_t i, struct pickle_value **out)
{
    struct pickle_value *v = arena_alloc(m->arena, 1, sizeof *v);
    if (v == NULL) {
        return err_nomem(m->err, sizeof *v, "a value of a pickle");
    }
    v->kind = kind;
    v->u.i = i;
    m->n_values++;
    if (kind == PICKLE_TUPLE || kind == PICKLE_LIST || kind == PICKLE_DICT) {
        v->depth = 1;
    }
    if (out != NULL) {
        *out = v;
    }
    return push(m, v);
}

static limn_status pop(struct machine *m, struct pickle_value **out)
{
    if (m->n_stack == 0 || m->stack[m->n_stack - 1]->kind == PICKLE_MARK) {
        return bad(m, "the stack is empty");
    }
    *out = m->stack[--m->n_stack];
    return LIMN_OK;
}

/* The value below the top, which opcodes that fill a container change. */
static limn_status top(struct machine *m, struct pickle_value **out)
{
    if (m->n_stack == 0 || m->stack[m->n_stack - 1]->kind == PICKLE_MARK) {
        return bad(m, "the stack is empty");
    }
    *out = m->stack[m->n_stack - 1];
    return LIMN_OK;
}

/* Takes the values above the last mark off the stack; *first stays valid until the next push. */
static limn_status pop_mark(struct machine *m, struct pickle_value ***first, size_t *n)
{
    size_t i = m->n_stack;
    while (i > 0 && m->stack[i - 1]->kind != PICKLE_MARK) {
        i--;
    }
    if (i == 0) {
        return bad(m, "no mark on the stack");
    }
    *first = m->stack + i;
    *n = m->n_stack - i;
    m->n_stack = i - 1;
    return LIMN_OK;
}

static limn_status append(struct machine *m, struct pickle_value *to, struct pickle_value **item, size_t n)
{
    if (to->u.seq.n + n > to->u.seq.cap) {
        size_t cap = to->u.seq.cap * 2 > to->u.seq.n + n ? to->u.seq.cap * 2 : to->u.seq.n + n;
        struct pickle_value **p = arena_alloc(m->arena, cap, sizeof(struct pickle_value *));
        if (p == NULL) {
            return err_nomem(m->err, cap * sizeof(struct pickle_value *), "a container of a pickle");
        }
        if (to->u.seq.n > 0) {
            memcpy(p, to->u.seq.item, to->u.seq.n * sizeof(struct pickle_value *));
        }
        to->u.seq.item = p;
        to->u.seq.cap = cap;
    }
    for (size_t i = 0; i < n; i++) {
        to->depth = item[i]->depth + 1 > to->depth ? item[i]->depth + 1 : to->depth;
        to->u.seq.item[to->u.seq.n++] = item[i];
    }
    return to->depth <= DEPTH_MAX ? LIMN_OK : bad(m, "containers nested more than 64 deep");
}

static limn_status set_items(struct machine *m, struct pickle_value *dict, struct pickle_value **item, size_t n)
{
    if (dict->kind != PICKLE_DICT) {
        return bad_kind(m, "the target", dict, "dict");
    }
    if (n % 2 != 0) {
        return bad(m, "a key without a value");
    }
    for (size_t i = 0; i < n; i += 2) {
        if (item[i]->kind != PICKLE_STR && item[i]->kind != PICKLE_INT) {
            return bad_kind(m, "a key", item[i], "text or int");
        }
    }
    return append(m, dict, item, n);
}

static limn_status make_tuple(struct machine *m, struct pickle_value **item, size_t n)
{
    limn_status st = LIMN_OK;
    struct pickle_value *t = arena_alloc(m->arena, 1, sizeof *t);
    if (t == NULL) {
        return err_nomem(m->err, sizeof *t, "a tuple of a pickle");
    }
    t->kind = PICKLE_TUPLE;
    t->depth = 1;
    m->n_values++;
    TRY(append(m, t, item, n));
    st = push(m, t);
out:
    return st;
}

static limn_status tuple_of(struct machine *m, size_t n)
{
    struct pickle_value *v[3] = {NULL, NULL, NULL};
    for (size_t i = n; i-- > 0;) {
        limn_status st = pop(m, &v[i]);
        if (st != LIMN_OK) {
            return st;
        }
    }
    return make_tuple(m, v, n);
}

static limn_status put_memo(struct machine *m, size_t i)
{
    struct pickle_value *v = NULL;
    limn_status st = top(m, &v);
    if (st != LIMN_OK) {
        return st;
    }
    if (i >= m->n_pushes) {
        return bad(m, "memo number beyond the number of values");
    }
    TRY(mem_grow(&m->memo, &m->memo_cap, i + 1, sizeof(struct pickle_value *), m->err));
    while (m->n_memo <= i) {
        m->memo[m->n_memo++] = NULL;
    }
    m->memo[i] = v;
out:
    return st;
}

static limn_status get_memo(struct machine *m, size_t i)
{
    return i < m->n_memo && m->memo[i] != NULL ? push(m, m->memo[i]) : bad(m, "memo entry that was never put");
}

static limn_status push_text(struct machine *m, size_t n)
{
    const uint8_t *p = NULL;
    struct pickle_value *v = NULL;
    limn_status st = LIMN_OK;
    if (n > TEXT_MAX_BYTES) {
        return bad(m, "text of more than 65536 bytes");
    }
    TRY(need(m, n, &p));
    if (memchr(p, 0, n) != NULL) {
        return bad(m, "text with a NUL byte");
    }
    char *s = arena_alloc(m->arena, n + 1, 1);
    if (s == NULL) {
        return err_nomem(m->err, n + 1, "a text of a pickle");
    }
    memcpy(s, p, n);
    TRY(push_new(m, PICKLE_STR, 0, &v));
    v->u.str.s = s;
out:
    return st;
}

/* One line of a GLOBAL, without its end. */
static limn_status line(struct machine *m, char buf[128])
{
    size_t n = 0;
    while (m->at + n < m->size && n < 127 && m->data[m->at + n] != '\n') {
        n++;
    }
    if (m->at + n >= m->size) {
        m->cut = true;
        return bad(m, "the pickle is cut off");
    }
    if (n == 127) {
        return bad(m, "a name of more than 126 bytes");
    }
    memcpy(buf, m->data + m->at, n);
    buf[n] = '\0';
    m->at += n + 1;
    return strlen(buf) == n ? LIMN_OK : bad(m, "a name with a NUL byte");
}

static limn_status op_global(struct machine *m)
{
    char module[128], name[128], text[400];
    limn_status st = LIMN_OK;
    TRY(line(m, module));
    TRY(line(m, name));
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        if (strcmp(globals[i].module, module) == 0 && strcmp(globals[i].name, name) == 0) {
            return push_new(m, PICKLE_GLOBAL, (int64_t)i, NULL);
        }
    }
    snprintf(text, sizeof text, "wants %s.%s, which limn does not build (expected tensors, dicts and numbers only)",
             module, name);
    st = bad(m, text);
out:
    return st;
}

static bool is_role(const struct pickle_value *v, enum global_role role)
{
    return v->kind == PICKLE_GLOBAL && globals[v->u.i].role == role;
}

/* ("storage", torch.FloatStorage, key, location, number of elements[, None]) */
static limn_status op_persid(struct machine *m)
{
    struct pickle_value *id = NULL, *v = NULL;
    limn_status st = LIMN_OK;
    TRY(pop(m, &id));
    struct pickle_value **x = id->u.seq.item;
    if (id->kind != PICKLE_TUPLE) {
        return bad_kind(m, "the persistent id", id, "tuple");
    }
    size_t n = id->u.seq.n;
    if ((n != 5 && n != 6) || x[0]->kind != PICKLE_STR || strcmp(x[0]->u.str.s, "storage") != 0 ||
        !is_role(x[1], ROLE_STORAGE) || x[2]->kind != PICKLE_STR || x[3]->kind != PICKLE_STR ||
        x[4]->kind != PICKLE_INT) {
        return bad(m, "persistent id is not (\"storage\", a storage class, key, location, number of elements)");
    }
    if (n == 6 && x[5]->kind != PICKLE_NONE) {
        return bad_kind(m, "the storage's view", x[5], "none");
    }
    struct pickle_storage *s = arena_alloc(m->arena, 1, sizeof *s);
    if (s == NULL) {
        return err_nomem(m->err, sizeof *s, "a storage");
    }
    *s = (struct pickle_storage){x[2]->u.str.s, globals[x[1]->u.i].dtype, x[4]->u.i, m->storages};
    size_t bytes;
    if (s->elems < 0 || !mul_size((size_t)s->elems, dtype_size(s->dtype), &bytes)) {
        return bad(m, "the storage's number of elements is negative or overflows");
    }
    m->storages = s;
    TRY(push_new(m, PICKLE_STORAGE, 0, &v));
    v->u.storage = s;
out:
    return st;
}

/* Every element of the view must lie in its storage, and views that repeat elements must not grow beyond it. */
static limn_status check_view(struct machine *m, struct pickle_tensor *t)
{
    size_t last = (size_t)t->offset, elems = 1, part;
    size_t have = (size_t)t->storage->elems;
    bool fits = true;
    for (int32_t i = 0; i < t->rank; i++) {
        fits = fits && mul_size(elems, (size_t)t->dim[i], &elems);
    }
    t->elems = elems;
    for (int32_t i = 0; i < t->rank && fits && elems > 0; i++) {
        fits = mul_size((size_t)t->dim[i] - 1, (size_t)t->stride[i], &part) && add_size(last, part, &last);
    }
    if (!fits || (elems > 0 && last >= have) || last > have) {
        return bad(m, "tensor's offset, sizes and strides reach beyond its storage");
    }
    return elems <= have ? LIMN_OK : bad(m, "tensor has more elements than its storage");
}

static limn_status read_sizes(struct machine *m, const struct pickle_value *v, const char *what, int64_t *out)
{
    for (size_t i = 0; i < v->u.seq.n; i++) {
        if (v->u.seq.item[i]->kind != PICKLE_INT) {
            return bad_kind(m, what, v->u.seq.item[i], "int");
        }
        out[i] = v->u.seq.item[i]->u.i;
        if (out[i] < 0) {
            return bad(m, "a tensor's size or stride is negative");
        }
    }
    return LIMN_OK;
}

/* (storage, offset, sizes, strides[, requires_grad, hooks[, metadata]]) */
static limn_status make_tensor(struct machine *m, const struct pickle_value *args, bool v2)
{
    struct pickle_value **x = args->u.seq.item, *v = NULL;
    size_t n = args->u.seq.n;
    limn_status st = LIMN_OK;
    if (v2 ? n != 6 && n != 7 : n != 4) {
        return bad(m, "number of arguments of a tensor");
    }
    if (x[0]->kind != PICKLE_STORAGE || x[1]->kind != PICKLE_INT || x[2]->kind != PICKLE_TUPLE ||
        x[3]->kind != PICKLE_TUPLE || (v2 && (x[4]->kind != PICKLE_BOOL || x[5]->kind != PICKLE_DICT))) {
        return bad(m, "arguments of a tensor are not (storage, int, tuple, tuple, bool, dict)");
    }
    if (n == 7 && x[6]->kind != PICKLE_DICT && x[6]->kind != PICKLE_NONE) {
        return bad_kind(m, "a tensor's metadata", x[6], "dict");
    }
    if (x[2]->u.seq.n != x[3]->u.seq.n || x[2]->u.seq.n > PICKLE_MAX_RANK) {
        return bad(m, "a tensor's sizes and strides differ in number or are more than 8");
    }
    struct pickle_tensor *t = arena_alloc(m->arena, 1, sizeof *t);
    if (t == NULL) {
        return err_nomem(m->err, sizeof *t, "a tensor");
    }
    t->storage = x[0]->u.storage;
    t->offset = x[1]->u.i;
    t->rank = (int32_t)x[2]->u.seq.n;
    if (t->offset < 0) {
        return bad(m, "a tensor's offset is negative");
    }
    TRY(read_sizes(m, x[2], "a tensor's size", t->dim));
    TRY(read_sizes(m, x[3], "a tensor's stride", t->stride));
    TRY(check_view(m, t));
    TRY(push_new(m, PICKLE_TENSOR, 0, &v));
    v->u.tensor = t;
out:
    return st;
}

static limn_status op_reduce(struct machine *m)
{
    struct pickle_value *args = NULL, *f = NULL, *d = NULL;
    limn_status st = LIMN_OK;
    TRY(pop(m, &args));
    TRY(pop(m, &f));
    if (args->kind != PICKLE_TUPLE) {
        return bad_kind(m, "the arguments", args, "tuple");
    }
    if (f->kind != PICKLE_GLOBAL) {
        return bad_kind(m, "the callable", f, "global");
    }
    struct pickle_value **x = args->u.seq.item;
    size_t n = args->u.seq.n;
    switch (globals[f->u.i].role) {
    case ROLE_DICT:
        if (n != 0) {
            return bad(m, "OrderedDict with arguments (expected none)");
        }
        TRY(push_new(m, PICKLE_DICT, 0, &d));
        d->u.seq.ordered = true;
        break;
    case ROLE_TENSOR:
    case ROLE_TENSOR_V2:
        return make_tensor(m, args, globals[f->u.i].role == ROLE_TENSOR_V2);
    case ROLE_PARAMETER:
        if (n != 3 || x[0]->kind != PICKLE_TENSOR || x[1]->kind != PICKLE_BOOL || x[2]->kind != PICKLE_DICT) {
            return bad(m, "arguments of a parameter are not (tensor, bool, dict)");
        }
        return push(m, x[0]);
    case ROLE_STORAGE:
        return bad(m, "a storage class is called");
    }
out:
    return st;
}

/* Attributes of an OrderedDict (torch's _metadata) say nothing about tensors and are dropped. */
static limn_status op_build(struct machine *m)
{
    struct pickle_value *state = NULL, *object = NULL;
    limn_status st = LIMN_OK;
    TRY(pop(m, &state));
    TRY(top(m, &object));
    if (object->kind != PICKLE_DICT || !object->u.seq.ordered) {
        return bad_kind(m, "the object", object, "OrderedDict");
    }
    if (state->kind != PICKLE_DICT) {
        return bad_kind(m, "the state", state, "dict");
    }
out:
    return st;
}

static limn_status op_fill(struct machine *m)
{
    struct pickle_value *target = NULL, *v[2] = {NULL, NULL}, **item = v;
    bool dict = m->op == 's' || m->op == 'u', many = m->op == 'e' || m->op == 'u';
    size_t n = dict ? 2 : 1;
    limn_status st = LIMN_OK;
    if (many) {
        TRY(pop_mark(m, &item, &n));
    } else {
        for (size_t i = n; i-- > 0;) {
            TRY(pop(m, &v[i]));
        }
    }
    TRY(top(m, &target));
    if (dict) {
        return set_items(m, target, item, n);
    }
    if (target->kind != PICKLE_LIST) {
        return bad_kind(m, "the target", target, "list");
    }
    st = append(m, target, item, n);
out:
    return st;
}

/* Little-endian two's complement of n bytes. */
static limn_status push_long(struct machine *m, size_t n)
{
    const uint8_t *p = NULL;
    limn_status st = LIMN_OK;
    uint64_t v = 0;
    TRY(need(m, n, &p));
    if (n > 8) {
        return bad(m, "an integer of more than 8 bytes");
    }
    for (size_t i = n; i-- > 0;) {
        v = v << 8 | p[i];
    }
    if (n > 0 && n < 8 && (p[n - 1] & 0x80) != 0) {
        v |= UINT64_MAX << (8 * n);
    }
    st = push_new(m, PICKLE_INT, (int64_t)v, NULL);
out:
    return st;
}

static limn_status push_float(struct machine *m)
{
    const uint8_t *p = NULL;
    struct pickle_value *v = NULL;
    limn_status st = LIMN_OK;
    uint64_t bits = 0;
    TRY(need(m, 8, &p));
    for (int i = 0; i < 8; i++) {
        bits = bits << 8 | p[i];
    }
    TRY(push_new(m, PICKLE_FLOAT, 0, &v));
    memcpy(&v->u.f, &bits, sizeof bits);
out:
    return st;
}

/* The unsigned number of n bytes that follows an opcode. */
static limn_status operand(struct machine *m, size_t n, uint32_t *out)
{
    const uint8_t *p = NULL;
    limn_status st = need(m, n, &p);
    uint32_t v = 0;
    for (size_t i = n; st == LIMN_OK && i-- > 0;) {
        v = v << 8 | p[i];
    }
    *out = v;
    return st;
}

static limn_status op_stop(struct machine *m)
{
    m->stopped = true;
    return m->n_stack == 1 && m->stack[0]->kind != PICKLE_MARK ? LIMN_OK : bad(m, "not exactly one value is left");
}

/* Opcodes with a number behind them. */
static limn_status step_number(struct machine *m)
{
    static const char ops[] = "KMJqrhjXU\x8a\x80";
    static const uint8_t width[] = {1, 2, 4, 1, 4, 1, 4, 4, 1, 1, 1};
    uint32_t v = 0;
    const char *which = strchr(ops, (char)m->op);
    limn_status st = LIMN_OK;
    if (m->op == 0 || which == NULL) {
        return bad(m, "is not one that limn reads");
    }
    TRY(operand(m, width[which - ops], &v));
    switch (m->op) {
    case 'K':
    case 'M':
        return push_new(m, PICKLE_INT, v, NULL);
    case 'J':
        return push_new(m, PICKLE_INT, (int32_t)v, NULL);
    case 'q':
    case 'r':
        return put_memo(m, v);
    case 'h':
    case 'j':
        return get_memo(m, v);
    case 'X':
    case 'U':
        return push_text(m, v);
    case 0x8a:
        return push_long(m, v);
    default:
        return v == 2 && m->op_at == 0 ? LIMN_OK : bad(m, "protocol other than 2, or not at the start");
    }
out:
    return st;
}

static limn_status step(struct machine *m)
{
    struct pickle_value **item = NULL;
    size_t n = 0;
    limn_status st = LIMN_OK;
    switch (m->op) {
    case '(':
        return push_new(m, PICKLE_MARK, 0, NULL);
    case '.':
        return op_stop(m);
    case 'N':
        return push_new(m, PICKLE_NONE, 0, NULL);
    case 0x88:
    case 0x89:
        return push_new(m, PICKLE_BOOL, m->op == 0x88, NULL);
    case 'G':
        return push_float(m);
    case '}':
        return push_new(m, PICKLE_DICT, 0, NULL);
    case ']':
        return push_new(m, PICKLE_LIST, 0, NULL);
    case ')':
        return push_new(m, PICKLE_TUPLE, 0, NULL);
    case 't':
        st = pop_mark(m, &item, &n);
        return st == LIMN_OK ? make_tuple(m, item, n) : st;
    case 0x85:
    case 0x86:
    case 0x87:
        return tuple_of(m, m->op - 0x84u);
    case 'a':
    case 'e':
    case 's':
    case 'u':
        return op_fill(m);
    case 'c':
        return op_global(m);
    case 'Q':
        return op_persid(m);
    case 'R':
        return op_reduce(m);
    case 'b':
        return op_build(m);
    default:
        return step_number(m);
    }
}

limn_status pickle_parse(const uint8_t *data, size_t size, struct arena *a, struct pickle *out, bool *cut,
                         limn_error *err)
{
    struct machine m = {.data = data, .size = size, .arena = a, .err = err};
    const uint8_t *p = NULL;
    limn_status st = LIMN_OK;
    *cut = false;
    if (size > PICKLE_MAX_BYTES) {
        return err_set(err, LIMN_ERR_FORMAT, "pickle of %zu bytes (expected at most %u)", size, PICKLE_MAX_BYTES);
    }
    while (!m.stopped) {
        m.op_at = m.at;
        m.op = m.at < size ? data[m.at] : '.';
        TRY(need(&m, 1, &p));
        if (m.op_at == 0 && m.op != 0x80) {
            TRY(bad(&m, "first in the pickle (expected PROTO)"));
        }
        TRY(step(&m));
    }
    *out = (struct pickle){m.stack[0], m.storages, m.at};
out:
    *cut = m.cut;
    mem_free(m.stack);
    mem_free(m.memo);
    return st;
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
    const struct pickle_value *found = NULL;
    for (size_t i = 0; dict->kind == PICKLE_DICT && i + 1 < dict->u.seq.n; i += 2) {
        const struct pickle_value *k = dict->u.seq.item[i];
        if (k->kind == PICKLE_STR && strcmp(k->u.str.s, key) == 0) {
            found = dict->u.seq.item[i + 1]; /* a key set twice has its last value, as in Python */
        }
    }
    return found;
}
