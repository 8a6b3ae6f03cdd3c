/* Folders of pictures. A folder for each class, in it the pictures; all of that once, or once for each split (folders
 * called train, val, test; of NCT-CRC-HE: NCT-CRC-HE-100K and CRC-VAL-HE-7K). The same without classes: pictures alone.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "data/pictures.h"

struct place {      /* a folder that holds classes or pictures */
    char name[256]; /* below the root; "": the root */
    enum data_split split;
};

struct places {
    struct place at[DATA_SPLITS];
    size_t n;
};

static limn_status join(char out[DATA_PATH], const char *a, const char *b, limn_error *err)
{
    int n = snprintf(out, DATA_PATH, "%s%s%s", a, a[0] && b[0] ? "/" : "", b);
    return n >= 0 && n < DATA_PATH ? LIMN_OK : err_set(err, LIMN_ERR_READ, "%.80s...: path too long", a);
}

/* The folders of the splits, or the root alone. Two for one split are an error, but for NCT-CRC-HE's two colourings. */
static limn_status find_places(const char *root, struct places *out, limn_error *err)
{
    struct name_list dirs = {0};
    limn_status st = LIMN_OK;
    bool taken[DATA_SPLITS] = {false};
    enum data_split split;
    out->n = 0;
    TRY(list_folders(root, &dirs, err));
    for (size_t i = 0; i < dirs.n; i++) {
        if (!split_from_name(dirs.name[i], &split) || (taken[split] && str_ends(dirs.name[i], "-NONORM"))) {
            continue;
        }
        if (taken[split]) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "%s: more than one folder for the %s split", root,
                        data_split_name(split)));
        }
        taken[split] = true;
        struct place *p = &out->at[out->n++];
        snprintf(p->name, sizeof(p->name), "%s", dirs.name[i]);
        p->split = split;
    }
    if (out->n == 0) {
        out->at[out->n++] = (struct place){"", DATA_TRAIN};
    }
out:
    name_list_finish(&dirs);
    return st;
}

static bool holds_pictures(const char *path)
{
    struct name_list names = {0};
    bool found = list_pictures(path, &names, NULL) == LIMN_OK && names.n > 0;
    name_list_finish(&names);
    return found;
}

/* Whether a folder of `path` holds pictures. */
static bool holds_classes(const char *path)
{
    struct name_list dirs = {0};
    bool found = false;
    char sub[DATA_PATH];
    if (list_folders(path, &dirs, NULL) == LIMN_OK) {
        for (size_t i = 0; i < dirs.n && !found; i++) {
            found = join(sub, path, dirs.name[i], NULL) == LIMN_OK && holds_pictures(sub);
        }
    }
    name_list_finish(&dirs);
    return found;
}

static bool probe(const char *path, bool (*holds)(const char *))
{
    struct places places;
    char sub[DATA_PATH];
    if (!dir_exists(path) || find_places(path, &places, NULL) != LIMN_OK) {
        return false;
    }
    for (size_t i = 0; i < places.n; i++) {
        if (join(sub, path, places.at[i].name, NULL) == LIMN_OK && holds(sub)) {
            return true;
        }
    }
    return false;
}

static bool folders_probe(const char *path)
{
    return probe(path, holds_classes);
}

static bool loose_probe(const char *path)
{
    return probe(path, holds_pictures);
}

static limn_status add_pictures(struct picture_set *s, const char *below, int32_t label, enum data_split split,
                                limn_error *err)
{
    char path[DATA_PATH];
    struct name_list names = {0};
    limn_status st = LIMN_OK;
    TRY(join(path, s->root, below, err));
    TRY(list_pictures(path, &names, err));
    for (size_t i = 0; i < names.n; i++) {
        TRY(join(path, below, names.name[i], err));
        TRY(pictures_add(s, path, label, split, err));
    }
out:
    name_list_finish(&names);
    return st;
}

/* ---- with classes ---- */

static limn_status set_classes(struct dataset *d, const struct name_list *dirs, const char *where, limn_error *err)
{
    if (dirs->n < 1 || dirs->n > DATA_MAX_CLASSES) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: %zu folders of classes (expected 1 to %d)", where, dirs->n,
                       DATA_MAX_CLASSES);
    }
    const char **name = arena_alloc(&d->arena, dirs->n, sizeof(*name));
    for (size_t i = 0; name && i < dirs->n; i++) {
        name[i] = arena_strdup(&d->arena, dirs->name[i]);
        if (!name[i]) {
            name = NULL;
        }
    }
    if (!name) {
        return err_nomem(err, dirs->n * sizeof(*name), "class names");
    }
    d->info.class_name = name;
    d->info.n_classes = (int32_t)dirs->n;
    return LIMN_OK;
}

static limn_status find_class(const struct dataset *d, const char *name, const char *where, int32_t *out,
                              limn_error *err)
{
    char shown[256];
    for (int32_t c = 0; c < d->info.n_classes; c++) {
        if (strcmp(d->info.class_name[c], name) == 0) {
            *out = c;
            return LIMN_OK;
        }
    }
    return err_set(err, LIMN_ERR_FORMAT, "%s: class %s is not among the %d of the first split", where,
                   str_escape(shown, sizeof(shown), name), d->info.n_classes);
}

/* The classes of one split; the first split (training, when there is one) says which there are. */
static limn_status add_split(struct picture_set *s, const struct place *place, limn_error *err)
{
    char path[DATA_PATH], below[DATA_PATH];
    struct name_list dirs = {0};
    int32_t label = -1;
    limn_status st = LIMN_OK;
    TRY(join(path, s->root, place->name, err));
    TRY(list_folders(path, &dirs, err));
    if (!s->base.info.n_classes) {
        TRY(set_classes(&s->base, &dirs, path, err));
    }
    for (size_t i = 0; i < dirs.n; i++) {
        size_t before = s->base.n;
        TRY(find_class(&s->base, dirs.name[i], path, &label, err));
        TRY(join(below, place->name, dirs.name[i], err));
        TRY(add_pictures(s, below, label, place->split, err));
        if (s->base.n == before) {
            char shown[256];
            TRY(err_set(err, LIMN_ERR_FORMAT, "%s/%s: class without a picture", path,
                        str_escape(shown, sizeof(shown), dirs.name[i])));
        }
    }
out:
    name_list_finish(&dirs);
    return st;
}

static limn_status add_loose(struct picture_set *s, const struct place *place, limn_error *err)
{
    return add_pictures(s, place->name, -1, place->split, err);
}

static limn_status open_places(const struct data_format *format, const char *path, const struct data_options *opt,
                               limn_status (*add)(struct picture_set *, const struct place *, limn_error *),
                               struct dataset **out, limn_error *err)
{
    struct places places;
    struct picture_set *s = NULL;
    limn_status st = LIMN_OK;
    TRY(find_places(path, &places, err));
    TRY(pictures_create(format, path, opt, &s, err));
    for (int split = 0; split < DATA_SPLITS; split++) {
        for (size_t i = 0; i < places.n; i++) {
            if ((int)places.at[i].split == split) {
                TRY(add(s, &places.at[i], err));
            }
        }
    }
    if (opt->split_path && s->base.n > 0) {
        TRY(pictures_apply_splits(s, opt->split_path, err));
    }
    TRY(pictures_finish(s, opt, err));
    *out = &s->base;
    return LIMN_OK;
out:
    if (s) {
        arena_finish(&s->base.arena);
        pictures_close(&s->base);
    }
    return st;
}

static limn_status folders_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err)
{
    return open_places(&data_format_folders, path, opt, add_split, out, err);
}

static limn_status loose_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err)
{
    return open_places(&data_format_pictures, path, opt, add_loose, out, err);
}

const struct data_format data_format_folders = {
    "folders",
    "a folder of pictures for each class, below train, val and test (or NCT-CRC-HE-100K, CRC-VAL-HE-7K) if there are "
    "splits",
    folders_probe,
    folders_open,
    pictures_read,
    pictures_describe,
    pictures_close,
};

const struct data_format data_format_pictures = {
    "pictures",     "a folder of pictures without labels, or one for each of train, val and test",
    loose_probe,    loose_open,
    pictures_read,  pictures_describe,
    pictures_close,
};
