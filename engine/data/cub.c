/* Caltech-UCSD Birds 200-2011: images.txt (ID PATH), classes.txt (ID NAME), image_class_labels.txt (ID CLASS),
 * train_test_split.txt (ID 1 for training, 0 for test), pictures below images/. Bounding boxes are not used. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "data/pictures.h"

enum { MAX_TEXT = 1 << 28 };

struct lists {
    struct id_list images, classes, labels, splits;
};

static bool find_root(const char *path, char root[DATA_PATH])
{
    static const char *const below[] = {"", "/CUB_200_2011"};
    char file[DATA_PATH + 32];
    for (size_t i = 0; i < 2; i++) {
        int n = snprintf(root, DATA_PATH, "%s%s", path, below[i]);
        snprintf(file, sizeof(file), "%s/images.txt", root);
        bool found = n < DATA_PATH && file_exists(file);
        snprintf(file, sizeof(file), "%s/image_class_labels.txt", root);
        if (found && file_exists(file)) {
            return true;
        }
    }
    return false;
}

static bool cub_probe(const char *path)
{
    char root[DATA_PATH];
    return find_root(path, root);
}

static limn_status load_list(const char *root, const char *name, struct id_list *out, limn_error *err)
{
    char path[DATA_PATH + 32];
    void *text = NULL;
    size_t size;
    snprintf(path, sizeof(path), "%s/%s", root, name);
    limn_status st = file_read_all(path, MAX_TEXT, &text, &size, err);
    return st == LIMN_OK ? id_list_parse(path, text, out, err) : st;
}

static limn_status check_count(const char *root, const char *name, const struct id_list *l, size_t n, limn_error *err)
{
    return l->n == n ? LIMN_OK
                     : err_set(err, LIMN_ERR_FORMAT, "%s/%s: %zu lines (expected %zu, one for each image)", root, name,
                               l->n, n);
}

static limn_status load_lists(const char *root, struct lists *l, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(load_list(root, "images.txt", &l->images, err));
    TRY(load_list(root, "classes.txt", &l->classes, err));
    TRY(load_list(root, "image_class_labels.txt", &l->labels, err));
    TRY(load_list(root, "train_test_split.txt", &l->splits, err));
    TRY(check_count(root, "image_class_labels.txt", &l->labels, l->images.n, err));
    TRY(check_count(root, "train_test_split.txt", &l->splits, l->images.n, err));
    if (l->classes.n < 1 || l->classes.n > DATA_MAX_CLASSES) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s/classes.txt: %zu classes (expected 1 to %d)", root, l->classes.n,
                    DATA_MAX_CLASSES));
    }
out:
    return st;
}

static limn_status add_image(struct picture_set *s, const struct lists *l, size_t i, limn_error *err)
{
    int64_t label, train;
    char file[DATA_PATH], shown[128];
    if (!str_to_i64(l->labels.item[i], 1, (int64_t)l->classes.n, &label)) {
        return err_set(err, LIMN_ERR_FORMAT, "%s/image_class_labels.txt: image %zu: class %s (expected 1 to %zu)",
                       s->root, i + 1, str_escape(shown, sizeof(shown), l->labels.item[i]), l->classes.n);
    }
    if (!str_to_i64(l->splits.item[i], 0, 1, &train)) {
        return err_set(err, LIMN_ERR_FORMAT, "%s/train_test_split.txt: image %zu: %s (expected 0 or 1)", s->root, i + 1,
                       str_escape(shown, sizeof(shown), l->splits.item[i]));
    }
    int n = snprintf(file, sizeof(file), "images/%s", l->images.item[i]);
    if (n >= (int)sizeof(file) || !is_inner_path(l->images.item[i])) {
        return err_set(err, LIMN_ERR_FORMAT, "%s/images.txt: image %zu: %s leads out of the folder", s->root, i + 1,
                       str_escape(shown, sizeof(shown), l->images.item[i]));
    }
    return pictures_add(s, file, (int32_t)label - 1, train ? DATA_TRAIN : DATA_TEST, err);
}

/* "001.Black_footed_Albatross": the number goes, the rest stays as it is in the file. */
static const char *class_text(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits && name[digits] == '.' && name[digits + 1] ? name + digits + 1 : name;
}

static limn_status name_classes(struct picture_set *s, const struct lists *l, limn_error *err)
{
    struct dataset *d = &s->base;
    const char **name = arena_alloc(&d->arena, l->classes.n, sizeof(*name));
    for (size_t i = 0; name && i < l->classes.n; i++) {
        name[i] = arena_strdup(&d->arena, class_text(l->classes.item[i]));
        if (!name[i]) {
            name = NULL;
        }
    }
    if (!name) {
        return err_nomem(err, l->classes.n * sizeof(*name), "class names");
    }
    d->info.class_name = name;
    d->info.n_classes = (int32_t)l->classes.n;
    return LIMN_OK;
}

static limn_status cub_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err)
{
    char root[DATA_PATH];
    struct lists l = {0};
    struct picture_set *s = NULL;
    limn_status st = LIMN_OK;
    if (!find_root(path, root)) {
        return err_set(err, LIMN_ERR_READ, "%s: no images.txt and image_class_labels.txt", path);
    }
    TRY(load_lists(root, &l, err));
    TRY(pictures_create(&data_format_cub, root, opt, &s, err));
    TRY(name_classes(s, &l, err));
    for (size_t i = 0; i < l.images.n; i++) {
        TRY(add_image(s, &l, i, err));
    }
    if (opt->split_path && s->base.n > 0) {
        TRY(pictures_apply_splits(s, opt->split_path, err));
    }
    TRY(pictures_finish(s, opt, err));
    *out = &s->base;
    s = NULL;
out:
    if (s) {
        arena_finish(&s->base.arena);
        pictures_close(&s->base);
    }
    id_list_finish(&l.images);
    id_list_finish(&l.classes);
    id_list_finish(&l.labels);
    id_list_finish(&l.splits);
    return st;
}

const struct data_format data_format_cub = {
    "cub",          "CUB-200-2011: images.txt, classes.txt, image_class_labels.txt, train_test_split.txt, images/",
    cub_probe,      cub_open,
    pictures_read,  pictures_describe,
    pictures_close,
};
