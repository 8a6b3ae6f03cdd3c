/* Weights by name, and the strict comparison of what an architecture wants with what the file holds.
 *
 * Names are compared without the "module." that data-parallel training leaves in front, and the
 * "backbone.body." of a torchvision detector. BatchNorm's num_batches_tracked
 * has no part in inference and may be there or not. */
#include "model/weights.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/arch.h"
#include "model/finite.h"

#define NOTES_MAX 5

struct weight {
    struct const_source source; /* reads the tensor and looks at its values the first time */
    struct weights *owner;
    const struct st_tensor *tensor;
    const char *name;
    bool used, seen;
};

struct weights {
    struct tensor_file *file; /* NULL: recipe */
    struct weight *weight;    /* sorted by name */
    size_t n;
    bool probe;
    struct finite_watch watch;
    bool random; /* weights_random */
    struct weights_start start;
    size_t head_length; /* of the classifier's name with its last dot */
    double fan_in;      /* of the last kernel asked for: its bias comes next */
    double gain;        /* of a recipe */
    struct arena names; /* those that are not the file's own */
    char notes[400];
    size_t n_notes;
};

#define DETECTOR "backbone.body." /* the encoder in a checkpoint of a torchvision detector */

static int weight_by_name(const void *a, const void *b)
{
    return strcmp(((const struct weight *)a)->name, ((const struct weight *)b)->name);
}

static struct weight *weight_find(const struct weights *w, const char *name)
{
    struct weight key = {.name = name};
    return w->n == 0 ? NULL : bsearch(&key, w->weight, w->n, sizeof key, weight_by_name);
}

static limn_status weight_read(const struct const_source *source, float *dst, size_t n, limn_error *err)
{
    struct weight *x = (struct weight *)source;
    struct weights *w = x->owner;
    limn_status st = x->tensor->source.read(&x->tensor->source, dst, n, err);
    if (st != LIMN_OK || x->seen) {
        return st;
    }
    st = finite_look(&w->watch, x->name, dst, n, NULL, err);
    x->seen = st == LIMN_OK;
    return st;
}

/* The whole tensor is looked at before a part of it is believed. */
static limn_status weight_read_part(const struct const_source *source, size_t first, float *dst, size_t n,
                                    limn_error *err)
{
    const struct weight *x = (const struct weight *)source;
    const struct st_tensor *t = x->tensor;
    if (x->seen) {
        return const_source_part(&t->source, t->elems, first, dst, n, err);
    }
    float *all = mem_alloc(t->elems, sizeof *all);
    if (all == NULL) {
        return err_nomem(err, t->elems * sizeof *all, x->name);
    }
    limn_status st = weight_read(source, all, t->elems, err);
    if (st == LIMN_OK) {
        memcpy(dst, all + first, n * sizeof *dst);
    }
    mem_free(all);
    return st;
}

/* DenseNet's layers had a dot in the name of a part until torchvision 0.3: denselayer1.norm.1.weight is norm1.weight.
 */
static limn_status modern_name(struct weights *w, const char **name, limn_error *err)
{
    const char *layer = strstr(*name, ".denselayer"), *part = layer != NULL ? strchr(layer + 1, '.') : NULL;
    if (part == NULL || (!str_starts(part, ".norm.") && !str_starts(part, ".conv."))) {
        return LIMN_OK;
    }
    size_t head = (size_t)(part - *name) + strlen(".norm");
    const char *joined = arena_printf(&w->names, "%.*s%s", (int)head, *name, *name + head + 1);
    if (joined == NULL) {
        return err_nomem(err, strlen(*name), "a weight's name");
    }
    *name = joined;
    return LIMN_OK;
}

static limn_status weights_index(struct weights *w, limn_error *err)
{
    w->n = tensor_file_count(w->file);
    w->weight = mem_zalloc(w->n, sizeof *w->weight);
    if (w->weight == NULL) {
        return err_nomem(err, w->n * sizeof *w->weight, "a list of weights");
    }
    for (size_t i = 0; i < w->n; i++) {
        const struct st_tensor *t = tensor_file_at(w->file, i);
        const char *name = str_starts(t->name, "module.") ? t->name + strlen("module.") : t->name;
        name += str_starts(name, DETECTOR) ? strlen(DETECTOR) : 0;
        limn_status st = modern_name(w, &name, err);
        if (st != LIMN_OK) {
            return st;
        }
        w->weight[i] =
            (struct weight){.source = {weight_read, weight_read_part}, .owner = w, .tensor = t, .name = name};
    }
    if (w->n > 0) {
        qsort(w->weight, w->n, sizeof *w->weight, weight_by_name);
    }
    for (size_t i = 1; i < w->n; i++) {
        if (strcmp(w->weight[i - 1].name, w->weight[i].name) == 0) {
            return err_set(err, LIMN_ERR_FORMAT,
                           "tensor \"%s\" is there twice (with and without \"module.\", or by an old name)",
                           w->weight[i].name);
        }
    }
    return LIMN_OK;
}

limn_status weights_recipe(double gain, struct weights **out, limn_error *err)
{
    struct weights *w = mem_zalloc(1, sizeof *w);
    if (w == NULL) {
        return err_nomem(err, sizeof *w, "weights");
    }
    w->gain = gain;
    *out = w;
    return LIMN_OK;
}

limn_status weights_open(const char *path, bool strict, struct weights **out, limn_error *err)
{
    struct weights *w = NULL;
    limn_status st = LIMN_OK;
    TRY(weights_recipe(1, &w, err));
    w->watch.strict = strict;
    TRY(tensor_file_open(path, &w->file, err));
    st = weights_index(w, err);
    if (st != LIMN_OK) {
        err_at(err, "%s", path);
        goto out;
    }
    *out = w;
    w = NULL;
out:
    weights_close(&w);
    return st;
}

limn_status weights_random(const struct weights_start *s, struct weights **out, limn_error *err)
{
    struct weights *w = NULL;
    const char *dot = s->classifier != NULL ? strrchr(s->classifier, '.') : NULL;
    limn_status st = s->path != NULL ? weights_open(s->path, true, &w, err) : weights_recipe(1, &w, err);
    if (st == LIMN_OK) {
        w->random = true;
        w->start = *s;
        w->head_length = dot != NULL ? (size_t)(dot - s->classifier) + 1 : 0;
        *out = w;
    }
    return st;
}

bool weights_sizes(const struct weights *w, int32_t *channels, int32_t *classes)
{
    if (w->random) {
        *channels = w->start.channels;
        *classes = w->start.classes;
    }
    return w->random;
}

void weights_close(struct weights **w)
{
    if (w == NULL || *w == NULL) {
        return;
    }
    tensor_file_close(&(*w)->file);
    mem_free((*w)->weight);
    arena_finish(&(*w)->names);
    mem_free(*w);
    *w = NULL;
}

const struct tensor_file *weights_file(const struct weights *w)
{
    return w->file;
}

bool weights_shape(const struct weights *w, const char *name, struct shape *out)
{
    const struct weight *x = weight_find(w, name);
    return x != NULL && st_tensor_shape(x->tensor, out);
}

void weights_begin(struct weights *w, bool probe)
{
    w->probe = probe;
    w->n_notes = 0;
    w->notes[0] = '\0';
    for (size_t i = 0; i < w->n; i++) {
        w->weight[i].used = false;
    }
}

LIMN_PRINTF(2, 3) static void weights_note(struct weights *w, const char *fmt, ...)
{
    size_t at = strlen(w->notes);
    if (w->n_notes++ < NOTES_MAX) {
        va_list args;
        at += (size_t)snprintf(w->notes + at, sizeof w->notes - at, "%s", at > 0 ? "; " : "");
        va_start(args, fmt);
        if (at < sizeof w->notes) {
            vsnprintf(w->notes + at, sizeof w->notes - at, fmt, args);
        }
        va_end(args);
    }
}

/* Shape of any tensor, also of one that limn cannot use. */
static const char *tensor_shape_text(const struct st_tensor *t, char *buf, size_t size)
{
    size_t at = 0;
    snprintf(buf, size, "scalar");
    for (int32_t i = 0; i < t->rank && at < size; i++) {
        at += (size_t)snprintf(buf + at, size - at, i == 0 ? "%lld" : "x%lld", (long long)t->dim[i]);
    }
    return buf;
}

static limn_status absent_read(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    (void)s, (void)dst;
    return err_set(err, LIMN_ERR_INTERNAL, "read of %zu weights that the file does not have", n);
}

/* Random numbers, for a parameter that no file has or that belongs to other classes. */
static limn_status random_weight(struct weights *w, struct arena *a, const char *name, enum weight_role role,
                                 const struct shape *shape, const struct const_source **out, limn_error *err)
{
    if (role == WEIGHT_KERNEL) {
        w->fan_in = (double)shape_elems(shape) / shape->dim[0];
    }
    return init_source(a, w->start.seed, name, role, w->fan_in, out, err);
}

static bool is_head(const struct weights *w, const char *name)
{
    return w->random && w->head_length > 0 && strncmp(name, w->start.classifier, w->head_length) == 0;
}

limn_status weights_get(struct weights *w, struct arena *a, const char *name, enum weight_role role,
                        const struct shape *shape, const struct const_source **out, limn_error *err)
{
    static const struct const_source absent = {.read = absent_read};
    if (w->file == NULL) {
        return w->random ? random_weight(w, a, name, role, shape, out, err)
                         : recipe_source(a, name, role, w->gain, shape, out, err);
    }
    struct weight *x = weight_find(w, name);
    struct shape have;
    if (x != NULL && is_head(w, name) && (!st_tensor_shape(x->tensor, &have) || !shape_equal(&have, shape))) {
        x->used = true;
        return random_weight(w, a, name, role, shape, out, err);
    }
    if (x == NULL && w->random && w->start.decoder && arch_in_decoder(name)) {
        return random_weight(w, a, name, role, shape, out, err);
    }
    *out = &absent;
    if (x == NULL) {
        weights_note(w, "missing %.60s", name);
        return w->probe ? err_set(err, LIMN_ERR_FORMAT, "%s", w->notes) : LIMN_OK;
    }
    x->used = true;
    if (!st_tensor_shape(x->tensor, &have) || !shape_equal(&have, shape)) {
        char found[64], wanted[SHAPE_TEXT_MAX];
        weights_note(w, "%.60s is %s (expected %s)", name, tensor_shape_text(x->tensor, found, sizeof found),
                     shape_text(shape, wanted));
        return w->probe ? err_set(err, LIMN_ERR_FORMAT, "%s", w->notes) : LIMN_OK;
    }
    *out = &x->source;
    return LIMN_OK;
}

void weights_ignore(struct weights *w, const char *prefix)
{
    for (size_t i = 0; i < w->n; i++) {
        w->weight[i].used = w->weight[i].used || str_starts(w->weight[i].name, prefix);
    }
}

/* What a checkpoint of a training (train/checkpoint.c) holds beside the network's tensors. */
static bool is_training(const char *name)
{
    return str_starts(name, "optim.") || str_starts(name, "ema.") || str_starts(name, "limn.");
}

limn_status weights_end(struct weights *w, const char *arch, limn_error *err)
{
    for (size_t i = 0; i < w->n && !w->start.decoder; i++) {
        const char *name = w->weight[i].name;
        if (!w->weight[i].used && !str_ends(name, "num_batches_tracked") && !is_training(name)) {
            weights_note(w, "unexpected %.60s", name);
        }
    }
    if (w->n_notes == 0) {
        return LIMN_OK;
    }
    char more[48] = "";
    if (w->n_notes > NOTES_MAX) {
        snprintf(more, sizeof more, "; and %zu more", w->n_notes - NOTES_MAX);
    }
    return err_set(err, LIMN_ERR_FORMAT, "weights do not fit %s: %s%s", arch, w->notes, more);
}

const char *weights_warning(const struct weights *w)
{
    return finite_warning(&w->watch);
}
