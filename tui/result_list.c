/* Lists of results: what jobs and result.json files name. See results.h. */
#include "results.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JSON_MAX = 64 << 20 };

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* One more element at the end of a list, zeroed; NULL when out of memory. */
static void *grow(void *list, size_t *n, size_t size)
{
    char **at = list;
    char *more = realloc(*at, (*n + 1) * size);
    if (more == NULL) {
        return NULL;
    }
    *at = more;
    memset(more + *n * size, 0, size);
    return more + (*n)++ * size;
}

/* ---- reading result.json ---- */

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static double number_of(const json_t *o, const char *key, double otherwise)
{
    const json_t *v = json_object_get(o, key);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

static int32_t integer_of(const json_t *o, const char *key, int32_t otherwise)
{
    const json_int_t v = json_integer_value(json_object_get(o, key));
    return json_is_integer(json_object_get(o, key)) && v >= INT32_MIN && v <= INT32_MAX ? (int32_t)v : otherwise;
}

/* Paths of results are relative to the job's folder. */
static char *full_path(const char *folder, const char *path)
{
    const size_t n = strlen(folder) + (path != NULL ? strlen(path) : 0) + 2;
    char *out = path == NULL || path[0] == '/' ? copy(path) : malloc(n);
    if (out != NULL && path[0] != '/') {
        snprintf(out, n, "%s/%s", folder, path);
    }
    return out;
}

static json_t *load_json(const struct limn_job_detail *d)
{
    struct stat info;
    for (size_t i = 0; i < d->n_artifacts; i++) {
        const char *path = d->artifact[i].path;
        if (strcmp(d->artifact[i].kind, "json") == 0 && strcmp(path_base(path), "result.json") == 0 &&
            stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < JSON_MAX) {
            return json_load_file(path, 0, NULL);
        }
    }
    return NULL;
}

static int by_probability(const void *a, const void *b)
{
    const double x = ((const struct result_class *)a)->p, y = ((const struct result_class *)b)->p;
    return (x < y) - (x > y);
}

static void add_classes(struct result *x, const json_t *classes)
{
    size_t i;
    json_t *o;
    json_array_foreach (classes, i, o) {
        struct result_class *c =
            result_class(x, integer_of(o, "index", -1)) == NULL ? grow(&x->cls, &x->n_cls, sizeof *x->cls) : NULL;
        if (c != NULL) {
            *c = (struct result_class){integer_of(o, "index", -1), number_of(o, "probability", -1),
                                       copy(text_of(o, "label"))};
        }
    }
    if (x->n_cls > 1) {
        qsort(x->cls, x->n_cls, sizeof *x->cls, by_probability);
    }
}

static bool uses_layer(const char *method)
{
    struct limn_method_info m;
    return method_named(method, &m) && m.uses_layer;
}

/* The maps among the outputs of an item; the picture drawn of a map precedes it. */
static size_t add_maps(struct result *x, const json_t *outputs, const char *layers, const struct limn_job_detail *d)
{
    size_t i, added = 0;
    json_t *o;
    const json_t *picture = NULL;
    json_array_foreach (outputs, i, o) {
        const char *kind = text_of(o, "kind"), *method = text_of(o, "method"), *path = text_of(o, "path");
        const int32_t cls = integer_of(o, "class", -1);
        if (kind == NULL || method == NULL || path == NULL) {
            continue;
        }
        const char *layer = uses_layer(method) ? layers : "";
        if (strcmp(kind, "png") == 0) {
            picture = o;
        } else if (strcmp(kind, "input") == 0 && x->path == NULL) {
            x->path = full_path(d->folder, path);
        } else if (strcmp(kind, "npy") == 0 && result_find(x, method, layer, cls) == NULL) {
            struct result_map *m = grow(&x->map, &x->n_map, sizeof *x->map);
            if (m == NULL) {
                return added;
            }
            m->path = full_path(d->folder, path);
            m->layer = copy(layer);
            m->cls = cls;
            m->job = d->job.id;
            snprintf(m->method, sizeof m->method, "%s", method);
            if (picture != NULL && integer_of(picture, "class", -1) == cls &&
                strcmp(text_of(picture, "method"), method) == 0) {
                m->picture = full_path(d->folder, text_of(picture, "path"));
            }
            added++;
        }
    }
    return added;
}

static struct result *add_item(struct results *r, enum result_kind kind, const char *title)
{
    struct result *x = grow(&r->item, &r->n, sizeof *r->item);
    if (x != NULL) {
        x->kind = kind;
        x->title = copy(title != NULL ? title : "");
    }
    return x;
}

/* An explained picture with stored maps becomes an item. */
static void add_explained(struct results *r, const json_t *o, const struct limn_job_detail *d)
{
    const char *input = text_of(o, "input"), *layers = text_of(o, "layers");
    struct result *x = add_item(r, RESULT_MAPS, input != NULL ? path_base(input) : NULL);
    if (x == NULL) {
        return;
    }
    x->source = copy(input);
    if (add_maps(x, json_object_get(o, "outputs"), layers != NULL ? layers : "", d) == 0) {
        result_free(x);
        r->n--;
        return;
    }
    add_classes(x, json_object_get(o, "classes"));
}

static char *class_name(const json_t *o, const char *key)
{
    const json_t *c = json_object_get(o, key);
    const char *label = text_of(c, "label");
    char number[32];
    snprintf(number, sizeof number, "class %d", (int)integer_of(c, "index", -1));
    return json_is_object(c) ? copy(label != NULL ? label : number) : NULL;
}

/* What is known of a shift's frames goes to its GIF. */
static void add_shifted(struct results *r, const json_t *o, const struct limn_job_detail *d)
{
    size_t i;
    json_t *out, *f;
    const char *input = text_of(o, "input"), *path = NULL, *frames = NULL;
    json_array_foreach (json_object_get(o, "outputs"), i, out) {
        const char *kind = text_of(out, "kind");
        path = kind != NULL && strcmp(kind, "gif") == 0 ? text_of(out, "path") : path;
        frames = kind != NULL && strcmp(kind, "npy") == 0 ? text_of(out, "path") : frames;
    }
    struct result *x = path != NULL ? add_item(r, RESULT_ANIMATION, path_base(path)) : NULL;
    if (x == NULL) {
        return;
    }
    x->path = full_path(d->folder, path);
    x->frames = full_path(d->folder, frames);
    x->source = copy(input);
    x->from = class_name(o, "from");
    x->to = class_name(o, "to");
    json_array_foreach (json_object_get(o, "frames"), i, f) {
        struct result_frame *frame = grow(&x->frame, &x->n_frame, sizeof *x->frame);
        if (frame != NULL) {
            *frame = (struct result_frame){number_of(f, "lambda", 0), number_of(f, "change", 0),
                                           number_of(f, "p_from", -1), number_of(f, "p_to", -1)};
        }
    }
}

/* ---- listing ---- */

static bool ends_in(const char *path, const char *const *end)
{
    const char *dot = strrchr(path_base(path), '.');
    for (; dot != NULL && *end != NULL; end++) {
        if (strcasecmp(dot, *end) == 0) {
            return true;
        }
    }
    return false;
}

static bool kind_of(const char *path, enum result_kind *out)
{
    static const struct {
        enum result_kind kind;
        const char *const end[8];
    } row[] = {{RESULT_PICTURE, {".png", ".jpg", ".jpeg", ".tif", ".tiff", NULL}},
               {RESULT_ANIMATION, {".gif", NULL}},
               {RESULT_ARRAY, {".npy", NULL}},
               {RESULT_TEXT, {".json", ".jsonl", ".txt", ".csv", ".md", ".log", NULL}}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (ends_in(path, row[i].end)) {
            *out = row[i].kind;
            return true;
        }
    }
    return false;
}

/* The files that items with maps and animations with frames stand for, sorted. */
struct known {
    const char **path;
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void know(struct known *k, const char *path)
{
    if (path != NULL) {
        k->path[k->n++] = path;
    }
}

/* False when out of memory. */
static bool known_files(const struct results *r, struct known *k)
{
    size_t most = 1;
    for (size_t i = 0; i < r->n; i++) {
        most += 2 + 2 * r->item[i].n_map;
    }
    *k = (struct known){.path = calloc(most, sizeof *k->path)};
    for (size_t i = 0; i < r->n && k->path != NULL; i++) {
        const struct result *x = &r->item[i];
        know(k, x->path);
        know(k, x->frames);
        for (size_t m = 0; m < x->n_map; m++) {
            know(k, x->map[m].path);
            know(k, x->map[m].picture);
        }
    }
    if (k->n > 1) {
        qsort(k->path, k->n, sizeof *k->path, by_text);
    }
    return k->path != NULL;
}

/* Keys of a document that say which maps of a picture are made, how they are drawn and where they go ... */
static const char *const varying[] = {"image", "method",   "layer", "class",   "class-each", "view", "output",
                                      "npy",   "maps",     "nifti", "slice",   "montage",    "gif",  "force",
                                      "strip", "colormap", "blur",  "opacity", NULL};
/* ... and how they are computed. */
static const char *const running[] = {"device", "batch", "max-memory", "verbose", "quiet", "seed", NULL};

static void drop(json_t *args, const char *const *key)
{
    for (; *key != NULL; key++) {
        json_object_del(args, *key);
    }
}

/* Equal for jobs whose maps of the same picture belong side by side; NULL for other commands. */
static char *likeness_of(const char *document)
{
    json_t *j = json_loads(document, 0, NULL);
    const char *command = text_of(j, "command");
    char *out = NULL;
    if (command != NULL && strcmp(command, "explain") == 0) {
        drop(json_object_get(j, "args"), varying);
        drop(json_object_get(j, "args"), running);
        out = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
    }
    json_decref(j);
    return out;
}

/* Maps first, then what moves, pictures, arrays and texts (the order of enum result_kind). */
static void order_items(struct results *r)
{
    struct result *sorted = calloc(r->n + 1, sizeof *sorted);
    size_t n = 0;
    for (int kind = RESULT_MAPS; kind <= RESULT_TEXT && sorted != NULL; kind++) {
        for (size_t i = 0; i < r->n; i++) {
            if ((int)r->item[i].kind == kind) {
                sorted[n++] = r->item[i];
            }
        }
    }
    if (sorted != NULL) {
        free(r->item);
        r->item = sorted;
    }
}

/* The items of a result.json, then every file of the job that none of them stands for. */
static void list_items(struct results *r, const json_t *j, const struct limn_job_detail *d)
{
    const char *command = text_of(j, "command");
    const bool shift = command != NULL && strcmp(command, "shift") == 0;
    size_t i;
    json_t *o;
    json_array_foreach (json_object_get(j, "items"), i, o) {
        shift ? add_shifted(r, o, d) : add_explained(r, o, d);
    }
    r->n_classes = integer_of(json_object_get(j, "model"), "classes", 0);
    struct known known;
    const bool fine = known_files(r, &known);
    for (i = 0; i < d->n_artifacts && fine; i++) {
        enum result_kind kind;
        const char *path = d->artifact[i].path;
        const bool listed = known.n > 0 && bsearch(&path, known.path, known.n, sizeof path, by_text) != NULL;
        struct result *x = kind_of(path, &kind) && !listed ? add_item(r, kind, path_base(path)) : NULL;
        if (x != NULL) {
            x->path = copy(path);
        }
    }
    free(known.path);
    order_items(r);
}

bool results_read(struct results *r, const struct limn_job_detail *d)
{
    const int64_t id = d != NULL ? d->job.id : 0;
    if (id == r->job && (d == NULL || (d->job.state == r->state && d->n_artifacts == r->n_artifacts))) {
        return false;
    }
    results_free(r);
    r->job = id;
    if (d == NULL) {
        return true;
    }
    r->state = d->job.state;
    r->n_artifacts = (uint32_t)d->n_artifacts;
    r->document = copy(d->document);
    r->likeness = likeness_of(d->document);
    json_t *j = load_json(d);
    list_items(r, j, d);
    json_decref(j);
    return true;
}

/* The files that the outputs name become artifacts of a job that is none. */
static void outputs_of(const json_t *j, struct limn_job_detail *d)
{
    size_t i, k;
    json_t *item, *o;
    json_array_foreach (json_object_get(j, "items"), i, item) {
        json_array_foreach (json_object_get(item, "outputs"), k, o) {
            struct limn_artifact *a =
                text_of(o, "path") != NULL ? grow(&d->artifact, &d->n_artifacts, sizeof *a) : NULL;
            if (a != NULL) {
                a->path = full_path(d->folder, text_of(o, "path"));
            }
        }
    }
}

bool results_read_file(struct results *r, const char *path, char *problem, size_t size)
{
    json_error_t err;
    char folder[4096] = ".";
    struct limn_job_detail d = {.folder = folder};
    memset(r, 0, sizeof *r);
    json_t *j = json_load_file(path, 0, &err);
    const json_t *first = json_array_get(json_object_get(json_array_get(json_object_get(j, "items"), 0), "outputs"), 0);
    if (text_of(first, "path") == NULL) {
        snprintf(problem, size, j == NULL ? "not JSON: line %d: %s" : "no result of limn explain, compare or shift",
                 err.line, err.text);
        json_decref(j);
        return false;
    }
    const char *slash = strrchr(path, '/');
    if (access(text_of(first, "path"), F_OK) != 0 && slash != NULL) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    }
    outputs_of(j, &d);
    list_items(r, j, &d);
    json_decref(j);
    for (size_t i = 0; i < d.n_artifacts; i++) {
        free(d.artifact[i].path);
    }
    free(d.artifact);
    return true;
}

size_t results_add(struct results *r, const struct limn_job_detail *d)
{
    char *like = d->job.id != r->job && r->likeness != NULL ? likeness_of(d->document) : NULL;
    size_t added = 0, i;
    json_t *o, *j = like != NULL && strcmp(like, r->likeness) == 0 ? load_json(d) : NULL;
    json_array_foreach (json_object_get(j, "items"), i, o) {
        const char *input = text_of(o, "input"), *layers = text_of(o, "layers");
        for (size_t k = 0; k < r->n && input != NULL; k++) {
            struct result *x = &r->item[k];
            if (x->kind == RESULT_MAPS && x->source != NULL && strcmp(x->source, input) == 0) {
                added += add_maps(x, json_object_get(o, "outputs"), layers != NULL ? layers : "", d);
                add_classes(x, json_object_get(o, "classes"));
            }
        }
    }
    json_decref(j);
    free(like);
    return added;
}

char *results_request(const struct results *r, const struct result *item, const char *method, const char *layer,
                      int32_t cls)
{
    char number[16], top[16];
    json_t *j = json_loads(r->document != NULL ? r->document : "", 0, NULL), *args = json_object_get(j, "args");
    snprintf(number, sizeof number, "%d", (int)cls);
    drop(args, varying);
    bool fine = args != NULL && item->source != NULL;
    fine = fine && json_object_set_new(args, "image", json_pack("[s]", item->source)) == 0;
    fine = fine && json_object_set_new(args, "method", json_pack("[s]", method)) == 0;
    fine = fine && json_object_set_new(args, "maps", json_true()) == 0;
    if (fine && layer != NULL && layer[0] != '\0') {
        fine = json_object_set_new(args, "layer", json_pack("[s]", layer)) == 0;
    }
    json_t *classes = json_array();
    if (fine && cls >= 0) {
        json_array_append_new(classes, json_string(number));
    }
    snprintf(top, sizeof top, "top%d", r->n_classes > 0 && r->n_classes < 5 ? (int)r->n_classes : 5);
    fine = fine && json_array_append_new(classes, json_string(top)) == 0;
    fine = fine && json_object_set(args, "class", classes) == 0;
    char *text = fine ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(classes);
    json_decref(j);
    return text;
}
