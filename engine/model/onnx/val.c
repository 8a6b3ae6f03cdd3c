/* Values of the importer: shapes, numbers known at import, constants and results on the device. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/onnx/import.h"

enum { FOLD_MAX = 1 << 16 }; /* numbers: a shape, a small table; larger constants stay where they are */

bool onnx_type_is_float(int32_t type)
{
    return type == ONNX_FLOAT || type == ONNX_FLOAT16 || type == ONNX_DOUBLE || type == ONNX_BFLOAT16;
}

bool dims_count(struct onnx_call *c, int32_t rank, const int64_t *dim, size_t *n)
{
    size_t count = 1;
    bool ok = rank >= 0 && rank <= ONNX_MAX_RANK;
    for (int32_t i = 0; ok && i < rank; i++) {
        ok = dim[i] >= 0 && dim[i] <= INT32_MAX && mul_size(count, (size_t)dim[i], &count) && count <= INT32_MAX;
    }
    if (!ok) {
        call_fail(c, LIMN_ERR_SHAPE, "a tensor of rank %d is too large (expected rank 8 and 2^31 elements at most)",
                  (int)rank);
        return false;
    }
    *n = count;
    return call_ok(c);
}

static struct onnx_val *val_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim)
{
    size_t n = 0;
    if (!call_ok(c) || !dims_count(c, rank, dim, &n)) {
        return NULL;
    }
    struct onnx_val *v = arena_alloc(&c->m->arena, 1, sizeof *v);
    if (v == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: %zu bytes for a value", sizeof *v);
        return NULL;
    }
    *v = (struct onnx_val){.name = "", .type = type, .rank = rank, .n = n, .dev = VALUE_NONE};
    for (int32_t i = 0; i < rank; i++) {
        v->dim[i] = dim[i];
    }
    return v;
}

struct onnx_val *val_dev_as(struct onnx_call *c, int32_t type, value_id id, int32_t rank, const int64_t *dim)
{
    struct onnx_val *v = id != VALUE_NONE ? val_new(c, type, rank, dim) : NULL;
    if (v != NULL && v->n != shape_elems(build_shape(c->b, id))) {
        call_fail(c, LIMN_ERR_INTERNAL, "a value of %zu elements stands for one of %zu",
                  shape_elems(build_shape(c->b, id)), v->n);
        return NULL;
    }
    if (v != NULL) {
        v->dev = id;
    }
    return v;
}

struct onnx_val *val_dev_new(struct onnx_call *c, int32_t type, value_id id)
{
    struct shape s = *build_shape(c->b, id);
    int64_t dim[ONNX_MAX_RANK] = {0};
    for (int32_t i = 0; i < s.rank; i++) {
        dim[i] = s.dim[i];
    }
    return val_dev_as(c, type, id, s.rank, dim);
}

/* Memory for n numbers, out of what the import may compute. */
static double *numbers_new(struct onnx_call *c, size_t n)
{
    if (!call_ok(c)) {
        return NULL;
    }
    if (n > c->m->room) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "constants of too many elements to compute while loading (%zu)", n);
        return NULL;
    }
    c->m->room -= n;
    double *p = arena_alloc(&c->m->arena, n > 0 ? n : 1, sizeof *p);
    if (p == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: %zu bytes for numbers", n * sizeof *p);
    }
    return p;
}

struct onnx_val *val_host_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim, double **num)
{
    struct onnx_val *v = val_new(c, type, rank, dim);
    *num = v != NULL ? numbers_new(c, v->n) : NULL;
    if (*num == NULL) {
        return NULL;
    }
    v->host = *num;
    return v;
}

struct onnx_val *val_fill_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim, double number)
{
    struct onnx_val *v = val_new(c, type, rank, dim);
    if (v != NULL) {
        val_settle(type, &number, 1);
        v->filled = true;
        v->fill = number;
    }
    return v;
}

struct onnx_val *val_scalar(struct onnx_call *c, int32_t type, double v)
{
    return val_fill_new(c, type, 0, NULL, v);
}

struct onnx_val *val_file_new(struct onnx_call *c, const struct onnx_tensor *t)
{
    struct onnx_val *v = val_new(c, t->type, t->rank, t->dim);
    if (v != NULL) {
        v->file = t;
        v->source = &t->source;
        v->param = onnx_type_is_float(t->type);
    }
    return v;
}

struct onnx_val *val_source_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim,
                                const struct const_source *source)
{
    struct onnx_val *v = val_new(c, type, rank, dim);
    if (v != NULL) {
        v->source = source;
        v->param = true;
    }
    return v;
}

struct onnx_val *val_copy(struct onnx_call *c, const struct onnx_val *from)
{
    struct onnx_val *v = from != NULL ? val_new(c, from->type, from->rank, from->dim) : NULL;
    if (v != NULL) {
        *v = *from;
        v->name = "";
    }
    return v;
}

/* Whole numbers as C converts them, without its undefined cases. */
static double wrap(double v, double size, bool is_signed)
{
    v = isfinite(v) ? trunc(v) : v > 0 ? size : 0;
    if (size > 0x1p53) {
        return v; /* 64 bits: not representable anyway */
    }
    double r = fmod(v, size);
    r = r < 0 ? r + size : r;
    return is_signed && r >= size / 2 ? r - size : r;
}

static double to_bf16(double v)
{
    float f = (float)v;
    uint32_t u;
    memcpy(&u, &f, 4);
    if (isfinite(f)) {
        u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000u; /* round to nearest even */
    }
    memcpy(&f, &u, 4);
    return (double)f;
}

static double settle_one(int32_t type, double v)
{
    switch (type) {
    case ONNX_FLOAT:
        return (double)(float)v;
    case ONNX_FLOAT16:
        return (double)f16_to_f32(f32_to_f16((float)v));
    case ONNX_BFLOAT16:
        return to_bf16(v);
    case ONNX_BOOL:
        return v != 0;
    case ONNX_UINT8:
    case ONNX_INT8:
        return wrap(v, 0x1p8, type == ONNX_INT8);
    case ONNX_UINT16:
    case ONNX_INT16:
        return wrap(v, 0x1p16, type == ONNX_INT16);
    case ONNX_UINT32:
    case ONNX_INT32:
        return wrap(v, 0x1p32, type == ONNX_INT32);
    case ONNX_UINT64:
    case ONNX_INT64:
        return wrap(v, 0x1p64, type == ONNX_INT64);
    default:
        return v;
    }
}

void val_settle(int32_t type, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = settle_one(type, v[i]);
    }
}

bool val_known(const struct onnx_val *v)
{
    return v->host != NULL || v->filled || v->source != NULL;
}

bool val_folds(const struct onnx_val *v)
{
    return val_known(v) && v->n <= FOLD_MAX;
}

static void read_source(struct onnx_call *c, const struct onnx_val *v, double *dst)
{
    float *f = mem_alloc(v->n, sizeof *f);
    if (f == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: %zu bytes for numbers", v->n * sizeof *f);
        return;
    }
    c->b->status = v->source->read(v->source, f, v->n, c->b->err);
    for (size_t i = 0; call_ok(c) && i < v->n; i++) {
        dst[i] = (double)f[i];
    }
    mem_free(f);
}

const double *val_numbers(struct onnx_call *c, struct onnx_val *v)
{
    if (v == NULL || !call_ok(c) || v->host != NULL) {
        return v != NULL && call_ok(c) ? v->host : NULL;
    }
    if (!val_known(v)) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "it needs the numbers of \"%.80s\" at load, but they depend on the data",
                  v->name);
        return NULL;
    }
    double *p = numbers_new(c, v->n);
    if (p == NULL) {
        return NULL;
    }
    if (v->filled) {
        for (size_t i = 0; i < v->n; i++) {
            p[i] = v->fill;
        }
    } else if (v->file != NULL) {
        c->b->status = onnx_tensor_f64(v->file, p, v->n, c->b->err);
    } else {
        read_source(c, v, p);
    }
    if (!call_ok(c)) {
        return NULL;
    }
    v->host = p;
    return p;
}

size_t val_ints(struct onnx_call *c, struct onnx_val *v, int64_t *dst, size_t max)
{
    if (v != NULL && call_ok(c) && (v->rank > 1 || v->n > max)) {
        char text[SHAPE_TEXT_MAX * 2];
        call_fail(c, LIMN_ERR_FORMAT, "\"%.80s\" is %s (expected a list of at most %zu numbers)", v->name,
                  dims_text(v, text), max);
    }
    const double *p = val_numbers(c, v);
    for (size_t i = 0; p != NULL && i < v->n; i++) {
        if (isnan(p[i]) || p[i] != trunc(p[i])) {
            call_fail(c, LIMN_ERR_FORMAT, "\"%.80s\" holds %g (expected a whole number)", v->name, p[i]);
            return 0;
        }
        dst[i] = p[i] >= 0x1p63 ? INT64_MAX : p[i] < -0x1p63 ? INT64_MIN : (int64_t)p[i];
    }
    return p != NULL ? v->n : 0;
}

bool val_shape(struct onnx_call *c, const struct onnx_val *v, struct shape *s)
{
    if (v == NULL || !call_ok(c)) {
        return false;
    }
    if (v->rank > SHAPE_MAX_RANK || v->n == 0) {
        char text[SHAPE_TEXT_MAX * 2];
        call_fail(c, LIMN_ERR_UNSUPPORTED, "\"%.80s\" is %s (expected rank 5 at most and no empty dimension)", v->name,
                  dims_text(v, text));
        return false;
    }
    *s = (struct shape){.rank = v->rank};
    for (int32_t i = 0; i < v->rank; i++) {
        s->dim[i] = (int32_t)v->dim[i];
    }
    return true;
}

/* Writes known numbers as a constant of the graph. */
static value_id dev_const(struct onnx_call *c, struct onnx_val *v, struct shape s)
{
    const char *name = v->name[0] != '\0' ? v->name : NULL;
    value_id id = VALUE_NONE;
    if (v->type == ONNX_STRING) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "\"%.80s\" holds texts", v->name);
        return VALUE_NONE;
    }
    if (v->source != NULL) {
        c->b->status = graph_const(c->b->g, name, s, v->source, &id, c->b->err);
        if (call_ok(c) && v->param) {
            c->b->g->value[id].flags |= VALUE_PARAM;
        }
        return id;
    }
    if (v->host == NULL) {
        return build_fill(c->b, s, (float)v->fill);
    }
    float *f = mem_alloc(v->n, sizeof *f);
    if (f == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: %zu bytes for a constant", v->n * sizeof *f);
        return VALUE_NONE;
    }
    for (size_t i = 0; i < v->n; i++) {
        f[i] = (float)v->host[i];
    }
    c->b->status = graph_const_data(c->b->g, name, s, f, &id, c->b->err);
    mem_free(f);
    return id;
}

value_id val_dev(struct onnx_call *c, struct onnx_val *v)
{
    struct shape s = {.rank = 1};
    if (v == NULL || !call_ok(c) || v->dev != VALUE_NONE) {
        return v != NULL && call_ok(c) ? v->dev : VALUE_NONE;
    }
    if (v->rank > SHAPE_MAX_RANK) {
        s.dim[0] = (int32_t)v->n;
    } else if (!val_shape(c, v, &s)) {
        return VALUE_NONE;
    }
    v->dev = dev_const(c, v, s);
    return call_ok(c) ? v->dev : VALUE_NONE;
}

bool dims_same(const struct onnx_val *a, const struct onnx_val *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

bool dims_broadcast(struct onnx_call *c, const struct onnx_val *a, const struct onnx_val *b, int32_t *rank,
                    int64_t *dim)
{
    if (a == NULL || b == NULL || !call_ok(c)) {
        return false;
    }
    int32_t r = a->rank > b->rank ? a->rank : b->rank;
    int64_t out[ONNX_MAX_RANK];
    for (int32_t i = 0; i < r; i++) {
        int64_t x = i < r - a->rank ? 1 : a->dim[i - (r - a->rank)],
                y = i < r - b->rank ? 1 : b->dim[i - (r - b->rank)];
        if (x != y && x != 1 && y != 1) {
            char ta[SHAPE_TEXT_MAX * 2], tb[SHAPE_TEXT_MAX * 2];
            call_fail(c, LIMN_ERR_SHAPE, "shapes %s and %s do not broadcast", dims_text(a, ta), dims_text(b, tb));
            return false;
        }
        out[i] = x == 1 ? y : x;
    }
    memcpy(dim, out, (size_t)r * sizeof *dim);
    *rank = r;
    return true;
}

const char *dims_text(const struct onnx_val *v, char buf[SHAPE_TEXT_MAX * 2])
{
    size_t at = 0;
    snprintf(buf, SHAPE_TEXT_MAX * 2, "scalar");
    for (int32_t i = 0; i < v->rank && at < SHAPE_TEXT_MAX * 2; i++) {
        at += (size_t)snprintf(buf + at, SHAPE_TEXT_MAX * 2 - at, "%s%lld", i > 0 ? "x" : "", (long long)v->dim[i]);
    }
    return buf;
}
