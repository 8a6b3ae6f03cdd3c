/* Writing maps as NIfTI-1 float32: the header of the volume they belong to, with what describes its numbers replaced.
 * The compressed form has no time and no name in it: the same map gives the same bytes. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "base/str.h"
#include "image/volume.h"
#include "image/zmem.h"

enum { DATA_AT = 352, GZIP_WINDOW = 31 };

static void put16(uint8_t *h, size_t at, int32_t v)
{
    h[at] = (uint8_t)(v & 0xff);
    h[at + 1] = (uint8_t)(v >> 8 & 0xff);
}

static void put_f32(uint8_t *h, size_t at, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    for (int i = 0; i < 4; i++) {
        h[at + (size_t)i] = (uint8_t)(bits >> (8 * i));
    }
}

/* A header for an array that never had one: 1 mm voxels, identity affine. */
static void plain_header(uint8_t *h)
{
    memset(h, 0, NIFTI_HEADER_BYTES);
    h[0] = 0x5c;
    h[1] = 1; /* 348 */
    h[38] = 'r';
    for (size_t i = 0; i < 8; i++) {
        put_f32(h, 76 + 4 * i, 1.0f); /* pixdim */
    }
    h[123] = 2;       /* mm */
    put16(h, 254, 2); /* sform_code: aligned */
    for (size_t i = 0; i < 3; i++) {
        put_f32(h, 280 + 16 * i + 4 * i, 1.0f);
    }
}

static void fill_header(uint8_t *h, const struct volume *map, const char *what)
{
    bool xyz = map->axes == VOLUME_XYZ;
    if (map->has_header) {
        memcpy(h, map->header, NIFTI_HEADER_BYTES);
    } else {
        plain_header(h);
    }
    memset(h + 40, 0, 16 + 12); /* dim, intent parameters */
    put16(h, 40, map->channels > 1 ? 4 : 3);
    for (size_t i = 0; i < 7; i++) {
        put16(h, 42 + 2 * i, 1);
    }
    put16(h, 42, map->size[xyz ? 0 : 2]);
    put16(h, 44, map->size[1]);
    put16(h, 46, map->size[xyz ? 2 : 0]);
    put16(h, 48, map->channels);
    memset(h + 68, 0, 2); /* intent_code */
    put16(h, 70, 16);     /* float32 */
    put16(h, 72, 32);
    memset(h + 74, 0, 2); /* slice_start */
    put_f32(h, 108, DATA_AT);
    memset(h + 112, 0, 8 + 2 + 1); /* slope, inter, slice_end, slice_code */
    memset(h + 124, 0, 24);        /* cal_max, cal_min, slice timing, glmax, glmin */
    memset(h + 148, 0, 80 + 24);   /* descrip, aux_file */
    snprintf((char *)h + 148, 80, "limn %s", what);
    memset(h + 328, 0, 16); /* intent_name */
    memcpy(h + 344, "n+1", 4);
}

/* The grid of a header is that of the array. */
static limn_status check_grid(const struct volume *map, limn_error *err)
{
    bool xyz = map->axes == VOLUME_XYZ;
    const int32_t n[3] = {map->size[xyz ? 0 : 2], map->size[1], map->size[xyz ? 2 : 0]};
    for (int i = 0; i < 3; i++) {
        int32_t have = map->header[42 + 2 * i] | map->header[43 + 2 * i] << 8;
        if (n[i] > INT16_MAX || (map->has_header && n[i] != have)) {
            return err_set(err, LIMN_ERR_SHAPE, "map of %d x %d x %d voxels (expected the grid of the volume)", n[0],
                           n[1], n[2]);
        }
    }
    return map->channels <= INT16_MAX ? LIMN_OK
                                      : err_set(err, LIMN_ERR_SHAPE, "%d channels (at most 32767)", map->channels);
}

/* Voxels in the file's order (x fastest), little-endian. */
static void fill_voxels(uint8_t *to, const struct volume *map)
{
    size_t d = (size_t)map->size[0], h = (size_t)map->size[1], w = (size_t)map->size[2];
    size_t n = (size_t)map->channels * d * h * w;
    for (size_t i = 0; i < n; i++) {
        size_t from = i;
        if (map->axes == VOLUME_XYZ) { /* the array's depth is x */
            size_t x = i % d, y = i / d % h, z = i / (d * h) % w, c = i / (d * h * w);
            from = ((c * d + x) * h + y) * w + z;
        }
        put_f32(to, 4 * i, map->v[from]);
    }
}

static limn_status compress_to(const uint8_t *data, size_t n, uint8_t **out, size_t *n_out, limn_error *err)
{
    z_stream z = {.zalloc = zmem_alloc, .zfree = zmem_free};
    if (n > UINT32_MAX - 65536 || deflateInit2(&z, 6, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return err_nomem(err, n, "compressing a map");
    }
    size_t room = deflateBound(&z, (uLong)n);
    uint8_t *packed = mem_alloc(room, 1);
    z.next_in = (Bytef *)data;
    z.avail_in = (uInt)n;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    int r = packed != NULL && room <= UINT32_MAX ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
    size_t used = room - z.avail_out;
    deflateEnd(&z);
    if (r != Z_STREAM_END) {
        mem_free(packed);
        return err_nomem(err, room, "compressing a map");
    }
    *out = packed;
    *n_out = used;
    return LIMN_OK;
}

limn_status nifti_write(const char *path, const struct volume *map, const char *what, bool force, limn_error *err)
{
    limn_status st = LIMN_OK;
    uint8_t *file = NULL, *packed = NULL;
    size_t n = (size_t)map->channels * volume_plane(map), bytes = 0;
    st = check_grid(map, err);
    if (st != LIMN_OK) {
        return err_at(err, "%s", path);
    }
    if (!mul_size(n, 4, &bytes) || !add_size(bytes, DATA_AT, &bytes)) {
        return err_nomem(err, n, "a map");
    }
    file = mem_zalloc(bytes, 1);
    if (file == NULL) {
        return err_nomem(err, bytes, "a map");
    }
    fill_header(file, map, what);
    fill_voxels(file + DATA_AT, map);
    if (str_ends(path, ".gz")) {
        TRY(compress_to(file, bytes, &packed, &n, err));
        TRY(file_write_atomic(path, packed, n, force, err));
    } else {
        TRY(file_write_atomic(path, file, bytes, force, err));
    }
out:
    mem_free(file);
    mem_free(packed);
    return st;
}
