/* Annotations in COCO's JSON (images, annotations, categories) as MIDOG uses it. A box is [x, y, width, height]; files
 * of MIDOG 2021 hold [left, top, right, bottom] instead: a file counts as such when not all of its boxes can be the
 * former and all can be the latter. Every number is checked before it is used. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "data/pictures.h"

enum { MAX_DEPTH = 16, MAX_SIDE = 1 << 20, MAX_BOX = 8192 };

struct raw { /* an annotation before its picture and kind of box are known */
    double v[4];
    uint32_t image;
    int32_t label;
    size_t number; /* in the file */
};

struct parser {
    const char *name;
    struct coco *c;
    int64_t *category; /* ids, sorted; label = place */
    struct raw *raw;
    limn_error *err;
};

static limn_status bad(const struct parser *p, const char *list, size_t i, const char *what)
{
    return err_set(p->err, LIMN_ERR_FORMAT, "%s: %s[%zu]: %s", p->name, list, i, what);
}

static bool get_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
        return false;
    }
    *out = json_integer_value(v);
    return true;
}

static limn_status get_list(struct parser *p, const json_t *root, const char *key, const json_t **out)
{
    *out = json_object_get(root, key);
    if (!json_is_array(*out) || json_array_size(*out) == 0 || json_array_size(*out) > INT32_MAX) {
        return err_set(p->err, LIMN_ERR_FORMAT, "%s: no list \"%s\" with something in it", p->name, key);
    }
    return LIMN_OK;
}

/* ---- categories ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int32_t find_id(const int64_t *ids, size_t n, int64_t id)
{
    const int64_t *found = bsearch(&id, ids, n, sizeof(*ids), by_id);
    return found ? (int32_t)(found - ids) : -1;
}

static limn_status read_categories(struct parser *p, const json_t *list)
{
    size_t n = json_array_size(list);
    limn_status st = LIMN_OK;
    if (n > DATA_MAX_CLASSES) {
        return bad(p, "categories", DATA_MAX_CLASSES, "too many");
    }
    p->category = mem_alloc(n, sizeof(*p->category));
    p->c->class_name = arena_alloc(&p->c->arena, n, sizeof(*p->c->class_name));
    if (!p->category || !p->c->class_name) {
        return err_nomem(p->err, n * 16, "categories");
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(list, i);
        if (!json_is_string(json_object_get(e, "name")) || !get_int(e, "id", INT32_MIN, INT32_MAX, &p->category[i])) {
            TRY(bad(p, "categories", i, "expected an id and a name"));
        }
    }
    qsort(p->category, n, sizeof(*p->category), by_id);
    for (size_t i = 1; i < n; i++) {
        if (p->category[i] == p->category[i - 1]) {
            TRY(err_set(p->err, LIMN_ERR_FORMAT, "%s: categories: id %lld is there twice", p->name,
                        (long long)p->category[i]));
        }
    }
    for (size_t i = 0; i < n; i++) {
        int64_t id = 0;
        const json_t *e = json_array_get(list, i);
        get_int(e, "id", INT32_MIN, INT32_MAX, &id);
        int32_t label = find_id(p->category, n, id);
        p->c->class_name[label] = arena_strdup(&p->c->arena, json_string_value(json_object_get(e, "name")));
        if (!p->c->class_name[label]) {
            TRY(err_nomem(p->err, n, "categories"));
        }
    }
    p->c->n_classes = (int32_t)n;
out:
    return st;
}

/* ---- images ---- */

static int by_image_id(const void *a, const void *b)
{
    return by_id(&((const struct coco_image *)a)->id, &((const struct coco_image *)b)->id);
}

static limn_status read_image(struct parser *p, const json_t *e, size_t i, struct coco_image *out)
{
    int64_t width = 0, height = 0;
    const char *file = json_string_value(json_object_get(e, "file_name"));
    if (!file || !get_int(e, "id", INT64_MIN, INT64_MAX, &out->id)) {
        return bad(p, "images", i, "expected an id and a file_name");
    }
    if (!is_inner_path(file) || strlen(file) >= 1024) {
        return bad(p, "images", i, "file_name leads out of the folder");
    }
    if ((json_object_get(e, "width") && !get_int(e, "width", 1, MAX_SIDE, &width)) ||
        (json_object_get(e, "height") && !get_int(e, "height", 1, MAX_SIDE, &height))) {
        return bad(p, "images", i, "width or height is no size");
    }
    out->width = (int32_t)width;
    out->height = (int32_t)height;
    out->file = arena_strdup(&p->c->arena, file);
    return out->file ? LIMN_OK : err_nomem(p->err, strlen(file), "images");
}

static limn_status read_images(struct parser *p, const json_t *list)
{
    size_t n = json_array_size(list);
    limn_status st = LIMN_OK;
    p->c->image = mem_zalloc(n, sizeof(*p->c->image));
    if (!p->c->image) {
        return err_nomem(p->err, n * sizeof(*p->c->image), "images");
    }
    p->c->n_images = n;
    for (size_t i = 0; i < n; i++) {
        TRY(read_image(p, json_array_get(list, i), i, &p->c->image[i]));
    }
    qsort(p->c->image, n, sizeof(*p->c->image), by_image_id);
    for (size_t i = 1; i < n; i++) {
        if (p->c->image[i].id == p->c->image[i - 1].id) {
            TRY(err_set(p->err, LIMN_ERR_FORMAT, "%s: images: id %lld is there twice", p->name,
                        (long long)p->c->image[i].id));
        }
    }
out:
    return st;
}

/* ---- annotations ---- */

static limn_status read_raw(struct parser *p, const json_t *e, size_t i, struct raw *out)
{
    int64_t id;
    const json_t *box = json_object_get(e, "bbox");
    struct coco_image key = {0};
    if (!get_int(e, "image_id", INT64_MIN, INT64_MAX, &key.id)) {
        return bad(p, "annotations", i, "expected an image_id");
    }
    const struct coco_image *image = bsearch(&key, p->c->image, p->c->n_images, sizeof(*p->c->image), by_image_id);
    if (!image) {
        return bad(p, "annotations", i, "image_id is not that of an image");
    }
    if (!get_int(e, "category_id", INT32_MIN, INT32_MAX, &id) ||
        (out->label = find_id(p->category, (size_t)p->c->n_classes, id)) < 0) {
        return bad(p, "annotations", i, "category_id is not that of a category");
    }
    if (!json_is_array(box) || json_array_size(box) != 4) {
        return bad(p, "annotations", i, "bbox is not a list of 4 numbers");
    }
    for (size_t k = 0; k < 4; k++) {
        const json_t *v = json_array_get(box, k);
        out->v[k] = json_number_value(v);
        if (!json_is_number(v) || !(fabs(out->v[k]) <= MAX_SIDE)) {
            return bad(p, "annotations", i, "bbox holds something that is no coordinate");
        }
    }
    out->image = (uint32_t)(image - p->c->image);
    out->number = i;
    return LIMN_OK;
}

/* The box, when it can be one: sides in proportion, centre inside its picture. */
static bool to_box(const struct parser *p, const struct raw *r, bool corners, struct coco_box *out)
{
    const struct coco_image *im = &p->c->image[r->image];
    double w = corners ? r->v[2] - r->v[0] : r->v[2], h = corners ? r->v[3] - r->v[1] : r->v[3];
    *out = (struct coco_box){r->image, r->label, r->v[0] + w / 2, r->v[1] + h / 2, w > h ? w : h};
    return w > 0 && h > 0 && out->side <= MAX_BOX && out->x >= 0 && out->y >= 0 &&
           (!im->width || (out->x < im->width && w <= im->width)) &&
           (!im->height || (out->y < im->height && h <= im->height));
}

static limn_status to_boxes(struct parser *p, size_t n)
{
    struct coco_box box;
    size_t sized = 0, cornered = 0;
    while (sized < n && to_box(p, &p->raw[sized], false, &box)) {
        sized++;
    }
    while (sized < n && cornered < n && to_box(p, &p->raw[cornered], true, &box)) {
        cornered++;
    }
    if (sized < n && cornered < n) {
        return bad(p, "annotations", p->raw[sized].number,
                   "bbox is neither [x, y, width, height] nor [left, top, right, bottom] with its centre in the image");
    }
    for (size_t i = 0; i < n; i++) {
        to_box(p, &p->raw[i], sized < n, &p->c->box[i]);
        struct coco_image *im = &p->c->image[p->c->box[i].image];
        im->first = im->n ? im->first : i;
        im->n++;
    }
    return LIMN_OK;
}

static int by_image(const void *a, const void *b)
{
    const struct raw *x = a, *y = b;
    return x->image != y->image ? (x->image > y->image ? 1 : -1) : (x->number > y->number) - (x->number < y->number);
}

static limn_status read_annotations(struct parser *p, const json_t *list)
{
    size_t n = json_array_size(list);
    limn_status st = LIMN_OK;
    p->raw = mem_alloc(n, sizeof(*p->raw));
    p->c->box = mem_alloc(n, sizeof(*p->c->box));
    if (!p->raw || !p->c->box) {
        return err_nomem(p->err, n * (sizeof(*p->raw) + sizeof(*p->c->box)), "annotations");
    }
    for (size_t i = 0; i < n; i++) {
        TRY(read_raw(p, json_array_get(list, i), i, &p->raw[i]));
    }
    qsort(p->raw, n, sizeof(*p->raw), by_image);
    TRY(to_boxes(p, n));
    p->c->n_boxes = n;
out:
    return st;
}

limn_status coco_parse(const char *name, const char *text, size_t size, struct coco *out, limn_error *err)
{
    struct coco c = {0};
    struct parser p = {.name = name, .c = &c, .err = err};
    json_t *root = NULL;
    const json_t *list;
    limn_status st = json_parse(text, size, MAX_DEPTH, true, &root, err);
    if (st != LIMN_OK) {
        return err_at(err, "%s", name);
    }
    TRY(get_list(&p, root, "categories", &list));
    TRY(read_categories(&p, list));
    TRY(get_list(&p, root, "images", &list));
    TRY(read_images(&p, list));
    TRY(get_list(&p, root, "annotations", &list));
    TRY(read_annotations(&p, list));
    *out = c;
    c = (struct coco){0};
out:
    json_decref(root);
    mem_free(p.category);
    mem_free(p.raw);
    coco_finish(&c);
    return st;
}

void coco_finish(struct coco *c)
{
    mem_free(c->image);
    mem_free(c->box);
    arena_finish(&c->arena);
    *c = (struct coco){0};
}
