/* Samples from picture files: decoded when they are asked for, nothing kept. The picture is scaled (antialiased, as PIL
 * does) so that its shorter side is `resize`, or so that it just covers the sample, and the centre is cut out; one that
 * has the size already is taken as it is. The same as a model card's "short-side". */
#include "data/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

enum { MAX_SIDE = 8192 };

limn_status pictures_create(const struct data_format *format, const char *root, const struct data_options *opt,
                            struct picture_set **out, limn_error *err)
{
    struct picture_set *s = mem_zalloc(1, sizeof(*s));
    if (!s) {
        return err_nomem(err, sizeof(*s), "a data set");
    }
    s->base.format = format;
    s->resize = opt->resize;
    s->root = arena_strdup(&s->base.arena, root);
    if (!s->root) {
        arena_finish(&s->base.arena);
        mem_free(s);
        return err_nomem(err, strlen(root), "a data set");
    }
    *out = s;
    return LIMN_OK;
}

limn_status pictures_add(struct picture_set *s, const char *file, int32_t label, enum data_split split, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = s->base.n + 1;
    char *copy = arena_strdup(&s->base.arena, file);
    if (!copy) {
        return err_nomem(err, strlen(file), "a list of samples");
    }
    TRY(mem_grow(&s->file, &s->cap_file, n, sizeof(*s->file), err));
    TRY(mem_grow(&s->label, &s->cap_label, n, sizeof(*s->label), err));
    TRY(mem_grow(&s->split, &s->cap_split, n, sizeof(*s->split), err));
    s->file[n - 1] = copy;
    s->label[n - 1] = label;
    s->split[n - 1] = (uint8_t)split;
    s->base.n = n;
out:
    return st;
}

limn_status picture_sizes(const struct data_options *opt, int32_t width, int32_t height, struct data_info *info,
                          limn_error *err)
{
    info->channels = opt->channels ? opt->channels : 3;
    info->width = opt->width ? opt->width : width;
    info->height = opt->height ? opt->height : height;
    if ((info->channels != 1 && info->channels != 3) || info->width < 1 || info->width > MAX_SIDE || info->height < 1 ||
        info->height > MAX_SIDE || opt->resize < 0 || opt->resize > MAX_SIDE) {
        return err_set(err, LIMN_ERR_ARG, "samples of %dx%dx%d, resized to %d (expected 1 or 3 channels, 1 to %d)",
                       info->channels, info->height, info->width, opt->resize, MAX_SIDE);
    }
    return LIMN_OK;
}

static limn_status load(const struct picture_set *s, size_t sample, struct image *out, limn_error *err)
{
    char path[DATA_PATH];
    pictures_describe(&s->base, sample, path, sizeof(path));
    return image_load(path, NULL, out, err);
}

limn_status pictures_finish(struct picture_set *s, const struct data_options *opt, limn_error *err)
{
    struct dataset *d = &s->base;
    struct image first = {0};
    limn_status st = LIMN_OK;
    if (d->n == 0) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: no picture in it (.png, .jpg, .gif, .tif)", s->root);
    }
    if (!opt->width || !opt->height) {
        TRY(load(s, 0, &first, err));
    }
    TRY(picture_sizes(opt, first.width, first.height, &d->info, err));
    d->split = arena_alloc(&d->arena, d->n, 1);
    d->label = d->info.n_classes ? arena_alloc(&d->arena, d->n, sizeof(*d->label)) : NULL;
    if (!d->split || (d->info.n_classes && !d->label)) {
        TRY(err_nomem(err, d->n * 5, "a list of samples"));
    }
    memcpy(d->split, s->split, d->n);
    if (d->label) {
        memcpy(d->label, s->label, d->n * sizeof(*d->label));
    }
out:
    image_finish(&first);
    return st;
}

/* ---- a picture as a sample ---- */

static void to_planes(const struct image *im, int32_t channels, uint8_t *chw)
{
    size_t n = (size_t)im->width * (size_t)im->height;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = im->rgb + 3 * i;
        if (channels == 1) { /* ITU-R 601-2, rounded as PIL does */
            chw[i] = (uint8_t)((19595 * p[0] + 38470 * p[1] + 7471 * p[2] + 32768) >> 16);
        } else {
            chw[i] = p[0];
            chw[n + i] = p[1];
            chw[2 * n + i] = p[2];
        }
    }
}

/* The longer side in proportion, rounded down as torchvision does, at least `least`. */
static int32_t in_proportion(int32_t side, int32_t to, int32_t of, int32_t least)
{
    int64_t scaled = (int64_t)side * to / of;
    return scaled < least ? least : (int32_t)(scaled > INT32_MAX ? INT32_MAX : scaled);
}

limn_status picture_to_sample(const struct image *im, const struct data_info *info, int32_t resize, uint8_t *chw,
                              limn_error *err)
{
    limn_status st = LIMN_OK;
    struct image scaled = {0}, cut = {0};
    int32_t w = im->width, h = im->height;
    if (w == info->width && h == info->height) {
        to_planes(im, info->channels, chw);
        return LIMN_OK;
    }
    if (resize > 0) {
        w = im->width <= im->height ? resize : in_proportion(im->width, resize, im->height, resize);
        h = im->width <= im->height ? in_proportion(im->height, resize, im->width, resize) : resize;
    } else if ((int64_t)w * info->height < (int64_t)h * info->width) {
        h = in_proportion(h, info->width, w, info->height);
        w = info->width;
    } else {
        w = in_proportion(w, info->height, h, info->width);
        h = info->height;
    }
    if ((int64_t)w * h > (int64_t)256 << 20) {
        return err_set(err, LIMN_ERR_FORMAT, "%dx%d pixels would become %dx%d", im->width, im->height, w, h);
    }
    if (w != im->width || h != im->height) {
        TRY(image_resize(im, w, h, RESIZE_BILINEAR, true, &scaled, err));
        im = &scaled;
    }
    if (w != info->width || h != info->height) {
        TRY(image_center_crop(im, info->width, info->height, &cut, err));
        im = &cut;
    }
    to_planes(im, info->channels, chw);
out:
    image_finish(&scaled);
    image_finish(&cut);
    return st;
}

limn_status pictures_read(struct dataset *d, size_t sample, uint8_t *chw, limn_error *err)
{
    const struct picture_set *s = (const struct picture_set *)d;
    struct image im = {0};
    limn_status st = load(s, sample, &im, err);
    if (st == LIMN_OK) {
        st = picture_to_sample(&im, &d->info, s->resize, chw, err);
        st = st == LIMN_OK ? st : err_at(err, "%s/%s", s->root, s->file[sample]);
    }
    image_finish(&im);
    return st;
}

void pictures_describe(const struct dataset *d, size_t sample, char *buf, size_t size)
{
    const struct picture_set *s = (const struct picture_set *)d;
    snprintf(buf, size, "%s/%s", s->root, s->file[sample]);
}

void pictures_close(struct dataset *d)
{
    struct picture_set *s = (struct picture_set *)d;
    mem_free(s->file);
    mem_free(s->label);
    mem_free(s->split);
    mem_free(s);
}

/* ---- splits from a file ---- */

limn_status pictures_apply_splits(struct picture_set *s, const char *path, limn_error *err)
{
    struct split_entry *e = mem_zalloc(s->base.n, sizeof(*e));
    if (!e) {
        return err_nomem(err, s->base.n * sizeof(*e), "a list of samples");
    }
    for (size_t i = 0; i < s->base.n; i++) {
        e[i].file = s->file[i];
        e[i].item = i;
    }
    limn_status st = splits_read(path, e, s->base.n, err);
    for (size_t i = 0; st == LIMN_OK && i < s->base.n; i++) {
        s->split[e[i].item] = (uint8_t)e[i].split;
    }
    mem_free(e);
    return st;
}
