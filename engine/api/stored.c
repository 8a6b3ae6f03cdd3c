/* Maps that were stored become explanations again: the same struct as limn_explain fills, so that everything that draws
 * one draws the other. */
#include <limn/map.h>

#include <string.h>

#include "api/scene.h"
#include "tensor/npy.h"

enum { BLACK_PX = 224 }; /* longer side of the picture where there is none */

static limn_status shape_error(const char *path, const struct shape *s, const char *expected, limn_error *err)
{
    char text[SHAPE_TEXT_MAX];
    return err_set(err, LIMN_ERR_SHAPE, "%s: array of %s (expected %s)", path, shape_text(s, text), expected);
}

/* A map of a volume has one axis more. */
static limn_status find_method(const struct limn_stored_map *p, const struct shape *s, bool is_volume,
                               const struct method **out, limn_error *err)
{
    const int32_t planes = is_volume ? 3 : 2;
    if (p->method == NULL) {
        return method_resolve(s->rank == planes ? "gradcam" : "gradient", out, err);
    }
    limn_status st = method_resolve(p->method, out, err);
    if (st == LIMN_OK && s->rank != planes + ((*out)->kind == MAP_GRADIENT)) {
        st = shape_error(p->map, s,
                         is_volume ? "a map of a volume, or that of another method"
                                   : "a map of a picture, or that of another method",
                         err);
    }
    return st;
}

static limn_status load_map(const struct limn_stored_map *p, struct tensor *out, limn_error *err)
{
    limn_status st = npy_read(p->map, out, err);
    if (st != LIMN_OK) {
        return st;
    }
    const size_t n = shape_elems(&out->shape);
    if (out->shape.rank < 2 || out->shape.rank > 4 || n == 0) {
        st = shape_error(p->map, &out->shape, "height x width, channels or depth before", err);
        tensor_finish(out);
        return st;
    }
    for (size_t i = 0; i < n; i++) {
        out->data[i] = out->data[i] - out->data[i] == 0.0f ? out->data[i] : 0.0f;
    }
    return LIMN_OK;
}

/* A picture, unless the path names an array. */
static limn_status load_input(const struct limn_stored_map *p, struct explained *x, limn_error *err)
{
    const size_t n = strlen(p->input);
    limn_volume *v = NULL;
    if (n < 4 || strcmp(p->input + n - 4, ".npy") != 0) {
        return limn_image_load(p->input, NULL, &x->picture, err);
    }
    limn_status st = limn_volume_load(NULL, p->input, &v, err);
    if (st == LIMN_OK) {
        x->volume = v->v;
        v->v = (struct volume){0};
        limn_volume_destroy(&v);
        x->picture = mem_zalloc(1, sizeof(*x->picture));
        st = x->picture != NULL ? volume_picture(x, err) : err_nomem(err, sizeof(*x->picture), "a picture");
    }
    return st;
}

/* Black, so that views of the map alone have a size. A map of a volume gets a black volume of its own size. */
static limn_status make_input(const struct shape *s, bool is_volume, struct explained *x, limn_error *err)
{
    x->picture = mem_zalloc(1, sizeof(*x->picture));
    if (x->picture == NULL) {
        return err_nomem(err, sizeof(*x->picture), "a picture");
    }
    const int32_t *d = s->dim + s->rank;
    if (is_volume) {
        limn_status st = volume_init(&x->volume, 1, d - 3, err);
        return st == LIMN_OK ? volume_picture(x, err) : st;
    }
    const int32_t longer = d[-1] > d[-2] ? d[-1] : d[-2];
    const int64_t zoom = longer < BLACK_PX ? BLACK_PX / longer : 1;
    return image_init(&x->picture->im, (int32_t)(d[-1] * zoom), (int32_t)(d[-2] * zoom), err);
}

/* Whether a map without an input belongs to a volume: told by the method, else three axes are a gradient's when the
 * first is of channels. */
static bool of_volume(const struct limn_stored_map *p, const struct shape *s)
{
    const struct method *m = p->method != NULL ? method_find(p->method) : NULL;
    if (m != NULL) {
        return s->rank == (m->kind == MAP_CAM ? 3 : 4);
    }
    return s->rank == 4 || (s->rank == 3 && s->dim[0] != 1 && s->dim[0] != 3);
}

static limn_status alloc_one(limn_explanation **out, limn_error *err)
{
    limn_explanation *e = mem_zalloc(1, sizeof(*e));
    if (e == NULL) {
        return err_nomem(err, sizeof(*e), "an explanation");
    }
    *out = e;
    e->method = mem_zalloc(1, sizeof(*e->method));
    e->layers = mem_strdup("");
    e->item = mem_zalloc(1, sizeof(*e->item));
    if (e->method == NULL || e->layers == NULL || e->item == NULL) {
        return err_nomem(err, sizeof(*e->item), "an explanation");
    }
    e->n_item = 1;
    e->n_method = 1;
    struct explained *x = &e->item[0];
    x->cls = mem_zalloc(1, sizeof(*x->cls));
    x->map = mem_zalloc(1, sizeof(*x->map));
    if (x->cls == NULL || x->map == NULL) {
        return err_nomem(err, sizeof(*x->map), "a map");
    }
    x->n_cls = 1;
    return LIMN_OK;
}

limn_status limn_explanation_load(const struct limn_stored_map *p, limn_explanation **out, limn_error *err)
{
    API_NEED(p);
    API_NEED(out);
    API_NEED(p->map);
    limn_status st = LIMN_OK;
    limn_explanation *e = NULL;
    TRY(alloc_one(&e, err));
    struct explained *x = &e->item[0];
    x->cls[0] = p->cls;
    TRY(load_map(p, &x->map[0], err));
    const struct shape *s = &x->map[0].shape;
    if (p->picture != NULL) {
        const struct image *im = &p->picture->im;
        TRY(limn_image_create(im->width, im->height, im->rgb, &x->picture, err));
    } else if (p->input != NULL) {
        TRY(load_input(p, x, err));
    } else {
        TRY(make_input(s, of_volume(p, s), x, err));
    }
    TRY(find_method(p, s, x->volume.v != NULL, &e->method[0], err));
    *out = e;
    e = NULL;
out:
    limn_explanation_destroy(&e);
    return st;
}

limn_status limn_model_picture(const limn_model *m, const limn_image *image, limn_image **out, limn_error *err)
{
    API_NEED(m);
    API_NEED(image);
    API_NEED(out);
    const struct model_card *c = model_get_card(m->model);
    if (c->depth > 0) {
        return err_set(err, LIMN_ERR_ARG, "%s takes volumes (found a picture)", m->name);
    }
    const size_t n = (size_t)c->channels * (size_t)c->height * (size_t)c->width;
    float *input = mem_alloc(n, sizeof(*input));
    limn_image *seen = mem_zalloc(1, sizeof(*seen));
    limn_status st = input != NULL && seen != NULL ? LIMN_OK : err_nomem(err, n * sizeof(*input), "a picture");
    st = st == LIMN_OK ? model_preprocess(m->model, &image->im, input, &seen->im, err) : st;
    mem_free(input);
    if (st == LIMN_OK) {
        *out = seen;
    } else {
        limn_image_destroy(&seen);
    }
    return st;
}

limn_status limn_explanation_save_input(const limn_explanation *e, size_t image, const char *path, unsigned flags,
                                        limn_error *err)
{
    API_NEED(e);
    API_NEED(path);
    if (image >= e->n_item) {
        return err_set(err, LIMN_ERR_ARG, "image index (found %zu, expected below %zu)", image, e->n_item);
    }
    const struct explained *x = &e->item[image];
    if (x->volume.v == NULL) {
        return limn_image_save(x->picture, path, flags, err);
    }
    const int32_t *d = x->volume.size;
    const struct shape s = {4, {x->volume.channels, d[0], d[1], d[2]}};
    return npy_write(path, &s, x->volume.v, (flags & LIMN_SAVE_FORCE) != 0, err);
}

void limn_explanation_volume_size(const limn_explanation *e, size_t image, int32_t size[3])
{
    memset(size, 0, 3 * sizeof(*size));
    if (e != NULL && image < e->n_item && e->item[image].volume.v != NULL) {
        memcpy(size, e->item[image].volume.size, 3 * sizeof(*size));
    }
}
