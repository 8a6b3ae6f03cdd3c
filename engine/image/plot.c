/* Line plots and confusion matrices. Ticks stand at 1, 2 or 5 times a power of ten (Heckbert's "nice numbers"); lines
 * are drawn with coverage by distance, so that they are smooth. */
#include "image/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { TEXT_SCALE = 1, TICKS = 6, MARGIN = 10, CELL_MIN = 8, CELL_MAX = 56, LABEL_MAX = 14, SIDE_MAX = 4000 };

static const struct rgb ink = {40, 40, 40}, grid = {225, 225, 225};
static const struct rgb palette[] = {{31, 119, 180}, {214, 39, 40}, {44, 160, 44}, {148, 103, 189}, {255, 127, 14}};

struct axes {
    int32_t left, top, right, bottom; /* pixels of the frame */
    double x0, x1, y0, y1;
};

static void blend(struct image *im, int32_t x, int32_t y, struct rgb c, double part)
{
    if (x < 0 || y < 0 || x >= im->width || y >= im->height || !(part > 0)) {
        return;
    }
    uint8_t *p = im->rgb + 3 * ((size_t)y * (size_t)im->width + (size_t)x);
    const uint8_t v[3] = {c.r, c.g, c.b};
    part = part > 1 ? 1 : part;
    for (int i = 0; i < 3; i++) {
        p[i] = (uint8_t)lround((1 - part) * p[i] + part * v[i]);
    }
}

static void fill(struct image *im, int32_t x0, int32_t y0, int32_t x1, int32_t y1, struct rgb c)
{
    for (int32_t y = y0; y < y1; y++) {
        for (int32_t x = x0; x < x1; x++) {
            blend(im, x, y, c, 1);
        }
    }
}

static void line(struct image *im, double ax, double ay, double bx, double by, double width, struct rgb c)
{
    double dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy, reach = width / 2 + 1;
    for (int32_t y = (int32_t)floor(fmin(ay, by) - reach); y <= (int32_t)ceil(fmax(ay, by) + reach); y++) {
        for (int32_t x = (int32_t)floor(fmin(ax, bx) - reach); x <= (int32_t)ceil(fmax(ax, bx) + reach); x++) {
            double t = length > 0 ? fmin(fmax(((x - ax) * dx + (y - ay) * dy) / length, 0), 1) : 0;
            blend(im, x, y, c, width / 2 + 0.5 - hypot(x - ax - t * dx, y - ay - t * dy));
        }
    }
}

/* A step of 1, 2 or 5 times a power of ten that gives about TICKS ticks. */
static double nice_step(double span)
{
    double rough = span / TICKS, power = pow(10, floor(log10(rough))), part = rough / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static double x_of(const struct plot_curve *c, size_t i)
{
    return c->x ? c->x[i] : (double)(i + 1);
}

static void find_range(const struct plot *p, struct axes *a)
{
    a->x0 = a->y0 = INFINITY;
    a->x1 = a->y1 = -INFINITY;
    for (size_t k = 0; k < p->n_curve; k++) {
        for (size_t i = 0; i < p->curve[k].n; i++) {
            double x = x_of(&p->curve[k], i), y = p->curve[k].y[i];
            if (isfinite(x) && isfinite(y)) {
                a->x0 = fmin(a->x0, x);
                a->x1 = fmax(a->x1, x);
                a->y0 = fmin(a->y0, y);
                a->y1 = fmax(a->y1, y);
            }
        }
    }
    if (p->x_min != p->x_max || !(a->x0 <= a->x1)) {
        a->x0 = p->x_min != p->x_max ? p->x_min : 0;
        a->x1 = p->x_min != p->x_max ? p->x_max : 1;
    }
    if (p->y_min != p->y_max || !(a->y0 <= a->y1)) {
        a->y0 = p->y_min != p->y_max ? p->y_min : 0;
        a->y1 = p->y_min != p->y_max ? p->y_max : 1;
    }
    if (!(a->x1 - a->x0 > 1e-12 * fabs(a->x1))) {
        a->x0 -= 0.5;
        a->x1 += 0.5;
    }
    double room = 0.05 * (a->y1 - a->y0);
    room = room > 1e-12 * fabs(a->y1) ? room : fmax(0.05 * fabs(a->y1), 1e-6);
    if (p->y_min == p->y_max) {
        a->y0 -= room;
        a->y1 += room;
    }
}

static double to_x(const struct axes *a, double x)
{
    return a->left + (x - a->x0) / (a->x1 - a->x0) * (a->right - a->left);
}

static double to_y(const struct axes *a, double y)
{
    return a->bottom - (y - a->y0) / (a->y1 - a->y0) * (a->bottom - a->top);
}

static void tick_text(double v, double step, char *buf, size_t size)
{
    snprintf(buf, size, "%.*g", 6, fabs(v) < step / 1e6 ? 0.0 : v);
}

static void draw_ticks(struct image *im, const struct axes *a)
{
    char text[32];
    double step = nice_step(a->x1 - a->x0);
    for (double v = ceil(a->x0 / step) * step; v <= a->x1 + step / 1e6; v += step) {
        int32_t x = (int32_t)lround(to_x(a, v));
        fill(im, x, a->top, x + 1, a->bottom, grid);
        tick_text(v, step, text, sizeof(text));
        text_draw(im, x - text_width(text, TEXT_SCALE) / 2, a->bottom + 5, TEXT_SCALE, ink, text);
    }
    step = nice_step(a->y1 - a->y0);
    for (double v = ceil(a->y0 / step) * step; v <= a->y1 + step / 1e6; v += step) {
        int32_t y = (int32_t)lround(to_y(a, v));
        fill(im, a->left, y, a->right, y + 1, grid);
        tick_text(v, step, text, sizeof(text));
        text_draw(im, a->left - 5 - text_width(text, TEXT_SCALE), y - text_height(TEXT_SCALE) / 2, TEXT_SCALE, ink,
                  text);
    }
    fill(im, a->left, a->top, a->left + 1, a->bottom + 1, ink);
    fill(im, a->left, a->bottom, a->right + 1, a->bottom + 1, ink);
}

static struct rgb colour_of(const struct plot *p, size_t k)
{
    struct rgb c = p->curve[k].colour;
    return c.r || c.g || c.b ? c : palette[k % (sizeof(palette) / sizeof(palette[0]))];
}

static void draw_curve(struct image *im, const struct plot *p, size_t k, const struct axes *a)
{
    const struct plot_curve *c = &p->curve[k];
    double px = NAN, py = NAN;
    for (size_t i = 0; i < c->n; i++) {
        double x = to_x(a, x_of(c, i)), y = to_y(a, c->y[i]);
        if (isfinite(x) && isfinite(y)) {
            y = fmin(fmax(y, a->top), a->bottom);
            x = fmin(fmax(x, a->left), a->right);
        }
        if (isfinite(px + py + x + y)) {
            line(im, px, py, x, y, 1.6, colour_of(p, k));
        }
        if (isfinite(x + y) && (c->dots || c->n == 1)) {
            line(im, x, y, x, y, 5, colour_of(p, k));
        }
        px = x;
        py = y;
    }
}

static void draw_legend(struct image *im, const struct plot *p, const struct axes *a)
{
    int32_t widest = 0, row = text_height(TEXT_SCALE) + 6, named = 0;
    for (size_t k = 0; k < p->n_curve; k++) {
        int32_t w = p->curve[k].name ? text_width(p->curve[k].name, TEXT_SCALE) : 0;
        widest = w > widest ? w : widest;
        named += p->curve[k].name != NULL;
    }
    int32_t x = a->right - widest - 36, y = a->top + 6;
    if (!named) {
        return;
    }
    fill(im, x - 6, y - 4, a->right - 3, y + named * row, (struct rgb){255, 255, 255});
    for (size_t k = 0; k < p->n_curve; k++) {
        if (p->curve[k].name) {
            int32_t mid = y + text_height(TEXT_SCALE) / 2;
            line(im, x, mid, x + 20, mid, 2, colour_of(p, k));
            text_draw(im, x + 26, y, TEXT_SCALE, ink, p->curve[k].name);
            y += row;
        }
    }
}

static limn_status blank(struct image *im, int32_t width, int32_t height, limn_error *err)
{
    limn_status st = image_init(im, width, height, err);
    if (st == LIMN_OK) {
        memset(im->rgb, 255, 3 * (size_t)width * (size_t)height);
    }
    return st;
}

limn_status plot_draw(const struct plot *p, struct image *out, limn_error *err)
{
    struct image im = {0};
    int32_t width = p->width ? p->width : 640, height = p->height ? p->height : 400, row = text_height(TEXT_SCALE);
    if (width < 160 || height < 120 || width > SIDE_MAX || height > SIDE_MAX) {
        return err_set(err, LIMN_ERR_ARG, "plot of %dx%d (expected 160x120 to %dx%d)", width, height, SIDE_MAX,
                       SIDE_MAX);
    }
    limn_status st = blank(&im, width, height, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct axes a = {.left = 64, .top = 2 * MARGIN + 2 * row, .right = width - 2 * MARGIN, .bottom = height - 40};
    find_range(p, &a);
    draw_ticks(&im, &a);
    for (size_t k = 0; k < p->n_curve; k++) {
        draw_curve(&im, p, k, &a);
    }
    draw_legend(&im, p, &a);
    if (p->title) {
        text_draw(&im, a.left, MARGIN, TEXT_SCALE, ink, p->title);
    }
    if (p->y_name) {
        text_draw(&im, MARGIN, MARGIN + row + 6, TEXT_SCALE, ink, p->y_name);
    }
    if (p->x_name) {
        text_draw(&im, a.right - text_width(p->x_name, TEXT_SCALE), height - row - 6, TEXT_SCALE, ink, p->x_name);
    }
    *out = im;
    return LIMN_OK;
}

/* --- confusion matrices --- */

static void label_of(const char *const *name, int32_t i, char *buf, size_t size)
{
    if (name) {
        snprintf(buf, size, "%.*s", LABEL_MAX, name[i]);
    } else {
        snprintf(buf, size, "%d", i);
    }
}

static void draw_cell(struct image *im, int32_t x, int32_t y, int32_t cell, uint64_t v, uint64_t row_sum)
{
    double part = row_sum ? (double)v / (double)row_sum : 0;
    struct rgb back = {(uint8_t)lround(255 - 224 * part), (uint8_t)lround(255 - 136 * part),
                       (uint8_t)lround(255 - 75 * part)};
    char text[24];
    fill(im, x + 1, y + 1, x + cell, y + cell, back);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
    if (v && text_width(text, TEXT_SCALE) < cell - 2 && text_height(TEXT_SCALE) < cell - 2) {
        text_draw(im, x + (cell - text_width(text, TEXT_SCALE)) / 2, y + (cell - text_height(TEXT_SCALE)) / 2,
                  TEXT_SCALE, part > 0.5 ? (struct rgb){255, 255, 255} : ink, text);
    }
}

limn_status plot_confusion(const char *title, const uint64_t *count, int32_t n, const char *const *name,
                           struct image *out, limn_error *err)
{
    struct image im = {0};
    char text[64];
    int32_t row = text_height(TEXT_SCALE), side = 0, cell = n > 0 ? 1000 / n : 0;
    cell = cell > CELL_MAX ? CELL_MAX : cell < CELL_MIN ? CELL_MIN : cell;
    if (n < 1 || n > SIDE_MAX / cell - 40) {
        return err_set(err, LIMN_ERR_ARG, "confusion matrix of %d classes (expected 1 to %d)", n, SIDE_MAX / cell - 40);
    }
    for (int32_t i = 0; i < n; i++) {
        label_of(name, i, text, sizeof(text));
        side = text_width(text, TEXT_SCALE) > side ? text_width(text, TEXT_SCALE) : side;
    }
    int32_t left = side + 2 * MARGIN, top = 3 * MARGIN + 2 * row, labelled = cell > row;
    limn_status st = blank(&im, left + n * cell + MARGIN + 1, top + n * cell + MARGIN + 1, err);
    if (st != LIMN_OK) {
        return st;
    }
    fill(&im, left, top, left + n * cell + 1, top + n * cell + 1, grid);
    for (int32_t i = 0; i < n; i++) {
        uint64_t sum = 0;
        for (int32_t k = 0; k < n; k++) {
            sum += count[i * n + k];
        }
        for (int32_t k = 0; k < n; k++) {
            draw_cell(&im, left + k * cell, top + i * cell, cell, count[i * n + k], sum);
        }
        label_of(name, i, text, sizeof(text));
        if (labelled) {
            text_draw(&im, left - 6 - text_width(text, TEXT_SCALE), top + i * cell + (cell - row) / 2, TEXT_SCALE, ink,
                      text);
        }
        snprintf(text, sizeof(text), "%d", i);
        if (text_width(text, TEXT_SCALE) < cell) {
            text_draw(&im, left + i * cell + (cell - text_width(text, TEXT_SCALE)) / 2, top - row - 4, TEXT_SCALE, ink,
                      text);
        }
    }
    text_draw(&im, MARGIN, MARGIN, TEXT_SCALE, ink, title ? title : "rows: truth, columns: answer");
    *out = im;
    return LIMN_OK;
}
