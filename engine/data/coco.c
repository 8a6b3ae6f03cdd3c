/* Annotated pictures as a data set: a square around the centre of each annotation, its category as the label. Slides of
 * a hundred megabytes hold hundreds of annotations each, so a picture is decoded once, by one thread at a time, all its
 * tiles are cut and kept (12 KB each at 64x64), and the picture is dropped. Beyond the border of a picture its edge is
 * repeated. Splits by chance take pictures, not annotations: tiles of one slide never lie on both sides. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "base/str.h"
#include "data/pictures.h"

#define MAX_JSON ((size_t)256 << 20)
#define MAX_TILES ((size_t)4 << 30)
#define MAX_PIXELS ((uint64_t)256 << 20)
enum { MAX_TILE = 8192 };

struct coco_set {
    struct dataset base;
    struct coco coco;
    char json[DATA_PATH];
    int32_t tile, border;
    size_t bytes;   /* of a sample */
    uint8_t *tiles; /* n * bytes, filled picture by picture */
    pthread_mutex_t mutex;
    bool has_mutex;
};

/* The annotation file: the path itself, or the only .json in the folder, or one of the usual names. */
static bool find_json(const char *path, char out[DATA_PATH])
{
    static const char *const names[] = {"MIDOG.json", "MIDOG++.json", "annotations.json", "_annotations.coco.json",
                                        "instances.json"};
    if (str_ends(path, ".json") && file_exists(path)) {
        return snprintf(out, DATA_PATH, "%s", path) < DATA_PATH;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (snprintf(out, DATA_PATH, "%s/%s", path, names[i]) < DATA_PATH && file_exists(out)) {
            return true;
        }
    }
    return false;
}

static bool coco_probe(const char *path)
{
    char json[DATA_PATH];
    return find_json(path, json);
}

/* Where a picture is: beside the JSON file, or in images/ or img/ there. */
static bool find_picture(const struct coco_set *s, const char *file, char out[DATA_PATH])
{
    static const char *const below[] = {"", "images/", "img/"};
    const char *slash = strrchr(s->json, '/');
    int folder = slash ? (int)(slash - s->json + 1) : 0;
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        int n = snprintf(out, DATA_PATH, "%.*s%s%s", folder, s->json, below[i], file);
        if (n >= 0 && n < DATA_PATH && file_exists(out)) {
            return true;
        }
    }
    return false;
}

static limn_status check_pictures(const struct coco_set *s, limn_error *err)
{
    char path[DATA_PATH], shown[256];
    for (size_t i = 0; i < s->coco.n_images; i++) {
        const struct coco_image *im = &s->coco.image[i];
        if (im->n > 0 && !find_picture(s, im->file, path)) {
            return err_set(err, LIMN_ERR_READ, "%s: picture %s is missing (looked beside it, in images/ and img/)",
                           s->json, str_escape(shown, sizeof(shown), im->file));
        }
    }
    return LIMN_OK;
}

static int32_t tile_side(const struct coco_set *s, const struct coco_box *box)
{
    double side = s->tile ? s->tile : ceil(box->side) + 2.0 * s->border;
    return side > MAX_TILE ? MAX_TILE : (int32_t)side;
}

/* ---- splits from a file: lines "FILE SPLIT", one for each picture that has annotations ---- */

static limn_status apply_splits(struct coco_set *s, const char *path, limn_error *err)
{
    struct split_entry *e = mem_zalloc(s->coco.n_images, sizeof(*e));
    if (!e) {
        return err_nomem(err, s->coco.n_images * sizeof(*e), "a list of images");
    }
    for (size_t i = 0; i < s->coco.n_images; i++) {
        e[i].file = s->coco.image[i].file;
        e[i].item = i;
        e[i].optional = s->coco.image[i].n == 0;
    }
    limn_status st = splits_read(path, e, s->coco.n_images, err);
    for (size_t i = 0; st == LIMN_OK && i < s->coco.n_images; i++) {
        if (e[i].seen) {
            s->coco.image[e[i].item].split = e[i].split;
        }
    }
    mem_free(e);
    return st;
}

/* ---- open ---- */

static limn_status load_json(struct coco_set *s, limn_error *err)
{
    void *text = NULL;
    size_t size;
    limn_status st = file_read_all(s->json, MAX_JSON, &text, &size, err);
    if (st == LIMN_OK) {
        st = coco_parse(s->json, text, size, &s->coco, err);
    }
    mem_free(text);
    return st;
}

static limn_status fill(struct coco_set *s, limn_error *err)
{
    struct dataset *d = &s->base;
    d->n = s->coco.n_boxes;
    d->info.n_classes = s->coco.n_classes;
    d->info.class_name = s->coco.class_name;
    d->label = arena_alloc(&d->arena, d->n, sizeof(*d->label));
    d->split = arena_alloc(&d->arena, d->n, 1);
    d->group = arena_alloc(&d->arena, d->n, sizeof(*d->group));
    if (!d->label || !d->split || !d->group) {
        return err_nomem(err, d->n * 9, "a list of samples");
    }
    for (size_t i = 0; i < d->n; i++) {
        d->label[i] = s->coco.box[i].label;
        d->group[i] = s->coco.box[i].image;
        d->split[i] = (uint8_t)s->coco.image[s->coco.box[i].image].split;
    }
    return LIMN_OK;
}

static limn_status make_store(struct coco_set *s, const struct data_options *opt, limn_error *err)
{
    struct data_info *info = &s->base.info;
    size_t all;
    int32_t side = tile_side(s, &s->coco.box[0]);
    limn_status st = picture_sizes(opt, side, side, info, err);
    if (st != LIMN_OK) {
        return st;
    }
    s->bytes = (size_t)info->channels * (size_t)info->height * (size_t)info->width;
    if (!mul_size(s->bytes, s->base.n, &all) || all > MAX_TILES) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: %zu tiles of %zu bytes (expected at most %zu bytes together)",
                       s->json, s->base.n, s->bytes, MAX_TILES);
    }
    s->tiles = mem_alloc(all, 1);
    return s->tiles ? LIMN_OK : err_nomem(err, all, "the tiles of a data set");
}

static void coco_close(struct dataset *d)
{
    struct coco_set *s = (struct coco_set *)d;
    if (s->has_mutex) {
        pthread_mutex_destroy(&s->mutex);
    }
    mem_free(s->tiles);
    coco_finish(&s->coco);
    mem_free(s);
}

static limn_status coco_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct coco_set *s = mem_zalloc(1, sizeof(*s));
    if (!s) {
        return err_nomem(err, sizeof(*s), "a data set");
    }
    s->base.format = &data_format_coco;
    s->tile = opt->tile;
    s->border = opt->border;
    if (opt->tile < 0 || opt->tile > MAX_TILE || opt->border < 0 || opt->border > MAX_TILE) {
        TRY(err_set(err, LIMN_ERR_ARG, "tiles of %d, border %d (expected 0 to %d)", opt->tile, opt->border, MAX_TILE));
    }
    if (!find_json(path, s->json)) {
        TRY(err_set(err, LIMN_ERR_READ, "%s: no annotation file (.json) there", path));
    }
    TRY(load_json(s, err));
    TRY(check_pictures(s, err));
    if (opt->split_path) {
        TRY(apply_splits(s, opt->split_path, err));
    }
    TRY(fill(s, err));
    TRY(make_store(s, opt, err));
    s->has_mutex = pthread_mutex_init(&s->mutex, NULL) == 0;
    if (!s->has_mutex) {
        TRY(err_nomem(err, sizeof(s->mutex), "a lock"));
    }
    *out = &s->base;
    return LIMN_OK;
out:
    arena_finish(&s->base.arena);
    coco_close(&s->base);
    return st;
}

/* ---- read ---- */

static int32_t clamp(int32_t v, int32_t max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

static limn_status cut_tile(const struct coco_set *s, const struct image *im, const struct coco_box *box, uint8_t *chw,
                            limn_error *err)
{
    struct image tile = {0};
    int32_t side = tile_side(s, box);
    int32_t left = (int32_t)floor(box->x - side / 2.0 + 0.5), top = (int32_t)floor(box->y - side / 2.0 + 0.5);
    limn_status st = image_init(&tile, side, side, err);
    for (int32_t y = 0; y < side && st == LIMN_OK; y++) {
        const uint8_t *row = im->rgb + 3 * (size_t)clamp(top + y, im->height - 1) * (size_t)im->width;
        for (int32_t x = 0; x < side; x++) {
            memcpy(tile.rgb + 3 * ((size_t)y * (size_t)side + (size_t)x), row + 3 * clamp(left + x, im->width - 1), 3);
        }
    }
    st = st == LIMN_OK ? picture_to_sample(&tile, &s->base.info, 0, chw, err) : st;
    image_finish(&tile);
    return st;
}

static limn_status cut_picture(struct coco_set *s, struct coco_image *c, limn_error *err)
{
    char path[DATA_PATH];
    struct image im = {0};
    struct decode_limits limits = {.max_pixels = MAX_PIXELS};
    limn_status st = LIMN_OK;
    if (!find_picture(s, c->file, path)) {
        return err_set(err, LIMN_ERR_READ, "%s: a picture of it is gone", s->json);
    }
    TRY(image_load(path, &limits, &im, err));
    if ((c->width && c->width != im.width) || (c->height && c->height != im.height)) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %dx%d pixels (expected %dx%d as in %s)", path, im.width, im.height,
                    c->width ? c->width : im.width, c->height ? c->height : im.height, s->json));
    }
    for (size_t i = c->first; i < c->first + c->n; i++) {
        const struct coco_box *box = &s->coco.box[i];
        if (box->x >= im.width || box->y >= im.height) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "%s: an annotation at %g, %g, outside of %s (%dx%d)", s->json, box->x,
                        box->y, path, im.width, im.height));
        }
        TRY(cut_tile(s, &im, box, s->tiles + i * s->bytes, err));
    }
    c->cut = true;
out:
    image_finish(&im);
    return st;
}

static limn_status coco_read(struct dataset *d, size_t sample, uint8_t *chw, limn_error *err)
{
    struct coco_set *s = (struct coco_set *)d;
    struct coco_image *c = &s->coco.image[s->coco.box[sample].image];
    limn_status st = LIMN_OK;
    pthread_mutex_lock(&s->mutex);
    if (!c->cut) {
        st = cut_picture(s, c, err);
    }
    pthread_mutex_unlock(&s->mutex);
    if (st == LIMN_OK) {
        memcpy(chw, s->tiles + sample * s->bytes, s->bytes);
    }
    return st;
}

static void coco_describe(const struct dataset *d, size_t sample, char *buf, size_t size)
{
    const struct coco_set *s = (const struct coco_set *)d;
    const struct coco_box *box = &s->coco.box[sample];
    snprintf(buf, size, "%s[%.0f,%.0f]", s->coco.image[box->image].file, box->x, box->y);
}

const struct data_format data_format_coco = {
    "coco",     "annotated pictures: COCO or MIDOG JSON, a tile around each annotation, its category as the label",
    coco_probe, coco_open,
    coco_read,  coco_describe,
    coco_close,
};
