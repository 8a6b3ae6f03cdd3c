/* The numbers of ONNX tensors: raw_data (little-endian, packed by type) or one of the fields of typed values, in which
 * the small integers and the halves stand as varints. Whatever the form, elements are brought to their own type first,
 * a chunk at a time, and converted from there. */
#include "model/onnx/onnx_priv.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "tensor/tensor.h"

#define CHUNK_BYTES 65536
#define VIEW_BYTES 4096
#define ELEMS_MAX ((size_t)1 << 31)

static const struct {
    const char *name;
    uint8_t size, field; /* of an element; the field of TensorProto for its values. 0: limn does not read it */
    int8_t dtype;        /* -1: none */
} types[] = {
    [ONNX_UNDEFINED] = {"undefined", 0, 0, -1},
    [ONNX_FLOAT] = {"float32", 4, 4, DTYPE_F32},
    [ONNX_UINT8] = {"uint8", 1, 5, DTYPE_U8},
    [ONNX_INT8] = {"int8", 1, 5, DTYPE_I8},
    [ONNX_UINT16] = {"uint16", 2, 5, -1},
    [ONNX_INT16] = {"int16", 2, 5, DTYPE_I16},
    [ONNX_INT32] = {"int32", 4, 5, DTYPE_I32},
    [ONNX_INT64] = {"int64", 8, 7, DTYPE_I64},
    [ONNX_STRING] = {"string", 0, ONNX_FIELD_STRINGS, -1},
    [ONNX_BOOL] = {"bool", 1, 5, DTYPE_BOOL},
    [ONNX_FLOAT16] = {"float16", 2, 5, DTYPE_F16},
    [ONNX_DOUBLE] = {"float64", 8, 10, DTYPE_F64},
    [ONNX_UINT32] = {"uint32", 4, 11, -1},
    [ONNX_UINT64] = {"uint64", 8, 11, -1},
    [14] = {"complex64", 0, 0, -1},
    [15] = {"complex128", 0, 0, -1},
    [ONNX_BFLOAT16] = {"bfloat16", 2, 5, DTYPE_BF16},
    [17] = {"float8e4m3fn", 0, 0, -1},
    [18] = {"float8e4m3fnuz", 0, 0, -1},
    [19] = {"float8e5m2", 0, 0, -1},
    [20] = {"float8e5m2fnuz", 0, 0, -1},
    [21] = {"uint4", 0, 0, -1},
    [22] = {"int4", 0, 0, -1},
    [23] = {"float4e2m1", 0, 0, -1},
};
enum { N_TYPES = sizeof types / sizeof types[0] };

const char *onnx_type_name(int32_t type)
{
    return type >= 0 && type < N_TYPES ? types[type].name : "unknown";
}

size_t onnx_type_size(int32_t type)
{
    return type >= 0 && type < N_TYPES ? types[type].size : 0;
}

bool onnx_type_dtype(int32_t type, enum dtype *out)
{
    if (type < 0 || type >= N_TYPES || types[type].dtype < 0) {
        return false;
    }
    *out = (enum dtype)types[type].dtype;
    return true;
}

struct reader { /* goes through a tensor's elements once */
    const struct onnx_tensor *t;
    const struct onnx_data *d;
    uint64_t at, end;
    uint64_t view_at;
    size_t view_n;
    uint8_t view[VIEW_BYTES];
};

static limn_status changed(const struct reader *r, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "offset %llu: tensor \"%.100s\" changed while it was read",
                   (unsigned long long)r->at, r->t->name);
}

/* The next bytes, at least one and, unless the tensor ends, at least 10. */
static limn_status view(struct reader *r, const uint8_t **p, size_t *n, limn_error *err)
{
    if (r->at >= r->end) {
        return changed(r, err);
    }
    uint64_t left = r->end - r->at;
    uint64_t have = r->at >= r->view_at && r->at < r->view_at + r->view_n ? r->view_at + r->view_n - r->at : 0;
    if (have < 10 && have < left) {
        size_t want = left < VIEW_BYTES ? (size_t)left : VIEW_BYTES;
        r->view_n = 0;
        limn_status st = onnx_bytes_read(&r->d->bytes, r->at, r->view, want, err);
        if (st != LIMN_OK) {
            return st;
        }
        r->view_at = r->at;
        r->view_n = want;
        have = want;
    }
    *p = r->view + (r->at - r->view_at);
    *n = (size_t)have;
    return LIMN_OK;
}

static limn_status next_varint(struct reader *r, uint64_t *out, limn_error *err)
{
    const uint8_t *p = NULL;
    size_t n = 0;
    uint64_t v = 0;
    limn_status st = view(r, &p, &n, err);
    for (size_t i = 0; st == LIMN_OK && i < 10 && i < n; i++) {
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] < 0x80) {
            r->at += i + 1;
            *out = v;
            return LIMN_OK;
        }
    }
    return st != LIMN_OK ? st : changed(r, err);
}

static limn_status next_fixed(struct reader *r, void *dst, size_t size, limn_error *err)
{
    const uint8_t *p = NULL;
    size_t n = 0;
    limn_status st = view(r, &p, &n, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (n < size) {
        return changed(r, err);
    }
    memcpy(dst, p, size);
    r->at += size;
    return LIMN_OK;
}

/* A varint as an element of the tensor's own type. */
static limn_status store_varint(const struct reader *r, uint64_t v, uint8_t *dst, limn_error *err)
{
    static const struct {
        int64_t min, max;
    } range[N_TYPES] = {
        [ONNX_UINT8] = {0, UINT8_MAX},         [ONNX_INT8] = {INT8_MIN, INT8_MAX},    [ONNX_UINT16] = {0, UINT16_MAX},
        [ONNX_INT16] = {INT16_MIN, INT16_MAX}, [ONNX_INT32] = {INT32_MIN, INT32_MAX}, [ONNX_BOOL] = {0, 1},
        [ONNX_FLOAT16] = {0, UINT16_MAX},      [ONNX_BFLOAT16] = {0, UINT16_MAX},     [ONNX_UINT32] = {0, UINT32_MAX},
        [ONNX_INT64] = {INT64_MIN, INT64_MAX}};
    int64_t x = (int64_t)v;
    if (r->t->type != ONNX_UINT64 && (x < range[r->t->type].min || x > range[r->t->type].max)) {
        return err_set(err, LIMN_ERR_FORMAT, "offset %llu: tensor \"%.100s\": value %lld is no %s",
                       (unsigned long long)r->at, r->t->name, (long long)x, onnx_type_name(r->t->type));
    }
    memcpy(dst, &v, onnx_type_size(r->t->type)); /* little-endian */
    return LIMN_OK;
}

/* The next n elements in their own type. */
static limn_status next_elements(struct reader *r, uint8_t *dst, size_t n, limn_error *err)
{
    size_t size = onnx_type_size(r->t->type);
    bool fixed = r->d->field == ONNX_FIELD_RAW || r->d->field == types[ONNX_FLOAT].field ||
                 r->d->field == types[ONNX_DOUBLE].field;
    limn_status st = LIMN_OK;
    if (fixed && !r->d->tagged) {
        st = onnx_bytes_read(&r->d->bytes, r->at, dst, n * size, err);
        r->at += n * size;
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        if (r->d->tagged) {
            TRY(next_varint(r, &v, err));
        }
        if (fixed) {
            TRY(next_fixed(r, dst + i * size, size, err));
        } else {
            TRY(next_varint(r, &v, err));
            TRY(store_varint(r, v, dst + i * size, err));
        }
    }
out:
    return st;
}

/* Converts n elements of `type` from src to the i-th and following of dst. */
typedef limn_status (*convert_fn)(const struct onnx_tensor *t, const uint8_t *src, void *dst, size_t i, size_t n,
                                  limn_error *err);

static limn_status read_all(const struct onnx_tensor *t, convert_fn convert, void *dst, size_t n, limn_error *err)
{
    size_t size = onnx_type_size(t->type);
    struct reader *r = NULL;
    uint8_t *buf = NULL;
    limn_status st = LIMN_OK;
    if (n != t->elems) {
        return err_set(err, LIMN_ERR_INTERNAL, "%s: read of %zu elements (expected %zu)", t->name, n, t->elems);
    }
    if (size == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "tensor \"%.100s\" is of type %s (expected numbers)", t->name,
                       onnx_type_name(t->type));
    }
    if (n == 0) {
        return LIMN_OK;
    }
    r = mem_alloc(1, sizeof *r);
    buf = mem_alloc(CHUNK_BYTES, 1);
    if (r == NULL || buf == NULL) {
        TRY(err_nomem(err, CHUNK_BYTES, t->name));
    }
    r->t = t;
    r->d = t->where;
    r->at = r->d->at;
    r->end = r->d->at + r->d->size; /* within the file: onnx_tensor_set saw to it */
    r->view_n = 0;
    r->view_at = 0;
    size_t step = CHUNK_BYTES / size;
    for (size_t i = 0; i < n; i += step) {
        size_t m = n - i < step ? n - i : step;
        TRY(next_elements(r, buf, m, err));
        TRY(convert(t, buf, dst, i, m, err));
    }
out:
    mem_free(buf);
    mem_free(r);
    return st;
}

static uint64_t bits(const uint8_t *p, size_t size)
{
    uint64_t v = 0;
    memcpy(&v, p, size);
    return v;
}

/* A signed integer of `size` bytes. */
static int64_t signed_value(uint64_t v, size_t size)
{
    int shift = 64 - 8 * (int)size;
    return (int64_t)(v << shift) >> shift;
}

static bool is_signed(int32_t type)
{
    return type == ONNX_INT8 || type == ONNX_INT16 || type == ONNX_INT32 || type == ONNX_INT64;
}

static bool is_floating(int32_t type)
{
    return type == ONNX_FLOAT || type == ONNX_DOUBLE || type == ONNX_FLOAT16 || type == ONNX_BFLOAT16;
}

static double floating_value(int32_t type, const uint8_t *p)
{
    float f;
    double d;
    if (type == ONNX_DOUBLE) {
        memcpy(&d, p, sizeof d);
        return d;
    }
    dtype_to_f32((enum dtype)types[type].dtype, p, &f, 1);
    return f;
}

static limn_status to_f64(const struct onnx_tensor *t, const uint8_t *src, void *dst, size_t i, size_t n,
                          limn_error *err)
{
    size_t size = onnx_type_size(t->type);
    double *out = (double *)dst + i;
    (void)err;
    for (size_t k = 0; k < n; k++, src += size) {
        uint64_t v = bits(src, size);
        out[k] = is_floating(t->type) ? floating_value(t->type, src)
                 : is_signed(t->type) ? (double)signed_value(v, size)
                                      : (double)v;
    }
    return LIMN_OK;
}

static limn_status to_f32(const struct onnx_tensor *t, const uint8_t *src, void *dst, size_t i, size_t n,
                          limn_error *err)
{
    float *out = (float *)dst + i;
    (void)err;
    if (types[t->type].dtype >= 0) {
        dtype_to_f32((enum dtype)types[t->type].dtype, src, out, n);
        return LIMN_OK;
    }
    for (size_t k = 0, size = onnx_type_size(t->type); k < n; k++, src += size) { /* uint16, uint32, uint64 */
        out[k] = (float)bits(src, size);
    }
    return LIMN_OK;
}

static limn_status to_i64(const struct onnx_tensor *t, const uint8_t *src, void *dst, size_t i, size_t n,
                          limn_error *err)
{
    size_t size = onnx_type_size(t->type);
    int64_t *out = (int64_t *)dst + i;
    for (size_t k = 0; k < n; k++, src += size) {
        uint64_t v = bits(src, size);
        if (is_floating(t->type)) {
            double d = floating_value(t->type, src);
            if (!(d >= -0x1p63 && d < 0x1p63) || d != floor(d)) {
                return err_set(err, LIMN_ERR_FORMAT, "tensor \"%.100s\": element %zu is %g (expected an integer)",
                               t->name, i + k, d);
            }
            out[k] = (int64_t)d;
        } else if (v > INT64_MAX && t->type == ONNX_UINT64) {
            return err_set(err, LIMN_ERR_FORMAT, "tensor \"%.100s\": element %zu is %llu (expected less than 2^63)",
                           t->name, i + k, (unsigned long long)v);
        } else {
            out[k] = is_signed(t->type) ? signed_value(v, size) : (int64_t)v;
        }
    }
    return LIMN_OK;
}

static limn_status to_raw(const struct onnx_tensor *t, const uint8_t *src, void *dst, size_t i, size_t n,
                          limn_error *err)
{
    size_t size = onnx_type_size(t->type);
    (void)err;
    memcpy((uint8_t *)dst + i * size, src, n * size);
    return LIMN_OK;
}

limn_status onnx_tensor_raw(const struct onnx_tensor *t, void *dst, size_t n, limn_error *err)
{
    return read_all(t, to_raw, dst, n, err);
}

limn_status onnx_tensor_f64(const struct onnx_tensor *t, double *dst, size_t n, limn_error *err)
{
    return read_all(t, to_f64, dst, n, err);
}

limn_status onnx_tensor_i64(const struct onnx_tensor *t, int64_t *dst, size_t n, limn_error *err)
{
    return read_all(t, to_i64, dst, n, err);
}

static limn_status tensor_read(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    const struct onnx_tensor *t = (const struct onnx_tensor *)s;
    const struct onnx_data *d = t->where;
    if (t->type == ONNX_FLOAT && n == t->elems && n > 0 && !d->tagged) { /* as they are */
        return onnx_bytes_read(&d->bytes, d->at, dst, n * sizeof *dst, err);
    }
    return read_all(t, to_f32, dst, n, err);
}

/* Of floats as they are. */
static limn_status tensor_read_part(const struct const_source *s, size_t first, float *dst, size_t n, limn_error *err)
{
    const struct onnx_tensor *t = (const struct onnx_tensor *)s;
    const struct onnx_data *d = t->where;
    return n == 0 ? LIMN_OK : onnx_bytes_read(&d->bytes, d->at + first * sizeof *dst, dst, n * sizeof *dst, err);
}

/* Elements by the dimensions. */
static limn_status count_elements(struct onnx_tensor *t, limn_error *err)
{
    size_t n = 1;
    bool empty = false;
    for (int32_t i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0) {
            return err_set(err, LIMN_ERR_FORMAT, "dimension %d is %lld", i, (long long)t->dim[i]);
        }
        empty = empty || t->dim[i] == 0;
    }
    for (int32_t i = 0; i < t->rank && !empty; i++) {
        if (!mul_size(n, (size_t)t->dim[i], &n) || n > ELEMS_MAX) {
            return err_set(err, LIMN_ERR_FORMAT, "more than 2^31 elements by its dimensions");
        }
    }
    t->elems = empty ? 0 : n;
    return LIMN_OK;
}

limn_status onnx_tensor_set(struct onnx_file *f, struct onnx_tensor *t, const struct onnx_data *d, limn_error *err)
{
    size_t size = onnx_type_size(t->type), bytes = 0;
    limn_status st = count_elements(t, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (size == 0 && t->type != ONNX_STRING) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "type %d (%s) is not supported", t->type, onnx_type_name(t->type));
    }
    bool raw = d->field == ONNX_FIELD_RAW && t->type != ONNX_STRING;
    if (d->field != 0 && !raw && d->field != types[t->type].field) {
        return err_set(err, LIMN_ERR_FORMAT, "values in field %d (expected %d or raw_data for %s)", d->field,
                       types[t->type].field, onnx_type_name(t->type));
    }
    if (!mul_size(t->elems, raw ? size : 1, &bytes) || d->count != bytes) {
        return err_set(err, LIMN_ERR_FORMAT, "%llu %s of values (expected %zu by its dimensions)",
                       (unsigned long long)d->count, raw ? "bytes" : "elements", bytes);
    }
    if (d->at > d->bytes.size || d->size > d->bytes.size - d->at) {
        return err_set(err, LIMN_ERR_FORMAT, "%llu bytes at %llu beyond the end of the file",
                       (unsigned long long)d->size, (unsigned long long)d->at);
    }
    struct onnx_data *kept = arena_alloc(&f->arena, 1, sizeof *kept);
    if (kept == NULL) {
        return err_nomem(err, sizeof *kept, "a tensor");
    }
    *kept = *d;
    t->where = kept;
    t->owner = f;
    t->source = (struct const_source){tensor_read, t->type == ONNX_FLOAT && !kept->tagged ? tensor_read_part : NULL};
    return LIMN_OK;
}
