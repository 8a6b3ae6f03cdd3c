/* A pickle machine without objects (Python's pickletools.py documents the opcodes).
 *
 * The opcodes are those that torch.save writes with protocol 2; the callables are those in the table of pickle_build.c
 * and are rows of it, never code. Each opcode checks the kinds of its operands; values, depth, memo and bytes are
 * capped. There is no fallback: anything else is an error with its name and offset. */
#include "model/pickle_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#define VALUES_MAX 1000000u
#define DEPTH_MAX 64
#define TEXT_MAX_BYTES 65536u

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
limn_status pickle_bad(struct pickle_machine *m, const char *what)
{
    return err_set(m->err, LIMN_ERR_FORMAT, "pickle byte %zu: opcode %s (0x%02x): %s", m->op_at, op_name(m->op), m->op,
                   what);
}

limn_status pickle_bad_kind(struct pickle_machine *m, const char *what, const struct pickle_value *found,
                            const char *expected)
{
    char text[160];
    snprintf(text, sizeof text, "%s is a %s (expected %s)", what, kind_name(found), expected);
    return pickle_bad(m, text);
}

static limn_status need(struct pickle_machine *m, size_t n, const uint8_t **p)
{
    if (n > m->size - m->at) {
        m->cut = true;
        return pickle_bad(m, "the pickle is cut off");
    }
    *p = m->data + m->at;
    m->at += n;
    return LIMN_OK;
}

limn_status pickle_push(struct pickle_machine *m, struct pickle_value *v)
{
    if (++m->n_pushes > VALUES_MAX) {
        return pickle_bad(m, "more than 1000000 values");
    }
    limn_status st = mem_grow(&m->stack, &m->stack_cap, m->n_stack + 1, sizeof(struct pickle_value *), m->err);
    if (st == LIMN_OK) {
        m->stack[m->n_stack++] = v;
    }
    return st;
}

limn_status pickle_push_new(struct pickle_machine *m, enum pickle_kind kind, int64_t i, struct pickle_value **out)
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
    return pickle_push(m, v);
}

limn_status pickle_pop(struct pickle_machine *m, struct pickle_value **out)
{
    if (m->n_stack == 0 || m->stack[m->n_stack - 1]->kind == PICKLE_MARK) {
        return pickle_bad(m, "the stack is empty");
    }
    *out = m->stack[--m->n_stack];
    return LIMN_OK;
}

/* The value below the top, which opcodes that fill a container change. */
limn_status pickle_top(struct pickle_machine *m, struct pickle_value **out)
{
    if (m->n_stack == 0 || m->stack[m->n_stack - 1]->kind == PICKLE_MARK) {
        return pickle_bad(m, "the stack is empty");
    }
    *out = m->stack[m->n_stack - 1];
    return LIMN_OK;
}

/* Takes the values above the last mark off the stack; *first stays valid until the next push. */
static limn_status pop_mark(struct pickle_machine *m, struct pickle_value ***first, size_t *n)
{
    size_t i = m->n_stack;
    while (i > 0 && m->stack[i - 1]->kind != PICKLE_MARK) {
        i--;
    }
    if (i == 0) {
        return pickle_bad(m, "no mark on the stack");
    }
    *first = m->stack + i;
    *n = m->n_stack - i;
    m->n_stack = i - 1;
    return LIMN_OK;
}

static limn_status append(struct pickle_machine *m, struct pickle_value *to, struct pickle_value **item, size_t n)
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
    return to->depth <= DEPTH_MAX ? LIMN_OK : pickle_bad(m, "containers nested more than 64 deep");
}

static limn_status set_items(struct pickle_machine *m, struct pickle_value *dict, struct pickle_value **item, size_t n)
{
    if (dict->kind != PICKLE_DICT) {
        return pickle_bad_kind(m, "the target", dict, "dict");
    }
    if (n % 2 != 0) {
        return pickle_bad(m, "a key without a value");
    }
    for (size_t i = 0; i < n; i += 2) {
        if (item[i]->kind != PICKLE_STR && item[i]->kind != PICKLE_INT) {
            return pickle_bad_kind(m, "a key", item[i], "text or int");
        }
    }
    return append(m, dict, item, n);
}

static limn_status make_tuple(struct pickle_machine *m, struct pickle_value **item, size_t n)
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
    st = pickle_push(m, t);
out:
    return st;
}

static limn_status tuple_of(struct pickle_machine *m, size_t n)
{
    struct pickle_value *v[3] = {NULL, NULL, NULL};
    for (size_t i = n; i-- > 0;) {
        limn_status st = pickle_pop(m, &v[i]);
        if (st != LIMN_OK) {
            return st;
        }
    }
    return make_tuple(m, v, n);
}

static limn_status put_memo(struct pickle_machine *m, size_t i)
{
    struct pickle_value *v = NULL;
    limn_status st = pickle_top(m, &v);
    if (st != LIMN_OK) {
        return st;
    }
    if (i >= m->n_pushes) {
        return pickle_bad(m, "memo number beyond the number of values");
    }
    TRY(mem_grow(&m->memo, &m->memo_cap, i + 1, sizeof(struct pickle_value *), m->err));
    while (m->n_memo <= i) {
        m->memo[m->n_memo++] = NULL;
    }
    m->memo[i] = v;
out:
    return st;
}

static limn_status get_memo(struct pickle_machine *m, size_t i)
{
    return i < m->n_memo && m->memo[i] != NULL ? pickle_push(m, m->memo[i])
                                               : pickle_bad(m, "memo entry that was never put");
}

static limn_status push_text(struct pickle_machine *m, size_t n)
{
    const uint8_t *p = NULL;
    struct pickle_value *v = NULL;
    limn_status st = LIMN_OK;
    if (n > TEXT_MAX_BYTES) {
        return pickle_bad(m, "text of more than 65536 bytes");
    }
    TRY(need(m, n, &p));
    if (memchr(p, 0, n) != NULL) {
        return pickle_bad(m, "text with a NUL byte");
    }
    char *s = arena_alloc(m->arena, n + 1, 1);
    if (s == NULL) {
        return err_nomem(m->err, n + 1, "a text of a pickle");
    }
    memcpy(s, p, n);
    TRY(pickle_push_new(m, PICKLE_STR, 0, &v));
    v->u.str.s = s;
out:
    return st;
}

/* One line of a GLOBAL, without its end. */
limn_status pickle_line(struct pickle_machine *m, char buf[128])
{
    size_t n = 0;
    while (m->at + n < m->size && n < 127 && m->data[m->at + n] != '\n') {
        n++;
    }
    if (m->at + n >= m->size) {
        m->cut = true;
        return pickle_bad(m, "the pickle is cut off");
    }
    if (n == 127) {
        return pickle_bad(m, "a name of more than 126 bytes");
    }
    memcpy(buf, m->data + m->at, n);
    buf[n] = '\0';
    m->at += n + 1;
    return strlen(buf) == n ? LIMN_OK : pickle_bad(m, "a name with a NUL byte");
}

static limn_status op_fill(struct pickle_machine *m)
{
    struct pickle_value *target = NULL, *v[2] = {NULL, NULL}, **item = v;
    bool dict = m->op == 's' || m->op == 'u', many = m->op == 'e' || m->op == 'u';
    size_t n = dict ? 2 : 1;
    limn_status st = LIMN_OK;
    if (many) {
        TRY(pop_mark(m, &item, &n));
    } else {
        for (size_t i = n; i-- > 0;) {
            TRY(pickle_pop(m, &v[i]));
        }
    }
    TRY(pickle_top(m, &target));
    if (dict) {
        return set_items(m, target, item, n);
    }
    if (target->kind != PICKLE_LIST) {
        return pickle_bad_kind(m, "the target", target, "list");
    }
    st = append(m, target, item, n);
out:
    return st;
}

/* Little-endian two's complement of n bytes. */
static limn_status push_long(struct pickle_machine *m, size_t n)
{
    const uint8_t *p = NULL;
    limn_status st = LIMN_OK;
    uint64_t v = 0;
    TRY(need(m, n, &p));
    if (n > 8) {
        return pickle_bad(m, "an integer of more than 8 bytes");
    }
    for (size_t i = n; i-- > 0;) {
        v = v << 8 | p[i];
    }
    if (n > 0 && n < 8 && (p[n - 1] & 0x80) != 0) {
        v |= UINT64_MAX << (8 * n);
    }
    st = pickle_push_new(m, PICKLE_INT, (int64_t)v, NULL);
out:
    return st;
}

static limn_status push_float(struct pickle_machine *m)
{
    const uint8_t *p = NULL;
    struct pickle_value *v = NULL;
    limn_status st = LIMN_OK;
    uint64_t bits = 0;
    TRY(need(m, 8, &p));
    for (int i = 0; i < 8; i++) {
        bits = bits << 8 | p[i];
    }
    TRY(pickle_push_new(m, PICKLE_FLOAT, 0, &v));
    memcpy(&v->u.f, &bits, sizeof bits);
out:
    return st;
}

/* The unsigned number of n bytes that follows an opcode. */
static limn_status operand(struct pickle_machine *m, size_t n, uint32_t *out)
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

static limn_status op_stop(struct pickle_machine *m)
{
    m->stopped = true;
    return m->n_stack == 1 && m->stack[0]->kind != PICKLE_MARK ? LIMN_OK
                                                               : pickle_bad(m, "not exactly one value is left");
}

/* Opcodes with a number behind them. */
static limn_status step_number(struct pickle_machine *m)
{
    static const char ops[] = "KMJqrhjXU\x8a\x80";
    static const uint8_t width[] = {1, 2, 4, 1, 4, 1, 4, 4, 1, 1, 1};
    uint32_t v = 0;
    const char *which = strchr(ops, (char)m->op);
    limn_status st = LIMN_OK;
    if (m->op == 0 || which == NULL) {
        return pickle_bad(m, "is not one that limn reads");
    }
    TRY(operand(m, width[which - ops], &v));
    switch (m->op) {
    case 'K':
    case 'M':
        return pickle_push_new(m, PICKLE_INT, v, NULL);
    case 'J':
        return pickle_push_new(m, PICKLE_INT, (int32_t)v, NULL);
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
        return v == 2 && m->op_at == 0 ? LIMN_OK : pickle_bad(m, "protocol other than 2, or not at the start");
    }
out:
    return st;
}

static limn_status step(struct pickle_machine *m)
{
    struct pickle_value **item = NULL;
    size_t n = 0;
    limn_status st = LIMN_OK;
    switch (m->op) {
    case '(':
        return pickle_push_new(m, PICKLE_MARK, 0, NULL);
    case '.':
        return op_stop(m);
    case 'N':
        return pickle_push_new(m, PICKLE_NONE, 0, NULL);
    case 0x88:
    case 0x89:
        return pickle_push_new(m, PICKLE_BOOL, m->op == 0x88, NULL);
    case 'G':
        return push_float(m);
    case '}':
        return pickle_push_new(m, PICKLE_DICT, 0, NULL);
    case ']':
        return pickle_push_new(m, PICKLE_LIST, 0, NULL);
    case ')':
        return pickle_push_new(m, PICKLE_TUPLE, 0, NULL);
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
        return pickle_op_global(m);
    case 'Q':
        return pickle_op_persid(m);
    case 'R':
        return pickle_op_reduce(m);
    case 'b':
        return pickle_op_build(m);
    default:
        return step_number(m);
    }
}

limn_status pickle_parse(const uint8_t *data, size_t size, struct arena *a, struct pickle *out, bool *cut,
                         limn_error *err)
{
    struct pickle_machine m = {.data = data, .size = size, .arena = a, .err = err};
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
            TRY(pickle_bad(&m, "first in the pickle (expected PROTO)"));
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
