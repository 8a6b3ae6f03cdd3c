/* Bytes to cells and back: a small interpreter of what paint writes must end with the grid that paint says is shown,
 * and within the tolerance of the one wanted. */
#include "paint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"

struct screen {
    struct grid g;
    int32_t x, y;
    uint32_t fg, bg, attr;
    bool bad; /* a sequence that is not understood */
};

static void screen_sgr(struct screen *s, const long *v, int n)
{
    for (int i = 0; i < n; i++) {
        if (v[i] == 0) {
            s->fg = s->bg = COLOUR_DEFAULT;
            s->attr = 0;
        } else if ((v[i] == 38 || v[i] == 48) && i + 4 < n && v[i + 1] == 2) {
            const uint32_t c = (uint32_t)(v[i + 2] << 16 | v[i + 3] << 8 | v[i + 4]);
            *(v[i] == 38 ? &s->fg : &s->bg) = c;
            i += 4;
        } else if ((v[i] == 38 || v[i] == 48) && i + 2 < n && v[i + 1] == 5) {
            *(v[i] == 38 ? &s->fg : &s->bg) = palette_rgb(PICTURE_256, (int32_t)v[i + 2]);
            i += 2;
        } else if (v[i] == 39 || v[i] == 49) {
            *(v[i] == 39 ? &s->fg : &s->bg) = COLOUR_DEFAULT;
        } else if (v[i] == 1 || v[i] == 2 || v[i] == 4 || v[i] == 7) {
            s->attr |= v[i] == 1 ? CELL_BOLD : v[i] == 2 ? CELL_DIM : v[i] == 4 ? CELL_UNDERLINE : CELL_REVERSE;
        } else {
            s->bad = true;
        }
    }
}

static const char *screen_control(struct screen *s, const char *p, const char *end)
{
    long v[16];
    int n = 0;
    do {
        char *stop = NULL;
        v[n] = strtol(p, &stop, 10);
        n += n < 15;
        p = stop;
    } while (p < end && *p == ';' && p++);
    const int32_t k = v[0] == 0 ? 1 : (int32_t)v[0];
    switch (*p) {
    case 'A':
        s->y -= k;
        break;
    case 'B':
        s->y += k;
        break;
    case 'C':
        s->x += k;
        break;
    case 'G':
        s->x = k - 1;
        break;
    case 'm':
        screen_sgr(s, v, n);
        break;
    default:
        s->bad = true;
        break;
    }
    return p + 1;
}

static void screen_feed(struct screen *s, const char *bytes, size_t n)
{
    for (const char *p = bytes, *end = bytes + n; p < end;) {
        if (p[0] == '\033' && p[1] == '[') {
            p = screen_control(s, p + 2, end);
            continue;
        }
        const uint32_t ch = utf8_next(&p);
        if (ch == '\r') {
            s->x = 0;
            continue;
        }
        struct cell *c = grid_at(&s->g, s->x, s->y);
        if (c == NULL || ch < ' ') {
            s->bad = true;
            return;
        }
        *c = (struct cell){ch, s->fg, s->bg, s->attr};
        if (ch_width(ch) == 2) {
            c[1] = (struct cell){0, s->fg, s->bg, s->attr};
        }
        s->x += ch_width(ch);
    }
}

static void draw_scene(struct grid *g, int step, int size)
{
    static uint8_t rgb[64 * 64 * 3];
    for (int i = 0; i < 64 * 64; i++) {
        const int x = i % 64, y = i / 64, d = (x - 20 - step) * (x - 20 - step) + (y - 30) * (y - 30);
        rgb[3 * i] = (uint8_t)(d < size ? 240 - step : x * 3);
        rgb[3 * i + 1] = (uint8_t)(y * 4);
        rgb[3 * i + 2] = (uint8_t)(255 - x * y / 20);
    }
    const struct picture_source src = {rgb, 64, 64, 0, 0, 64, 64};
    CHECK(picture_draw(g, (struct rect){2, 1, 36, 18}, &src,
                       (struct picture_style){PICTURE_TRUE, PICTURE_SEXTANT, false}));
    grid_text(g, (struct rect){0, 0, g->width, g->height}, 1, 0, (struct style){0xff8800, COLOUR_DEFAULT, CELL_BOLD},
              "title \xe7\x8c\xab");
    grid_text(g, (struct rect){0, 0, g->width, g->height}, g->width - 4, 0, STYLE_PLAIN, step % 2 ? "play" : "stop");
}

static bool shown_equals(const struct screen *s, const struct paint *p)
{
    for (int32_t i = 0; i < s->g.width * s->g.height; i++) {
        const struct cell *a = &s->g.cell[i], *b = &p->shown.cell[i];
        if (a->ch != b->ch || a->bg != b->bg || a->attr != b->attr || (a->fg != b->fg && a->ch != ' ' && a->ch != 0)) {
            fprintf(stderr, "cell %d: U+%04X %06x on %06x, expected U+%04X %06x on %06x\n", (int)i, (unsigned)a->ch,
                    (unsigned)a->fg, (unsigned)a->bg, (unsigned)b->ch, (unsigned)b->fg, (unsigned)b->bg);
            return false;
        }
    }
    return true;
}

/* Sum of bytes over the animation; every frame is fed to the screen and compared. `moving`: frames but the first may be
 * coarser; *most is the largest of them. */
static size_t run(int32_t tolerance, int size, bool moving, size_t *most)
{
    struct paint p;
    struct screen s = {.fg = COLOUR_DEFAULT, .bg = COLOUR_DEFAULT};
    struct grid want;
    size_t bytes = 0;
    CHECK(paint_init(&p, 40, 20, PICTURE_TRUE, tolerance));
    CHECK(grid_init(&s.g, 40, 20));
    CHECK(grid_init(&want, 40, 20));
    for (int step = 0; step < 8; step++) {
        draw_scene(&want, step, size);
        if (!moving || step == 0) {
            paint_frame(&p, &want);
        } else {
            CHECK(paint_moving(&p, &want));
        }
        screen_feed(&s, p.out.data, p.out.n);
        bytes += p.out.n;
        *most = step > 0 && p.out.n > *most ? p.out.n : *most;
        bytes_clear(&p.out);
        CHECK(!s.bad && !p.out.failed);
        CHECK(shown_equals(&s, &p));
        for (int32_t i = 0; tolerance == 0 && i < 40 * 20; i++) {
            const struct cell *a = &p.shown.cell[i], *b = &want.cell[i];
            const bool turned = a->fg == b->bg && a->bg == b->fg; /* the complement, colours exchanged */
            CHECK(turned || (a->bg == b->bg && (a->fg == b->fg || a->ch == ' ') && a->ch == b->ch));
        }
        p.tolerance *= moving ? 2 : 1;
        paint_frame(&p, &want);
        p.tolerance = tolerance;
        CHECK_INT(p.out.n, 0); /* nothing changed, nothing is written */
    }
    paint_finish(&p);
    grid_finish(&s.g);
    grid_finish(&want);
    return bytes;
}

static void test_depths(void)
{
    static const enum picture_colours depth[] = {PICTURE_MONO, PICTURE_8, PICTURE_16, PICTURE_256};
    for (size_t i = 0; i < sizeof depth / sizeof depth[0]; i++) {
        struct paint p;
        struct grid want;
        CHECK(paint_init(&p, 12, 2, depth[i], 0));
        CHECK(grid_init(&want, 12, 2));
        grid_text(&want, (struct rect){0, 0, 12, 2}, 0, 0, (struct style){0xcd0000, 0x00cd00, 0}, "ab");
        paint_frame(&p, &want);
        bytes_add(&p.out, "", 1);
        CHECK((strstr(p.out.data, "\033[3") != NULL) == (depth[i] != PICTURE_MONO));
        CHECK((strstr(p.out.data, "38;5;") != NULL) == (depth[i] == PICTURE_256));
        paint_finish(&p);
        grid_finish(&want);
    }
}

int main(void)
{
    const size_t budget = (size_t)PAINT_LOCAL * 40 * 20 / 4800;
    size_t most[4] = {0};
    const size_t exact = run(0, 200, false, &most[0]), some = run(4, 200, false, &most[0]);
    CHECK(some < exact && run(8, 200, false, &most[0]) < some);
    run(4, 60, false, &most[1]);
    run(8, 60, false, &most[2]);
    run(4, 60, true, &most[3]);
    CHECK(most[1] > budget && most[2] <= budget); /* else the next says nothing */
    CHECK(most[3] <= budget);
    test_depths();
    return check_done();
}
