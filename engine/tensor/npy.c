/* NumPy .npy files (format description: numpy.lib.format).
 *
 *   "\x93NUMPY" major minor, header length (u16 in version 1, u32 in 2 and 3), header, data.
 *   header: a Python dictionary literal {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, spaces, newline.
 *
 * The literal is read by a hand-written scanner that knows these three keys and nothing else: no expressions, no
 * escapes, no nesting. The data must have exactly the size that the header claims, which is checked before anything is
 * allocated. */
#include "tensor/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"

#define NPY_HEADER_MAX 10000
#define NPY_PREFIX_MAX (12 + NPY_HEADER_MAX)
#define NPY_CHUNK 65536 /* elements converted at a time */

struct npy_header {
    enum dtype dtype;
    bool fortran;
    struct shape shape;
    size_t offset; /* of the data */
};

struct npy_scan {
    const char *text;
    size_t pos, size;
    size_t base; /* offset of the header in the file, for messages */
    limn_error *err;
};

static limn_status scan_fail(const struct npy_scan *s, const char *expected)
{
    if (s->pos >= s->size) {
        return err_set(s->err, LIMN_ERR_FORMAT, "header ends at byte %zu (expected %s)", s->base + s->size, expected);
    }
    return err_set(s->err, LIMN_ERR_FORMAT, "header byte %zu: found '%c', expected %s", s->base + s->pos,
                   s->text[s->pos], expected);
}

static void scan_space(struct npy_scan *s)
{
    while (s->pos < s->size && s->text[s->pos] == ' ') {
        s->pos++;
    }
}

static bool scan_char(struct npy_scan *s, char c)
{
    scan_space(s);
    if (s->pos < s->size && s->text[s->pos] == c) {
        s->pos++;
        return true;
    }
    return false;
}

/* A quoted string without escapes, shorter than 16 characters. */
static limn_status scan_string(struct npy_scan *s, char out[16])
{
    scan_space(s);
    char quote = s->pos < s->size ? s->text[s->pos] : 0;
    if (quote != '\'' && quote != '"') {
        return scan_fail(s, "a quoted string");
    }
    size_t begin = ++s->pos;
    while (s->pos < s->size && s->text[s->pos] != quote && s->text[s->pos] != '\\' && s->pos - begin < 15) {
        s->pos++;
    }
    if (s->pos >= s->size || s->text[s->pos] != quote) {
        return scan_fail(s, "the end of a short string");
    }
    memcpy(out, s->text + begin, s->pos - begin);
    out[s->pos - begin] = '\0';
    s->pos++;
    return strlen(out) == s->pos - 1 - begin ? LIMN_OK : scan_fail(s, "a string without NUL bytes");
}

static limn_status scan_bool(struct npy_scan *s, bool *out)
{
    scan_space(s);
    if (s->size - s->pos >= 4 && memcmp(s->text + s->pos, "True", 4) == 0) {
        s->pos += 4;
        *out = true;
        return LIMN_OK;
    }
    if (s->size - s->pos >= 5 && memcmp(s->text + s->pos, "False", 5) == 0) {
        s->pos += 5;
        *out = false;
        return LIMN_OK;
    }
    return scan_fail(s, "True or False");
}

static limn_status scan_dim(struct npy_scan *s, int32_t *out)
{
    int32_t v = 0;
    size_t begin = s->pos;
    while (s->pos < s->size && s->text[s->pos] >= '0' && s->text[s->pos] <= '9') {
        if (!mul_i32(v, 10, &v) || !add_i32(v, s->text[s->pos] - '0', &v)) {
            return err_set(s->err, LIMN_ERR_FORMAT, "header byte %zu: dimension above 2147483647", s->base + begin);
        }
        s->pos++;
    }
    if (s->pos == begin) {
        return scan_fail(s, "a dimension");
    }
    *out = v;
    return LIMN_OK;
}

static limn_status scan_shape(struct npy_scan *s, struct shape *out)
{
    struct shape shape = {0};
    if (!scan_char(s, '(')) {
        return scan_fail(s, "the shape tuple");
    }
    bool comma = true;
    while (!scan_char(s, ')')) {
        if (!comma) {
            return scan_fail(s, "',' or ')'");
        }
        if (shape.rank == SHAPE_MAX_RANK) {
            return err_set(s->err, LIMN_ERR_UNSUPPORTED, "shape has more than %d dimensions", SHAPE_MAX_RANK);
        }
        limn_status st = scan_dim(s, &shape.dim[shape.rank]);
        if (st != LIMN_OK) {
            return st;
        }
        shape.rank++;
        comma = scan_char(s, ',');
    }
    if (shape.rank == 1 && !comma) {
        return scan_fail(s, "a tuple: (N,)");
    }
    *out = shape;
    return LIMN_OK;
}

static limn_status npy_dtype(const char *descr, enum dtype *out, limn_error *err)
{
    static const struct {
        const char *descr;
        enum dtype dtype;
    } known[] = {{"<f4", DTYPE_F32}, {"<f2", DTYPE_F16}, {"<f8", DTYPE_F64},
                 {"|u1", DTYPE_U8},  {"<i4", DTYPE_I32}, {"<i8", DTYPE_I64}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(descr, known[i].descr) == 0) {
            *out = known[i].dtype;
            return LIMN_OK;
        }
    }
    return err_set(err, LIMN_ERR_UNSUPPORTED, "element type '%s' (expected <f4, <f2, <f8, |u1, <i4 or <i8)", descr);
}

/* One "key: value" of the dictionary; `seen` has a bit per key. */
static limn_status scan_entry(struct npy_scan *s, struct npy_header *h, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[16], descr[16];
    limn_status st = LIMN_OK;
    TRY(scan_string(s, key));
    unsigned k = 0;
    while (k < 3 && strcmp(key, keys[k]) != 0) {
        k++;
    }
    if (k == 3) {
        return err_set(s->err, LIMN_ERR_FORMAT, "header key '%s' (expected descr, fortran_order, shape)", key);
    }
    if (*seen & 1u << k) {
        return err_set(s->err, LIMN_ERR_FORMAT, "header key '%s' appears twice", key);
    }
    *seen |= 1u << k;
    if (!scan_char(s, ':')) {
        return scan_fail(s, "':'");
    }
    if (k == 0) {
        TRY(scan_string(s, descr));
        TRY(npy_dtype(descr, &h->dtype, s->err));
    } else if (k == 1) {
        TRY(scan_bool(s, &h->fortran));
    } else {
        TRY(scan_shape(s, &h->shape));
    }
out:
    return st;
}

static limn_status scan_header(struct npy_scan *s, struct npy_header *h)
{
    unsigned seen = 0;
    if (!scan_char(s, '{')) {
        return scan_fail(s, "'{'");
    }
    bool comma = true;
    while (!scan_char(s, '}')) {
        if (!comma) {
            return scan_fail(s, "',' or '}'");
        }
        limn_status st = scan_entry(s, h, &seen);
        if (st != LIMN_OK) {
            return st;
        }
        comma = scan_char(s, ',');
    }
    if (seen != 7) {
        return err_set(s->err, LIMN_ERR_FORMAT, "header lacks %s",
                       !(seen & 1)   ? "descr"
                       : !(seen & 2) ? "fortran_order"
                                     : "shape");
    }
    scan_space(s);
    if (s->pos + 1 != s->size || s->text[s->pos] != '\n') {
        return scan_fail(s, "a newline as the last byte of the header");
    }
    return LIMN_OK;
}

/* `size` bytes of the beginning of a file of `total` bytes; size >= min(total, NPY_PREFIX_MAX). */
static limn_status npy_header_parse(const uint8_t *p, size_t size, uint64_t total, struct npy_header *out,
                                    limn_error *err)
{
    if (size < 10 || memcmp(p, "\x93NUMPY", 6) != 0) {
        return err_set(err, LIMN_ERR_FORMAT, "not a .npy file (no \\x93NUMPY at byte 0)");
    }
    if (p[6] < 1 || p[6] > 3 || p[7] != 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, ".npy version %d.%d (expected 1.0, 2.0 or 3.0)", p[6], p[7]);
    }
    size_t length = (size_t)p[8] | (size_t)p[9] << 8, at = 10;
    if (p[6] > 1) {
        if (size < 12) {
            return err_set(err, LIMN_ERR_FORMAT, "file ends at byte %zu, inside the header length", size);
        }
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
        at = 12;
    }
    if (length > NPY_HEADER_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "header of %zu bytes (at most %d)", length, NPY_HEADER_MAX);
    }
    if (length > size - at) {
        return err_set(err, LIMN_ERR_FORMAT, "file ends at byte %llu, header needs %zu", (unsigned long long)total,
                       at + length);
    }
    struct npy_header h = {.offset = at + length};
    struct npy_scan s = {.text = (const char *)p + at, .size = length, .base = at, .err = err};
    limn_status st = LIMN_OK;
    TRY(scan_header(&s, &h));
    TRY(shape_check(&h.shape, err));
    size_t bytes = 0;
    char text[SHAPE_TEXT_MAX];
    if (!mul_size(shape_elems(&h.shape), dtype_size(h.dtype), &bytes) || bytes != total - h.offset) {
        return err_set(err, LIMN_ERR_FORMAT, "%llu bytes of data, but shape %s of %zu-byte elements needs %zu",
                       (unsigned long long)(total - h.offset), shape_text(&h.shape, text), dtype_size(h.dtype), bytes);
    }
    *out = h;
out:
    return st;
}

/* Element i of the file in Fortran order goes to this place in C order. */
static size_t fortran_place(const struct shape *s, const int32_t *stride, size_t i)
{
    size_t place = 0;
    for (int32_t d = 0; d < s->rank; d++) {
        place += i % (size_t)s->dim[d] * (size_t)stride[d];
        i /= (size_t)s->dim[d];
    }
    return place;
}

/* Converts elements first .. first+n of the file into the tensor; tmp holds n floats. */
static void npy_place(const struct npy_header *h, const void *src, size_t first, size_t n, float *tmp, struct tensor *t)
{
    if (!h->fortran) {
        dtype_to_f32(h->dtype, src, t->data + first, n);
        return;
    }
    int32_t stride[SHAPE_MAX_RANK];
    shape_strides(&h->shape, stride);
    dtype_to_f32(h->dtype, src, tmp, n);
    for (size_t i = 0; i < n; i++) {
        t->data[fortran_place(&h->shape, stride, first + i)] = tmp[i];
    }
}

struct npy_input { /* either bytes in memory or a file */
    const uint8_t *data;
    struct file *file;
};

static limn_status npy_load(const struct npy_input *in, const struct npy_header *h, struct tensor *out, limn_error *err)
{
    struct tensor t = {0};
    float *tmp = NULL;
    uint8_t *buf = NULL;
    limn_status st = LIMN_OK;
    size_t item = dtype_size(h->dtype);
    TRY(tensor_init(&t, h->shape, err));
    tmp = mem_alloc(NPY_CHUNK, sizeof *tmp);
    buf = mem_alloc(NPY_CHUNK, item);
    if (tmp == NULL || buf == NULL) {
        TRY(err_nomem(err, NPY_CHUNK * (sizeof *tmp + item), "reading an array"));
    }
    size_t n = shape_elems(&h->shape);
    for (size_t i = 0; i < n; i += NPY_CHUNK) {
        size_t m = n - i < NPY_CHUNK ? n - i : NPY_CHUNK;
        const uint8_t *src = buf;
        if (in->file != NULL) {
            TRY(file_read_at(in->file, h->offset + i * item, buf, m * item, err));
        } else {
            src = in->data + h->offset + i * item;
        }
        npy_place(h, src, i, m, tmp, &t);
    }
    *out = t;
    t = (struct tensor){0};
out:
    mem_free(buf);
    mem_free(tmp);
    tensor_finish(&t);
    return st;
}

limn_status npy_decode(const char *name, const void *data, size_t size, struct tensor *out, limn_error *err)
{
    struct npy_header h;
    limn_status st = LIMN_OK;
    TRY(npy_header_parse(data, size, size, &h, err));
    TRY(npy_load(&(struct npy_input){.data = data}, &h, out, err));
out:
    if (st != LIMN_OK) {
        err_at(err, "%s", name);
    }
    return st;
}

limn_status npy_read(const char *path, struct tensor *out, limn_error *err)
{
    struct file *f = NULL;
    uint8_t *prefix = NULL;
    struct npy_header h;
    limn_status st = file_open(path, &f, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t n = file_size(f) < NPY_PREFIX_MAX ? (size_t)file_size(f) : NPY_PREFIX_MAX;
    prefix = mem_alloc(n, 1);
    if (prefix == NULL) {
        TRY(err_nomem(err, n, "an array header"));
    }
    TRY(file_read_at(f, 0, prefix, n, err));
    st = npy_header_parse(prefix, n, file_size(f), &h, err);
    if (st != LIMN_OK) {
        err_at(err, "%s", path);
        goto out;
    }
    TRY(npy_load(&(struct npy_input){.file = f}, &h, out, err));
out:
    mem_free(prefix);
    file_close(&f);
    return st;
}

limn_status npy_write(const char *path, const struct shape *shape, const float *data, bool force, limn_error *err)
{
    char dims[96] = "", header[256];
    size_t at = 0, bytes = 0, total = 0;
    limn_status st = shape_check(shape, err);
    if (st != LIMN_OK) {
        return st;
    }
    for (int32_t d = 0; d < shape->rank; d++) {
        at += (size_t)snprintf(dims + at, sizeof dims - at, d == 0 ? "%d" : ", %d", shape->dim[d]);
    }
    int n = snprintf(header + 10, sizeof header - 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (%s%s), }",
                     dims, shape->rank == 1 ? "," : "");
    size_t length = ((size_t)n + 1 + 10 + 63) / 64 * 64; /* data starts at a multiple of 64 */
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((length - 10) & 0xff);
    header[9] = (char)((length - 10) >> 8);
    memset(header + 10 + n, ' ', length - 10 - (size_t)n);
    header[length - 1] = '\n';
    if (!mul_size(shape_elems(shape), sizeof *data, &bytes) || !add_size(bytes, length, &total)) {
        return err_set(err, LIMN_ERR_SHAPE, "%s: array too large", path);
    }
    char *file = mem_alloc(total, 1);
    if (file == NULL) {
        return err_nomem(err, total, "an array file");
    }
    memcpy(file, header, length);
    memcpy(file + length, data, bytes);
    st = file_write_atomic(path, file, total, force, err);
    mem_free(file);
    return st;
}
