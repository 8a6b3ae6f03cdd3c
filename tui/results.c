/* Results of jobs, loaded and drawn: see results.h. */
#include "results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_S 0.12

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool method_named(const char *name, struct limn_method_info *out)
{
    for (size_t i = 0; limn_method_info(i, out, NULL) == LIMN_OK; i++) {
        if (strcmp(out->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* ---- memory ---- */

static void free_map(struct result_map *m)
{
    limn_explanation_destroy(&m->loaded);
    free(m->path);
    free(m->picture);
    free(m->layer);
    free(m->problem);
}

void result_free(struct result *x)
{
    for (size_t i = 0; i < x->n_cls; i++) {
        free(x->cls[i].label);
    }
    for (size_t i = 0; i < x->n_map; i++) {
        free_map(&x->map[i]);
    }
    for (size_t i = 0; i < x->n_line; i++) {
        free(x->line[i]);
    }
    limn_animation_free(&x->shown);
    limn_explanation_destroy(&x->array);
    limn_image_destroy(&x->picture);
    char *const text[] = {x->path, x->source, x->title, x->from, x->to, x->frames, x->problem};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        free(text[i]);
    }
    free(x->cls);
    free(x->map);
    free(x->frame);
    free(x->line);
}

void results_free(struct results *r)
{
    for (size_t i = 0; i < r->n; i++) {
        result_free(&r->item[i]);
    }
    free(r->item);
    free(r->document);
    free(r->likeness);
    memset(r, 0, sizeof *r);
}

/* ---- finding ---- */

struct result_map *result_find(const struct result *item, const char *method, const char *layer, int32_t cls)
{
    for (size_t i = 0; i < item->n_map; i++) {
        struct result_map *m = &item->map[i];
        if (m->cls == cls && strcmp(m->method, method) == 0 &&
            (layer == NULL || (m->layer != NULL && strcmp(m->layer, layer) == 0))) {
            return m;
        }
    }
    return NULL;
}

const struct result_class *result_class(const struct result *item, int32_t cls)
{
    for (size_t i = 0; i < item->n_cls; i++) {
        if (item->cls[i].index == cls) {
            return &item->cls[i];
        }
    }
    return NULL;
}

/* ---- loading ---- */

/* Drops the map that was not looked at for longest when there are too many. */
static void make_room(struct results *r)
{
    size_t n = 0;
    struct result_map *oldest = NULL;
    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 0; k < r->item[i].n_map; k++) {
            struct result_map *m = &r->item[i].map[k];
            n += m->loaded != NULL;
            oldest = m->loaded != NULL && (oldest == NULL || m->used < oldest->used) ? m : oldest;
        }
    }
    if (n >= MAPS_KEPT) {
        limn_explanation_destroy(&oldest->loaded);
    }
}

bool result_map_open(struct results *r, struct result *item, struct result_map *map)
{
    limn_error err = {0};
    map->used = ++r->clock;
    if (map->loaded != NULL || map->problem != NULL) {
        return map->problem == NULL;
    }
    make_room(r);
    const struct limn_stored_map p = {
        .map = map->path, .input = item->path, .picture = item->picture, .method = map->method, .cls = map->cls};
    if (map->path == NULL || limn_explanation_load(&p, &map->loaded, &err) != LIMN_OK) {
        map->problem = copy(err.text[0] != '\0' ? err.text : "the map cannot be loaded");
        return false;
    }
    return true;
}

bool result_open(struct results *r, struct result *item)
{
    limn_error err = {0};
    const struct limn_animation_params p = {.fit_width = 1600, .fit_height = 1600};
    (void)r;
    if (item->problem != NULL || item->shown != NULL || item->line != NULL || item->kind == RESULT_MAPS) {
        return item->problem == NULL;
    }
    if (item->kind == RESULT_TEXT || item->kind == RESULT_ARRAY) {
        return result_text_open(item);
    }
    if (item->frames != NULL && limn_animation_load_frames(item->frames, FRAME_S, &item->shown, NULL) == LIMN_OK) {
        return true; /* the GIF's captions cannot be read in cells */
    }
    if (item->path == NULL || limn_animation_load(item->path, &p, &item->shown, &err) != LIMN_OK) {
        item->problem = copy(err.text[0] != '\0' ? err.text : "it cannot be loaded");
        return false;
    }
    return true;
}

bool result_compose(const struct result_map *map, const struct result_map *minus, const struct map_look *look,
                    limn_image **out, struct limn_scale *scale, char *problem, size_t size)
{
    limn_error err = {0};
    const struct limn_which only = {0};
    const struct limn_drawing d = {.render = {look->view, look->colormap, look->opacity, 0},
                                   .bare = !look->framed,
                                   .full = look->full,
                                   .slice = look->of_slice ? &look->slice : NULL};
    const limn_status st = minus != NULL
                               ? limn_draw_difference(map->loaded, only, minus->loaded, only, &d, out, scale, &err)
                               : limn_draw(map->loaded, only, &d, out, scale, &err);
    if (st != LIMN_OK) {
        snprintf(problem, size, "%s", err.text);
    }
    return st == LIMN_OK;
}
