/* The NIfTI-1 header (Cox et al. 2004, nifti1.h of the NIH): 348 bytes in either byte order, told by sizeof_hdr. Every
 * number is checked as the floating or 16-bit value that it is, before it becomes a size. */
#include <math.h>
#include <string.h>

#include "image/volume.h"

enum {
    AT_SIZE = 0,
    AT_DIM = 40,
    AT_TYPE = 70,
    AT_BITS = 72,
    AT_SPACING = 80,
    AT_OFFSET = 108,
    AT_SLOPE = 112,
    AT_INTER = 116,
    AT_MAGIC = 344
};
#define OFFSET_MAX (1 << 24) /* room for extensions */

/* Fields that are wider than a byte: where, bytes of one, how many. */
static const struct {
    uint16_t at;
    uint8_t width, n;
} fields[] = {
    {0, 4, 1},   {32, 4, 1},  {36, 2, 1},  {40, 2, 8},  {56, 4, 3},  {68, 2, 4},   {76, 4, 8},
    {108, 4, 3}, {120, 2, 1}, {124, 4, 4}, {140, 4, 2}, {252, 2, 2}, {256, 4, 18},
};

static void swap_fields(uint8_t *h)
{
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
        for (size_t i = 0; i < fields[f].n; i++) {
            uint8_t *p = h + fields[f].at + i * fields[f].width;
            for (size_t a = 0, b = (size_t)fields[f].width - 1; a < b; a++, b--) {
                uint8_t t = p[a];
                p[a] = p[b];
                p[b] = t;
            }
        }
    }
}

static uint32_t u32_at(const uint8_t *h, size_t at)
{
    return (uint32_t)h[at] | (uint32_t)h[at + 1] << 8 | (uint32_t)h[at + 2] << 16 | (uint32_t)h[at + 3] << 24;
}

static int32_t i16_at(const uint8_t *h, size_t at)
{
    int32_t v = h[at] | h[at + 1] << 8;
    return v < 32768 ? v : v - 65536;
}

static float f32_at(const uint8_t *h, size_t at)
{
    uint32_t bits = u32_at(h, at);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static limn_status check_start(const uint8_t *raw, bool *swap, limn_error *err)
{
    uint32_t size = u32_at(raw, AT_SIZE);
    uint32_t swapped = size >> 24 | (size >> 8 & 0xff00) | (size << 8 & 0xff0000) | size << 24;
    if (size == 540 || swapped == 540) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "offset 0: a NIfTI-2 file (expected NIfTI-1)");
    }
    if (size != NIFTI_HEADER_BYTES && swapped != NIFTI_HEADER_BYTES) {
        return err_set(err, LIMN_ERR_FORMAT, "offset 0: header size %u (expected 348: not a NIfTI-1 file)", size);
    }
    *swap = size != NIFTI_HEADER_BYTES;
    if (memcmp(raw + AT_MAGIC, "ni1", 4) == 0) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "offset 344: the header of a .hdr/.img pair (expected one file, \"n+1\")");
    }
    if (memcmp(raw + AT_MAGIC, "n+1", 4) != 0) {
        return err_set(err, LIMN_ERR_FORMAT, "offset 344: no magic \"n+1\" (an Analyze file is not NIfTI)");
    }
    return LIMN_OK;
}

static limn_status check_dims(const uint8_t *h, struct nifti_form *f, limn_error *err)
{
    int32_t rank = i16_at(h, AT_DIM);
    if (rank < 1 || rank > 7) {
        return err_set(err, LIMN_ERR_FORMAT, "offset 40: %d dimensions (expected 1 to 7)", rank);
    }
    for (int i = 0; i < 4; i++) {
        f->dim[i] = 1;
    }
    for (int32_t i = 1; i <= rank; i++) {
        int32_t n = i16_at(h, AT_DIM + 2 * (size_t)i);
        if (n < 1) {
            return err_set(err, LIMN_ERR_FORMAT, "offset %d: dimension %d is %d (expected 1 to 32767)", AT_DIM + 2 * i,
                           i, n);
        }
        if (i <= 3) {
            f->dim[i - 1] = n;
        } else if (n > 1 && (i > 5 || f->dim[3] > 1)) {
            return err_set(err, LIMN_ERR_UNSUPPORTED,
                           "offset %d: dimension %d is %d (expected three and one more, time or components)",
                           AT_DIM + 2 * i, i, n);
        } else if (n > 1) {
            f->dim[3] = n;
        }
    }
    uint64_t elems = 1;
    for (int i = 0; i < 4; i++) {
        elems *= (uint64_t)f->dim[i]; /* four 15-bit numbers */
    }
    if (rank < 3 || elems > VOLUME_ELEMS_MAX) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "offset 40: %d dimensions, %d x %d x %d x %d voxels (expected 3 to 5, at most %u)", rank,
                       f->dim[0], f->dim[1], f->dim[2], f->dim[3], VOLUME_ELEMS_MAX);
    }
    return LIMN_OK;
}

static limn_status check_type(const uint8_t *h, struct nifti_form *f, limn_error *err)
{
    static const struct {
        int32_t code, bytes; /* bytes 0: known but not read */
        const char *name;
    } types[] = {{2, 1, "uint8"},      {4, 2, "int16"},       {8, 4, "int32"},         {16, 4, "float32"},
                 {64, 8, "float64"},   {256, 1, "int8"},      {512, 2, "uint16"},      {1, 0, "binary"},
                 {32, 0, "complex64"}, {128, 0, "RGB24"},     {768, 0, "uint32"},      {1024, 0, "int64"},
                 {1280, 0, "uint64"},  {1536, 0, "float128"}, {1792, 0, "complex128"}, {2304, 0, "RGBA32"}};
    f->type = i16_at(h, AT_TYPE);
    int32_t bits = i16_at(h, AT_BITS);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].code != f->type) {
            continue;
        }
        if (types[i].bytes == 0) {
            return err_set(err, LIMN_ERR_UNSUPPORTED,
                           "offset 70: voxels are %s (expected uint8, int8, int16, uint16, int32, float32 or float64)",
                           types[i].name);
        }
        f->bytes = types[i].bytes;
        return bits == 8 * f->bytes ? LIMN_OK
                                    : err_set(err, LIMN_ERR_FORMAT, "offset 72: %d bits a voxel (expected %d for %s)",
                                              bits, 8 * f->bytes, types[i].name);
    }
    return err_set(err, LIMN_ERR_FORMAT, "offset 70: unknown datatype %d", f->type);
}

static limn_status check_scale(const uint8_t *h, struct nifti_form *f, limn_error *err)
{
    float offset = f32_at(h, AT_OFFSET), slope = f32_at(h, AT_SLOPE), inter = f32_at(h, AT_INTER);
    if (!(offset >= NIFTI_HEADER_BYTES + 4 && offset <= OFFSET_MAX) || offset != floorf(offset)) {
        return err_set(err, LIMN_ERR_FORMAT, "offset 108: voxels begin at %g (expected a whole number from 352 to %d)",
                       (double)offset, OFFSET_MAX);
    }
    f->offset = (uint64_t)offset;
    for (size_t i = 0; i < 3; i++) {
        float d = fabsf(f32_at(h, AT_SPACING + 4 * i));
        f->spacing[i] = d >= 1e-6f && d <= 1e6f ? d : 1.0f; /* it only shapes pictures */
    }
    f->slope = 1.0;
    f->inter = 0.0;
    if (slope != 0.0f && isfinite(slope)) { /* zero: no scaling */
        if (!isfinite(inter)) {
            return err_set(err, LIMN_ERR_FORMAT, "offset 116: scl_inter is %g (expected a finite number)",
                           (double)inter);
        }
        f->slope = slope;
        f->inter = inter;
    }
    return LIMN_OK;
}

limn_status nifti_header_parse(const uint8_t *raw, uint8_t *header, struct nifti_form *out, limn_error *err)
{
    struct nifti_form f = {0};
    uint8_t h[NIFTI_HEADER_BYTES];
    limn_status st = check_start(raw, &f.swap, err);
    if (st != LIMN_OK) {
        return st;
    }
    memcpy(h, raw, sizeof(h));
    if (f.swap) {
        swap_fields(h);
    }
    TRY(check_dims(h, &f, err));
    TRY(check_type(h, &f, err));
    TRY(check_scale(h, &f, err));
    memcpy(header, h, sizeof(h));
    *out = f;
out:
    return st;
}
