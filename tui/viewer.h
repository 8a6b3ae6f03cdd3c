/* What the viewer is at: a result, and of its maps one, drawn in some way. Changing any of this needs no job:
 * viewer_show brings the picture up to date from maps that are in memory, or loads one the first time. */
#ifndef LIMN_TUI_VIEWER_H
#define LIMN_TUI_VIEWER_H

#include "motion.h"
#include "results.h"

struct viewer_mode { /* a way to draw a map */
    const char *name, *view;
    bool opaque; /* it has an opacity */
};
/* The modes that make sense for a map; NULL past the last. Of a gradient "gradient" is the first, else an overlay. */
const struct viewer_mode *viewer_mode(size_t i);
/* The one that draws so; with `few` colours, where a hue map misleads, another one that goes by brightness. */
const struct viewer_mode *viewer_mode_shown(const char *view, bool few);

struct map_name { /* of a map, there or not */
    char method[32], layer[200];
    int32_t cls;
};

enum { WAITING_MAX = 8 };
struct viewer_state {
    struct results results;
    size_t at; /* item */
    struct motion motion;
    struct look look;
    struct map_name name, before; /* what is looked at; the map before (method "": none) */
    size_t mode;
    int32_t colormap; /* row of the table; -1: the mode's own */
    double opacity;
    bool difference;
    struct limn_slice slice; /* of a volume */
    int32_t size[3];         /* of the volume; 0: a picture */
    size_t top;              /* first line of a text that is seen */
    /* made by viewer_show; `map` and `minus` lie in `results` */
    const struct result_map *map, *minus; /* NULL: there is none */
    limn_image *image;                    /* NULL: nothing to show */
    struct limn_scale scale;
    char problem[512];
    struct { /* that `image` is of */
        const void *map, *minus;
        size_t mode, frame, item;
        int32_t colormap;
        double opacity;
        struct limn_slice slice;
        bool few, difference;
    } drawn;
    const void *full_of; /* animation whose largest difference `full` is, of 255 */
    double full;
    /* layers of the model, once they were asked for */
    char **layer;
    size_t n_layer;
    int32_t layer_step;           /* of a key that waits for them */
    char model[4096];             /* whose layers they are; "" not asked for */
    int64_t waiting[WAITING_MAX]; /* jobs that make missing maps */
    size_t n_waiting;
    bool asking; /* such a job is on its way into the queue */
};

void viewer_init(struct viewer_state *v);
void viewer_free(struct viewer_state *v);
void viewer_forget_layers(struct viewer_state *v);
struct result *viewer_item(const struct viewer_state *v); /* NULL: none */
bool viewer_maps(const struct viewer_state *v);           /* the item is one of maps */
bool viewer_plays(const struct viewer_state *v);          /* the item is an animation */
/* The results are new, or another item is looked at: where to begin. */
void viewer_begin(struct viewer_state *v);
/* Loads and draws what is to be seen, if it is not there yet. `few`: the terminal has few colours, where a hue map
 * misleads: maps are shown by brightness. */
void viewer_show(struct viewer_state *v, bool few);
const struct viewer_mode *viewer_shown_mode(const struct viewer_state *v, bool few);

/* Changes of what is looked at. False: there is no other. */
bool viewer_step_class(struct viewer_state *v, int step);
bool viewer_go_class(struct viewer_state *v, int32_t cls);
bool viewer_step_method(struct viewer_state *v, int step);
bool viewer_step_layer(struct viewer_state *v, int step); /* over the model's layers too, when they are known */
bool viewer_step_mode(struct viewer_state *v);
bool viewer_step_colormap(struct viewer_state *v);
struct map_look viewer_look(const struct viewer_state *v, bool few); /* how the map is drawn now */
/* How a map (NULL: no map) is drawn as the viewer is set; one of another kind of method by the mode that begins. */
struct map_look viewer_first_look(const struct viewer_state *v, const struct result_map *m);
/* Of another result: the map of the method, layer and class that are looked at, else of as many of these as there is.
 */
const struct result_map *viewer_like(const struct viewer_state *v, const struct result *x);
/* The map that a difference is taken from: the one before, else the next class, else the next method. */
const struct result_map *viewer_minus(const struct viewer_state *v);
bool viewer_known_layer(const struct viewer_state *v, const char *layer); /* it has a map of the method and class */

/* What is known of the frame that is seen; NULL: nothing. */
const struct result_frame *viewer_frame(const struct viewer_state *v);
size_t viewer_rest_frame(const struct viewer_state *v); /* the one that the others differ from */
size_t viewer_frame_at(const struct viewer_state *v);   /* its number among item->frame */
const struct limn_method_info *viewer_method(const struct viewer_state *v, struct limn_method_info *out);

#endif
