/* Slices of a volume as pictures: one, or several in a sheet. */
#include <stdio.h>

#include "api/scene.h"

enum { MONTAGE_DEFAULT = 16, CELL_PX = 160 };

static limn_status check_volume(const limn_explanation *e, struct limn_which which, struct limn_slice slice,
                                limn_error *err)
{
    limn_status st = api_check_which(e, which, err);
    if (st != LIMN_OK) {
        return st;
    }
    const struct volume *v = &e->item[which.image].volume;
    if (v->v == NULL) {
        return err_set(err, LIMN_ERR_ARG, "slices of a picture (expected a volume)");
    }
    if (slice.axis < 0 || slice.axis > 2) {
        return err_set(err, LIMN_ERR_ARG, "slice across axis %d (expected 0 to 2)", slice.axis);
    }
    if (slice.index < 0 || slice.index >= v->size[slice.axis]) {
        return err_set(err, LIMN_ERR_ARG, "slice %d across axis %d (expected 0 to %d)", slice.index, slice.axis,
                       v->size[slice.axis] - 1);
    }
    return LIMN_OK;
}

limn_status limn_explanation_slice(const limn_explanation *e, struct limn_which which, int32_t axis,
                                   struct limn_slice *out, limn_error *err)
{
    API_NEED(e);
    API_NEED(out);
    limn_status st = check_volume(e, which, (struct limn_slice){axis < 0 ? 0 : axis, 0}, err);
    if (st != LIMN_OK) {
        return st;
    }
    const struct scene s = {.e = e,
                            .item = &e->item[which.image],
                            .map = &e->item[which.image].map[which.cls * e->n_method + which.method],
                            .method = e->method[which.method]};
    return slice_strongest(&s, axis, out, err);
}

limn_status limn_render_slice(const limn_explanation *e, struct limn_which which, struct limn_slice slice,
                              const struct limn_render_params *p, limn_image **out, limn_error *err)
{
    API_NEED(e);
    API_NEED(out);
    limn_status st = check_volume(e, which, slice, err);
    const struct limn_drawing d = {.render = p ? *p : (struct limn_render_params){0}, .slice = &slice};
    return st == LIMN_OK ? scene_render(e, which, &d, out, NULL, err) : st;
}

/* Cells in rows of about the same width and height. */
static int32_t columns_of(int32_t n)
{
    int32_t columns = 1;
    while (columns * columns < n) {
        columns++;
    }
    return columns;
}

limn_status limn_render_montage(const limn_explanation *e, struct limn_which which, int32_t axis, int32_t n,
                                const struct limn_render_params *p, limn_image **out, limn_error *err)
{
    API_NEED(e);
    API_NEED(out);
    limn_status st = LIMN_OK;
    TRY(check_volume(e, which, (struct limn_slice){axis, 0}, err));
    int32_t all = e->item[which.image].volume.size[axis];
    n = n <= 0 ? MONTAGE_DEFAULT : n;
    n = n < all ? n : all;
    limn_image **image = mem_zalloc((size_t)n, sizeof(*image)), *sheet = mem_zalloc(1, sizeof(*sheet));
    struct panel_cell *cell = mem_zalloc((size_t)n, sizeof(*cell));
    char(*title)[32] = mem_zalloc((size_t)n, sizeof(*title)), heading[128];
    if (image == NULL || sheet == NULL || cell == NULL || title == NULL) {
        st = err_nomem(err, (size_t)n * sizeof(*cell), "a montage");
        goto done;
    }
    int32_t side = CELL_PX;
    for (int32_t i = 0; i < n && st == LIMN_OK; i++) {
        struct limn_slice slice = {axis, (int32_t)(((int64_t)2 * i + 1) * all / (2 * n))};
        const struct limn_drawing d = {.render = p ? *p : (struct limn_render_params){0}, .slice = &slice};
        st = scene_render(e, which, &d, &image[i], NULL, err);
        if (st == LIMN_OK) {
            snprintf(title[i], sizeof(title[i]), "%s %d", (const char *[]){"depth", "height", "width"}[axis],
                     slice.index);
            cell[i] = (struct panel_cell){.image = &image[i]->im, .title = title[i]};
            side = image[i]->im.width > side ? image[i]->im.width : side;
            side = image[i]->im.height > side ? image[i]->im.height : side;
        }
    }
    if (st == LIMN_OK) {
        snprintf(heading, sizeof(heading), "%s, class %d", e->method[which.method]->title,
                 e->item[which.image].cls[which.cls]);
        st = panel_compose(heading, cell, (size_t)n, columns_of(n), side, &sheet->im, err);
    }
    if (st == LIMN_OK) {
        *out = sheet;
        sheet = NULL;
    }
done:
    for (int32_t i = 0; image != NULL && i < n; i++) {
        limn_image_destroy(&image[i]);
    }
    mem_free(image);
    mem_free(cell);
    mem_free(title);
    mem_free(sheet);
out:
    return st;
}
