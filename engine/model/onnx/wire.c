/* The wire format of protocol buffers, checked before anything is decoded: varints of at most 10 bytes, known wire
 * types, no groups, lengths within the message around them, no field given twice that stands once, names that are UTF-8
 * without NUL, nesting and counts within limits. What wire_fields.def lists is copied; the numbers of tensors stay in
 * the file and are replaced by their place, other fields are dropped. Reads the file through one window.
 *
 * Source: the protocol buffers encoding reference; ONNX IR for the fields. */
#include "model/onnx/onnx_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/str.h"

#define WINDOW ((size_t)131072) /* no less than a text */
#define TEXT_MAX 65536
#define NODES_MAX 1000000
#define MESSAGES_MAX (3 * ONNX_MAX_DEPTH + 8) /* nested: graph, node, attribute for each graph */
#define FIELDS_MAX 16                         /* of one message in wire_fields.def */
#define LENGTH_BYTES 5                        /* of a nested message in the copy: padded, filled in at its end */

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum field_kind {
    KIND_VARINT,
    KIND_FIXED32,
    KIND_TEXT,
    KIND_MESSAGE,
    KIND_REFUSED,
    KIND_DATA32,
    KIND_DATA64,
    KIND_DATA_VARINT,
    KIND_DATA_TEXT,
    KIND_DATA_BYTES
};

struct field {
    enum onnx_message message;
    uint32_t number;
    const char *name;
    enum field_kind kind;
    enum onnx_message inner;
    bool repeated;
};
static const struct field fields[] = {
#define FIELD(message, number, name, kind, inner, repeated)                                                            \
    {ONNX_MSG_##message, number, name, KIND_##kind, ONNX_MSG_##inner, repeated},
#include "model/onnx/wire_fields.def"
#undef FIELD
};
enum { N_FIELDS = sizeof fields / sizeof fields[0] };

struct frame {                         /* a message that is being walked */
    const struct field *first, *field; /* rows of this message; the current one */
    uint32_t seen[FIELDS_MAX];
    struct onnx_data data; /* of a tensor */
    uint64_t data_end;
};

struct walk {
    const struct onnx_bytes *in;
    struct onnx_budget *budget;
    limn_error *err;
    struct onnx_copy out;
    uint8_t *window;
    uint64_t window_at;
    size_t window_n;
    struct frame frame[MESSAGES_MAX];
    size_t depth;
    uint32_t graphs, nodes;
    const struct field *start[ONNX_MSG_COUNT];
};

/* "offset 123: graph.node[3].attribute[0].ints: WHAT" */
LIMN_PRINTF(3, 4) static limn_status wire_bad(const struct walk *w, uint64_t at, const char *fmt, ...)
{
    char path[200] = "", what[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    size_t used = 0;
    for (size_t i = 0; i < w->depth && used < sizeof path; i++) {
        const struct frame *f = &w->frame[i];
        if (f->field == NULL) {
            break;
        }
        bool deep = i >= 4 && i + 4 < w->depth; /* the middle of a deep nest is not shown */
        if (deep && i == 4) {
            used += (size_t)snprintf(path + used, sizeof path - used, ".(%zu more)", w->depth - 8);
        } else if (!deep) {
            used += (size_t)snprintf(path + used, sizeof path - used, i > 0 ? ".%s" : "%s", f->field->name);
            if (f->field->repeated && used < sizeof path) {
                used += (size_t)snprintf(path + used, sizeof path - used, "[%u]", f->seen[f->field - f->first] - 1);
            }
        }
    }
    return err_set(w->err, LIMN_ERR_FORMAT, "offset %llu: %s%s%s", (unsigned long long)at, path,
                   path[0] != '\0' ? ": " : "", what);
}

/* n bytes at `at`, which are there (n <= WINDOW); valid until the next call. */
static limn_status look(struct walk *w, uint64_t at, size_t n, const uint8_t **out)
{
    if (w->in->file == NULL) {
        *out = w->in->data + at;
        return LIMN_OK;
    }
    if (at < w->window_at || at + n > w->window_at + w->window_n) {
        uint64_t left = w->in->size - at;
        size_t want = left < WINDOW ? (size_t)left : WINDOW;
        w->window_n = 0;
        limn_status st = file_read_at(w->in->file, at, w->window, want, w->err);
        if (st != LIMN_OK) {
            return st;
        }
        w->window_at = at;
        w->window_n = want;
    }
    *out = w->window + (at - w->window_at);
    return LIMN_OK;
}

static limn_status emit(struct walk *w, const void *data, size_t n)
{
    struct onnx_copy *c = &w->out;
    size_t need;
    if (!add_size(c->n, n, &need)) {
        return err_nomem(w->err, n, "a model's structure");
    }
    if (need > c->cap) {
        size_t cap = c->cap < WINDOW ? WINDOW : c->cap;
        while (cap < need) {
            cap += cap / 2;
        }
        if (!onnx_budget_take(w->budget, cap)) {
            return onnx_budget_error(w->budget, w->err);
        }
        uint8_t *grown = mem_realloc(c->data, cap, 1);
        if (grown == NULL) {
            onnx_budget_give(w->budget, cap);
            return err_nomem(w->err, cap, "a model's structure");
        }
        onnx_budget_give(w->budget, c->cap);
        c->data = grown;
        c->cap = cap;
    }
    memcpy(c->data + c->n, data, n);
    c->n = need;
    return LIMN_OK;
}

static limn_status emit_varint(struct walk *w, uint64_t v)
{
    uint8_t buf[10];
    size_t n = 0;
    do {
        buf[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v != 0);
    return emit(w, buf, n);
}

static limn_status emit_tagged(struct walk *w, uint32_t number, uint64_t v)
{
    limn_status st = emit_varint(w, (uint64_t)number << 3 | WIRE_VARINT);
    return st == LIMN_OK ? emit_varint(w, v) : st;
}

/* Copies [at, at + n) of the file. */
static limn_status copy(struct walk *w, uint64_t at, uint64_t n)
{
    limn_status st = LIMN_OK;
    while (n > 0 && st == LIMN_OK) {
        size_t step = n < WINDOW ? (size_t)n : WINDOW;
        const uint8_t *p = NULL;
        st = look(w, at, step, &p);
        if (st == LIMN_OK) {
            st = emit(w, p, step);
        }
        at += step;
        n -= step;
    }
    return st;
}

static limn_status varint(struct walk *w, uint64_t *at, uint64_t end, uint64_t *out)
{
    const uint8_t *p = NULL;
    size_t n = end - *at < 10 ? (size_t)(end - *at) : 10;
    uint64_t v = 0;
    limn_status st = look(w, *at, n, &p);
    if (st != LIMN_OK) {
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (i == 9 && p[i] > 1) {
            return wire_bad(w, *at, "varint longer than 10 bytes or 64 bits");
        }
        if (p[i] < 0x80) {
            *at += i + 1;
            *out = v;
            return LIMN_OK;
        }
    }
    return wire_bad(w, *at, "varint cut off by the end of its message");
}

/* Counts and checks the varints in [at, end). */
static limn_status count_varints(struct walk *w, uint64_t at, uint64_t end, uint64_t *count)
{
    uint64_t n = 0, v;
    limn_status st = LIMN_OK;
    while (at < end && st == LIMN_OK) {
        st = varint(w, &at, end, &v);
        n++;
    }
    *count = n;
    return st;
}

struct item {                 /* one field as it stands in the file */
    uint64_t tag_at, at, end; /* at: of the payload; a varint's payload is its own bytes */
    uint64_t length_at;
    uint32_t number;
    enum wire_type type;
};

static limn_status read_tag(struct walk *w, uint64_t at, uint64_t end, struct item *it)
{
    uint64_t key;
    it->tag_at = at;
    limn_status st = varint(w, &at, end, &key);
    if (st != LIMN_OK) {
        return st;
    }
    it->at = at;
    if (key > UINT32_MAX || key >> 3 == 0) {
        return wire_bad(w, it->tag_at, "field number %llu (expected 1 to 536870911)", (unsigned long long)(key >> 3));
    }
    it->number = (uint32_t)(key >> 3);
    it->type = (enum wire_type)(key & 7);
    if ((key & 7) == 3 || (key & 7) == 4) {
        return wire_bad(w, it->tag_at, "field %u is a group, which ONNX does not have", it->number);
    }
    if ((key & 7) > 5) {
        return wire_bad(w, it->tag_at, "field %u has wire type %u, which does not exist", it->number,
                        (unsigned)(key & 7));
    }
    return LIMN_OK;
}

static limn_status read_item(struct walk *w, uint64_t at, uint64_t end, struct item *it)
{
    uint64_t size = 0, v;
    limn_status st = read_tag(w, at, end, it);
    if (st != LIMN_OK) {
        return st;
    }
    at = it->at;
    it->length_at = at;
    if (it->type == WIRE_VARINT) {
        st = varint(w, &at, end, &v);
        it->end = at;
        return st;
    }
    size = it->type == WIRE_64 ? 8 : 4;
    if (it->type == WIRE_BYTES) {
        st = varint(w, &at, end, &size);
        if (st != LIMN_OK) {
            return st;
        }
        it->at = at;
    }
    if (size > end - at) {
        return wire_bad(w, it->length_at, "length %llu of field %u, its message ends after %llu bytes",
                        (unsigned long long)size, it->number, (unsigned long long)(end - at));
    }
    it->end = at + size;
    return LIMN_OK;
}

static limn_status copy_text(struct walk *w, const struct item *it)
{
    const uint8_t *p = NULL;
    size_t n = (size_t)(it->end - it->at);
    if (n > TEXT_MAX) {
        return wire_bad(w, it->at, "text of %zu bytes (expected at most %d)", n, TEXT_MAX);
    }
    limn_status st = look(w, it->at, n, &p);
    if (st != LIMN_OK) {
        return st;
    }
    if (n > 0 && memchr(p, 0, n) != NULL) {
        return wire_bad(w, it->at, "text with a NUL byte");
    }
    if (!str_is_utf8((const char *)p, n)) {
        return wire_bad(w, it->at, "text that is not UTF-8");
    }
    st = emit_varint(w, (uint64_t)it->number << 3 | WIRE_BYTES);
    st = st == LIMN_OK ? emit_varint(w, n) : st;
    return st == LIMN_OK ? copy(w, it->at, n) : st;
}

/* A varint or fixed32, or for a repeated field several packed. */
static limn_status copy_number(struct walk *w, const struct item *it, const struct field *f)
{
    enum wire_type own = f->kind == KIND_VARINT ? WIRE_VARINT : WIRE_32;
    uint64_t n = it->end - it->at, count;
    limn_status st = LIMN_OK;
    if (it->type == own) {
        TRY(emit_varint(w, (uint64_t)it->number << 3 | own));
    } else {
        if (own == WIRE_VARINT) {
            TRY(count_varints(w, it->at, it->end, &count));
        } else if (n % 4 != 0) {
            TRY(wire_bad(w, it->at, "%llu bytes of float32 (expected a multiple of 4)", (unsigned long long)n));
        }
        TRY(emit_varint(w, (uint64_t)it->number << 3 | WIRE_BYTES));
        TRY(emit_varint(w, n));
    }
    TRY(copy(w, it->at, n));
out:
    return st;
}

static bool type_fits(const struct field *f, enum wire_type t)
{
    switch (f->kind) {
    case KIND_VARINT:
        return t == WIRE_VARINT || (f->repeated && t == WIRE_BYTES);
    case KIND_DATA_VARINT:
        return t == WIRE_VARINT || t == WIRE_BYTES;
    case KIND_FIXED32:
        return t == WIRE_32 || (f->repeated && t == WIRE_BYTES);
    case KIND_DATA32:
        return t == WIRE_32 || t == WIRE_BYTES;
    case KIND_DATA64:
        return t == WIRE_64 || t == WIRE_BYTES;
    default:
        return t == WIRE_BYTES;
    }
}

/* Elements in a field of tensor numbers. */
static limn_status count_data(struct walk *w, const struct item *it, const struct field *f, uint64_t *count)
{
    uint64_t n = it->end - it->at, item = f->kind == KIND_DATA64 ? 8 : 4;
    if (it->type != WIRE_BYTES || f->kind == KIND_DATA_TEXT) {
        *count = 1;
        return LIMN_OK;
    }
    if (f->kind == KIND_DATA_VARINT) {
        return count_varints(w, it->at, it->end, count);
    }
    if (f->kind == KIND_DATA_BYTES) {
        *count = n;
        return LIMN_OK;
    }
    *count = n / item;
    return n % item == 0 ? LIMN_OK
                         : wire_bad(w, it->at, "%llu bytes of numbers (expected a multiple of %llu)",
                                    (unsigned long long)n, (unsigned long long)item);
}

/* Notes where a tensor's numbers are. They stand in one field: packed and once, or one element after the other. */
static limn_status note_data(struct walk *w, struct frame *frame, const struct item *it, const struct field *f)
{
    struct onnx_data *d = &frame->data;
    uint64_t count = 0;
    bool tagged = it->type != WIRE_BYTES || f->kind == KIND_DATA_TEXT;
    limn_status st = count_data(w, it, f, &count);
    if (st != LIMN_OK || count == 0) {
        return st;
    }
    if (d->field == 0) {
        *d = (struct onnx_data){.field = (int32_t)f->number, .tagged = tagged};
        d->at = tagged ? it->tag_at : it->at;
    } else if (d->field != (int32_t)f->number) {
        return wire_bad(w, it->tag_at, "numbers in field %u after others in field %d", f->number, d->field);
    } else if (!d->tagged || !tagged || (frame->data_end != it->tag_at && f->kind != KIND_DATA_TEXT)) {
        return wire_bad(w, it->tag_at, "numbers in several pieces (expected one)");
    }
    frame->data_end = it->end;
    d->size = it->end - d->at;
    d->count += count;
    return LIMN_OK;
}

static limn_status emit_data(struct walk *w, const struct onnx_data *d)
{
    limn_status st = LIMN_OK;
    TRY(emit_tagged(w, 1000, (uint64_t)d->field));
    TRY(emit_tagged(w, 1001, d->at));
    TRY(emit_tagged(w, 1002, d->size));
    TRY(emit_tagged(w, 1003, d->count));
    TRY(emit_tagged(w, 1004, d->tagged));
out:
    return st;
}

static limn_status walk_message(struct walk *w, enum onnx_message message, uint64_t at, uint64_t end);

static limn_status copy_message(struct walk *w, const struct item *it, const struct field *f)
{
    static const uint8_t blank[LENGTH_BYTES] = {0};
    limn_status st = LIMN_OK;
    if (f->inner == ONNX_MSG_GRAPH && w->graphs > ONNX_MAX_DEPTH) {
        TRY(wire_bad(w, it->at, "graphs nested deeper than %d", ONNX_MAX_DEPTH));
    }
    if (f->inner == ONNX_MSG_NODE && ++w->nodes > NODES_MAX) {
        TRY(wire_bad(w, it->at, "more than %d nodes", NODES_MAX));
    }
    TRY(emit_varint(w, (uint64_t)it->number << 3 | WIRE_BYTES));
    size_t length_at = w->out.n;
    TRY(emit(w, blank, sizeof blank));
    w->graphs += f->inner == ONNX_MSG_GRAPH;
    TRY(walk_message(w, f->inner, it->at, it->end));
    w->graphs -= f->inner == ONNX_MSG_GRAPH;
    size_t length = w->out.n - length_at - LENGTH_BYTES;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        w->out.data[length_at + i] = (uint8_t)((length >> (7 * i) & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
    }
out:
    return st;
}

static limn_status walk_field(struct walk *w, struct frame *frame, const struct item *it)
{
    const struct field *f = frame->field;
    uint32_t *seen = &frame->seen[f - frame->first];
    if (f->kind == KIND_REFUSED) {
        *seen += 1;
        return err_set(w->err, LIMN_ERR_UNSUPPORTED, "offset %llu: %s is not supported (graph or tensor field %u)",
                       (unsigned long long)it->tag_at, f->name, f->number);
    }
    if (!type_fits(f, it->type)) {
        *seen += 1;
        return wire_bad(w, it->tag_at, "wire type %d does not fit field %u", (int)it->type, f->number);
    }
    if (++*seen > 1 && !f->repeated) {
        return wire_bad(w, it->tag_at, "given twice");
    }
    switch (f->kind) {
    case KIND_TEXT:
        return copy_text(w, it);
    case KIND_MESSAGE:
        return copy_message(w, it, f);
    case KIND_VARINT:
    case KIND_FIXED32:
        return copy_number(w, it, f);
    default:
        return note_data(w, frame, it, f);
    }
}

static limn_status walk_message(struct walk *w, enum onnx_message message, uint64_t at, uint64_t end)
{
    limn_status st = LIMN_OK;
    struct frame *frame = &w->frame[w->depth];
    if (w->depth == MESSAGES_MAX) {
        return wire_bad(w, at, "messages nested deeper than %d", MESSAGES_MAX);
    }
    *frame = (struct frame){.first = w->start[message]};
    w->depth++;
    while (at < end) {
        struct item it = {0};
        frame->field = NULL;
        TRY(read_item(w, at, end, &it));
        for (const struct field *f = frame->first; f < fields + N_FIELDS && f->message == message; f++) {
            frame->field = f->number == it.number ? f : frame->field;
        }
        if (frame->field != NULL) {
            TRY(walk_field(w, frame, &it));
        }
        at = it.end;
    }
    if (frame->data.field != 0) {
        TRY(emit_data(w, &frame->data));
    }
    w->depth--;
out:
    return st; /* on failure the frames stay for nobody: the text is set */
}

void onnx_copy_finish(struct onnx_copy *c, struct onnx_budget *budget)
{
    onnx_budget_give(budget, c->cap);
    mem_free(c->data);
    *c = (struct onnx_copy){0};
}

limn_status onnx_wire_walk(const struct onnx_bytes *in, enum onnx_message root, struct onnx_budget *budget,
                           struct onnx_copy *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct walk *w = mem_zalloc(1, sizeof *w);
    if (w == NULL) {
        return err_nomem(err, sizeof *w, "reading a model");
    }
    *w = (struct walk){.in = in, .budget = budget, .err = err};
    for (size_t i = N_FIELDS; i-- > 0;) {
        w->start[fields[i].message] = &fields[i];
    }
    if (in->file != NULL && (w->window = mem_alloc(WINDOW, 1)) == NULL) {
        TRY(err_nomem(err, WINDOW, "reading a model"));
    }
    TRY(walk_message(w, root, 0, in->size));
    *out = w->out;
    w->out = (struct onnx_copy){0};
out:
    onnx_copy_finish(&w->out, budget);
    mem_free(w->window);
    mem_free(w);
    return st;
}
