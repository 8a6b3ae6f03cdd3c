/* Files out of results: what is in each, and what it is called. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

enum { NAME_TRIES = 1000, COLUMNS = 4 };

void export_files_free(struct export_state *e)
{
    for (size_t i = 0; i < e->n; i++) {
        free(e->file[i].content);
    }
    free(e->file);
    e->file = NULL;
    e->n = 0;
}

void export_list_free(struct export_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        pin_free(&l->result[i].pin);
        if (l->result[i].minus != NULL) {
            pin_free(l->result[i].minus);
            free(l->result[i].minus);
        }
    }
    free(l->result);
    memset(l, 0, sizeof *l);
}

bool export_list_add(struct export_list *l, const struct pin *p, const struct pin *minus,
                     const struct limn_job_detail *detail)
{
    struct export_result r = {.detail = detail};
    struct export_result *more = l->n < EXPORT_FILES_MAX ? realloc(l->result, (l->n + 1) * sizeof *l->result) : NULL;
    if (more == NULL) {
        return false;
    }
    l->result = more;
    if (!pin_copy(&r.pin, p)) {
        return false;
    }
    r.minus = minus != NULL ? malloc(sizeof *r.minus) : NULL;
    if (minus != NULL && (r.minus == NULL || !pin_copy(r.minus, minus))) {
        free(r.minus);
        pin_free(&r.pin);
        return false;
    }
    l->result[l->n++] = r;
    return true;
}

/* ---- one more file ---- */

/* Takes the reference; NULL (out of memory, or a path that is not UTF-8): the file is there and says so. */
static struct export_file *add_file(struct export_state *e, json_t *content, int64_t job)
{
    struct export_file *more = e->n < EXPORT_FILES_MAX ? realloc(e->file, (e->n + 1) * sizeof *e->file) : NULL;
    if (more == NULL) {
        e->left_out = true;
        json_decref(content);
        return NULL;
    }
    e->file = more;
    struct export_file *f = &e->file[e->n++];
    *f = (struct export_file){.job = job, .rule = e->rule};
    f->content = content != NULL ? json_dumps(content, JSON_COMPACT) : NULL;
    json_decref(content);
    return f;
}

void export_add_copy(struct export_state *e, const char *path, int64_t job)
{
    struct export_file *f = add_file(e, json_pack("{s:s}", "copy", path), job);
    if (f != NULL) {
        snprintf(f->name, sizeof f->name, "%.240s", path_base(path));
    }
}

void export_numbered(const char *name, int number, char out[256])
{
    const char *dot = strrchr(name, '.');
    const int stem = dot != NULL && dot > name ? (int)(dot - name) : (int)strlen(name);
    snprintf(out, 256, "%.*s-%d%.20s", stem < 220 ? stem : 220, name, number, name + stem);
}

static bool is_name(const struct export_state *e, size_t but, const char *name)
{
    for (size_t i = 0; i < e->n; i++) {
        if (i != but && strcmp(e->file[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

void export_name_apart(struct export_state *e)
{
    bool *twice = calloc(e->n + 1, sizeof *twice);
    for (size_t i = 0; twice != NULL && i < e->n; i++) {
        twice[i] = e->file[i].job > 0 && is_name(e, i, e->file[i].name);
    }
    for (size_t i = 0; twice != NULL && i < e->n; i++) {
        struct export_file *f = &e->file[i];
        char name[256];
        if (twice[i]) {
            snprintf(name, sizeof name, "%lld-%.230s", (long long)f->job, f->name);
            memcpy(f->name, name, sizeof name);
        }
    }
    free(twice);
    for (size_t i = 1; i < e->n; i++) {
        char first[256];
        memcpy(first, e->file[i].name, sizeof first);
        for (int k = 2; k < NAME_TRIES && is_name(e, i, e->file[i].name); k++) {
            export_numbered(first, k, e->file[i].name);
        }
    }
}

/* ---- names ---- */

/* "cat" of "cat.png": at most 150 bytes, cut where a letter ends. */
static void stem_of(const char *title, char out[160])
{
    const char *dot = strrchr(title, '.');
    size_t n = dot != NULL && dot > title ? (size_t)(dot - title) : strlen(title);
    n = n < 150 ? n : 150;
    while (n > 0 && n < strlen(title) && ((unsigned char)title[n] & 0xc0) == 0x80) {
        n--;
    }
    snprintf(out, 160, "%.*s", (int)n, n > 0 ? title : "result");
}

/* As explain called it, where it drew one; else STEM.METHOD.CLASS. */
static void result_name(const struct export_result *r, const char *ext, char out[256])
{
    const struct pin *p = &r->pin;
    char stem[160], more[120] = "", cls[16] = "";
    stem_of(p->kind == RESULT_MAPS && p->picture != NULL && r->minus == NULL ? path_base(p->picture) : p->title, stem);
    if (p->kind == RESULT_ANIMATION && strcmp(ext, "gif") != 0) {
        snprintf(more, sizeof more, ".frame%zu%s", p->frame + 1, r->minus != NULL ? ".difference" : "");
    } else if (p->kind == RESULT_MAPS && (p->picture == NULL || r->minus != NULL)) {
        if (p->cls >= 0) {
            snprintf(cls, sizeof cls, ".%d", (int)p->cls);
        }
        snprintf(more, sizeof more, ".%.30s%s%s%.30s", p->method, cls, r->minus != NULL ? ".less-" : "",
                 r->minus != NULL ? r->minus->method : "");
    }
    if (p->look.of_slice && p->kind == RESULT_MAPS) {
        const size_t n = strlen(more);
        snprintf(more + n, sizeof more - n, ".slice%d-%d", (int)p->look.slice.axis, (int)p->look.slice.index);
    }
    snprintf(out, 256, "%s%s.%s", stem, more, ext);
}

/* ---- where a result comes from ---- */

static const char *model_of(const json_t *document)
{
    const json_t *args = json_object_get(document, "args");
    const char *name = json_string_value(json_object_get(args, "model"));
    return name != NULL ? name : json_string_value(json_object_get(args, "classifier"));
}

static void set_text(json_t *o, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0') { /* what is not UTF-8 is left out */
        json_object_set_new(o, key, json_string(value));
    }
}

/* The chunks of a picture: what explain writes into its own, and how this one is drawn. */
static json_t *provenance(const struct export_result *r)
{
    const struct pin *p = &r->pin;
    const struct limn_job_detail *d = r->detail;
    char number[300];
    json_t *t = json_object(), *document = d != NULL ? json_loads(d->document, 0, NULL) : NULL;
    const char *model = model_of(document);
    snprintf(number, sizeof number, "limn %s", limn_version());
    set_text(t, "Software", number);
    set_text(t, "limn:model", model != NULL ? path_base(model) : NULL);
    set_text(t, "limn:model-sha256", d != NULL ? d->model_hash : NULL);
    if (p->kind == RESULT_MAPS) {
        set_text(t, "limn:method", p->method);
        set_text(t, "limn:layer", p->layer);
        snprintf(number, sizeof number, p->label[0] ? "%d %s" : "%d", (int)p->cls, p->label);
        set_text(t, "limn:class", p->cls >= 0 ? number : NULL);
        snprintf(number, sizeof number, "%.6f", p->p);
        set_text(t, "limn:probability", p->p >= 0 ? number : NULL);
        set_text(t, "limn:view", r->minus != NULL ? "difference" : p->look.view != NULL ? p->look.view : "auto");
        set_text(t, "limn:less", r->minus != NULL ? r->minus->method : NULL);
        set_text(t, "limn:colormap", p->look.colormap);
        snprintf(number, sizeof number, "%g", p->look.opacity);
        set_text(t, "limn:opacity", p->look.opacity > 0 ? number : NULL);
    } else if (p->kind == RESULT_ANIMATION) {
        snprintf(number, sizeof number, "%zu", p->frame + 1);
        set_text(t, "limn:frame", number);
    }
    snprintf(number, sizeof number, "%lld", d != NULL ? (long long)d->seed : -1LL);
    set_text(t, "limn:seed", d != NULL && d->seed >= 0 ? number : NULL);
    json_decref(document);
    return t;
}

/* Of several: the keys whose values are the same for all. */
static json_t *common_provenance(const struct export_result *const *r, size_t n)
{
    json_t *all = provenance(r[0]), *value;
    const char *key;
    void *next;
    for (size_t i = 1; i < n; i++) {
        json_t *one = provenance(r[i]);
        json_object_foreach_safe(all, next, key, value)
        {
            if (!json_equal(value, json_object_get(one, key))) {
                json_object_del(all, key);
            }
        }
        json_decref(one);
    }
    return all;
}

/* ---- contents ---- */

/* The letters of pictures are few: a dot between words becomes a comma. */
static void plain_dots(char *text)
{
    static const char dot[] = " · ";
    for (char *at; (at = strstr(text, dot)) != NULL;) {
        memcpy(at, ", ", 2);
        memmove(at + 2, at + sizeof dot - 1, strlen(at + sizeof dot - 1) + 1);
    }
}

static json_t *cell(const struct export_result *r, const struct pins_differ *d)
{
    char name[460], origin[460];
    json_t *pin = pin_json(&r->pin), *minus = r->minus != NULL ? pin_json(r->minus) : NULL;
    json_t *j = pin != NULL && (r->minus == NULL || minus != NULL) ? json_pack("{s:o}", "pin", pin) : NULL;
    if (j != NULL && minus != NULL) {
        json_object_set_new(j, "minus", minus);
    }
    if (j != NULL && d != NULL) {
        pin_caption(&r->pin, d, name, origin, sizeof name);
        if (r->minus != NULL) {
            snprintf(name + strlen(name), sizeof name - strlen(name), " less the first");
        }
        plain_dots(name);
        plain_dots(origin);
        set_text(j, "name", name);
        set_text(j, "origin", origin);
    }
    return j;
}

static void add_picture(struct export_state *e, const struct export_result *r)
{
    char name[256];
    if (r->pin.kind == RESULT_PICTURE && r->minus == NULL) {
        export_add_copy(e, r->pin.path, r->pin.job);
        return;
    }
    struct export_result framed = *r;
    framed.pin.look.framed = true; /* as explain draws it */
    json_t *draw = cell(&framed, NULL);
    struct export_file *f =
        add_file(e, draw != NULL ? json_pack("{s:o, s:o}", "draw", draw, "text", provenance(r)) : NULL, r->pin.job);
    result_name(r, "png", name);
    if (f != NULL) {
        memcpy(f->name, name, sizeof name);
    }
}

static void add_json(struct export_state *e, const struct export_result *r)
{
    char name[256];
    const struct limn_job_detail *d = r->detail;
    json_t *pin = pin_json(&r->pin);
    static const char *const inner[] = {"kind", "framed", "full", "frame"}; /* of drawing, not of making */
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        json_object_del(pin, inner[i]);
    }
    json_t *j = pin != NULL ? json_pack("{s:i, s:s, s:o, s:o}", "schema", 1, "limn", limn_version(), "result", pin,
                                        "provenance", provenance(r))
                            : NULL;
    if (j != NULL && d != NULL) {
        json_object_set_new(j, "job", json_integer((json_int_t)d->job.id));
        json_object_set_new(j, "document", json_loads(d->document, 0, NULL));
        set_text(j, "device", d->device);
        set_text(j, "made_by", d->limn_version);
    }
    struct export_file *f = add_file(e, j != NULL ? json_pack("{s:o}", "json", j) : NULL, r->pin.job);
    result_name(r, "json", name);
    if (f != NULL) {
        memcpy(f->name, name, sizeof name);
    }
}

/* ---- several in one ---- */

struct group { /* results that make one file */
    const struct export_result *result[COLUMNS * 64];
    size_t n;
};

/* Results of the same picture as number `from`, or with `apart` false all; false: they have been in a group before. */
static bool take_group(const struct export_list *l, size_t from, struct group *g)
{
    const struct pin *first = &l->result[from].pin;
    g->n = 0;
    for (size_t i = l->apart ? 0 : from; i < l->n && g->n < sizeof g->result / sizeof g->result[0]; i++) {
        const struct pin *p = &l->result[i].pin;
        if (!l->apart || (p->job == first->job && strcmp(p->title, first->title) == 0)) {
            if (i < from) {
                return false;
            }
            g->result[g->n++] = &l->result[i];
        }
    }
    return l->apart || from == 0;
}

static json_t *group_cells(const struct group *g, bool with_input, struct pins_differ *d)
{
    const struct pin *pin[sizeof g->result / sizeof g->result[0]];
    json_t *cells = json_array();
    bool same = with_input;
    for (size_t i = 0; i < g->n; i++) {
        pin[i] = &g->result[i]->pin;
        same =
            same && pin[i]->kind == RESULT_MAPS && pin[i]->input != NULL && strcmp(pin[i]->title, pin[0]->title) == 0;
    }
    *d = pins_differ(pin, g->n);
    if (same) { /* the picture itself comes first */
        struct export_result input = *g->result[0];
        input.pin.look.view = "picture";
        input.minus = NULL;
        json_t *j = cell(&input, NULL);
        set_text(j, "name", "input");
        json_array_append_new(cells, j);
    }
    for (size_t i = 0; i < g->n; i++) {
        json_t *j = cell(g->result[i], d);
        if (j == NULL || json_array_append_new(cells, j) != 0) {
            json_decref(cells);
            return NULL;
        }
    }
    return cells;
}

/* A row while it is short, else about as many rows as columns. */
static int columns_of(size_t n)
{
    int columns = n <= COLUMNS ? (int)n : COLUMNS - 1;
    while (n > COLUMNS && (size_t)columns * (size_t)columns < n) {
        columns++;
    }
    return columns;
}

static void add_sheet(struct export_state *e, const struct group *g)
{
    const struct pin *pin[sizeof g->result / sizeof g->result[0]];
    struct pins_differ d;
    char title[600], stem[160];
    json_t *cells = group_cells(g, true, &d);
    for (size_t i = 0; i < g->n; i++) {
        pin[i] = &g->result[i]->pin;
    }
    pins_common(pin, g->n, title, sizeof title);
    plain_dots(title);
    const int columns = columns_of(json_array_size(cells));
    json_t *sheet = cells != NULL ? json_pack("{s:o, s:i}", "cells", cells, "columns", columns) : NULL;
    set_text(sheet, "title", title);
    json_t *content = sheet != NULL ? json_pack("{s:o}", "sheet", sheet) : NULL;
    if (content != NULL) {
        json_object_set_new(content, "text", common_provenance(g->result, g->n));
    }
    struct export_file *f = add_file(e, content, g->result[0]->pin.job);
    stem_of(d.part[PIN_TITLE] ? "results" : pin[0]->title, stem);
    if (f != NULL) {
        snprintf(f->name, sizeof f->name, "%s.sheet.png", stem);
    }
}

static bool plays(const struct export_result *r)
{
    return r->pin.kind == RESULT_ANIMATION;
}

static void add_gif(struct export_state *e, const struct group *g)
{
    struct pins_differ d;
    char stem[160];
    size_t moving = 0;
    for (size_t i = 0; i < g->n; i++) {
        moving += plays(g->result[i]);
    }
    if (g->n == 1 && moving == 1 && g->result[0]->minus == NULL) { /* it is one */
        export_add_copy(e, g->result[0]->pin.path, g->result[0]->pin.job);
        return;
    }
    if (g->n < 2 && moving == 0) {
        return;
    }
    json_t *cells = group_cells(g, false, &d), *text = common_provenance(g->result, g->n);
    char *comment = json_dumps(text, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_t *gif = cells != NULL ? json_pack("{s:o, s:b}", "cells", cells, "slides", moving == 0) : NULL;
    json_t *content = gif != NULL ? json_pack("{s:o}", "gif", gif) : NULL;
    set_text(content, "comment", comment);
    struct export_file *f = add_file(e, content, g->result[0]->pin.job);
    stem_of(d.part[PIN_TITLE] ? "results" : g->result[0]->pin.title, stem);
    if (f != NULL) {
        snprintf(f->name, sizeof f->name, "%s.%s.gif", stem, moving > 0 ? "compare" : "slides");
    }
    free(comment);
    json_decref(text);
}

void export_list_end(const struct export_list *l, struct export_state *e)
{
    struct group *g = malloc(sizeof *g);
    for (size_t i = 0; i < l->n && g != NULL; i++) {
        const struct export_result *r = &l->result[i];
        if (e->form == FORM_PICTURES) {
            add_picture(e, r);
        } else if (e->form == FORM_JSON) {
            add_json(e, r);
        } else if (e->form == FORM_MAPS && r->pin.kind == RESULT_MAPS) {
            export_add_copy(e, r->pin.path, r->pin.job);
        } else if (e->form == FORM_FILES) {
            export_add_copy(e, r->pin.path, r->pin.job);
            if (r->pin.kind == RESULT_MAPS && r->pin.picture != NULL) {
                export_add_copy(e, r->pin.picture, r->pin.job);
            }
        } else if ((e->form == FORM_SHEET || e->form == FORM_GIF) && take_group(l, i, g)) {
            e->form == FORM_SHEET ? add_sheet(e, g) : add_gif(e, g);
        }
    }
    free(g);
}
