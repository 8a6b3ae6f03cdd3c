/* Titled pictures side by side. Sizes follow the cell: text is scaled to stay readable, margins are even. */
#include "image/image.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT 128

static const struct rgb ink = {38, 38, 42}, faint = {110, 110, 118};

struct layout {
    int32_t columns, rows, cell, margin, gap, scale;
    int32_t head, title, caption, bar; /* heights of: sheet title, cell title, caption, colour bar */
    int32_t width, height;
};

static int32_t line_height(int32_t scale)
{
    return text_height(scale) + 3 * scale;
}

/* Height of one row of cells: what its tallest cell needs. */
static int32_t row_height(const struct layout *l, const struct panel_cell *cells, size_t n)
{
    int32_t below = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t h = (cells[i].bar ? l->bar : 0) + (cells[i].caption ? l->caption : 0);
        below = h > below ? h : below;
    }
    return l->title + l->cell + below;
}

static size_t row_cells(const struct layout *l, size_t n, int32_t row)
{
    size_t left = n - (size_t)row * (size_t)l->columns;
    return left < (size_t)l->columns ? left : (size_t)l->columns;
}

static void measure(struct layout *l, const char *title, const struct panel_cell *cells, size_t n, int32_t columns,
                    int32_t cell_px)
{
    l->columns = columns < 1 ? 1 : (size_t)columns > n ? (int32_t)n : columns;
    l->rows = (int32_t)((n + (size_t)l->columns - 1) / (size_t)l->columns);
    l->cell = cell_px;
    l->scale = cell_px >= 200 ? cell_px / 160 + (cell_px < 320) : 1;
    l->margin = l->gap = cell_px / 16 < 6 ? 6 : cell_px / 16;
    l->head = title ? line_height(l->scale) + l->gap : 0;
    l->caption = line_height(l->scale);
    l->bar = 3 * l->scale + cell_px / 20 + line_height(l->scale);
    for (size_t i = 0; i < n; i++) {
        l->title = cells[i].title ? line_height(l->scale) : l->title;
    }
    l->width = 2 * l->margin + l->columns * l->cell + (l->columns - 1) * l->gap;
    l->height = 2 * l->margin + l->head + (l->rows - 1) * l->gap;
    for (int32_t r = 0; r < l->rows; r++) {
        l->height += row_height(l, cells + (size_t)r * (size_t)l->columns, row_cells(l, n, r));
    }
}

/* Draws text clipped to `width`, the end replaced by "..." when it does not fit; align 0 left, 1 centre, 2 right. */
static void draw_line(struct image *im, int32_t x, int32_t y, int32_t width, int32_t scale, int align,
                      struct rgb colour, const char *text)
{
    char fit[MAX_TEXT];
    snprintf(fit, sizeof(fit), "%s", text);
    for (size_t n = strlen(fit); text_width(fit, scale) > width && n > 3; n--) {
        memcpy(fit + n - 4, "...", 4);
    }
    int32_t slack = width - text_width(fit, scale);
    text_draw(im, x + (slack > 0 ? slack * align / 2 : 0), y, scale, colour, fit);
}

static void paste(struct image *dst, int32_t x, int32_t y, const struct image *src)
{
    for (int32_t j = 0; j < src->height; j++) {
        memcpy(dst->rgb + 3 * ((size_t)(y + j) * (size_t)dst->width + (size_t)x),
               src->rgb + 3 * (size_t)j * (size_t)src->width, 3 * (size_t)src->width);
    }
}

/* A light line just outside a picture, so that white ones keep an edge. */
static void draw_frame(struct image *im, int32_t x, int32_t y, int32_t width, int32_t height)
{
    for (int32_t j = y - 1; j <= y + height; j++) {
        bool edge = j < y || j == y + height;
        for (int32_t i = x - 1; i <= x + width; i += edge ? 1 : width + 1) {
            memset(im->rgb + 3 * ((size_t)j * (size_t)im->width + (size_t)i), 214, 3);
        }
    }
}

static void draw_bar(struct image *im, const struct layout *l, int32_t x, int32_t y, const struct panel_cell *c)
{
    char text[32];
    int32_t height = l->cell / 20;
    y += 3 * l->scale;
    draw_frame(im, x, y, l->cell, height);
    for (int32_t i = 0; i < l->cell; i++) {
        for (int32_t j = 0; j < height; j++) {
            double t = l->cell > 1 ? (double)i / (l->cell - 1) : 0.0;
            c->bar->at(t, im->rgb + 3 * ((size_t)(y + j) * (size_t)im->width + (size_t)(x + i)));
        }
    }
    y += height + 2 * l->scale;
    snprintf(text, sizeof(text), "%.3g", c->bar_min);
    draw_line(im, x, y, l->cell / 2, l->scale, 0, faint, text);
    snprintf(text, sizeof(text), "%.3g", c->bar_max);
    draw_line(im, x + l->cell / 2, y, l->cell - l->cell / 2, l->scale, 2, faint, text);
}

/* The picture scaled to fit the cell, keeping its proportions, centred. Small maps keep their pixels visible. */
static limn_status draw_picture(struct image *im, const struct layout *l, int32_t x, int32_t y, const struct image *src,
                                limn_error *err)
{
    struct image fit = {0};
    int32_t most = src->width > src->height ? src->width : src->height;
    int32_t w = (int32_t)((int64_t)src->width * l->cell / most), h = (int32_t)((int64_t)src->height * l->cell / most);
    w = w < 1 ? 1 : w;
    h = h < 1 ? 1 : h;
    x += (l->cell - w) / 2;
    y += (l->cell - h) / 2;
    draw_frame(im, x, y, w, h);
    enum resize_filter f = 4 * most <= l->cell ? RESIZE_NEAREST : RESIZE_BICUBIC;
    if (most == l->cell) {
        paste(im, x, y, src);
        return LIMN_OK;
    }
    limn_status st = image_resize(src, w, h, f, true, &fit, err);
    if (st == LIMN_OK) {
        paste(im, x, y, &fit);
        image_finish(&fit);
    }
    return st;
}

static limn_status draw_cell(struct image *im, const struct layout *l, int32_t x, int32_t y, const struct panel_cell *c,
                             limn_error *err)
{
    if (c->title) {
        draw_line(im, x, y, l->cell, l->scale, 1, ink, c->title);
    }
    y += l->title;
    limn_status st = draw_picture(im, l, x, y, c->image, err);
    y += l->cell;
    if (c->bar) {
        draw_bar(im, l, x, y, c);
    }
    if (c->caption) {
        draw_line(im, x, y + (c->bar ? l->bar : 0) + 3 * l->scale, l->cell, l->scale, 1, faint, c->caption);
    }
    return st;
}

limn_status panel_compose(const char *title, const struct panel_cell *cells, size_t n, int32_t columns, int32_t cell_px,
                          struct image *out, limn_error *err)
{
    struct layout l = {0};
    struct image r = {0};
    if (n < 1 || n > 4096 || cell_px < 16 || cell_px > 4096) {
        return err_set(err, LIMN_ERR_ARG,
                       "panel of %zu cells of %d pixels (expected 1 to 4096 cells, 16 to 4096 pixels)", n, cell_px);
    }
    measure(&l, title, cells, n, columns, cell_px);
    limn_status st = image_init(&r, l.width, l.height, err);
    if (st != LIMN_OK) {
        return st;
    }
    memset(r.rgb, 255, 3 * (size_t)r.width * (size_t)r.height);
    if (title) {
        draw_line(&r, l.margin, l.margin, l.width - 2 * l.margin, l.scale, 1, ink, title);
    }
    int32_t y = l.margin + l.head;
    for (int32_t row = 0; row < l.rows; row++) {
        const struct panel_cell *first = cells + (size_t)row * (size_t)l.columns;
        size_t count = row_cells(&l, n, row);
        for (size_t i = 0; i < count && st == LIMN_OK; i++) {
            st = draw_cell(&r, &l, l.margin + (int32_t)i * (l.cell + l.gap), y, &first[i], err);
        }
        y += row_height(&l, first, count) + l.gap;
    }
    if (st != LIMN_OK) {
        image_finish(&r);
        return st;
    }
    *out = r;
    return LIMN_OK;
}
