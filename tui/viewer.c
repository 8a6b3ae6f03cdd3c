/* The viewer's state: see viewer.h. */
#include "viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct viewer_mode modes[] = {
    {"overlay", "overlay", true},  {"gradient", "auto", false},   {"heat map", "heatmap", false},
    {"signed", "signed", false},   {"blend", "blend", true},      {"lit picture", "multiply", false},
    {"classic", "classic", false}, {"picture", "picture", false},
};
enum { MODES = sizeof modes / sizeof modes[0], MODE_OVERLAY = 0, MODE_GRADIENT = 1, MODE_HEAT = 2, MODE_BLEND = 4 };

const struct viewer_mode *viewer_mode(size_t i)
{
    return i < MODES ? &modes[i] : NULL;
}

void viewer_init(struct viewer_state *v)
{
    memset(v, 0, sizeof *v);
    v->look = LOOK_ALL;
    v->motion.speed = 1;
    v->opacity = 0.5;
    v->colormap = -1;
}

void viewer_forget_layers(struct viewer_state *v)
{
    for (size_t i = 0; i < v->n_layer; i++) {
        free(v->layer[i]);
    }
    free(v->layer);
    v->layer = NULL;
    v->n_layer = 0;
    v->model[0] = '\0';
}

void viewer_free(struct viewer_state *v)
{
    limn_image_destroy(&v->image);
    results_free(&v->results);
    viewer_forget_layers(v);
}

struct result *viewer_item(const struct viewer_state *v)
{
    return v->at < v->results.n ? &v->results.item[v->at] : NULL;
}

bool viewer_maps(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    return x != NULL && x->kind == RESULT_MAPS;
}

bool viewer_plays(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    return x != NULL && x->shown != NULL && x->shown->n > 1;
}

const struct limn_method_info *viewer_method(const struct viewer_state *v, struct limn_method_info *out)
{
    return method_named(v->name.method, out) ? out : NULL;
}

static bool gives_gradient(const char *method)
{
    struct limn_method_info m;
    return method_named(method, &m) && m.kind == LIMN_MAP_GRADIENT;
}

static bool is_gradient(const struct viewer_state *v)
{
    return gives_gradient(v->name.method);
}

static bool mode_fits(const struct viewer_state *v, size_t mode)
{
    return mode != MODE_GRADIENT || is_gradient(v);
}

/* ---- where to begin ---- */

static void take_name(struct map_name *to, const struct result_map *m)
{
    memset(to, 0, sizeof *to);
    snprintf(to->method, sizeof to->method, "%s", m->method);
    snprintf(to->layer, sizeof to->layer, "%s", m->layer != NULL ? m->layer : "");
    to->cls = m->cls;
}

static struct result_map *find(const struct result *x, const struct map_name *n)
{
    return result_find(x, n->method, n->layer, n->cls);
}

/* Overlays of several slices would each have a full scale of their own, so volumes are blended. */
static size_t first_mode(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    if (x != NULL && x->path == NULL && x->picture == NULL && !is_gradient(v)) {
        return MODE_HEAT; /* there is no picture to lay it over */
    }
    return is_gradient(v) ? MODE_GRADIENT : v->size[0] > 0 ? MODE_BLEND : MODE_OVERLAY;
}

const struct result_map *viewer_like(const struct viewer_state *v, const struct result *x)
{
    const struct result_map *m = find(x, &v->name);
    for (size_t i = 0; i < x->n_cls && m == NULL; i++) {
        m = result_find(x, v->name.method, NULL, x->cls[i].index);
    }
    return m != NULL || x->n_map == 0 ? m : &x->map[0];
}

/* The same map of another picture where it has one, else its first. */
static void begin_maps(struct viewer_state *v, const struct result *x)
{
    take_name(&v->name, viewer_like(v, x));
    v->before.method[0] = '\0';
    v->difference = false;
    v->mode = first_mode(v);
}

void viewer_begin(struct viewer_state *v)
{
    v->at = v->at < v->results.n ? v->at : 0;
    const struct result *x = viewer_item(v);
    v->look = LOOK_ALL;
    v->top = 0;
    v->problem[0] = '\0';
    v->map = v->minus = NULL;
    v->difference = false;
    v->full_of = NULL;
    memset(v->size, 0, sizeof v->size);
    v->slice = (struct limn_slice){0, 0};
    memset(&v->drawn, 0, sizeof v->drawn);
    limn_image_destroy(&v->image);
    motion_start(&v->motion, x != NULL && x->kind == RESULT_ANIMATION);
    if (x != NULL && x->kind == RESULT_MAPS) {
        begin_maps(v, x);
    }
}

/* ---- drawing ---- */

const struct viewer_mode *viewer_mode_shown(const char *view, bool few)
{
    const struct viewer_mode *m = &modes[0];
    for (size_t i = 0; i < MODES; i++) {
        m = view != NULL && strcmp(modes[i].view, view) == 0 ? &modes[i] : m;
    }
    const bool hue = m->opaque || strcmp(m->view, "classic") == 0;
    return few && hue ? &modes[MODE_HEAT] : m;
}

const struct viewer_mode *viewer_shown_mode(const struct viewer_state *v, bool few)
{
    return viewer_mode_shown(modes[v->mode < MODES ? v->mode : 0].view, few);
}

static const char *colormap_name(const struct viewer_state *v, bool few)
{
    struct limn_colormap_info c;
    if (few) {
        return "gray";
    }
    if (v->colormap < 0 && v->size[0] > 0 && v->mode == MODE_BLEND) {
        return "jet"; /* as explain does it by itself */
    }
    return v->colormap >= 0 && limn_colormap_info((size_t)v->colormap, &c, NULL) == LIMN_OK ? c.name : NULL;
}

struct map_look viewer_look(const struct viewer_state *v, bool few)
{
    return (struct map_look){.view = viewer_shown_mode(v, few)->view,
                             .colormap = colormap_name(v, few),
                             .opacity = v->opacity,
                             .slice = v->slice,
                             .of_slice = v->size[0] > 0};
}

struct map_look viewer_first_look(const struct viewer_state *v, const struct result_map *m)
{
    struct map_look look = viewer_look(v, false);
    const bool gradient = m != NULL && gives_gradient(m->method);
    if (gradient && (v->mode == MODE_OVERLAY || v->mode == MODE_BLEND)) {
        look.view = modes[MODE_GRADIENT].view;
    } else if (!gradient && v->mode == MODE_GRADIENT) {
        look.view = modes[v->size[0] > 0 ? MODE_BLEND : MODE_OVERLAY].view;
    }
    return look;
}

/* The size of the volume, and once its strongest slice. */
static void find_slice(struct viewer_state *v, const struct result_map *m)
{
    const bool first = v->size[0] == 0;
    limn_explanation_volume_size(m->loaded, 0, v->size);
    if (first && v->size[0] > 0) {
        (void)limn_explanation_slice(m->loaded, (struct limn_which){0}, 0, &v->slice, NULL);
        v->mode = v->mode == MODE_OVERLAY ? MODE_BLEND : v->mode;
    }
}

static bool same_drawing(const struct viewer_state *v, const void *map, const void *minus, bool few)
{
    return v->image != NULL && v->drawn.map == map && v->drawn.minus == minus && v->drawn.mode == v->mode &&
           v->drawn.colormap == v->colormap && v->drawn.opacity == v->opacity && v->drawn.few == few &&
           v->drawn.slice.axis == v->slice.axis && v->drawn.slice.index == v->slice.index && v->drawn.item == v->at &&
           v->drawn.difference == v->difference && v->drawn.frame == v->motion.frame;
}

static void remember_drawing(struct viewer_state *v, const void *map, const void *minus, bool few)
{
    v->drawn.map = map;
    v->drawn.minus = minus;
    v->drawn.mode = v->mode;
    v->drawn.colormap = v->colormap;
    v->drawn.opacity = v->opacity;
    v->drawn.few = few;
    v->drawn.slice = v->slice;
    v->drawn.item = v->at;
    v->drawn.difference = v->difference;
    v->drawn.frame = v->motion.frame;
}

static void show_map(struct viewer_state *v, struct result *x, bool few)
{
    struct result_map *map = find(x, &v->name), *minus = NULL;
    limn_image *image = NULL;
    v->map = map;
    v->minus = NULL;
    if (map == NULL || !result_map_open(&v->results, x, map)) {
        snprintf(v->problem, sizeof v->problem, "%s", map != NULL ? map->problem : "");
        limn_image_destroy(&v->image);
        return;
    }
    find_slice(v, map);
    if (v->difference && (minus = (struct result_map *)viewer_minus(v)) != NULL &&
        !result_map_open(&v->results, x, minus)) {
        snprintf(v->problem, sizeof v->problem, "%s", minus->problem);
        limn_image_destroy(&v->image);
        return;
    }
    v->minus = minus;
    if (same_drawing(v, map->loaded, minus, few)) {
        return;
    }
    const struct map_look look = viewer_look(v, few);
    v->problem[0] = '\0';
    limn_image_destroy(&v->image);
    if (result_compose(map, minus, &look, &image, &v->scale, v->problem, sizeof v->problem)) {
        v->image = image;
        remember_drawing(v, map->loaded, minus, few);
    }
}

/* The frame that others are compared with: the one that is not shifted, else the first. */
size_t viewer_rest_frame(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    size_t best = 0;
    for (size_t i = 1; i < x->n_frame && x->shown != NULL && i < x->shown->n; i++) {
        const double a = x->frame[i].lambda, b = x->frame[best].lambda;
        best = a * a < b * b ? i : best;
    }
    return best;
}

static void find_full_scale(struct viewer_state *v, const struct limn_animation *s, const limn_image *rest)
{
    limn_image *image = NULL;
    if (v->full_of == s) {
        return;
    }
    v->full_of = s;
    v->full = 1;
    for (size_t i = 0; i < s->n; i++) {
        struct limn_scale one = {0};
        if (limn_image_difference(s->frame[i], rest, 0, NULL, &image, &one, NULL) == LIMN_OK) {
            v->full = one.high > v->full ? one.high : v->full;
        }
        limn_image_destroy(&image);
    }
}

/* The difference of a frame; its full scale is the largest of all frames, so that they can be compared. */
static void show_frame_difference(struct viewer_state *v, struct result *x, bool few)
{
    const struct limn_animation *s = x->shown;
    const limn_image *rest = s->frame[viewer_rest_frame(v)];
    limn_error err = {0};
    if (same_drawing(v, s, NULL, few)) {
        return;
    }
    find_full_scale(v, s, rest);
    limn_image_destroy(&v->image);
    if (limn_image_difference(s->frame[v->motion.frame < s->n ? v->motion.frame : 0], rest, v->full,
                              colormap_name(v, few), &v->image, &v->scale, &err) != LIMN_OK) {
        snprintf(v->problem, sizeof v->problem, "%s", err.text);
        return;
    }
    remember_drawing(v, s, NULL, few);
}

/* A picture of an array's numbers. */
static void show_array(struct viewer_state *v, struct result *x, bool few)
{
    limn_error err = {0};
    if (v->size[0] == 0) {
        limn_explanation_volume_size(x->array, 0, v->size);
        v->slice.index = v->size[0] / 2;
    }
    if (same_drawing(v, x->array, NULL, few)) {
        return;
    }
    const struct limn_drawing d = {.render = {.view = "heatmap", .colormap = few ? "gray" : "viridis"},
                                   .slice = v->size[0] > 0 ? &v->slice : NULL};
    limn_image_destroy(&v->image);
    if (limn_draw(x->array, (struct limn_which){0}, &d, &v->image, &v->scale, &err) != LIMN_OK) {
        snprintf(v->problem, sizeof v->problem, "%s", err.text);
        return;
    }
    v->scale.unit = "";
    remember_drawing(v, x->array, NULL, few);
}

/* The last epochs are seen below a training's curve. */
static void open_table_beside(struct viewer_state *v)
{
    for (size_t i = 0; i < v->results.n; i++) {
        struct result *x = &v->results.item[i];
        if (x->kind == RESULT_TEXT && x->path != NULL && strcmp(path_base(x->path), "log.jsonl") == 0) {
            (void)result_open(&v->results, x);
        }
    }
}

void viewer_show(struct viewer_state *v, bool few)
{
    struct result *x = viewer_item(v);
    if (x == NULL) {
        return;
    }
    if (x->kind == RESULT_MAPS) {
        show_map(v, x, few);
        return;
    }
    if (!result_open(&v->results, x)) {
        snprintf(v->problem, sizeof v->problem, "%s", x->problem);
        return;
    }
    if (x->kind == RESULT_PICTURE) {
        open_table_beside(v);
    }
    if (x->array != NULL) {
        show_array(v, x, few);
    } else if (v->difference && viewer_plays(v)) {
        show_frame_difference(v, x, few);
    } else {
        limn_image_destroy(&v->image);
    }
}

/* ---- another map ---- */

static void change(struct viewer_state *v, const struct map_name *to)
{
    const bool gradient = is_gradient(v);
    if (v->map != NULL) {
        v->before = v->name;
    }
    v->name = *to;
    if (gradient != is_gradient(v) && (v->mode == MODE_GRADIENT || v->mode == MODE_OVERLAY || v->mode == MODE_BLEND)) {
        v->mode = first_mode(v);
    }
}

bool viewer_go_class(struct viewer_state *v, int32_t cls)
{
    struct map_name to = v->name;
    to.cls = cls;
    if (cls != v->name.cls) {
        change(v, &to);
    }
    return true;
}

bool viewer_step_class(struct viewer_state *v, int step)
{
    const struct result *x = viewer_item(v);
    size_t at = 0;
    if (!viewer_maps(v) || x->n_cls < 2) {
        return false;
    }
    while (at < x->n_cls && x->cls[at].index != v->name.cls) {
        at++;
    }
    at = at < x->n_cls ? (at + x->n_cls + (size_t)(step > 0 ? 1 : x->n_cls - 1)) % x->n_cls : 0;
    return viewer_go_class(v, x->cls[at].index);
}

/* A map of the method: of the layer and class that are looked at, else of any. */
static const struct result_map *of_method(const struct viewer_state *v, const char *method)
{
    const struct result *x = viewer_item(v);
    const struct result_map *m = result_find(x, method, v->name.layer, v->name.cls);
    m = m != NULL ? m : result_find(x, method, NULL, v->name.cls);
    for (size_t i = 0; i < x->n_map && m == NULL; i++) {
        m = strcmp(x->map[i].method, method) == 0 ? &x->map[i] : NULL;
    }
    return m;
}

static size_t stored_methods(const struct viewer_state *v)
{
    struct limn_method_info m;
    size_t n = 0;
    for (size_t i = 0; limn_method_info(i, &m, NULL) == LIMN_OK; i++) {
        n += of_method(v, m.name) != NULL;
    }
    return n;
}

/* Over the methods that have maps; when there is one only, over all: what is missing can be made. */
bool viewer_step_method(struct viewer_state *v, int step)
{
    struct limn_method_info m;
    const size_t n = limn_method_count();
    size_t at = 0;
    if (!viewer_maps(v)) {
        return false;
    }
    const bool stored = stored_methods(v) > 1;
    while (at + 1 < n && (limn_method_info(at, &m, NULL) != LIMN_OK || strcmp(m.name, v->name.method) != 0)) {
        at++;
    }
    for (size_t i = 1; i <= n; i++) {
        const size_t k = (at + (step > 0 ? i : n - i)) % n;
        const struct result_map *map = limn_method_info(k, &m, NULL) == LIMN_OK ? of_method(v, m.name) : NULL;
        struct map_name to = v->name;
        if (map != NULL) {
            take_name(&to, map);
        } else {
            snprintf(to.method, sizeof to.method, "%s", m.name);
        }
        if ((map != NULL || !stored) && strcmp(to.method, v->name.method) != 0) {
            change(v, &to);
            return true;
        }
    }
    return false;
}

bool viewer_known_layer(const struct viewer_state *v, const char *layer)
{
    return viewer_maps(v) && result_find(viewer_item(v), v->name.method, layer, v->name.cls) != NULL;
}

/* The layers to step over, in the model's order; those that only stored maps name come last. Returns how many. */
static size_t list_layers(const struct viewer_state *v, const char **out, size_t most)
{
    const struct result *x = viewer_item(v);
    size_t n = 0;
    for (size_t i = 0; i < v->n_layer && n < most; i++) {
        out[n++] = v->layer[i];
    }
    for (size_t i = 0; i < x->n_map && n < most; i++) {
        size_t k = 0;
        const char *name = x->map[i].layer;
        while (k < n && name != NULL && strcmp(out[k], name) != 0) {
            k++;
        }
        if (k == n && name != NULL && name[0] != '\0') {
            out[n++] = name;
        }
    }
    return n;
}

bool viewer_step_layer(struct viewer_state *v, int step)
{
    enum { MOST = 1024 };
    const char *name[MOST];
    struct map_name to = v->name;
    size_t at = 0;
    const size_t n = viewer_maps(v) ? list_layers(v, name, MOST) : 0;
    while (at < n && strcmp(name[at], v->name.layer) != 0) {
        at++;
    }
    if (n < 2 || at == n || (step > 0 ? at + 1 == n : at == 0)) {
        return false;
    }
    snprintf(to.layer, sizeof to.layer, "%s", name[step > 0 ? at + 1 : at - 1]);
    change(v, &to);
    return true;
}

bool viewer_step_mode(struct viewer_state *v)
{
    if (!viewer_maps(v)) {
        return false;
    }
    do {
        v->mode = (v->mode + 1) % MODES;
    } while (!mode_fits(v, v->mode));
    v->difference = false;
    return true;
}

/* The mode's own, then those that suit a map without signs. */
bool viewer_step_colormap(struct viewer_state *v)
{
    struct limn_colormap_info c = {0};
    if (!viewer_maps(v) || v->difference || strcmp(modes[v->mode].view, "signed") == 0) {
        return false;
    }
    do {
        v->colormap = v->colormap + 1 < (int32_t)limn_colormap_count() ? v->colormap + 1 : -1;
    } while (v->colormap >= 0 && limn_colormap_info((size_t)v->colormap, &c, NULL) == LIMN_OK && c.diverging);
    return true;
}

const struct result_map *viewer_minus(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    if (!viewer_maps(v)) {
        return NULL;
    }
    const struct result_map *here = find(x, &v->name), *m = v->before.method[0] != '\0' ? find(x, &v->before) : NULL;
    for (size_t i = 0; i < x->n_cls && (m == NULL || m == here); i++) {
        m = result_find(x, v->name.method, v->name.layer, x->cls[i].index);
    }
    for (size_t i = 0; i < x->n_map && (m == NULL || m == here); i++) {
        m = &x->map[i];
    }
    return m != here ? m : NULL;
}

/* ---- frames ---- */

/* A GIF that plays forth and back holds its frames twice, but for the ends. */
size_t viewer_frame_at(const struct viewer_state *v)
{
    const struct result *x = viewer_item(v);
    const size_t n = x != NULL ? x->n_frame : 0, at = v->motion.frame;
    const size_t all = x != NULL && x->shown != NULL ? x->shown->n : 0;
    if (n == 0 || (all != n && all + 2 != 2 * n) || at >= all) {
        return SIZE_MAX;
    }
    return at < n ? at : 2 * n - 2 - at;
}

const struct result_frame *viewer_frame(const struct viewer_state *v)
{
    const size_t at = viewer_frame_at(v);
    return at != SIZE_MAX ? &viewer_item(v)->frame[at] : NULL;
}
