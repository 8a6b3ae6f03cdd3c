/* Volumes at the border: loading, what the network gets of them, and maps back onto their grid. */
#include <stdio.h>
#include <string.h>

#include "api/scene.h"
#include "base/file.h"
#include "tensor/npy.h"

/* [C,D,H,W] or [D,H,W]. */
static limn_status from_npy(const char *path, struct volume *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct tensor t = {0};
    TRY(npy_read(path, &t, err));
    const int32_t *d = t.shape.dim, lead = t.shape.rank - 3;
    if (lead != 0 && lead != 1) {
        char text[SHAPE_TEXT_MAX];
        st = err_set(err, LIMN_ERR_SHAPE, "%s: array of %s (expected depth x height x width, channels before)", path,
                     shape_text(&t.shape, text));
        goto out;
    }
    TRY(volume_init(out, lead == 1 ? d[0] : 1, d + lead, err));
    for (size_t i = 0; i < shape_elems(&t.shape); i++) {
        bool fine = t.data[i] - t.data[i] == 0.0f;
        out->v[i] = fine ? t.data[i] : 0.0f;
        out->n_replaced += !fine;
    }
out:
    tensor_finish(&t);
    return st;
}

limn_status limn_volume_load(const limn_model *m, const char *path, limn_volume **out, limn_error *err)
{
    API_NEED(path);
    API_NEED(out);
    limn_status st = LIMN_OK;
    struct file *f = NULL;
    uint8_t head[4] = {0};
    limn_volume *v = mem_zalloc(1, sizeof(*v));
    if (v == NULL) {
        return err_nomem(err, sizeof(*v), "a volume");
    }
    TRY(file_open(path, &f, err));
    if (file_size(f) >= sizeof(head)) {
        TRY(file_read_at(f, 0, head, sizeof(head), err));
    }
    if (nifti_is(head, sizeof(head))) {
        TRY(nifti_read(path, m != NULL ? model_get_card(m->model)->axes : VOLUME_XYZ, &v->v, err));
    } else if (memcmp(head, "\x93NUM", 4) == 0) {
        TRY(from_npy(path, &v->v, err));
    } else {
        st = err_set(err, LIMN_ERR_FORMAT, "%s: offset 0: neither NIfTI-1 nor .npy", path);
        goto out;
    }
    *out = v;
    v = NULL;
out:
    file_close(&f);
    limn_volume_destroy(&v);
    return st;
}

void limn_volume_destroy(limn_volume **v)
{
    if (v != NULL && *v != NULL) {
        volume_finish(&(*v)->v);
        mem_free(*v);
        *v = NULL;
    }
}

limn_status limn_volume_describe(const limn_volume *v, struct limn_volume_info *out, limn_error *err)
{
    API_NEED(v);
    API_NEED(out);
    *out = (struct limn_volume_info){v->v.channels, v->v.size[0],    v->v.size[1],
                                     v->v.size[2],  v->v.has_header, v->v.n_replaced};
    return LIMN_OK;
}

/* ---- input ---- */

/* Black and white: all but the darkest and brightest half of a percent. */
static limn_status find_window(struct explained *x, limn_error *err)
{
    size_t n = volume_plane(&x->volume);
    float *sorted = NULL;
    limn_status st = floats_sorted(x->volume.v, n, &sorted, err);
    if (st == LIMN_OK) {
        x->low = sorted[n / 200];
        x->high = sorted[n - 1 - n / 200];
    }
    mem_free(sorted);
    return st;
}

/* The volume behind preprocessed numbers: v = (x * std + mean) / range. */
static limn_status volume_of_input(const struct model_card *c, const float *cdhw, struct volume *out, limn_error *err)
{
    limn_status st = volume_init(out, c->channels, (int32_t[]){c->depth, c->height, c->width}, err);
    size_t n = st == LIMN_OK ? volume_plane(out) : 0;
    for (size_t i = 0; i < n * (size_t)c->channels; i++) {
        size_t k = i / n;
        out->v[i] = (cdhw[i] * c->std[k] + c->mean[k]) / c->range;
    }
    return st;
}

limn_status volume_input(const struct model *m, const struct volume *in, float *cdhw, struct explained *x,
                         limn_error *err)
{
    limn_status st = LIMN_OK;
    if (in != NULL) {
        TRY(model_preprocess_volume(m, in, cdhw, &x->volume, err));
    } else {
        TRY(volume_of_input(model_get_card(m), cdhw, &x->volume, err));
    }
    TRY(volume_picture(x, err));
out:
    return st;
}

limn_status volume_picture(struct explained *x, limn_error *err)
{
    limn_status st = find_window(x, err);
    return st == LIMN_OK ? slice_picture(x, (struct limn_slice){0, x->volume.size[0] / 2}, &x->picture->im, err) : st;
}

/* ---- output ---- */

limn_status limn_explanation_save_nifti(const limn_explanation *e, struct limn_which which, const limn_volume *grid,
                                        const char *path, unsigned flags, limn_error *err)
{
    API_NEED(e);
    API_NEED(grid);
    API_NEED(path);
    limn_status st = LIMN_OK;
    struct volume low = {0}, full = {0};
    TRY(api_check_which(e, which, err));
    const struct tensor *t = &e->item[which.image].map[which.cls * e->n_method + which.method];
    if (t->shape.rank < 3 || e->item[which.image].volume.v == NULL) {
        return err_set(err, LIMN_ERR_ARG, "%s: the map of a picture (expected a volume's)", path);
    }
    bool channels = t->shape.rank == 4;
    TRY(volume_init(&low, channels ? t->shape.dim[0] : 1, t->shape.dim + channels, err));
    memcpy(low.v, t->data, shape_elems(&t->shape) * sizeof(float));
    TRY(volume_resize(&low, grid->v.size, &full, err));
    full.axes = grid->v.axes;
    full.has_header = grid->v.has_header;
    memcpy(full.header, grid->v.header, sizeof(full.header));
    char what[64];
    snprintf(what, sizeof(what), "%s class %d", e->method[which.method]->name, e->item[which.image].cls[which.cls]);
    TRY(nifti_write(path, &full, what, (flags & LIMN_SAVE_FORCE) != 0, err));
out:
    volume_finish(&low);
    volume_finish(&full);
    return st;
}
