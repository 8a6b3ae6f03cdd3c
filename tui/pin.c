/* Pinned results: see pin.h. */
#include "pin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

void pin_free(struct pin *p)
{
    char *const text[] = {p->path, p->input, p->source, p->title, p->frames, p->picture};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        free(text[i]);
    }
    memset(p, 0, sizeof *p);
}

bool pin_copy(struct pin *out, const struct pin *from)
{
    *out = *from;
    out->path = copy(from->path);
    out->input = copy(from->input);
    out->source = copy(from->source);
    out->title = copy(from->title);
    out->frames = copy(from->frames);
    out->picture = copy(from->picture);
    if (out->path == NULL || out->title == NULL) {
        pin_free(out);
        return false;
    }
    return true;
}

bool pin_take(struct pin *out, const struct results *r, const struct result *x, const struct result_map *m,
              const struct map_look *look, size_t frame)
{
    memset(out, 0, sizeof *out);
    const bool map = x->kind == RESULT_MAPS;
    if ((map && (m == NULL || m->path == NULL)) ||
        (!map && (x->path == NULL || (x->kind != RESULT_ANIMATION && x->kind != RESULT_PICTURE)))) {
        return false;
    }
    struct pin p = {.job = map ? m->job : r->job,
                    .kind = x->kind,
                    .path = map ? m->path : x->path,
                    .input = map ? x->path : NULL,
                    .source = x->source,
                    .title = x->title,
                    .frames = x->frames,
                    .picture = map ? m->picture : NULL,
                    .cls = map ? m->cls : -1,
                    .p = -1,
                    .frame = frame,
                    .n_frame = x->shown != NULL ? x->shown->n : 0};
    if (map) {
        const struct result_class *c = result_class(x, m->cls);
        snprintf(p.method, sizeof p.method, "%s", m->method);
        snprintf(p.layer, sizeof p.layer, "%s", m->layer != NULL ? m->layer : "");
        snprintf(p.label, sizeof p.label, "%s", c != NULL && c->label != NULL ? c->label : "");
        p.p = c != NULL ? c->p : -1;
        p.look = *look;
    }
    return pin_copy(out, &p);
}

bool pin_same(const struct pin *a, const struct pin *b)
{
    return a->kind == b->kind && strcmp(a->path, b->path) == 0;
}

/* ---- words ---- */

const char *method_title(const char *name)
{
    struct limn_method_info m;
    return method_named(name, &m) ? m.title : name;
}

char *percent_text(double p, char out[24])
{
    snprintf(out, 24, p < 0 ? "" : p > 0 && p < 0.1 ? "%.2f %%" : "%.1f %%", 100 * p);
    return out;
}

static void class_text(const struct pin *p, char *out, size_t size)
{
    char percent[24];
    percent_text(p->p, percent);
    if (p->label[0] != '\0') {
        snprintf(out, size, "%.*s%s%s", (int)strcspn(p->label, ","), p->label, percent[0] ? " " : "", percent);
    } else {
        snprintf(out, size, "class %d%s%s", (int)p->cls, percent[0] ? " " : "", percent);
    }
}

void pin_part(const struct pin *p, enum pin_part part, char *out, size_t size)
{
    const bool map = p->kind == RESULT_MAPS;
    out[0] = '\0';
    if (part == PIN_METHOD && map) {
        snprintf(out, size, "%s", method_title(p->method));
    } else if (part == PIN_CLASS && map && p->cls >= 0) {
        class_text(p, out, size);
    } else if (part == PIN_LAYER && map) {
        snprintf(out, size, "%s", p->layer);
    } else if (part == PIN_TITLE) {
        snprintf(out, size, "%s", p->title);
    } else if (part == PIN_JOB && p->job > 0) {
        snprintf(out, size, "job %lld", (long long)p->job);
    }
}

static void add_part(char *out, size_t size, const char *text)
{
    const size_t n = strlen(out);
    if (text[0] != '\0') {
        snprintf(out + n, size - n, "%s%s", n > 0 ? " · " : "", text);
    }
}

struct pins_differ pins_differ(const struct pin *const *pin, size_t n)
{
    struct pins_differ d = {0};
    char first[260], other[260];
    int count = 0;
    for (int k = 0; k < PIN_PARTS; k++) {
        first[0] = '\0';
        for (size_t i = 0; i < n; i++) {
            pin_part(pin[i], (enum pin_part)k, other, sizeof other);
            d.part[k] = d.part[k] || (first[0] != '\0' && other[0] != '\0' && strcmp(first, other) != 0);
            if (first[0] == '\0') {
                memcpy(first, other, sizeof first);
            }
        }
        count += d.part[k];
    }
    const int named = d.part[PIN_METHOD] + d.part[PIN_CLASS];
    d.origin = count > (named > 0 ? named : 1);
    return d;
}

void pin_caption(const struct pin *p, const struct pins_differ *d, char *name, char *origin, size_t size)
{
    char text[260];
    name[0] = origin[0] = '\0';
    for (int k = 0; k < PIN_PARTS; k++) {
        pin_part(p, (enum pin_part)k, text, sizeof text);
        if (d->part[k] && (k <= PIN_CLASS || name[0] == '\0')) {
            add_part(name, size, text);
        } else if (d->part[k]) {
            add_part(origin, size, text);
        }
    }
    for (int k = 0; k < PIN_PARTS && name[0] == '\0'; k++) { /* all alike, or this one has no such part */
        pin_part(p, (enum pin_part)k, name, size);
    }
}

void pins_common(const struct pin *const *pin, size_t n, char *out, size_t size)
{
    static const enum pin_part order[PIN_PARTS] = {PIN_TITLE, PIN_CLASS, PIN_METHOD, PIN_LAYER, PIN_JOB};
    const struct pins_differ d = pins_differ(pin, n);
    char text[260];
    out[0] = '\0';
    for (int k = 0; k < PIN_PARTS; k++) {
        text[0] = '\0';
        for (size_t i = 0; i < n && text[0] == '\0' && !d.part[order[k]]; i++) {
            pin_part(pin[i], order[k], text, sizeof text);
        }
        add_part(out, size, text);
    }
}

/* ---- loading and drawing ---- */

bool pin_load(const struct pin *p, struct results *out)
{
    memset(out, 0, sizeof *out);
    struct result *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return false;
    }
    const bool map = p->kind == RESULT_MAPS;
    out->item = x;
    out->n = 1;
    x->kind = p->kind;
    x->path = copy(map ? p->input : p->path);
    x->title = copy(p->title);
    x->frames = copy(p->frames);
    if (!map) {
        return result_open(out, x);
    }
    x->map = calloc(1, sizeof *x->map);
    x->n_map = x->map != NULL;
    if (x->map == NULL) {
        return false;
    }
    x->map->path = copy(p->path);
    x->map->cls = p->cls;
    x->map->job = p->job;
    snprintf(x->map->method, sizeof x->map->method, "%s", p->method);
    const bool fine = result_map_open(out, x, x->map);
    x->problem = fine ? NULL : copy(x->map->problem);
    return fine;
}

static const limn_image *frame_of(struct pin_frame f)
{
    const struct limn_animation *s = f.own->n > 0 ? f.own->item[0].shown : NULL;
    return s != NULL && s->n > 0 ? s->frame[f.frame < s->n ? f.frame : s->n - 1] : NULL;
}

bool pin_draw(const struct pin *p, struct pin_frame own, const struct pin_frame *minus, limn_image **out,
              struct limn_scale *scale, char *problem, size_t size)
{
    limn_error err = {0};
    if (p->kind == RESULT_MAPS && (minus == NULL || minus->own->item[0].kind == RESULT_MAPS)) {
        return result_compose(own.own->item[0].map, minus != NULL ? minus->own->item[0].map : NULL, &p->look, out,
                              scale, problem, size);
    }
    const limn_image *image = frame_of(own), *other = minus != NULL ? frame_of(*minus) : NULL;
    if (image == NULL || (minus != NULL && other == NULL)) {
        snprintf(problem, size, "a map and a picture have no difference");
        return false;
    }
    const limn_status st = minus != NULL ? limn_image_difference(image, other, p->look.full, NULL, out, scale, &err)
                                         : limn_image_create(limn_image_width(image), limn_image_height(image),
                                                             limn_image_rgb(image), out, &err);
    if (minus == NULL) {
        *scale = (struct limn_scale){0};
    }
    if (st != LIMN_OK) {
        snprintf(problem, size, "%s", err.text);
    }
    return st == LIMN_OK;
}

/* ---- as JSON ---- */

json_t *pin_json(const struct pin *p)
{
    const struct map_look *l = &p->look;
    json_t *j = json_pack("{s:i, s:s, s:s*, s:s*, s:s, s:s*, s:s*}", "kind", (int)p->kind, "path", p->path, "input",
                          p->input, "source", p->source, "title", p->title, "picture", p->picture, "frames", p->frames);
    json_t *map = json_pack("{s:s, s:s, s:s, s:i, s:f, s:s*, s:s*, s:f, s:f, s:b}", "method", p->method, "layer",
                            p->layer, "label", p->label, "class", (int)p->cls, "probability", p->p, "view", l->view,
                            "colormap", l->colormap, "opacity", l->opacity, "full", l->full, "framed", l->framed);
    bool fine = j != NULL && map != NULL && json_object_update(j, map) == 0;
    json_decref(map);
    fine = fine && json_object_set_new(j, "job", json_integer((json_int_t)p->job)) == 0 &&
           json_object_set_new(j, "frame", json_integer((json_int_t)p->frame)) == 0 &&
           (!l->of_slice ||
            json_object_set_new(j, "slice", json_pack("[ii]", (int)l->slice.axis, (int)l->slice.index)) == 0);
    if (!fine) {
        json_decref(j);
    }
    return fine ? j : NULL;
}

static const char *text_of(const json_t *j, const char *key)
{
    return json_string_value(json_object_get(j, key));
}

/* A name of the table of views, so that it lives as long as the program. */
static const char *view_named(const char *name)
{
    struct limn_view_info v;
    for (size_t i = 0; name != NULL && limn_view_info(i, &v, NULL) == LIMN_OK; i++) {
        if (strcmp(v.name, name) == 0) {
            return v.name;
        }
    }
    return NULL;
}

static const char *colormap_named(const char *name)
{
    struct limn_colormap_info c;
    for (size_t i = 0; name != NULL && limn_colormap_info(i, &c, NULL) == LIMN_OK; i++) {
        if (strcmp(c.name, name) == 0) {
            return c.name;
        }
    }
    return NULL;
}

bool pin_read(struct pin *out, const json_t *j)
{
    int kind = -1, cls = -1, axis = 0, index = 0;
    const char *path = text_of(j, "path"), *title = text_of(j, "title");
    const char *input = text_of(j, "input"), *source = text_of(j, "source"), *picture = text_of(j, "picture");
    const char *frames = text_of(j, "frames");
    struct pin p = {.p = -1};
    if (json_unpack((json_t *)j, "{s:i, s?:i}", "kind", &kind, "class", &cls) != 0 || path == NULL || title == NULL ||
        (kind != RESULT_MAPS && kind != RESULT_ANIMATION && kind != RESULT_PICTURE)) {
        return false;
    }
    p.kind = (enum result_kind)kind;
    p.cls = cls;
    p.job = json_integer_value(json_object_get(j, "job"));
    const json_int_t frame = json_integer_value(json_object_get(j, "frame"));
    p.frame = frame > 0 ? (size_t)frame : 0;
    p.path = copy(path);
    p.title = copy(title);
    p.input = copy(input);
    p.source = copy(source);
    p.picture = copy(picture);
    p.frames = copy(frames);
    snprintf(p.method, sizeof p.method, "%s", text_of(j, "method") ? text_of(j, "method") : "");
    snprintf(p.layer, sizeof p.layer, "%s", text_of(j, "layer") ? text_of(j, "layer") : "");
    snprintf(p.label, sizeof p.label, "%s", text_of(j, "label") ? text_of(j, "label") : "");
    p.p = json_is_number(json_object_get(j, "probability")) ? json_number_value(json_object_get(j, "probability")) : -1;
    p.look.view = view_named(text_of(j, "view"));
    p.look.colormap = colormap_named(text_of(j, "colormap"));
    p.look.opacity = json_number_value(json_object_get(j, "opacity"));
    p.look.full = json_number_value(json_object_get(j, "full"));
    p.look.framed = json_is_true(json_object_get(j, "framed"));
    p.look.of_slice = json_unpack((json_t *)j, "{s:[ii]}", "slice", &axis, &index) == 0;
    p.look.slice = (struct limn_slice){axis, index};
    *out = p;
    return p.path != NULL && p.title != NULL;
}
