/* Data sets: labelled pictures of one size, in splits, read by several threads at a time.
 *
 * A format (idx.c, ...) opens a path and fills the common part of struct dataset: how many samples, the label and the
 * split of each. dataset.c makes the lists of the splits from that, sets a part of the training samples aside when
 * asked, and checks. Samples are bytes, planar C,H,W; what follows (normalisation, augmentation) is the reader's. */
#ifndef LIMN_DATA_DATA_H
#define LIMN_DATA_DATA_H

#include "base/mem.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum data_split { DATA_TRAIN, DATA_VAL, DATA_TEST, DATA_SPLITS };

struct data_options {           /* zero or NULL: the default of each field */
    const char *format;         /* name of a row of formats.def; NULL: recognised by what is at the path */
    int32_t channels;           /* 1 or 3; 0: the data set's own */
    int32_t height, width;      /* size of the samples; 0: the data set's own (folders: of the first picture) */
    double val_part, test_part; /* parts of the training samples to set aside, [0,1); 0: as the data set has it */
    uint64_t seed;              /* of that choice */
    const char *split_path;     /* format-specific file that says which sample is in which split */
    const char *labels_path;    /* text file with the name of each class, one a line */
    size_t limit;               /* at most so many samples of each split, chosen by seed; 0: all */
    int32_t resize;             /* pictures: the shorter side before the crop of the centre; 0: what just covers it */
    int32_t tile, border;       /* annotations: side of the square cut around each; 0: its longer side + 2 * border */
};

struct data_info {
    int32_t channels, height, width;
    int32_t n_classes;             /* 0: the samples have no labels */
    const char *const *class_name; /* n_classes texts as they are in the files: escape before printing */
};

struct dataset;
/* LIMN_ERR_READ when nothing is at the path, LIMN_ERR_FORMAT with file and place when it is no data set or a
 * broken one. A split may be empty; a class of the training split may not. */
limn_status dataset_open(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err);
void dataset_close(struct dataset **d); /* NULL-safe */
const struct data_info *dataset_info(const struct dataset *d);
const char *dataset_format(const struct dataset *d); /* name of the format */
size_t dataset_count(const struct dataset *d, enum data_split split);
const char *data_split_name(enum data_split split); /* "train", "val", "test" */
/* -1: no label. Quick. */
int32_t dataset_label(const struct dataset *d, enum data_split split, size_t i);
/* Sample i (< count) of a split: channels * height * width bytes. May be called by several threads at a time. */
limn_status dataset_sample(struct dataset *d, enum data_split split, size_t i, uint8_t *chw, limn_error *err);
/* Where sample i comes from, for people: a path, or "FILE[index]". */
void dataset_describe(const struct dataset *d, enum data_split split, size_t i, char *buf, size_t size);
/* A number that differs when counts, labels, splits or sizes differ: a training that is resumed must see the same. */
uint64_t dataset_fingerprint(const struct dataset *d);

/* --- what a format implements --- */
struct data_format {
    const char *name, *doc;
    bool (*probe)(const char *path); /* is it such a data set? By names, sizes or magic bytes; cheap */
    limn_status (*open)(const char *path, const struct data_options *opt, struct dataset **out, limn_error *err);
    limn_status (*read)(struct dataset *d, size_t sample, uint8_t *chw, limn_error *err); /* by any thread */
    void (*describe)(const struct dataset *d, size_t sample, char *buf, size_t size);
    void (*close)(struct dataset *d); /* what is not in the arena; frees `d` last. Partly filled structs allowed */
};

struct dataset { /* first member of the formats' structs */
    const struct data_format *format;
    struct data_info info;
    size_t n;        /* samples of all splits; `sample` counts these */
    int32_t *label;  /* per sample; NULL when n_classes is 0. In `arena`, as class names are */
    uint8_t *split;  /* per sample, enum data_split */
    uint32_t *group; /* per sample, in `arena`; samples of a group go to the same split by chance. NULL: each alone */
    struct arena arena;
    uint32_t *list[DATA_SPLITS]; /* made by dataset.c: samples of each split */
    size_t count[DATA_SPLITS];
};

#define DATA_FORMAT(name) extern const struct data_format data_format_##name;
#include "data/formats.def"
#undef DATA_FORMAT

/* dataset.c, for formats: names "0", "1", ... */
limn_status dataset_number_classes(struct dataset *d, int32_t n, limn_error *err);

/* gz.c: a file's bytes, decompressed when it is a gzip file (told by content), at most `max`. Free with mem_free. */
limn_status gz_read_all(const char *path, size_t max, uint8_t **data, size_t *size, limn_error *err);

#endif
