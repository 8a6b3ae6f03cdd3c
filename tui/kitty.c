/* The writer of kitty.h, and the PNG that it sends: one zlib stream, each row by the filter whose bytes are smallest.
 */
#include "kitty.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIECE = 3072 }; /* 4096 in base64 */

/* ---- PNG ---- */

static void put_chunk(struct bytes *out, const char *type, const void *data, size_t n)
{
    uint8_t head[8] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(head + 4, type, 4);
    uLong crc = crc32(crc32(0, NULL, 0), head + 4, 4);
    if (n > 0) {
        crc = crc32(crc, data, (uInt)n);
    }
    const uint8_t tail[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc};
    bytes_add(out, head, 8);
    bytes_add(out, data, n);
    bytes_add(out, tail, 4);
}

static uint8_t paeth(int a, int b, int c)
{
    const int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* A row by filter `f` (1 left, 2 up, 4 Paeth), its number first; returns the sum of its bytes as distances from 0. */
static int64_t filter_row(int f, const uint8_t *row, const uint8_t *up, size_t n, uint8_t *out)
{
    int64_t sum = 0;
    *out++ = (uint8_t)f;
    for (size_t i = 0; i < n; i++) {
        const int a = i >= 3 ? row[i - 3] : 0, b = up != NULL ? up[i] : 0, c = i >= 3 && up != NULL ? up[i - 3] : 0;
        const uint8_t v = (uint8_t)(row[i] - (f == 1 ? a : f == 2 ? b : paeth(a, b, c)));
        out[i] = v;
        sum += v < 128 ? v : 256 - v;
    }
    return sum;
}

static void filter_all(const uint8_t *rgb, size_t row, int32_t h, uint8_t *best, uint8_t *other)
{
    static const int filter[] = {1, 2, 4};
    for (int32_t y = 0; y < h; y++) {
        const uint8_t *here = rgb + (size_t)y * row, *up = y > 0 ? here - row : NULL;
        int64_t least = INT64_MAX;
        for (int i = 0; i < 3; i++) {
            const int64_t sum = filter_row(filter[i], here, up, row, other);
            if (sum < least) {
                least = sum;
                memcpy(best, other, row + 1);
            }
        }
        best += row + 1;
    }
}

static bool png_write(struct bytes *out, const uint8_t *rgb, int32_t w, int32_t h)
{
    const size_t row = (size_t)w * 3, all = (row + 1) * (size_t)h;
    const uint8_t header[13] = {(uint8_t)(w >> 24),
                                (uint8_t)(w >> 16),
                                (uint8_t)(w >> 8),
                                (uint8_t)w,
                                (uint8_t)(h >> 24),
                                (uint8_t)(h >> 16),
                                (uint8_t)(h >> 8),
                                (uint8_t)h,
                                8,
                                2,
                                0,
                                0,
                                0};
    uLongf packed = compressBound(all);
    uint8_t *filtered = malloc(all + row + 1), *data = malloc(packed);
    bool fine = filtered != NULL && data != NULL;
    if (fine) {
        filter_all(rgb, row, h, filtered, filtered + all);
        fine = compress2(data, &packed, filtered, all, 5) == Z_OK;
    }
    if (fine) {
        bytes_add(out, "\x89PNG\r\n\x1a\n", 8);
        put_chunk(out, "IHDR", header, sizeof header);
        put_chunk(out, "IDAT", data, packed);
        put_chunk(out, "IEND", NULL, 0);
    }
    free(filtered);
    free(data);
    return fine && !out->failed;
}

/* ---- the protocol ---- */

bool kitty_send(struct bytes *out, uint32_t id, const uint8_t *rgb, int32_t w, int32_t h)
{
    struct bytes png = {0};
    const bool fine = png_write(&png, rgb, w, h);
    for (size_t at = 0; fine && at < png.n; at += PIECE) {
        const size_t n = png.n - at < PIECE ? png.n - at : PIECE;
        const int more = at + n < png.n;
        if (at == 0) {
            bytes_printf(out, "\033_Ga=t,f=100,i=%u,q=2,m=%d;", (unsigned)id, more);
        } else {
            bytes_printf(out, "\033_Gm=%d,q=2;", more);
        }
        bytes_base64(out, png.data + at, n);
        bytes_text(out, "\033\\");
    }
    bytes_finish(&png);
    return fine && !out->failed;
}

void kitty_place(struct bytes *out, uint32_t id, int32_t place, struct rect pixels, int32_t columns, int32_t rows)
{
    bytes_printf(out, "\033_Ga=p,i=%u,p=%d,x=%d,y=%d,w=%d,h=%d,c=%d,r=%d,C=1,q=2\033\\", (unsigned)id, (int)place,
                 (int)pixels.x, (int)pixels.y, (int)pixels.w, (int)pixels.h, (int)columns, (int)rows);
}

void kitty_unplace(struct bytes *out, uint32_t id)
{
    bytes_printf(out, "\033_Ga=d,d=i,i=%u,q=2\033\\", (unsigned)id);
}

void kitty_delete(struct bytes *out, uint32_t id)
{
    bytes_printf(out, "\033_Ga=d,d=I,i=%u,q=2\033\\", (unsigned)id);
}
