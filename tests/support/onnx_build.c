/* A writer of ONNX's protobuf messages for tests; the numbers of the fields are those of the format. */
#include "support/onnx_build.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_WORDS = 96, MAX_NAMED = 32, MAX_LINE = 2048 };

struct named {
    char name[64];
    struct onnx_bytes bytes;
};
struct builder_state {
    struct onnx_bytes model, body, *to; /* `to`: the graph or function that lines go into */
    struct named tensor[MAX_NAMED], graph[MAX_NAMED];
    size_t n_tensor, n_graph;
    bool in_function;
    char open[64];
};

static void bad(const char *what, const char *line)
{
    fprintf(stderr, "onnx_build: %s: %s\n", what, line);
    abort();
}

static void put(struct onnx_bytes *b, const void *data, size_t n)
{
    if (mem_grow(&b->data, &b->cap, b->n + n + 1, 1, NULL) != LIMN_OK) {
        bad("out of memory", "");
    }
    if (n > 0) {
        memcpy(b->data + b->n, data, n);
    }
    b->n += n;
}

static void put_varint(struct onnx_bytes *b, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)(v & 127) | (v > 127 ? 128 : 0);
        put(b, &byte, 1);
        v >>= 7;
    } while (v > 0);
}

static void put_int(struct onnx_bytes *b, int field, int64_t v)
{
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, (uint64_t)v);
}

static void put_bytes(struct onnx_bytes *b, int field, const void *data, size_t n)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, n);
    put(b, data, n);
}

static void put_text(struct onnx_bytes *b, int field, const char *s)
{
    put_bytes(b, field, s, strlen(s));
}

static void put_float(struct onnx_bytes *b, int field, float v)
{
    put_varint(b, (uint64_t)field << 3 | 5);
    put(b, &v, 4);
}

/* Ends a message begun apart: `part` goes into a field and is freed. */
static void put_part(struct onnx_bytes *b, int field, struct onnx_bytes *part)
{
    put_bytes(b, field, part->data, part->n);
    mem_free(part->data);
    *part = (struct onnx_bytes){0};
}

static int type_of(const char *s, size_t *bytes)
{
    static const struct {
        const char *name;
        int type;
        size_t bytes;
    } types[] = {{"float", ONNX_FLOAT, 4}, {"int64", ONNX_INT64, 8}, {"int32", ONNX_INT32, 4},
                 {"uint8", ONNX_UINT8, 1}, {"int8", ONNX_INT8, 1},   {"bool", ONNX_BOOL, 1}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, s) == 0) {
            *bytes = types[i].bytes;
            return types[i].type;
        }
    }
    bad("type", s);
    return 0;
}

static void add_number(struct onnx_bytes *raw, int type, size_t bytes, const char *text)
{
    int64_t i = strtoll(text, NULL, 10);
    float f = strtof(text, NULL);
    put(raw, type == ONNX_FLOAT ? (const void *)&f : (const void *)&i, bytes); /* little-endian machines only */
}

/* init NAME TYPE DIM ... = V ... */
static void add_tensor(struct builder_state *s, char **w, int n, bool keep)
{
    struct onnx_bytes t = {0}, raw = {0};
    size_t bytes = 0, elems = 1;
    int type = type_of(w[2], &bytes), at = 3;
    for (; at < n && strcmp(w[at], "=") != 0; at++) {
        put_int(&t, 1, atoll(w[at]));
        elems *= (size_t)atoll(w[at]);
    }
    put_int(&t, 2, type);
    put_text(&t, 8, w[1]);
    for (size_t i = 0; i < elems; i++) {
        int from = at + 1 + (int)i < n ? at + 1 + (int)i : n - 1;
        add_number(&raw, type, bytes, w[from]);
    }
    put_part(&t, 9, &raw);
    if (keep) {
        put_bytes(s->to, 5, t.data, t.n);
    }
    if (s->n_tensor == MAX_NAMED) {
        bad("too many tensors", w[1]);
    }
    struct named *named = &s->tensor[s->n_tensor++];
    snprintf(named->name, sizeof named->name, "%s", w[1]);
    named->bytes = t;
}

/* input / output NAME TYPE DIM ... */
static void add_value(struct builder_state *s, int field, char **w, int n)
{
    struct onnx_bytes value = {0}, type = {0}, tensor = {0}, shape = {0};
    size_t bytes;
    put_int(&tensor, 1, type_of(w[2], &bytes));
    for (int i = 3; i < n; i++) {
        struct onnx_bytes dim = {0};
        if (isdigit((unsigned char)w[i][0])) {
            put_int(&dim, 1, atoll(w[i]));
        } else {
            put_text(&dim, 2, w[i]);
        }
        put_part(&shape, 1, &dim);
    }
    put_part(&tensor, 2, &shape);
    put_part(&type, 1, &tensor);
    put_text(&value, 1, w[1]);
    put_part(&value, 2, &type);
    put_part(s->to, field, &value);
}

static const struct onnx_bytes *find_named(const struct named *list, size_t n, const char *name, size_t length)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(list[i].name) == length && strncmp(list[i].name, name, length) == 0) {
            return &list[i].bytes;
        }
    }
    bad("no such tensor or graph", name);
    return NULL;
}

static void add_list(struct onnx_bytes *a, const char *v)
{
    bool floats = strchr(v, '.') != NULL;
    for (const char *p = v + 1; *p != '\0' && *p != ']';) {
        char *end;
        double x = strtod(p, &end);
        if (floats) {
            put_float(a, 7, (float)x);
        } else {
            put_int(a, 8, (int64_t)x);
        }
        p = *end == ',' ? end + 1 : end;
    }
    put_int(a, 20, floats ? ONNX_ATTR_FLOATS : ONNX_ATTR_INTS);
}

/* ATTR=VALUE */
static void add_attr(struct builder_state *s, struct onnx_bytes *node, char *word)
{
    struct onnx_bytes a = {0};
    char *v = strchr(word, '=');
    if (v == NULL) {
        bad("attribute", word);
    }
    *v++ = '\0';
    size_t n = strlen(v);
    const struct onnx_bytes *part;
    put_text(&a, 1, word);
    if (v[0] == '\'') {
        put_bytes(&a, 4, v + 1, n - 2);
        put_int(&a, 20, ONNX_ATTR_STRING);
    } else if (v[0] == '[') {
        add_list(&a, v);
    } else if (v[0] == '{') {
        part = find_named(s->tensor, s->n_tensor, v + 1, n - 2);
        put_bytes(&a, 5, part->data, part->n);
        put_int(&a, 20, ONNX_ATTR_TENSOR);
    } else if (v[0] == '<') {
        part = find_named(s->graph, s->n_graph, v + 1, n - 2);
        put_bytes(&a, 6, part->data, part->n);
        put_int(&a, 20, ONNX_ATTR_GRAPH);
    } else if (v[0] == '&') {
        put_text(&a, 21, v + 1);
        put_int(&a, 20, ONNX_ATTR_INT);
    } else if (strpbrk(v, ".e") != NULL) {
        put_float(&a, 2, strtof(v, NULL));
        put_int(&a, 20, ONNX_ATTR_FLOAT);
    } else {
        put_int(&a, 3, atoll(v));
        put_int(&a, 20, ONNX_ATTR_INT);
    }
    put_part(node, 5, &a);
}

static void add_node(struct builder_state *s, char **w, int n)
{
    struct onnx_bytes node = {0};
    char *domain = strchr(w[1], '@'), *name = strchr(w[1], '#');
    int at = 2, field = 1;
    for (; at < n && strcmp(w[at], "|") != 0; at++) {
        if (strcmp(w[at], "->") == 0) {
            field = 2;
        } else {
            put_text(&node, field, strcmp(w[at], "_") == 0 ? "" : w[at]);
        }
    }
    if (name != NULL) {
        *name = '\0';
        put_text(&node, 3, name + 1);
    }
    if (domain != NULL) {
        *domain = '\0';
        put_text(&node, 7, domain + 1);
    }
    put_text(&node, 4, w[1]);
    for (at++; at < n; at++) {
        add_attr(s, &node, w[at]);
    }
    put_part(s->to, s->in_function ? 7 : 1, &node);
}

/* function NAME DOMAIN IN ... -> OUT ... | ATTR ... */
static void open_function(struct builder_state *s, char **w, int n)
{
    int field = 4;
    s->in_function = true;
    s->to = mem_zalloc(1, sizeof *s->to);
    put_text(s->to, 1, w[1]);
    put_text(s->to, 10, w[2]);
    for (int i = 3; i < n; i++) {
        if (strcmp(w[i], "->") == 0 || strcmp(w[i], "|") == 0) {
            field = w[i][0] == '|' ? 6 : 5;
        } else {
            put_text(s->to, field, w[i]);
        }
    }
}

static void close_part(struct builder_state *s)
{
    if (s->in_function) {
        put_bytes(&s->model, 25, s->to->data, s->to->n);
        mem_free(s->to->data);
    } else {
        struct named *g = &s->graph[s->n_graph++];
        snprintf(g->name, sizeof g->name, "%s", s->open);
        g->bytes = *s->to;
    }
    mem_free(s->to);
    s->in_function = false;
    s->to = &s->body;
}

static void add_opset(struct builder_state *s, const char *domain, int64_t version)
{
    struct onnx_bytes o = {0};
    if (domain[0] != '\0') {
        put_text(&o, 1, domain);
    }
    put_int(&o, 2, version);
    put_part(&s->model, 8, &o);
}

static void add_line(struct builder_state *s, char **w, int n, const char *line)
{
    if (strcmp(w[0], "opset") == 0) {
        add_opset(s, "", atoll(w[1]));
    } else if (strcmp(w[0], "domain") == 0) {
        add_opset(s, w[1], 1);
    } else if (strcmp(w[0], "input") == 0 || strcmp(w[0], "output") == 0) {
        add_value(s, w[0][0] == 'i' ? 11 : 12, w, n);
    } else if (strcmp(w[0], "init") == 0 || strcmp(w[0], "tensor") == 0) {
        add_tensor(s, w, n, w[0][0] == 'i');
    } else if (strcmp(w[0], "node") == 0) {
        add_node(s, w, n);
    } else if (strcmp(w[0], "function") == 0) {
        open_function(s, w, n);
    } else if (strcmp(w[0], "graph") == 0) {
        s->to = mem_zalloc(1, sizeof *s->to);
        put_text(s->to, 2, w[1]);
        snprintf(s->open, sizeof s->open, "%s", w[1]);
    } else if (strcmp(w[0], "end") == 0) {
        close_part(s);
    } else {
        bad("line", line);
    }
}

struct onnx_bytes onnx_build(const char *text)
{
    struct builder_state s = {.to = NULL};
    s.to = &s.body;
    put_int(&s.model, 1, 8);
    put_text(&s.body, 2, "graph");
    while (*text != '\0') {
        char line[MAX_LINE], *w[MAX_WORDS], *rest = line;
        size_t n = strcspn(text, ";\n");
        int words = 0;
        if (n >= sizeof line) {
            bad("long line", text);
        }
        memcpy(line, text, n);
        line[n] = '\0';
        for (char *p = strtok_r(line, " ", &rest); p != NULL && words < MAX_WORDS; p = strtok_r(NULL, " ", &rest)) {
            w[words++] = p;
        }
        if (words > 0) {
            add_line(&s, w, words, text);
        }
        text += n + (text[n] != '\0');
    }
    put_part(&s.model, 7, &s.body);
    for (size_t i = 0; i < s.n_tensor; i++) {
        mem_free(s.tensor[i].bytes.data);
    }
    for (size_t i = 0; i < s.n_graph; i++) {
        mem_free(s.graph[i].bytes.data);
    }
    return s.model;
}
