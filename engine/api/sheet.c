/* Finished files at the border: argument checks, then one call down. */
#include <limn/sheet.h>

#include <string.h>

#include "api/api.h"
#include "base/file.h"

enum { LEAST_PX = 224, MOST_PX = 4096, KEY_MAX = 79 };

static int32_t longest_side(const struct limn_sheet_cell *cells, size_t n)
{
    int32_t most = LEAST_PX;
    for (size_t i = 0; i < n; i++) {
        const struct image *im = &cells[i].image->im;
        const int32_t side = im->width > im->height ? im->width : im->height;
        most = side > most ? side : most;
    }
    return most < MOST_PX ? most : MOST_PX;
}

static limn_status convert_cells(const struct limn_sheet_cell *cells, size_t n, struct panel_cell *out, limn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        API_NEED(cells[i].image);
        out[i] = (struct panel_cell){.image = &cells[i].image->im,
                                     .title = cells[i].title,
                                     .caption = cells[i].caption,
                                     .bar = cells[i].colormap ? colormap_find(cells[i].colormap) : NULL,
                                     .bar_min = cells[i].low,
                                     .bar_max = cells[i].high};
        if (cells[i].colormap != NULL && out[i].bar == NULL) {
            return err_set(err, LIMN_ERR_NOT_FOUND, "no such colour map");
        }
    }
    return LIMN_OK;
}

limn_status limn_sheet(const char *title, const struct limn_sheet_cell *cells, size_t n, int32_t columns,
                       int32_t cell_px, limn_image **out, limn_error *err)
{
    API_NEED(cells);
    API_NEED(out);
    limn_status st = LIMN_OK;
    limn_image *image = mem_zalloc(1, sizeof(*image));
    struct panel_cell *cell = mem_zalloc(n > 0 ? n : 1, sizeof(*cell));
    if (image == NULL || cell == NULL) {
        st = err_nomem(err, n * sizeof(*cell), "a sheet");
        goto out;
    }
    TRY(convert_cells(cells, n, cell, err));
    TRY(panel_compose(title, cell, n, columns, cell_px ? cell_px : longest_side(cells, n), &image->im, err));
    *out = image;
    image = NULL;
out:
    mem_free(image); /* a failed sheet leaves no pixels behind */
    mem_free(cell);
    return st;
}

static bool key_fits(const char *key)
{
    const size_t n = key != NULL ? strlen(key) : 0;
    for (size_t i = 0; i < n; i++) {
        if (key[i] < ' ' || key[i] > '~') {
            return false;
        }
    }
    return n >= 1 && n <= KEY_MAX;
}

limn_status limn_image_save_text(const limn_image *picture, const char *path, const struct limn_text *text, size_t n,
                                 unsigned flags, limn_error *err)
{
    API_NEED(picture);
    API_NEED(path);
    if (text == NULL && n > 0) {
        return api_null(err, __func__, "text");
    }
    limn_status st = LIMN_OK;
    struct png_text *own = mem_zalloc(n > 0 ? n : 1, sizeof(*own));
    if (own == NULL) {
        return err_nomem(err, n * sizeof(*own), "PNG text");
    }
    for (size_t i = 0; i < n; i++) {
        if (!key_fits(text[i].key) || text[i].value == NULL) {
            st = err_set(err, LIMN_ERR_ARG, "text %zu: its key (expected 1 to %d signs of ASCII) or its value", i,
                         KEY_MAX);
            goto out;
        }
        own[i] = (struct png_text){text[i].key, text[i].value};
    }
    TRY(image_save_png(path, &picture->im, own, n, (flags & LIMN_SAVE_FORCE) != 0, err));
out:
    mem_free(own);
    return st;
}

limn_status limn_text_save(const char *text, const char *path, unsigned flags, limn_error *err)
{
    API_NEED(text);
    API_NEED(path);
    return file_write_atomic(path, text, strlen(text), (flags & LIMN_SAVE_FORCE) != 0, err);
}
