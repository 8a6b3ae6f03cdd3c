/* Writing sparse safetensors files: lengths and offsets are true, the numbers are zeros that take no space. */
#include "support/sparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sparse_text {
    char *text;
    size_t cap, at, data;
};

static void add(struct sparse_text *t, const char *name, const char *type, size_t bytes, const struct shape *s)
{
    size_t elems = shape_elems(s), end = t->data + bytes * elems;
    t->at += (size_t)snprintf(t->text + t->at, t->cap - t->at, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[",
                              t->data > 0 ? "," : "", name, type);
    for (int32_t d = 0; d < s->rank; d++) {
        t->at += (size_t)snprintf(t->text + t->at, t->cap - t->at, d > 0 ? ",%d" : "%d", s->dim[d]);
    }
    t->at += (size_t)snprintf(t->text + t->at, t->cap - t->at, "],\"data_offsets\":[%zu,%zu]}", t->data, end);
    t->data = end;
}

static struct shape edited_shape(const struct value *v, const struct sparse_edit *e)
{
    struct shape s = v->shape;
    size_t stem = e->classifier != NULL ? strlen(e->classifier) - strlen("weight") : 0;
    if (e->channels > 0 && strcmp(v->name, e->first) == 0) {
        s.dim[1] = e->channels;
    }
    if (e->classes > 0 && strncmp(v->name, e->classifier, stem) == 0) {
        s.dim[0] = e->classes;
    }
    return s;
}

static bool write_file(const char *path, const struct sparse_text *t)
{
    FILE *f = fopen(path, "wb");
    bool fine = f != NULL && fwrite(t->text, 1, t->at, f) == t->at;
    fine = f != NULL && fclose(f) == 0 && fine;
    return fine && truncate(path, (off_t)(t->at + t->data)) == 0;
}

bool sparse_write(const char *path, const struct graph *g, const struct sparse_edit *edit)
{
    static const struct sparse_edit none = {0};
    const struct sparse_edit *e = edit != NULL ? edit : &none;
    struct sparse_text t = {.text = calloc(1 << 20, 1), .cap = 1 << 20, .at = 9};
    const struct shape one = SHAPE(1);
    char name[256];
    t.text[8] = '{';
    for (size_t i = 0; i < g->n_value; i++) {
        const struct value *v = &g->value[i];
        if (v->kind != VALUE_CONST || v->name[0] == '%') {
            continue;
        }
        struct shape s = edited_shape(v, e);
        snprintf(name, sizeof name, "%s", v->name);
        if (e->rename != NULL) {
            e->rename(v->name, name);
        }
        add(&t, name, "F16", 2, &s);
        char *var = strstr(name, "running_var");
        if (e->batches && var != NULL) {
            snprintf(var, sizeof name - (size_t)(var - name), "num_batches_tracked");
            add(&t, name, "I64", 8, &one);
        }
    }
    for (size_t i = 0; i < sizeof e->extra / sizeof e->extra[0] && e->extra[i] != NULL; i++) {
        add(&t, e->extra[i], "F16", 2, &one);
    }
    t.text[t.at++] = '}';
    for (int i = 0; i < 8; i++) {
        t.text[i] = (char)((t.at - 8) >> (8 * i));
    }
    bool fine = write_file(path, &t);
    free(t.text);
    return fine;
}
