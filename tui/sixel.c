/* The sixel writer: see sixel.h. Pixels that no colour sets stay as they are (P2 = 1), so nothing below the last row is
 * touched. */
#include "sixel.h"

#include <stdlib.h>
#include <string.h>

static void put_run(struct bytes *out, int32_t n, char c)
{
    if (n > 3) {
        bytes_printf(out, "!%d%c", (int)n, c);
        return;
    }
    for (; n > 0; n--) {
        bytes_add(out, &c, 1);
    }
}

/* The characters of one colour in one band. */
static void put_row(struct bytes *out, const uint8_t *bits, int32_t w)
{
    while (w > 0 && bits[w - 1] == 0) {
        w--;
    }
    for (int32_t x = 0; x < w;) {
        int32_t run = 1;
        while (x + run < w && bits[x + run] == bits[x]) {
            run++;
        }
        put_run(out, run, (char)('?' + bits[x]));
        x += run;
    }
}

static void put_palette(struct bytes *out, const uint8_t *index, int32_t stride, int32_t w, int32_t h,
                        const uint8_t (*palette)[3], int32_t n)
{
    bool used[256] = {false};
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++) {
            used[index[(size_t)y * (size_t)stride + (size_t)x]] = true;
        }
    }
    for (int32_t i = 0; i < n; i++) {
        if (used[i]) { /* per cent */
            bytes_printf(out, "#%d;2;%d;%d;%d", (int)i, (palette[i][0] * 100 + 127) / 255,
                         (palette[i][1] * 100 + 127) / 255, (palette[i][2] * 100 + 127) / 255);
        }
    }
}

/* One band of at most six rows; `bits` has room for 256 rows of w. */
static void put_band(struct bytes *out, const uint8_t *index, int32_t stride, int32_t w, int32_t rows, uint8_t *bits)
{
    int16_t slot[256];
    uint8_t colour[256];
    int32_t n = 0;
    memset(slot, -1, sizeof slot);
    for (int32_t y = 0; y < rows; y++) {
        for (int32_t x = 0; x < w; x++) {
            const uint8_t i = index[(size_t)y * (size_t)stride + (size_t)x];
            if (slot[i] < 0) {
                memset(bits + (size_t)n * (size_t)w, 0, (size_t)w);
                colour[n] = i;
                slot[i] = (int16_t)n++;
            }
            bits[(size_t)slot[i] * (size_t)w + (size_t)x] |= (uint8_t)(1 << y);
        }
    }
    for (int32_t k = 0; k < n; k++) {
        bytes_printf(out, "%s#%d", k > 0 ? "$" : "", (int)colour[k]);
        put_row(out, bits + (size_t)k * (size_t)w, w);
    }
}

bool sixel_write(struct bytes *out, const uint8_t *index, int32_t stride, int32_t w, int32_t h,
                 const uint8_t (*palette)[3], int32_t n)
{
    uint8_t *bits = malloc(256 * (size_t)w);
    if (bits == NULL) {
        return false;
    }
    bytes_printf(out, "\033P0;1;0q\"1;1;%d;%d", (int)w, (int)h);
    put_palette(out, index, stride, w, h, palette, n);
    for (int32_t y = 0; y < h; y += 6) {
        put_band(out, index + (size_t)y * (size_t)stride, stride, w, h - y < 6 ? h - y : 6, bits);
        bytes_text(out, y + 6 < h ? "-" : "");
    }
    bytes_text(out, "\033\\");
    free(bits);
    return !out->failed;
}
