/* What all formats share: recognising them, the lists of the splits, the choice of a validation part, checks.
 *
 * A split that is made by chance follows from (seed, sample) alone: the samples with the smallest random numbers, so
 * that it does not depend on the order of anything. */
#include "data/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/str.h"

static const struct data_format *const formats[] = {
#define DATA_FORMAT(name) &data_format_##name,
#include "data/formats.def"
#undef DATA_FORMAT
};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

struct draw { /* for sorting samples by chance */
    uint64_t key;
    uint32_t sample, group;
};

static int draw_order(const void *a, const void *b)
{
    const struct draw *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : x->sample < y->sample ? -1 : x->sample > y->sample;
}

const char *data_split_name(enum data_split split)
{
    static const char *const names[DATA_SPLITS] = {"train", "val", "test"};
    return names[split];
}

/* The samples of a split in an order of chance, those of a group together. */
static size_t draw_split(const struct dataset *d, enum data_split split, uint64_t seed, struct draw *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->split[i] == split) {
            uint32_t group = d->group ? d->group[i] : (uint32_t)i;
            out[n++] = (struct draw){rng_u64(seed, group), (uint32_t)i, group};
        }
    }
    qsort(out, n, sizeof *out, draw_order);
    return n;
}

/* The first place at or after `at` where another group begins. */
static size_t group_end(const struct draw *draw, size_t n, size_t at)
{
    while (at > 0 && at < n && draw[at].group == draw[at - 1].group) {
        at++;
    }
    return at;
}

/* Moves parts of the training samples to the other splits. */
static void set_aside(struct dataset *d, const struct data_options *opt, struct draw *draw)
{
    size_t n = draw_split(d, DATA_TRAIN, opt->seed ^ rng_hash_text("split"), draw);
    size_t val = (size_t)((double)n * opt->val_part + 0.5), test = (size_t)((double)n * opt->test_part + 0.5);
    size_t val_end = group_end(draw, n, val), test_end = group_end(draw, n, val_end + test);
    for (size_t i = 0; i < n && i < test_end; i++) {
        d->split[draw[i].sample] = i < val_end ? DATA_VAL : DATA_TEST;
    }
}

static limn_status list_split(struct dataset *d, enum data_split split, const struct data_options *opt,
                              struct draw *draw, limn_error *err)
{
    size_t n = 0, keep = draw_split(d, split, opt->seed ^ rng_hash_text("limit"), draw);
    uint8_t *chosen = mem_zalloc(d->n + 1, 1);
    keep = opt->limit && keep > opt->limit ? opt->limit : keep;
    d->list[split] = mem_alloc(keep + 1, sizeof *d->list[split]);
    if (!chosen || !d->list[split]) {
        mem_free(chosen);
        return err_nomem(err, d->n * 5, "a list of samples");
    }
    for (size_t i = 0; i < keep; i++) {
        chosen[draw[i].sample] = 1;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (chosen[i]) {
            d->list[split][n++] = (uint32_t)i;
        }
    }
    d->count[split] = n;
    mem_free(chosen);
    return LIMN_OK;
}

static limn_status check_classes(const struct dataset *d, const char *path, limn_error *err)
{
    size_t *n = mem_zalloc((size_t)d->info.n_classes + 1, sizeof *n);
    limn_status st = LIMN_OK;
    if (!n) {
        return err_nomem(err, (size_t)d->info.n_classes * sizeof *n, "class counts");
    }
    for (size_t i = 0; d->info.n_classes && i < d->count[DATA_TRAIN]; i++) {
        n[d->label[d->list[DATA_TRAIN][i]]]++;
    }
    for (int32_t c = 0; c < d->info.n_classes && d->count[DATA_TRAIN] && st == LIMN_OK; c++) {
        if (!n[c]) {
            char name[128];
            st = err_set(err, LIMN_ERR_FORMAT, "%s: class %d (%s) has no sample in the training split", path, c,
                         str_escape(name, sizeof name, d->info.class_name[c]));
        }
    }
    mem_free(n);
    return st;
}

static limn_status check_filled(const struct dataset *d, const char *path, limn_error *err)
{
    if (d->n == 0 || d->n > UINT32_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: %zu samples (expected 1 to %u)", path, d->n, UINT32_MAX);
    }
    for (size_t i = 0; i < d->n && d->info.n_classes; i++) {
        if (d->label[i] < 0 || d->label[i] >= d->info.n_classes) {
            char where[512];
            d->format->describe(d, i, where, sizeof where);
            return err_set(err, LIMN_ERR_FORMAT, "%s: label %d (expected 0 to %d)", where, d->label[i],
                           d->info.n_classes - 1);
        }
    }
    return LIMN_OK;
}

/* Names of the classes from a text file, one a line. */
static limn_status read_names(struct dataset *d, const char *path, limn_error *err)
{
    void *text = NULL;
    size_t size;
    int32_t n = 0;
    limn_status st = LIMN_OK;
    TRY(file_read_all(path, 1 << 22, &text, &size, err));
    const char **name = arena_alloc(&d->arena, (size_t)d->info.n_classes, sizeof *name);
    char *copy = arena_strdup(&d->arena, text);
    if (!name || !copy) {
        TRY(err_nomem(err, size, "class names"));
    }
    for (char *line = copy; *line && n <= d->info.n_classes;) {
        size_t length = strcspn(line, "\r\n");
        char *end = line + length;
        char *next = end + strspn(end, "\r\n");
        *end = '\0';
        if (n < d->info.n_classes && length) {
            name[n] = line;
        }
        n += length > 0;
        line = next;
    }
    if (n != d->info.n_classes) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %s%d names (expected %d, one for each class)", path,
                    n > d->info.n_classes ? "at least " : "", n, d->info.n_classes));
    }
    d->info.class_name = name;
out:
    mem_free(text);
    return st;
}

static limn_status finish_open(struct dataset *d, const char *path, const struct data_options *opt, limn_error *err)
{
    struct draw *draw = NULL;
    limn_status st = LIMN_OK;
    TRY(check_filled(d, path, err));
    draw = mem_alloc(d->n, sizeof *draw);
    if (!draw) {
        TRY(err_nomem(err, d->n * sizeof *draw, "a list of samples"));
    }
    if (opt->labels_path && d->info.n_classes) {
        TRY(read_names(d, opt->labels_path, err));
    }
    if (opt->val_part > 0 || opt->test_part > 0) {
        set_aside(d, opt, draw);
    }
    for (int s = 0; s < DATA_SPLITS; s++) {
        TRY(list_split(d, (enum data_split)s, opt, draw, err));
    }
    TRY(check_classes(d, path, err));
out:
    mem_free(draw);
    return st;
}

static limn_status find_format(const char *path, const char *name, const struct data_format **out, limn_error *err)
{
    const char *known[N_FORMATS];
    for (size_t i = 0; i < N_FORMATS; i++) {
        known[i] = formats[i]->name;
        if (name ? strcmp(name, formats[i]->name) == 0 : formats[i]->probe(path)) {
            *out = formats[i];
            return LIMN_OK;
        }
    }
    if (name) {
        const char *near = str_closest(name, known, N_FORMATS);
        return err_set(err, LIMN_ERR_NOT_FOUND, "no data format \"%s\"%s%s%s", name, near ? " (did you mean " : "",
                       near ? near : "", near ? "?)" : "");
    }
    if (!dir_exists(path) && !file_exists(path)) {
        return err_set(err, LIMN_ERR_READ, "%s: no such file or folder", path);
    }
    return err_set(err, LIMN_ERR_FORMAT, "%s: no data set of a known layout (%s, ...)", path, formats[0]->doc);
}

limn_status dataset_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err)
{
    static const struct data_options none = {0};
    const struct data_format *f = NULL;
    struct dataset *d = NULL;
    limn_status st = LIMN_OK;
    opt = opt ? opt : &none;
    if (!(opt->val_part >= 0 && opt->test_part >= 0 && opt->val_part + opt->test_part < 1)) {
        return err_set(err, LIMN_ERR_ARG, "parts %g and %g to set aside (expected less than 1 together)", opt->val_part,
                       opt->test_part);
    }
    TRY(find_format(path, opt->format, &f, err));
    TRY(f->open(path, opt, &d, err));
    TRY(finish_open(d, path, opt, err));
    *out = d;
    d = NULL;
out:
    dataset_close(&d);
    return st;
}

void dataset_close(struct dataset **d)
{
    if (!d || !*d) {
        return;
    }
    for (int s = 0; s < DATA_SPLITS; s++) {
        mem_free((*d)->list[s]);
    }
    arena_finish(&(*d)->arena);
    (*d)->format->close(*d);
    *d = NULL;
}

const struct data_info *dataset_info(const struct dataset *d)
{
    return &d->info;
}

const char *dataset_format(const struct dataset *d)
{
    return d->format->name;
}

size_t dataset_count(const struct dataset *d, enum data_split split)
{
    return d->count[split];
}

int32_t dataset_label(const struct dataset *d, enum data_split split, size_t i)
{
    return d->info.n_classes ? d->label[d->list[split][i]] : -1;
}

limn_status dataset_sample(struct dataset *d, enum data_split split, size_t i, uint8_t *chw, limn_error *err)
{
    return d->format->read(d, d->list[split][i], chw, err);
}

void dataset_describe(const struct dataset *d, enum data_split split, size_t i, char *buf, size_t size)
{
    d->format->describe(d, d->list[split][i], buf, size);
}

uint64_t dataset_fingerprint(const struct dataset *d)
{
    const struct data_info *f = &d->info;
    uint64_t h = rng_hash_text(d->format->name);
    const int32_t sizes[] = {f->channels, f->height, f->width, f->n_classes};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        h = rng_u64(h, (uint64_t)sizes[i]);
    }
    for (int s = 0; s < DATA_SPLITS; s++) {
        h = rng_u64(h, d->count[s]);
        for (size_t i = 0; i < d->count[s]; i++) {
            uint32_t sample = d->list[s][i];
            h = rng_u64(h, (uint64_t)sample << 32 | (uint32_t)(f->n_classes ? d->label[sample] : -1));
        }
    }
    return h;
}

limn_status dataset_number_classes(struct dataset *d, int32_t n, limn_error *err)
{
    const char **name = arena_alloc(&d->arena, (size_t)n, sizeof *name);
    for (int32_t i = 0; name && i < n; i++) {
        name[i] = arena_printf(&d->arena, "%d", i);
        if (!name[i]) {
            name = NULL;
        }
    }
    if (!name) {
        return err_nomem(err, (size_t)n * sizeof *name, "class names");
    }
    d->info.n_classes = n;
    d->info.class_name = name;
    return LIMN_OK;
}
