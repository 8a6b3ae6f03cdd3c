/* IDX files as MNIST and its relatives use them (yann.lecun.com/exdb/mnist): 0, 0, type, rank, rank big-endian sizes,
 * then the numbers. A folder holds train-images-idx3-ubyte, train-labels-idx1-ubyte and the same with t10k (the test
 * split), each as it is or with .gz. Everything stays in memory: 47 MB for MNIST. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "data/data.h"

enum { IDX_UBYTE = 8, IDX_MAX_BYTES = 1 << 30, IDX_MAX_SIDE = 4096, PATH_SIZE = 4096 };

struct idx_file {
    char path[PATH_SIZE];
    uint8_t *data; /* of the file */
    size_t header; /* bytes before the numbers */
    int32_t rank;
    uint32_t dim[4];
};

struct idx_set {
    struct dataset base;
    struct idx_file images[2], labels[2]; /* training, test */
};

static const char *const idx_names[2] = {"train", "t10k"};

/* "FOLDER/train-images-idx3-ubyte" or that with ".gz"; false when neither is there. Some copies have a dot before idx.
 */
static bool idx_find(const char *folder, const char *part, const char *what, int rank, char path[PATH_SIZE])
{
    for (int form = 0; form < 4; form++) {
        int n = snprintf(path, PATH_SIZE, "%s/%s-%s%cidx%d-ubyte%s", folder, part, what, form < 2 ? '-' : '.', rank,
                         form % 2 ? ".gz" : "");
        if (n < PATH_SIZE && file_exists(path)) {
            return true;
        }
    }
    return false;
}

static bool idx_find_images(const char *folder, int which, char path[PATH_SIZE])
{
    return idx_find(folder, idx_names[which], "images", 3, path) ||
           idx_find(folder, idx_names[which], "images", 4, path);
}

static bool idx_probe(const char *path)
{
    char found[PATH_SIZE];
    return idx_find_images(path, 0, found) || idx_find_images(path, 1, found);
}

/* Every number of a file counts: its size must be exactly what its header says. */
static limn_status idx_check(struct idx_file *f, size_t size, int32_t min_rank, int32_t max_rank, limn_error *err)
{
    size_t n = 1;
    if (size < 4 || f->data[0] || f->data[1]) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: not an IDX file (found %zu bytes beginning %02x%02x, expected 0000)",
                       f->path, size, size > 0 ? f->data[0] : 0u, size > 1 ? f->data[1] : 0u);
    }
    f->rank = f->data[3];
    if (f->data[2] != IDX_UBYTE || f->rank < min_rank || f->rank > max_rank) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: byte 2: type 0x%02x and rank %d (expected 0x08 and %d to %d)",
                       f->path, f->data[2], f->rank, min_rank, max_rank);
    }
    f->header = 4 + 4 * (size_t)f->rank;
    if (size < f->header) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: ends in its header (found %zu bytes, expected %zu)", f->path, size,
                       f->header);
    }
    for (int32_t i = 0; i < f->rank; i++) {
        const uint8_t *b = f->data + 4 + 4 * i;
        f->dim[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
        if (f->dim[i] == 0 || f->dim[i] > INT32_MAX || (i > 0 && f->dim[i] > IDX_MAX_SIDE) ||
            !mul_size(n, f->dim[i], &n)) {
            return err_set(err, LIMN_ERR_FORMAT, "%s: byte %d: size %u of dimension %d is out of range", f->path,
                           4 + 4 * i, f->dim[i], i);
        }
    }
    if (size - f->header != n) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: %zu bytes of numbers (expected %zu by its header)", f->path,
                       size - f->header, n);
    }
    return LIMN_OK;
}

static limn_status idx_read_file(struct idx_file *f, int32_t min_rank, int32_t max_rank, limn_error *err)
{
    size_t size;
    limn_status st = gz_read_all(f->path, IDX_MAX_BYTES, &f->data, &size, err);
    return st == LIMN_OK ? idx_check(f, size, min_rank, max_rank, err) : st;
}

/* Images and labels of one half, when it is there. */
static limn_status idx_load(struct idx_set *s, const char *folder, int which, limn_error *err)
{
    struct idx_file *im = &s->images[which], *lab = &s->labels[which];
    limn_status st = LIMN_OK;
    if (!idx_find_images(folder, which, im->path)) {
        return LIMN_OK;
    }
    if (!idx_find(folder, idx_names[which], "labels", 1, lab->path)) {
        return err_set(err, LIMN_ERR_READ, "%s/%s-labels-idx1-ubyte: the labels of %s are missing", folder,
                       idx_names[which], im->path);
    }
    TRY(idx_read_file(im, 3, 4, err));
    TRY(idx_read_file(lab, 1, 1, err));
    if (im->dim[0] != lab->dim[0]) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %u labels (expected %u, one for each image)", lab->path, lab->dim[0],
                    im->dim[0]));
    }
    if (im->rank == 4 && im->dim[1] != 1 && im->dim[1] != 3) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %u channels (expected 1 or 3)", im->path, im->dim[1]));
    }
out:
    return st;
}

static size_t idx_count(const struct idx_set *s, int which)
{
    return s->images[which].data ? s->images[which].dim[0] : 0;
}

static uint32_t idx_size(const struct idx_file *f, int32_t from_end)
{
    return from_end < f->rank - 1 ? f->dim[f->rank - 1 - from_end] : 1;
}

static limn_status idx_check_sizes(struct idx_set *s, const struct data_options *opt, limn_error *err)
{
    const struct idx_file *a = &s->images[s->images[0].data ? 0 : 1];
    struct data_info *info = &s->base.info;
    info->width = (int32_t)idx_size(a, 0);
    info->height = (int32_t)idx_size(a, 1);
    info->channels = (int32_t)idx_size(a, 2);
    for (int i = 0; i < 2; i++) {
        const struct idx_file *f = &s->images[i];
        if (f->data && ((int32_t)idx_size(f, 0) != info->width || (int32_t)idx_size(f, 1) != info->height ||
                        (int32_t)idx_size(f, 2) != info->channels)) {
            return err_set(err, LIMN_ERR_FORMAT, "%s: images of %ux%ux%u (expected %dx%dx%d as in %s)", f->path,
                           idx_size(f, 2), idx_size(f, 1), idx_size(f, 0), info->channels, info->height, info->width,
                           a->path);
        }
    }
    if ((opt->width && opt->width != info->width) || (opt->height && opt->height != info->height) ||
        (opt->channels && opt->channels != info->channels && info->channels != 1)) {
        return err_set(err, LIMN_ERR_ARG, "%s: images of %dx%dx%d (asked for %dx%dx%d)", a->path, info->channels,
                       info->height, info->width, opt->channels ? opt->channels : info->channels,
                       opt->height ? opt->height : info->height, opt->width ? opt->width : info->width);
    }
    info->channels = opt->channels ? opt->channels : info->channels; /* grey is repeated */
    return LIMN_OK;
}

static limn_status idx_fill(struct idx_set *s, limn_error *err)
{
    struct dataset *d = &s->base;
    int32_t most = 0;
    size_t at = 0;
    d->n = idx_count(s, 0) + idx_count(s, 1);
    d->label = arena_alloc(&d->arena, d->n, sizeof *d->label);
    d->split = arena_alloc(&d->arena, d->n, 1);
    if (!d->label || !d->split) {
        return err_nomem(err, d->n * 5, "a list of samples");
    }
    for (int half = 0; half < 2; half++) {
        const struct idx_file *f = &s->labels[half];
        for (size_t i = 0; i < idx_count(s, half); i++, at++) {
            d->label[at] = f->data[f->header + i];
            d->split[at] = half ? DATA_TEST : DATA_TRAIN;
            most = d->label[at] > most ? d->label[at] : most;
        }
    }
    return dataset_number_classes(d, most + 1, err);
}

static void idx_close(struct dataset *d)
{
    struct idx_set *s = (struct idx_set *)d;
    for (int i = 0; i < 2; i++) {
        mem_free(s->images[i].data);
        mem_free(s->labels[i].data);
    }
    mem_free(s);
}

static limn_status idx_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct idx_set *s = mem_zalloc(1, sizeof *s);
    if (!s) {
        return err_nomem(err, sizeof *s, "a data set");
    }
    s->base.format = &data_format_idx;
    TRY(idx_load(s, path, 0, err));
    TRY(idx_load(s, path, 1, err));
    if (!s->images[0].data && !s->images[1].data) {
        TRY(err_set(err, LIMN_ERR_READ, "%s: no train-images-idx3-ubyte or t10k-images-idx3-ubyte (or .gz)", path));
    }
    TRY(idx_check_sizes(s, opt, err));
    TRY(idx_fill(s, err));
    *out = &s->base;
    return LIMN_OK;
out:
    arena_finish(&s->base.arena);
    idx_close(&s->base);
    return st;
}

static limn_status idx_read(struct dataset *d, size_t sample, uint8_t *chw, limn_error *err)
{
    const struct idx_set *s = (const struct idx_set *)d;
    int half = sample >= idx_count(s, 0);
    const struct idx_file *f = &s->images[half];
    size_t plane = (size_t)d->info.width * (size_t)d->info.height, own = idx_size(f, 2);
    const uint8_t *from = f->data + f->header + (sample - (half ? idx_count(s, 0) : 0)) * own * plane;
    (void)err;
    for (size_t c = 0; c < (size_t)d->info.channels; c++) {
        memcpy(chw + c * plane, from + (own == 1 ? 0 : c * plane), plane);
    }
    return LIMN_OK;
}

static void idx_describe(const struct dataset *d, size_t sample, char *buf, size_t size)
{
    const struct idx_set *s = (const struct idx_set *)d;
    int half = sample >= idx_count(s, 0);
    snprintf(buf, size, "%s[%zu]", s->images[half].path, sample - (half ? idx_count(s, 0) : 0));
}

const struct data_format data_format_idx = {
    "idx",     "MNIST-like IDX files, also gzipped: train-images-idx3-ubyte, t10k-labels-idx1-ubyte, ...",
    idx_probe, idx_open,
    idx_read,  idx_describe,
    idx_close,
};
