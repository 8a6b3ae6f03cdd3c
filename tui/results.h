/* The results of a job as things to look at: maps of a picture, which are drawn from what `explain --maps` stored,
 * animations, pictures, arrays, texts. Shared by the screens that show results. Listing reads the job's result.json
 * only; everything else is loaded when it is first looked at and kept, so that drawing needs no file. */
#ifndef LIMN_TUI_RESULTS_H
#define LIMN_TUI_RESULTS_H

#include <limn/gif.h>
#include <limn/job.h>
#include <limn/map.h>

struct result_class {
    int32_t index;
    double p;    /* -1: unknown */
    char *label; /* NULL: none */
};
struct result_map { /* of one method, layer and class */
    char *path;     /* .npy */
    char *picture;  /* what explain drew of it, or NULL */
    char method[32];
    char *layer; /* "": the method has none */
    int32_t cls; /* -1: unknown */
    int64_t job; /* that made it */
    limn_explanation *loaded;
    char *problem; /* why it cannot be shown; NULL: not tried or fine */
    uint64_t used; /* when it was last opened, for the cache */
};
struct result_frame { /* of a counterfactual animation */
    double lambda, change, p_from, p_to;
};

enum result_kind { RESULT_MAPS, RESULT_ANIMATION, RESULT_PICTURE, RESULT_ARRAY, RESULT_TEXT };
struct result {
    enum result_kind kind;
    char *path;               /* the file; of maps the picture as the network saw it, NULL: not stored */
    char *source;             /* the picture that was explained or shifted, or NULL */
    limn_image *picture;      /* of maps: made of `source` where none was stored; may be NULL */
    bool no_picture;          /* that was tried already */
    char *title;              /* from a file's name: escape */
    struct result_class *cls; /* that have maps, the most probable one first */
    size_t n_cls;
    struct result_map *map;
    size_t n_map;
    struct result_frame *frame; /* of an animation: one each; NULL: not known */
    size_t n_frame;
    char *from, *to; /* classes of a counterfactual, or NULL */
    char *frames;    /* .npy of its frames without captions, or NULL */
    /* loaded by result_open */
    struct limn_animation *shown; /* pictures and animations */
    limn_explanation *array;      /* an array that can be drawn */
    char **line;                  /* texts; numbers of arrays */
    size_t n_line;
    char *problem;
};
struct results {
    int64_t job;
    char *document, *likeness; /* of the job; likeness: what jobs with maps of the same picture have in common */
    uint32_t n_artifacts;
    int32_t n_classes; /* of the model; 0: unknown */
    enum limn_job_state state;
    struct result *item;
    size_t n;
    uint64_t clock;
};

/* Lists the results of a job; NULL: none. Returns whether anything changed: then what was loaded is gone. */
bool results_read(struct results *r, const struct limn_job_detail *d);
/* Lists what a result.json that was written by `limn explain --json` (compare, shift) names. Its paths are relative to
 * where the program ran: here, or else where the file lies. False with one line in `problem`. */
bool results_read_file(struct results *r, const char *path, char *problem, size_t size);
/* Adds the maps of another job to those of the same pictures. Returns how many there were. */
size_t results_add(struct results *r, const struct limn_job_detail *d);
void results_free(struct results *r);

/* Loads what is to be shown of an item that is no map. False: item->problem says why not. */
bool result_open(struct results *r, struct result *item);
void result_free(struct result *item); /* one that is in no list */
/* Likewise a map. The maps that were not looked at for longest make room for more than MAPS_KEPT. */
enum { MAPS_KEPT = 48 };
bool result_map_open(struct results *r, struct result *item, struct result_map *map);
/* NULL: there is none. `layer` NULL: any. */
struct result_map *result_find(const struct result *item, const char *method, const char *layer, int32_t cls);
const struct result_class *result_class(const struct result *item, int32_t cls); /* NULL: not known */

/* How a map is shown. */
struct map_look {
    const char *view;     /* a view of one map: "overlay", "heatmap", "signed", "picture", ... */
    const char *colormap; /* NULL: the view's own */
    double opacity;       /* 0: the view's own */
    struct limn_slice slice;
    bool of_slice; /* of a volume: `slice`, else the strongest */
    double full;   /* the number that the colours' end stands for; 0: the map's own */
    bool framed;   /* with what explain draws round a map (view "signed") */
};
/* Draws an open map, or with `minus` (open as well) its difference from that one, to the pixels that explain writes.
 * False: one line in `problem`. */
bool result_compose(const struct result_map *map, const struct result_map *minus, const struct map_look *look,
                    limn_image **out, struct limn_scale *scale, char *problem, size_t size);

/* The document of a job that makes a map that is missing, for `limn submit`; to be freed. NULL: it cannot be said. */
char *results_request(const struct results *r, const struct result *item, const char *method, const char *layer,
                      int32_t cls);

/* result_text.c: the lines of a text, table or array */
bool result_text_open(struct result *item);

/* A row of the table of methods; false: there is none of that name. */
bool method_named(const char *name, struct limn_method_info *out);
const char *path_base(const char *path); /* what follows the last slash */

#endif
