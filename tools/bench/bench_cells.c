/* How near pictures in terminal cells come to the picture: PSNR and SSIM of every glyph set and colour depth, of chafa
 * beside it when that is installed, and the time to draw.
 *
 *   bench_cells [--heat] FILE...   means over the files; files after --heat get two blobs of heat laid over, opaque by
 *                                  their values
 *
 * The picture is fitted into 80x24 and 200x60 cells. "raster" compares with it at 8x16 pixels a cell, "sub-cell" after
 * averaging both to 2x4 samples a cell, about what the eye resolves. SSIM: of the brightness, in windows of 7x7. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "image/image.h"
#include "picture.h"

enum { CELL_W = 8, CELL_H = 16 };

struct score {
    double psnr, ssim;
};

static double now_ms(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what, const limn_error *err)
{
    fprintf(stderr, "bench_cells: %s: %s\n", what, err != NULL ? err->text : "out of memory");
    exit(1);
}

/* ---- metrics ---- */

static double brightness(const uint8_t *rgb)
{
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

static double window_ssim(const struct image *a, const struct image *b, int32_t x0, int32_t y0)
{
    enum { N = 7 };
    double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (int32_t y = y0; y < y0 + N; y++) {
        for (int32_t x = x0; x < x0 + N; x++) {
            const size_t i = ((size_t)y * (size_t)a->width + (size_t)x) * 3;
            const double p = brightness(a->rgb + i), q = brightness(b->rgb + i);
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    }
    const double n = N * N, ma = sa / n, mb = sb / n, u = n / (n - 1);
    const double va = u * (saa / n - ma * ma), vb = u * (sbb / n - mb * mb), c = u * (sab / n - ma * mb);
    const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    return (2 * ma * mb + c1) * (2 * c + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
}

static struct score compare(const struct image *a, const struct image *b)
{
    const size_t n = (size_t)a->width * (size_t)a->height * 3;
    double e = 0, s = 0;
    size_t windows = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)a->rgb[i] - b->rgb[i];
        e += d * d;
    }
    for (int32_t y = 0; y + 7 <= a->height; y++) {
        for (int32_t x = 0; x + 7 <= a->width; x++) {
            s += window_ssim(a, b, x, y);
            windows++;
        }
    }
    return (struct score){10 * log10(255 * 255 / (e / (double)n + 1e-12)), windows > 0 ? s / (double)windows : 1};
}

/* Means of blocks of w x h pixels. */
static void shrink(const struct image *in, int32_t w, int32_t h, struct image *out)
{
    limn_error err;
    if (image_init(out, in->width / w, in->height / h, &err) != LIMN_OK) {
        fail("picture", &err);
    }
    for (int32_t i = 0; i < out->width * out->height * 3; i++) {
        const int32_t x = i / 3 % out->width, y = i / 3 / out->width;
        int32_t sum = 0;
        for (int32_t j = 0; j < w * h; j++) {
            sum += in->rgb[((y * h + j / w) * in->width + x * w + j % w) * 3 + i % 3];
        }
        out->rgb[i] = (uint8_t)((sum + w * h / 2) / (w * h));
    }
}

/* ---- cells to pixels ---- */

static bool inked(const struct glyph *g, int32_t px, int32_t py)
{
    for (int32_t i = 0; i < g->n; i++) {
        const int32_t y0 = (g->part[i].y0 * CELL_H + GLYPH_ROWS / 2) / GLYPH_ROWS;
        const int32_t y1 = (g->part[i].y1 * CELL_H + GLYPH_ROWS / 2) / GLYPH_ROWS;
        if (px >= g->part[i].x0 && px < g->part[i].x1 && py >= y0 && py < y1) {
            return true;
        }
    }
    return false;
}

/* The glyph of a character, or that of its complement. */
static bool find_glyph(uint32_t ch, struct glyph *out, bool *turned)
{
    struct glyph list[GLYPH_MAX];
    const size_t n = glyphs_list(PICTURE_SEXTANT, list);
    for (size_t i = 0; i < n; i++) {
        if (list[i].ch == ch || list[i].other == ch) {
            *out = list[i];
            *turned = list[i].other == ch;
            return true;
        }
    }
    *out = (struct glyph){.ch = ' '};
    *turned = ch == 0x2588;
    return ch == ' ' || ch == 0x2588;
}

static void paint(const struct grid *g, struct rect r, struct image *out)
{
    limn_error err;
    if (image_init(out, r.w * CELL_W, r.h * CELL_H, &err) != LIMN_OK) {
        fail("picture", &err);
    }
    for (int32_t i = 0; i < r.w * r.h; i++) {
        const int32_t cx = i % r.w, cy = i / r.w;
        const struct cell *c = grid_at(g, r.x + cx, r.y + cy);
        struct glyph glyph;
        bool turned;
        if (!find_glyph(c->ch, &glyph, &turned)) {
            fprintf(stderr, "bench_cells: unknown glyph U+%04X\n", (unsigned)c->ch);
            exit(1);
        }
        for (int32_t p = 0; p < CELL_W * CELL_H; p++) {
            const uint32_t v = inked(&glyph, p % CELL_W, p / CELL_W) != turned ? c->fg : c->bg;
            uint8_t *o = out->rgb + ((cy * CELL_H + p / CELL_W) * out->width + cx * CELL_W + p % CELL_W) * 3;
            o[0] = (uint8_t)(v >> 16);
            o[1] = (uint8_t)(v >> 8);
            o[2] = (uint8_t)v;
        }
    }
}

/* ---- chafa ---- */

static uint32_t sgr_colour(const long *v, size_t n, size_t *i, enum picture_colours colours)
{
    if (*i + 4 < n && v[*i + 1] == 2) {
        *i += 4;
        return (uint32_t)(v[*i - 2] << 16 | v[*i - 1] << 8 | v[*i]);
    }
    if (*i + 2 < n && v[*i + 1] == 5) {
        *i += 2;
        return palette_rgb(colours, (int32_t)v[*i]);
    }
    return 0;
}

static const char *sgr(const char *p, uint32_t *fg, uint32_t *bg, bool *reverse)
{
    long v[32];
    size_t n = 0;
    do {
        v[n < 31 ? n++ : 31] = strtol(p + 1, (char **)&p, 10);
    } while (*p == ';');
    for (size_t i = 0; i < n; i++) {
        if (v[i] == 0) {
            *fg = 0xffffff;
            *bg = 0;
            *reverse = false;
        } else if (v[i] == 7) {
            *reverse = true;
        } else if (v[i] == 38) {
            *fg = sgr_colour(v, n, &i, PICTURE_256);
        } else if (v[i] == 48) {
            *bg = sgr_colour(v, n, &i, PICTURE_256);
        }
    }
    return p + 1;
}

static bool chafa(const struct image *im, struct rect r, const char *colours, const char *symbols, struct grid *g)
{
    limn_error err;
    char command[512], name[] = "bench_cells.tmp.png";
    if (image_save_png(name, im, NULL, 0, true, &err) != LIMN_OK) {
        fail("picture", &err);
    }
    snprintf(command, sizeof command,
             "chafa --stretch --animate off --polite on -f symbols -c %s --symbols %s -s %dx%d %s 2>/dev/null", colours,
             symbols, r.w, r.h, name);
    FILE *f = popen(command, "r");
    static char text[4 << 20];
    const size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    const bool ok = f != NULL && pclose(f) == 0 && n > 0;
    text[n] = '\0';
    remove(name);
    uint32_t fg = 0xffffff, bg = 0;
    bool reverse = false;
    int32_t x = 0, y = 0;
    for (const char *p = text; ok && *p != '\0';) {
        if (p[0] == '\033' && p[1] == '[') {
            const char *q = p + 2 + strspn(p + 2, "0123456789;?");
            p = *q == 'm' ? sgr(p + 1, &fg, &bg, &reverse) : q + 1;
            continue;
        }
        const uint32_t ch = utf8_next(&p);
        if (ch == '\n') {
            x = 0;
            y++;
        } else if (ch >= ' ' && x < r.w && y < r.h) {
            *grid_at(g, r.x + x++, r.y + y) = (struct cell){ch, reverse ? bg : fg, reverse ? fg : bg, 0};
        }
    }
    return ok;
}

/* ---- the table ---- */

struct row {
    const char *name, *chafa_colours, *chafa_symbols; /* NULL: ours */
    struct picture_style style;
};
static const struct row rows[] = {
    {"half, truecolor", NULL, NULL, {PICTURE_TRUE, PICTURE_HALF, false}},
    {"quadrant, truecolor", NULL, NULL, {PICTURE_TRUE, PICTURE_QUADRANT, false}},
    {"eighth, truecolor", NULL, NULL, {PICTURE_TRUE, PICTURE_EIGHTH, false}},
    {"sextant, truecolor", NULL, NULL, {PICTURE_TRUE, PICTURE_SEXTANT, false}},
    {"chafa +sextant, full",
     "full",
     "block+border-border+sextant+space+solid+half+hhalf+quad-stipple",
     {PICTURE_TRUE, 0, false}},
    {"half, 256", NULL, NULL, {PICTURE_256, PICTURE_HALF, false}},
    {"quadrant, 256", NULL, NULL, {PICTURE_256, PICTURE_QUADRANT, false}},
    {"sextant, 256", NULL, NULL, {PICTURE_256, PICTURE_SEXTANT, false}},
    {"chafa +sextant, 256", "256", "block+sextant+space+solid+half+hhalf+quad-stipple", {PICTURE_256, 0, false}},
    {"half, 16", NULL, NULL, {PICTURE_16, PICTURE_HALF, false}},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct total {
    struct score raster, sub;
    double ms;
    int n;
};

static void add(struct total *t, const struct image *truth, const struct grid *g, struct rect r, double ms)
{
    struct image shown, a, b;
    paint(g, r, &shown);
    struct score s = compare(truth, &shown);
    t->raster.psnr += s.psnr;
    t->raster.ssim += s.ssim;
    shrink(truth, CELL_W / 2, CELL_H / 4, &a);
    shrink(&shown, CELL_W / 2, CELL_H / 4, &b);
    s = compare(&a, &b);
    t->sub.psnr += s.psnr;
    t->sub.ssim += s.ssim;
    t->ms += ms;
    t->n++;
    image_finish(&a);
    image_finish(&b);
    image_finish(&shown);
}

static void measure(const struct image *im, int32_t columns, int32_t lines, struct total total[ROWS])
{
    limn_error err;
    struct grid g;
    struct image truth;
    const struct rect area = {0, 0, columns, lines}, r = picture_fit(im->width, im->height, area);
    if (!grid_init(&g, columns, lines)) {
        fail("cells", NULL);
    }
    if (image_resize(im, r.w * CELL_W, r.h * CELL_H, RESIZE_BICUBIC, true, &truth, &err) != LIMN_OK) {
        fail("picture", &err);
    }
    const struct picture_source src = {truth.rgb, truth.width, truth.height, 0, 0, truth.width, truth.height};
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].chafa_colours != NULL) {
            if (chafa(&truth, r, rows[i].chafa_colours, rows[i].chafa_symbols, &g)) {
                add(&total[i], &truth, &g, r, 0);
            }
            continue;
        }
        const double t0 = now_ms();
        if (!picture_draw(&g, r, &src, rows[i].style)) {
            fail("cells", NULL);
        }
        add(&total[i], &truth, &g, r, now_ms() - t0);
    }
    image_finish(&truth);
    grid_finish(&g);
}

/* Two blobs in jet colours, up to half opaque where they are hottest. */
static void add_heat(struct image *im)
{
    limn_error err;
    struct plane heat;
    struct image colours;
    if (plane_init(&heat, im->width, im->height, &err) != LIMN_OK) {
        fail("heat", &err);
    }
    for (int32_t i = 0; i < im->width * im->height; i++) {
        const double x = (double)(i % im->width) / im->width, y = (double)(i / im->width) / im->height;
        const double a = ((x - 0.35) * (x - 0.35) + (y - 0.4) * (y - 0.4)) / 0.03;
        const double b = ((x - 0.7) * (x - 0.7) + (y - 0.65) * (y - 0.65)) / 0.015;
        heat.v[i] = (float)fmin(1, exp(-a) + 0.7 * exp(-b));
    }
    if (overlay_blend(im, &heat, colormap_find("jet"), 1, &colours, &err) != LIMN_OK) {
        fail("heat", &err);
    }
    for (int32_t i = 0; i < 3 * im->width * im->height; i++) {
        const double opacity = 0.5 * (double)heat.v[i / 3];
        im->rgb[i] = (uint8_t)(im->rgb[i] + opacity * (colours.rgb[i] - im->rgb[i]) + 0.5);
    }
    plane_finish(&heat);
    image_finish(&colours);
}

int main(int argc, char **argv)
{
    static const int32_t size[][2] = {{80, 24}, {200, 60}};
    static struct total total[2][ROWS];
    bool heat = false;
    for (int i = 1; i < argc; i++) {
        limn_error err;
        struct image im;
        if (strcmp(argv[i], "--heat") == 0) {
            heat = true;
            continue;
        }
        if (image_load(argv[i], NULL, &im, &err) != LIMN_OK) {
            fail(argv[i], &err);
        }
        if (heat) {
            add_heat(&im);
        }
        for (int k = 0; k < 2; k++) {
            measure(&im, size[k][0], size[k][1], total[k]);
        }
        image_finish(&im);
    }
    for (int k = 0; k < 2; k++) {
        printf("%dx%d cells            raster PSNR/SSIM   sub-cell PSNR/SSIM   ms\n", size[k][0], size[k][1]);
        for (int i = 0; i < ROWS; i++) {
            const struct total *t = &total[k][i];
            if (t->n > 0) {
                printf("%-22s %6.2f / %.3f      %6.2f / %.3f   %6.1f\n", rows[i].name, t->raster.psnr / t->n,
                       t->raster.ssim / t->n, t->sub.psnr / t->n, t->sub.ssim / t->n, t->ms / t->n);
            }
        }
    }
    return 0;
}
