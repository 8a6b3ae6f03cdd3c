/* What the formats made of picture files share: finding them, lists in text files, decoding to a sample. */
#ifndef LIMN_DATA_PICTURES_H
#define LIMN_DATA_PICTURES_H

#include "data/data.h"
#include "image/image.h"

enum { DATA_PATH = 4096, DATA_MAX_CLASSES = 65536 };

/* ---- pictures.c ---- */
struct picture_set { /* a data set whose sample i is the picture root/file[i] */
    struct dataset base;
    char *root;
    char **file; /* relative to root, in the arena; the list itself is not */
    int32_t *label;
    uint8_t *split;
    size_t cap_file, cap_label, cap_split;
    int32_t resize;
};
limn_status pictures_create(const struct data_format *format, const char *root, const struct data_options *opt,
                            struct picture_set **out, limn_error *err);
limn_status pictures_add(struct picture_set *s, const char *file, int32_t label, enum data_split split,
                         limn_error *err);
/* Sizes (of the first picture when the options leave them open) and, with class names set, labels. */
limn_status pictures_finish(struct picture_set *s, const struct data_options *opt, limn_error *err);
limn_status pictures_read(struct dataset *d, size_t sample, uint8_t *chw, limn_error *err);
void pictures_describe(const struct dataset *d, size_t sample, char *buf, size_t size);
void pictures_close(struct dataset *d);
/* Splits from a text file of lines "FILE train|val|test", each picture of the set in it exactly once. */
limn_status pictures_apply_splits(struct picture_set *s, const char *path, limn_error *err);

/* Shorter side to `resize` (0: what just covers), centre cut to the sample's size, planar; one channel: luma. */
limn_status picture_to_sample(const struct image *im, const struct data_info *info, int32_t resize, uint8_t *chw,
                              limn_error *err);
/* Channels, height and width of the samples from the options; false where one is out of range. */
limn_status picture_sizes(const struct data_options *opt, int32_t width, int32_t height, struct data_info *info,
                          limn_error *err);

/* ---- lists.c ---- */
struct name_list { /* sorted by bytes */
    char **name;
    size_t n, cap;
    struct arena arena;
};
void name_list_finish(struct name_list *l);
/* Sub-folders or picture files (by extension) of a folder, without hidden ones. */
limn_status list_folders(const char *path, struct name_list *out, limn_error *err);
limn_status list_pictures(const char *path, struct name_list *out, limn_error *err);
bool is_picture_name(const char *name);
/* A relative path without "..", so that a list cannot point out of its folder. */
bool is_inner_path(const char *path);

/* The next line that is not blank, without its end and blanks around it; NULL after the last. *at: begin with text; the
 * text is changed. *number: of the line, from 1. */
char *next_line(char **at, size_t *number);
/* "NAME VALUE" cut at the last blank; false when there is none. */
bool cut_last(char *line, char **value);

struct id_list { /* lines "ID TEXT" with the ids 1..n in any order */
    void *text;
    char **item; /* item[id - 1] */
    size_t n;
};
/* `name` is for errors; takes over *text (mem_alloc, NUL behind it), also on failure. */
limn_status id_list_parse(const char *name, void *text, struct id_list *out, limn_error *err);
void id_list_finish(struct id_list *l);

/* "train", "val", "test" and other names that people give them; false when it is none. */
bool split_from_name(const char *name, enum data_split *out);

/* ---- splits.c ---- */
struct split_entry {
    const char *file;
    size_t item;   /* the caller's number */
    bool optional; /* may be missing in the list */
    bool seen;     /* result: the list has it, and says `split` */
    enum data_split split;
    size_t taken; /* splits.c's own; zero before */
};
/* Reads the list and sorts the entries. A line for a file that is none of them, a second line for one, and an entry
 * without a line are LIMN_ERR_FORMAT. */
limn_status splits_read(const char *path, struct split_entry *e, size_t n, limn_error *err);

/* ---- coco.c, for the fuzzer: what an annotation file says, checked ---- */
struct coco_image {
    char *file;
    int64_t id;
    int32_t width, height; /* 0: not given */
    size_t first, n;       /* its annotations */
    bool cut;              /* their tiles are in memory */
    enum data_split split;
};
struct coco_box {
    uint32_t image; /* index */
    int32_t label;
    double x, y, side; /* centre and longer side, pixels */
};
struct coco {
    struct arena arena;
    struct coco_image *image;
    size_t n_images;
    struct coco_box *box; /* by image, in the order of the file */
    size_t n_boxes;
    const char **class_name;
    int32_t n_classes;
};
limn_status coco_parse(const char *name, const char *text, size_t size, struct coco *out, limn_error *err);
void coco_finish(struct coco *c);

#endif
