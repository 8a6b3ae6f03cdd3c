/* Pictures as cells: exact on pictures that a glyph can show, nearest on palettes, undisturbed by clipping. */
#include "caps.h"

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

/* 2x3 blocks of 4x8 pixels, black and white by the bits of a sextant pattern. */
static void pattern(unsigned bits, uint8_t rgb[8 * 24 * 3])
{
    for (int i = 0; i < 8 * 24; i++) {
        const int block = i / 8 / 8 * 2 + i % 8 / 4;
        memset(rgb + 3 * i, bits >> block & 1 ? 255 : 0, 3);
    }
}

static struct cell draw_one(const uint8_t *rgb, int32_t w, int32_t h, struct picture_style style)
{
    struct grid g;
    CHECK(grid_init(&g, 1, 1));
    const struct picture_source src = {rgb, w, h, 0, 0, w, h};
    CHECK(picture_draw(&g, (struct rect){0, 0, 1, 1}, &src, style));
    const struct cell c = *grid_at(&g, 0, 0);
    grid_finish(&g);
    return c;
}

static void test_sextants(void)
{
    uint8_t rgb[8 * 24 * 3];
    for (unsigned bits = 0; bits < 64; bits++) {
        pattern(bits, rgb);
        const struct cell c = draw_one(rgb, 8, 24, (struct picture_style){PICTURE_TRUE, PICTURE_SEXTANT, false});
        if (bits == 0 || bits == 63) {
            CHECK_INT(c.ch, ' ');
            CHECK_INT(c.bg, bits == 0 ? 0 : 0xffffff);
        } else {
            CHECK_INT(c.fg ^ c.bg, 0xffffff); /* both pure: the glyph fits exactly */
        }
    }
    pattern(1, rgb);
    const struct cell corner = draw_one(rgb, 8, 24, (struct picture_style){PICTURE_TRUE, PICTURE_SEXTANT, false});
    CHECK_INT(corner.ch, 0x1fb00);
    CHECK_INT(corner.fg, 0xffffff);
    pattern(0x15, rgb); /* the left half is no sextant */
    const struct cell left = draw_one(rgb, 8, 24, (struct picture_style){PICTURE_TRUE, PICTURE_SEXTANT, false});
    CHECK_INT(left.ch, 0x258c);
}

/* Every glyph of a set fits a picture of itself with no error, whatever the picture's resolution. */
static void test_glyphs(void)
{
    struct glyph list[GLYPH_MAX];
    const size_t n = glyphs_list(PICTURE_SEXTANT, list);
    CHECK_INT(n, 1 + 6 + 12 + 30);
    for (size_t i = 0; i < n; i++) {
        uint8_t rgb[8 * 24 * 3] = {0};
        for (int32_t p = 0; p < list[i].n; p++) {
            for (int y = list[i].part[p].y0; y < list[i].part[p].y1; y++) {
                for (int x = list[i].part[p].x0; x < list[i].part[p].x1; x++) {
                    memset(rgb + 3 * (y * 8 + x), 200, 3);
                }
            }
        }
        const struct cell c = draw_one(rgb, 8, 24, (struct picture_style){PICTURE_TRUE, PICTURE_SEXTANT, false});
        CHECK_INT(c.ch, list[i].ch);
        CHECK_INT(c.fg, 0xc8c8c8);
        CHECK_INT(c.bg, 0);
    }
}

/* Against every entry, for colours all over the cube. */
static void test_palette(void)
{
    for (int i = 0; i < 4000; i++) {
        const float rgb[3] = {(float)(i * 37 % 256), (float)(i * 101 % 256), (float)(i * 197 % 256)};
        float shown[3], best = 1e30f;
        palette_nearest(PICTURE_256, rgb, shown);
        for (int32_t k = 16; k < 256; k++) {
            const uint32_t c = palette_rgb(PICTURE_256, k);
            const float r = rgb[0] - (float)(c >> 16), g = rgb[1] - (float)(c >> 8 & 255),
                        b = rgb[2] - (float)(c & 255);
            const float d = r * r + g * g + b * b;
            best = d < best ? d : best;
        }
        const float r = rgb[0] - shown[0], g = rgb[1] - shown[1], b = rgb[2] - shown[2];
        CHECK(r * r + g * g + b * b <= best);
    }
}

static void test_area(void)
{
    /* 1000x10 stripes of one pixel average to grey; a 2x1 picture grows smoothly */
    static uint8_t stripes[1000 * 10 * 3];
    for (int i = 0; i < 1000 * 10; i++) {
        memset(stripes + 3 * i, i % 2 ? 255 : 0, 3);
    }
    const struct cell c = draw_one(stripes, 1000, 10, (struct picture_style){PICTURE_TRUE, PICTURE_HALF, false});
    CHECK(c.bg == 0x808080 || c.bg == 0x7f7f7f);
    struct grid g;
    CHECK(grid_init(&g, 9, 1));
    const uint8_t two[6] = {0, 0, 0, 255, 255, 255};
    const struct picture_source src = {two, 2, 1, 0, 0, 2, 1};
    CHECK(picture_draw(&g, (struct rect){0, 0, 9, 1}, &src, (struct picture_style){PICTURE_TRUE, PICTURE_HALF, false}));
    for (int32_t x = 1; x < 9; x++) {
        CHECK((grid_at(&g, x, 0)->bg & 255) >= (grid_at(&g, x - 1, 0)->bg & 255));
    }
    CHECK_INT(grid_at(&g, 0, 0)->bg, 0);
    CHECK_INT(grid_at(&g, 8, 0)->bg, 0xffffff);
    grid_finish(&g);
}

static void test_fit_and_clip(void)
{
    const struct rect r = picture_fit(224, 224, (struct rect){0, 0, 80, 24});
    CHECK(r.w == 48 && r.h == 24 && r.x == 16 && r.y == 0);
    const struct rect thin = picture_fit(10000, 1, (struct rect){2, 3, 20, 10});
    CHECK(thin.w == 20 && thin.h == 1 && thin.x == 2);
    const struct rect area = {0, 0, 60, 40};
    const struct caps plain = {0}, narrow = {.cell_width = 6, .cell_height = 13};
    const struct rect square = caps_fit(&plain, 100, 100, area), real = caps_fit(&narrow, 100, 100, area);
    CHECK(square.w == 60 && square.h == 30);
    CHECK(real.w == 60 && real.h == 28 && abs(real.w * 6 - real.h * 13) < 13); /* pixels of it are square */
    struct grid g;
    CHECK(grid_init(&g, 4, 4));
    static const uint8_t red[3] = {255, 0, 0};
    const struct picture_source src = {red, 1, 1, 0, 0, 1, 1};
    CHECK(
        picture_draw(&g, (struct rect){-2, -2, 4, 4}, &src, (struct picture_style){PICTURE_TRUE, PICTURE_HALF, false}));
    CHECK_INT(grid_at(&g, 1, 1)->bg, 0xff0000);
    CHECK_INT(grid_at(&g, 2, 2)->bg, COLOUR_DEFAULT);
    grid_finish(&g);
}

static void test_text(void)
{
    struct grid g;
    CHECK(grid_init(&g, 12, 2));
    const struct rect all = {0, 0, 12, 2};
    CHECK_INT(grid_text(&g, all, 0, 0, STYLE_PLAIN,
                        "a\xe7\x8c\xab"
                        "b"),
              4); /* a wide character */
    CHECK_INT(grid_at(&g, 1, 0)->ch, 0x732b);
    CHECK_INT(grid_at(&g, 2, 0)->ch, 0);
    CHECK_INT(grid_at(&g, 3, 0)->ch, 'b');
    grid_text(&g, all, 0, 1, STYLE_PLAIN, "x\033[31my");
    for (int32_t x = 0; x < 12; x++) {
        CHECK(grid_at(&g, x, 1)->ch >= ' '); /* control bytes never reach a cell */
    }
    grid_text(&g, (struct rect){0, 0, 12, 1}, 11, 0, STYLE_PLAIN, "\xe7\x8c\xab");
    CHECK_INT(grid_at(&g, 11, 0)->ch, ' '); /* half a character does not fit */
    grid_finish(&g);
}

int main(void)
{
    test_sextants();
    test_glyphs();
    test_palette();
    test_area();
    test_fit_and_clip();
    test_text();
    return check_done();
}
