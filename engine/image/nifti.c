/* Reading NIfTI-1: header, then voxels in chunks, from a file or from memory, plain or through gzip (several members in
 * a row are one stream, as gzip itself has it).
 *
 * Nothing is allocated before the voxels can be there: a plain file must hold them, and a compressed one cannot give
 * more than 1032 bytes for each of its own (deflate's limit). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "image/volume.h"
#include "image/zmem.h"

enum { CHUNK = 65536, GZIP_WINDOW = 31, DEFLATE_RATIO = 1032, TRAILING_MAX = 1 << 20 };

struct stream { /* the bytes of the uncompressed file, in order */
    struct file *file;
    const uint8_t *data;
    uint64_t size, at;  /* of the file as stored */
    bool packed, ended; /* ended: after a member of the compressed stream */
    z_stream z;
    uint8_t *buf; /* CHUNK stored bytes */
};

static limn_status stored(struct stream *s, void *dst, size_t n, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (n > s->size - s->at) {
        return err_set(err, LIMN_ERR_FORMAT, "offset %llu: file ends (expected %zu more bytes)",
                       (unsigned long long)s->at, n);
    }
    if (s->file != NULL) {
        st = file_read_at(s->file, s->at, dst, n, err);
    } else {
        memcpy(dst, s->data + s->at, n);
    }
    s->at += n;
    return st;
}

/* More stored bytes for zlib; none left is an error of the caller's choice. */
static limn_status refill(struct stream *s, limn_error *err)
{
    size_t n = s->size - s->at < CHUNK ? (size_t)(s->size - s->at) : CHUNK;
    limn_status st = n > 0 ? stored(s, s->buf, n, err) : LIMN_OK;
    s->z.next_in = s->buf;
    s->z.avail_in = (uInt)n;
    return st;
}

/* Up to n bytes of the uncompressed file; *got is less at its end only. */
static limn_status inflate_some(struct stream *s, void *dst, size_t n, size_t *got, limn_error *err)
{
    s->z.next_out = dst;
    s->z.avail_out = (uInt)n;
    while (s->z.avail_out > 0) {
        if (s->z.avail_in == 0) {
            limn_status st = refill(s, err);
            if (st != LIMN_OK) {
                return st;
            }
        }
        if (s->ended) {
            if (s->z.avail_in == 0 || s->z.next_in[0] != 0x1f) {
                break; /* padding after the last member is gzip's own habit */
            }
            inflateReset(&s->z);
            s->ended = false;
        }
        int r = inflate(&s->z, Z_NO_FLUSH);
        s->ended = r == Z_STREAM_END;
        if (r == Z_MEM_ERROR) {
            return err_nomem(err, CHUNK, "inflating a volume");
        }
        if (r != Z_OK && r != Z_STREAM_END) {
            return err_set(err, LIMN_ERR_FORMAT, "offset %llu: compressed data %s",
                           (unsigned long long)(s->at - s->z.avail_in), r == Z_BUF_ERROR ? "ends early" : "is damaged");
        }
    }
    *got = n - s->z.avail_out;
    return LIMN_OK;
}

static limn_status take(struct stream *s, void *dst, size_t n, limn_error *err)
{
    size_t got = 0;
    if (!s->packed) {
        return stored(s, dst, n, err);
    }
    limn_status st = inflate_some(s, dst, n, &got, err);
    if (st == LIMN_OK && got < n) {
        st = err_set(err, LIMN_ERR_FORMAT, "offset %llu: compressed data ends (expected %zu more bytes)",
                     (unsigned long long)(s->at - s->z.avail_in), n - got);
    }
    return st;
}

/* One voxel of the file as a number. */
static double voxel(const uint8_t *p, const struct nifti_form *f)
{
    uint64_t bits = 0;
    for (int32_t i = 0; i < f->bytes; i++) {
        bits |= (uint64_t)p[f->swap ? f->bytes - 1 - i : i] << (8 * i);
    }
    switch (f->type) {
    case 2:
    case 512:
        return (double)bits;
    case 256:
        return (double)(int8_t)bits;
    case 4:
        return (double)(int16_t)bits;
    case 8:
        return (double)(int32_t)bits;
    case 16: {
        uint32_t low = (uint32_t)bits;
        float v;
        memcpy(&v, &low, sizeof(v));
        return (double)v;
    }
    default: {
        double v;
        memcpy(&v, &bits, sizeof(v));
        return v;
    }
    }
}

/* Where element i of the file (x fastest) goes. */
static size_t place(const struct nifti_form *f, enum volume_axes axes, size_t i)
{
    if (axes == VOLUME_ZYX) {
        return i;
    }
    size_t nx = (size_t)f->dim[0], ny = (size_t)f->dim[1], nz = (size_t)f->dim[2];
    size_t x = i % nx, y = i / nx % ny, z = i / (nx * ny) % nz, c = i / (nx * ny * nz);
    return ((c * nx + x) * ny + y) * nz + z;
}

static limn_status read_voxels(struct stream *s, const struct nifti_form *f, struct volume *v, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = (size_t)v->channels * volume_plane(v), step = CHUNK / (size_t)f->bytes;
    uint8_t *raw = mem_alloc(CHUNK, 1);
    if (raw == NULL) {
        return err_nomem(err, CHUNK, "reading a volume");
    }
    for (size_t i = 0; i < n; i += step) {
        size_t m = n - i < step ? n - i : step;
        TRY(take(s, raw, m * (size_t)f->bytes, err));
        for (size_t k = 0; k < m; k++) {
            double x = voxel(raw + k * (size_t)f->bytes, f) * f->slope + f->inter;
            bool fine = fabs(x) <= (double)FLT_MAX; /* false for NaN */
            v->v[place(f, v->axes, i + k)] = fine ? (float)x : 0.0f;
            v->n_replaced += !fine;
        }
    }
out:
    mem_free(raw);
    return st;
}

/* Reads a compressed file to its end, so that its checksum is looked at. */
static limn_status drain(struct stream *s, limn_error *err)
{
    limn_status st = LIMN_OK;
    uint8_t rest[4096];
    size_t got = sizeof(rest), total = 0;
    while (s->packed && got == sizeof(rest)) {
        TRY(inflate_some(s, rest, sizeof(rest), &got, err));
        total += got;
        if (total > TRAILING_MAX) {
            return err_set(err, LIMN_ERR_FORMAT, "offset %llu: more than %d bytes after the voxels",
                           (unsigned long long)s->at, TRAILING_MAX);
        }
    }
out:
    return st;
}

static limn_status check_room(const struct stream *s, const struct nifti_form *f, limn_error *err)
{
    uint64_t need = f->offset + (uint64_t)f->bytes * (uint64_t)f->dim[0] * (uint64_t)f->dim[1] * (uint64_t)f->dim[2] *
                                    (uint64_t)f->dim[3];
    uint64_t most = s->packed ? s->size * DEFLATE_RATIO : s->size;
    if (need <= most) {
        return LIMN_OK;
    }
    return err_set(err, LIMN_ERR_FORMAT,
                   "offset 40: %d x %d x %d x %d voxels of %d bytes from offset %llu need %llu bytes (found %s%llu)",
                   f->dim[0], f->dim[1], f->dim[2], f->dim[3], f->bytes, (unsigned long long)f->offset,
                   (unsigned long long)need, s->packed ? "at most " : "", (unsigned long long)most);
}

static limn_status decode(struct stream *s, enum volume_axes axes, struct volume *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct volume v = {0};
    struct nifti_form f;
    uint8_t raw[NIFTI_HEADER_BYTES + 4], header[NIFTI_HEADER_BYTES], skip[4096];
    TRY(take(s, raw, sizeof(raw), err));
    TRY(nifti_header_parse(raw, header, &f, err));
    TRY(check_room(s, &f, err));
    for (uint64_t left = f.offset - sizeof(raw); left > 0;) {
        size_t n = left < sizeof(skip) ? (size_t)left : sizeof(skip);
        TRY(take(s, skip, n, err));
        left -= n;
    }
    bool xyz = axes == VOLUME_XYZ;
    TRY(volume_init(&v, f.dim[3], (int32_t[]){f.dim[xyz ? 0 : 2], f.dim[1], f.dim[xyz ? 2 : 0]}, err));
    v.axes = axes;
    for (int i = 0; i < 3; i++) {
        v.spacing[i] = f.spacing[xyz ? i : 2 - i];
    }
    v.has_header = true;
    memcpy(v.header, header, sizeof(header));
    TRY(read_voxels(s, &f, &v, err));
    TRY(drain(s, err));
    *out = v;
    v = (struct volume){0};
out:
    volume_finish(&v);
    return st;
}

static limn_status stream_read(struct stream *s, enum volume_axes axes, struct volume *out, limn_error *err)
{
    uint8_t head[2] = {0};
    limn_status st = LIMN_OK;
    if (s->size >= 2) {
        TRY(stored(s, head, 2, err));
        s->at = 0;
    }
    s->packed = head[0] == 0x1f && head[1] == 0x8b;
    if (s->packed) {
        s->buf = mem_alloc(CHUNK, 1);
        s->z.zalloc = zmem_alloc;
        s->z.zfree = zmem_free;
        if (s->buf == NULL || inflateInit2(&s->z, GZIP_WINDOW) != Z_OK) {
            mem_free(s->buf);
            return err_nomem(err, CHUNK, "inflating a volume");
        }
    }
    st = decode(s, axes, out, err);
    if (s->packed) {
        inflateEnd(&s->z);
        mem_free(s->buf);
    }
out:
    return st;
}

bool nifti_is(const uint8_t *head, size_t n)
{
    return (n >= 2 && head[0] == 0x1f && head[1] == 0x8b) ||
           (n >= 4 && ((head[0] == 0x5c && head[1] == 1) || (head[2] == 1 && head[3] == 0x5c)) &&
            head[0] + head[1] + head[2] + head[3] == 0x5d);
}

limn_status nifti_decode(const char *name, const void *data, size_t size, enum volume_axes axes, struct volume *out,
                         limn_error *err)
{
    struct stream s = {.data = data, .size = size};
    limn_status st = stream_read(&s, axes, out, err);
    return st == LIMN_OK || st == LIMN_ERR_NOMEM ? st : err_at(err, "%s", name);
}

limn_status nifti_read(const char *path, enum volume_axes axes, struct volume *out, limn_error *err)
{
    struct stream s = {0};
    limn_status st = file_open(path, &s.file, err);
    if (st != LIMN_OK) {
        return st;
    }
    s.size = file_size(s.file);
    limn_error own = {0};
    st = stream_read(&s, axes, out, &own);
    if (st != LIMN_OK && err != NULL) {
        *err = own;
        if (st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED || st == LIMN_ERR_SHAPE) {
            size_t n = strlen(path);
            if (strncmp(own.text, path, n) != 0) { /* the file layer names it already */
                err_at(err, "%s", path);
            }
        }
    }
    file_close(&s.file);
    return st;
}
