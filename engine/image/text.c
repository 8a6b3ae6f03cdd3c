/* Text in pictures with the built-in font; each font pixel is a square of `scale` pixels. */
#include "image/image.h"

#include <string.h>

#include "image/font.h"

#define ADVANCE (FONT_WIDTH + 1)

static void fill_square(struct image *im, int32_t x, int32_t y, int32_t size, struct rgb colour)
{
    for (int32_t j = y < 0 ? 0 : y; j < y + size && j < im->height; j++) {
        for (int32_t i = x < 0 ? 0 : x; i < x + size && i < im->width; i++) {
            uint8_t *p = im->rgb + 3 * ((size_t)j * (size_t)im->width + (size_t)i);
            p[0] = colour.r;
            p[1] = colour.g;
            p[2] = colour.b;
        }
    }
}

static void draw_glyph(struct image *im, int32_t x, int32_t y, int32_t scale, struct rgb colour, int ch)
{
    const uint8_t *rows = font_rows[ch - FONT_FIRST];
    for (int32_t j = 0; j < FONT_HEIGHT; j++) {
        for (int32_t i = 0; i < FONT_WIDTH; i++) {
            if (rows[j] >> (FONT_WIDTH - 1 - i) & 1) {
                fill_square(im, x + i * scale, y + j * scale, scale, colour);
            }
        }
    }
}

/* The next character: its byte when printable, '?' for anything else; a UTF-8 sequence counts as one. */
static int next_char(const char **text)
{
    unsigned char c = (unsigned char)*(*text)++;
    if (c >= 0x80) {
        while (((unsigned char)**text & 0xc0) == 0x80) {
            (*text)++;
        }
    }
    return c < FONT_FIRST || c > FONT_LAST ? '?' : c;
}

void text_draw(struct image *im, int32_t x, int32_t y, int32_t scale, struct rgb colour, const char *text)
{
    for (; *text && x < im->width; x += ADVANCE * scale) {
        draw_glyph(im, x, y, scale, colour, next_char(&text));
    }
}

int32_t text_width(const char *text, int32_t scale)
{
    int32_t n = 0;
    while (*text) {
        next_char(&text);
        n++;
    }
    return n ? (n * ADVANCE - 1) * scale : 0;
}

int32_t text_height(int32_t scale)
{
    return FONT_HEIGHT * scale;
}
