/* Gzip files (RFC 1952, one or more members) read into memory with a limit on what they expand to. */
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "data/data.h"

enum { GZIP_WINDOW = 15 + 16 };

struct gz {
    z_stream z;
    uint8_t *data;
    size_t size, cap;
};

/* Inflates until the input ends. More room than `max` + 1 is never made, so a bomb costs no more than a real file. */
static limn_status gz_inflate(struct gz *g, const char *path, size_t max, limn_error *err)
{
    for (;;) {
        if (g->size == g->cap) {
            size_t cap = g->cap < max / 2 ? g->cap * 2 + 65536 : max + 1;
            uint8_t *more = mem_realloc(g->data, cap, 1);
            if (!more) {
                return err_nomem(err, cap, path);
            }
            g->data = more;
            g->cap = cap;
        }
        size_t room = g->cap - g->size;
        g->z.next_out = g->data + g->size;
        g->z.avail_out = room > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)room;
        uInt had = g->z.avail_out;
        int r = inflate(&g->z, Z_NO_FLUSH);
        g->size += had - g->z.avail_out;
        if (g->size > max) {
            return err_set(err, LIMN_ERR_FORMAT, "%s: expands to more than %zu bytes", path, max);
        }
        if (r == Z_STREAM_END && g->z.avail_in == 0) {
            return LIMN_OK;
        }
        if (r == Z_STREAM_END) {
            r = inflateReset(&g->z);
        }
        if (r != Z_OK) {
            return err_set(err, LIMN_ERR_FORMAT, "%s: gzip stream is %s at byte %lu", path,
                           r == Z_BUF_ERROR ? "cut off" : "damaged", g->z.total_in);
        }
    }
}

limn_status gz_read_all(const char *path, size_t max, uint8_t **data, size_t *size, limn_error *err)
{
    struct gz g = {0};
    void *packed = NULL;
    size_t n = 0;
    bool open = false;
    limn_status st = LIMN_OK;
    TRY(file_read_all(path, max, &packed, &n, err));
    if (n < 2 || memcmp(packed, "\x1f\x8b", 2) != 0) {
        *data = packed;
        *size = n;
        return LIMN_OK;
    }
    if (n > UINT32_MAX) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: a gzip file of %zu bytes (expected at most 4 GB)", path, n));
    }
    g.z.next_in = packed;
    g.z.avail_in = (uInt)n;
    if (inflateInit2(&g.z, GZIP_WINDOW) != Z_OK) {
        TRY(err_nomem(err, 65536, path));
    }
    open = true;
    TRY(gz_inflate(&g, path, max, err));
    *data = g.data;
    *size = g.size;
    g.data = NULL;
out:
    if (open) {
        inflateEnd(&g.z);
    }
    mem_free(g.data);
    mem_free(packed);
    return st;
}
