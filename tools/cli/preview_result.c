/* limn preview of results. What is drawn is what the viewer of `limn tui` draws (tui/results.h). */
#include "preview_result.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results.h"

#define SLICE_S 0.15

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

bool preview_is_result(const char *path)
{
    return ends_with(path, ".npy") || ends_with(path, ".json");
}

/* ---- drawing ---- */

static int show_image(const struct args *a, struct preview *p, limn_image *image, const char *name)
{
    double seconds = 0;
    const struct limn_animation one = {.frame = &image,
                                       .seconds = &seconds,
                                       .n = 1,
                                       .width = limn_image_width(image),
                                       .height = limn_image_height(image),
                                       .loops = 1};
    return preview_animation(a, p, &one, name);
}

/* "0 to 0.527 score" */
static void print_scale(const struct limn_scale *s)
{
    if (s->colormap != NULL) {
        printf("%.3g to %.3g %s\n", s->low, s->high, s->unit != NULL ? s->unit : "");
    }
}

/* One picture of the strongest slice, or on a terminal all slices across the same axis. */
static int show_volume(const struct args *a, struct preview *p, const limn_explanation *e, struct limn_drawing *d,
                       const char *name)
{
    const struct limn_which only = {0};
    struct limn_slice at = {0, 0};
    struct limn_scale scale = {0};
    limn_error err = {0};
    int32_t size[3];
    limn_explanation_volume_size(e, 0, size);
    if (limn_explanation_slice(e, only, 0, &at, &err) != LIMN_OK) {
        return say_status(&err);
    }
    const int32_t n = p->play ? size[0] : 1;
    limn_image **frame = need(calloc((size_t)n, sizeof(*frame)));
    double *seconds = need(calloc((size_t)n, sizeof(*seconds)));
    limn_status st = LIMN_OK;
    for (int32_t i = 0; i < n && st == LIMN_OK; i++) {
        at.index = n > 1 ? i : at.index;
        seconds[i] = SLICE_S;
        d->slice = &at;
        st = limn_draw(e, only, d, &frame[i], &scale, &err);
    }
    int code = st == LIMN_OK ? 0 : say_status(&err);
    if (code == 0) {
        const struct limn_animation s = {.frame = frame,
                                         .seconds = seconds,
                                         .n = (size_t)n,
                                         .width = limn_image_width(frame[0]),
                                         .height = limn_image_height(frame[0])};
        print_scale(&scale);
        code = preview_animation(a, p, &s, name);
    }
    for (int32_t i = 0; i < n; i++) {
        limn_image_destroy(&frame[i]);
    }
    free(frame);
    free(seconds);
    return code;
}

/* A map as explain draws it; where there is no picture, or hues cannot be shown, as a heat map. */
static int show_map(const struct args *a, struct preview *p, const limn_explanation *e, bool alone, const char *name)
{
    const bool few = p->caps.colours < PICTURE_256;
    struct limn_drawing d = {.render = {.view = alone || few ? "heatmap" : "auto", .colormap = few ? "gray" : NULL},
                             .bare = true};
    struct limn_scale scale = {0};
    limn_error err = {0};
    limn_image *image = NULL;
    int32_t size[3];
    limn_explanation_volume_size(e, 0, size);
    if (size[0] > 0) {
        return show_volume(a, p, e, &d, name);
    }
    if (limn_draw(e, (struct limn_which){0}, &d, &image, &scale, &err) != LIMN_OK) {
        return say_status(&err);
    }
    print_scale(&scale);
    const int code = show_image(a, p, image, name);
    limn_image_destroy(&image);
    return code;
}

/* ---- a single array ---- */

/* STEM.METHOD[.CLASS].npy: the method (NULL: none is named) and the picture or volume beside it, "" when there is
 * none. */
static const char *named_method(const char *path, char *input, size_t size)
{
    static char method[64];
    struct limn_method_info m;
    char stem[4096];
    input[0] = '\0';
    snprintf(stem, sizeof(stem), "%.*s", (int)strlen(path) - 4, path);
    char *dot = strrchr(stem, '.');
    if (dot != NULL && dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0') {
        *dot = '\0';
        dot = strrchr(stem, '.');
    }
    for (size_t i = 0; dot != NULL && limn_method_info(i, &m, NULL) == LIMN_OK; i++) {
        if (strcmp(dot + 1, m.name) == 0) {
            snprintf(method, sizeof(method), "%s", m.name);
            *dot = '\0';
            snprintf(input, size, "%s.input.png", stem);
            if (access(input, R_OK) != 0) {
                snprintf(input, size, "%s.input.npy", stem);
            }
            input[access(input, R_OK) == 0 ? strlen(input) : 0] = '\0';
            return method;
        }
    }
    return NULL;
}

static int show_array(const struct args *a, struct preview *p, const char *path)
{
    char input[4200];
    limn_error err = {0};
    limn_explanation *e = NULL;
    struct limn_animation *frames = NULL;
    const char *method = named_method(path, input, sizeof(input));
    if (method == NULL && ends_with(path, ".frames.npy") &&
        limn_animation_load_frames(path, 0.12, &frames, &err) == LIMN_OK) {
        const int code = preview_animation(a, p, frames, path);
        limn_animation_free(&frames);
        return code;
    }
    const struct limn_stored_map map = {
        .map = path, .input = input[0] != '\0' ? input : NULL, .method = method, .cls = -1};
    if (method != NULL && limn_explanation_load(&map, &e, &err) == LIMN_OK) {
        const int code = show_map(a, p, e, map.input == NULL, path);
        limn_explanation_destroy(&e);
        return code;
    }
    struct results none = {0};
    struct result x = {.kind = RESULT_ARRAY, .path = need(strdup(path))};
    int code = result_open(&none, &x) ? 0 : say_error(EXIT_INPUT, "%s", x.problem);
    for (size_t i = 0; i < x.n_line; i++) {
        printf("%s\n", safe(x.line[i]));
    }
    code = code == 0 && x.array != NULL ? show_map(a, p, x.array, true, path) : code;
    result_free(&x);
    return code;
}

/* ---- what names results ---- */

static int show_explained(const struct args *a, struct preview *p, struct results *r, struct result *x)
{
    const int32_t cls = x->n_cls > 0 ? x->cls[0].index : x->map[0].cls;
    const struct result_class *c = result_class(x, cls);
    int code = 0;
    for (size_t i = 0; i < x->n_map && code == 0 && signal_caught == 0; i++) {
        struct result_map *m = &x->map[i];
        if (m->cls != cls) {
            continue;
        }
        printf("%s: %s, %s", safe(x->title), c != NULL && c->label != NULL ? safe(c->label) : "class", m->method);
        printf(c != NULL && c->p >= 0 ? " %.1f %%\n" : "\n", c != NULL ? 100 * c->p : 0);
        code = result_map_open(r, x, m) ? show_map(a, p, m->loaded, x->path == NULL, m->path)
                                        : say_error(EXIT_INPUT, "%s", m->problem);
    }
    return code;
}

static int show_named(const struct args *a, struct preview *p, const char *path)
{
    struct results r = {0};
    char problem[400];
    if (!results_read_file(&r, path, problem, sizeof(problem))) {
        return say_error(EXIT_INPUT, "%s: %s", safe(path), problem);
    }
    int code = 0;
    for (size_t i = 0; i < r.n && code == 0 && signal_caught == 0; i++) {
        struct result *x = &r.item[i];
        if (x->kind == RESULT_MAPS) {
            code = show_explained(a, p, &r, x);
        } else if (x->kind == RESULT_PICTURE || x->kind == RESULT_ANIMATION) {
            printf("%s\n", safe(x->title));
            code = result_open(&r, x) ? preview_animation(a, p, x->shown, x->path)
                                      : say_error(EXIT_INPUT, "%s", x->problem);
        }
    }
    results_free(&r);
    return code;
}

int preview_result(const struct args *a, struct preview *p, const char *path)
{
    enum { CAPTION = 2 };
    p->rows -= !args_has(a, OPT_ROWS) && p->rows > 3 * CAPTION ? CAPTION : 0;
    return ends_with(path, ".json") ? show_named(a, p, path) : show_array(a, p, path);
}
