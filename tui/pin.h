/* A result as it was seen: enough to show it again, to compare and to export it, whatever becomes of the list that it
 * was found in. Also what `limn export` is told to draw, so that what is written is what is seen. */
#ifndef LIMN_TUI_PIN_H
#define LIMN_TUI_PIN_H

#include <jansson.h>

#include "results.h"

struct pin {
    int64_t job;           /* that made it */
    enum result_kind kind; /* RESULT_MAPS, RESULT_ANIMATION or RESULT_PICTURE */
    char *path;            /* the map (.npy), or the file */
    char *input;           /* of a map: the picture or volume as the network saw it; NULL: not stored */
    char *source;          /* the picture that was explained; NULL: unknown */
    char *title;           /* of the result, a file's name: escape */
    char *frames;          /* of an animation: .npy of its frames without captions; NULL: not stored */
    char *picture;         /* what explain drew of the map; NULL: nothing */
    char method[32], layer[200], label[200];
    int32_t cls;           /* -1: unknown */
    double p;              /* -1: unknown */
    struct map_look look;  /* its texts are those of tables */
    size_t frame, n_frame; /* of an animation, as far as it is known */
};
/* Of a result in a list, and of maps one. False: it is no picture, or there is no memory; then *out is zeroed. */
bool pin_take(struct pin *out, const struct results *r, const struct result *x, const struct result_map *m,
              const struct map_look *look, size_t frame);
bool pin_copy(struct pin *out, const struct pin *from);
void pin_free(struct pin *p);
bool pin_same(const struct pin *a, const struct pin *b); /* the same result, however it is drawn */
enum pin_part { PIN_METHOD, PIN_CLASS, PIN_LAYER, PIN_TITLE, PIN_JOB, PIN_PARTS };
/* What a caption is made of: "Grad-CAM", "tabby 61.0 %", "features.12", "cat.png", "job 7"; "" where there is none. */
void pin_part(const struct pin *p, enum pin_part part, char *out, size_t size);
/* Which parts are not the same for all; `origin`: so many that a caption of them takes a second line. Where a part is
 * missing (a method without layers) it makes no difference. */
struct pins_differ {
    bool part[PIN_PARTS], origin;
};
struct pins_differ pins_differ(const struct pin *const *pin, size_t n);
/* What distinguishes one of them: its name, and the rest ("" nothing). */
void pin_caption(const struct pin *p, const struct pins_differ *d, char *name, char *origin, size_t size);
void pins_common(const struct pin *const *pin, size_t n, char *out, size_t size); /* what is the same for all */
const char *method_title(const char *name); /* "Grad-CAM"; the name itself when it is none of the table */
char *percent_text(double p, char out[24]); /* "61.0 %", "" unknown */

/* Loads it as the only result of `out`; to be freed with results_free, also on failure: then its problem says why. */
bool pin_load(const struct pin *p, struct results *out);
struct pin_frame {
    const struct results *own; /* loaded by pin_load */
    size_t frame;              /* of an animation */
};
/* Draws a map, or (`minus` not NULL, a map as well) its difference from that one; of a picture or an animation one
 * frame, or how it differs from `minus` (look.full, of 255, is the largest difference). False: one line in `problem`.
 */
bool pin_draw(const struct pin *p, struct pin_frame own, const struct pin_frame *minus, limn_image **out,
              struct limn_scale *scale, char *problem, size_t size);

/* A new reference; NULL: out of memory, or a path that is not UTF-8. */
json_t *pin_json(const struct pin *p);
bool pin_read(struct pin *out, const json_t *j);

#endif
