/* Runs a case of ONNX's test data. A case that cannot be imported is out of scope when the error says what limn does
 * not have; every other difference is a failure. */
#include "support/onnx_case.h"

#include <stdarg.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { MAX_PORT = 32 };
enum give { GIVE_INTEGERS, GIVE_SMALL, GIVE_ALL, GIVE_COUNT };

struct port_file {
    struct onnx_file *file;
    const struct onnx_tensor *tensor;
    const char *name;
    size_t input; /* which of the model's inputs */
};

/* bfloat16 lies in the data as the bits of uint16. */
static double number_of(double v, bool bits)
{
    uint32_t u = (uint32_t)v << 16;
    float f;
    memcpy(&f, &u, sizeof f);
    return bits ? (double)f : v;
}

struct case_run {
    const char *dir;
    struct vk_device *dev;
    double wide;
    int set;
    struct onnx_file *file;
    struct port_file in[MAX_PORT], want[MAX_PORT];
    size_t n_in, n_want;
    struct case_result *r;
    limn_error err;
};

static void fail(struct case_run *k, const char *fmt, ...) LIMN_PRINTF(2, 3);
static void fail(struct case_run *k, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    k->r->verdict = CASE_FAIL;
    vsnprintf(k->r->text, sizeof k->r->text, fmt, ap);
    va_end(ap);
}

/* What an UNSUPPORTED error means, without names. */
static const char *reason_of(const char *text)
{
    static const struct {
        const char *part, *reason;
    } known[] = {
        {"unsupported operators: ", NULL},
        {"depend on the data", "data-dependent: a shape, index or condition is computed from floating data"},
        {"is no tensor", "sequence or optional"},
        {"type type_proto is not", "sequence or optional"},
        {"text", "strings"},
        {"string", "strings"},
        {"random", "random numbers"},
        {"rank", "rank above 5"},
        {"is empty", "empty tensor"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *at = strstr(text, known[i].part);
        if (at != NULL) {
            return known[i].reason != NULL ? known[i].reason : at;
        }
    }
    return NULL;
}

/* "operators Loop, Scan" from the list of onnx_unsupported. */
static void operators_only(const char *text, char *dst, size_t size)
{
    size_t at = (size_t)snprintf(dst, size, "operator");
    const char *p = text + strlen("unsupported operators:");
    while (*p != '\0' && at + 48 < size) {
        while (*p == ' ' || *p == ',') {
            p++;
        }
        size_t n = strcspn(p, " ");
        at += (size_t)snprintf(dst + at, size - at, " %.*s", (int)n, p);
        p = strchr(p, ')') != NULL ? strchr(p, ')') + 1 : "";
    }
}

static void out_of_scope(struct case_run *k)
{
    const char *reason = reason_of(k->err.text);
    if (k->err.code != LIMN_ERR_UNSUPPORTED || reason == NULL) {
        fail(k, "import: %.280s", k->err.text);
        return;
    }
    k->r->verdict = CASE_OUT;
    if (strncmp(reason, "unsupported operators", 21) == 0) {
        operators_only(reason, k->r->text, sizeof k->r->text);
    } else {
        snprintf(k->r->text, sizeof k->r->text, "%s", reason);
    }
}

static bool has_initializer(const struct onnx_graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_init; i++) {
        if (strcmp(g->init[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool open_ports(struct case_run *k)
{
    const struct onnx_graph *g = onnx_file_model(k->file)->graph;
    char path[1024];
    for (size_t i = 0; i < g->n_input && k->n_in < MAX_PORT; i++) {
        if (has_initializer(g, g->input[i].name)) {
            continue;
        }
        struct port_file *p = &k->in[k->n_in];
        snprintf(path, sizeof path, "%s/test_data_set_%d/input_%zu.pb", k->dir, k->set, k->n_in);
        p->name = g->input[i].name;
        p->input = i;
        k->n_in++;
        if (onnx_tensor_open(path, &p->file, &p->tensor, &k->err) != LIMN_OK) {
            return false;
        }
    }
    for (size_t i = 0; i < g->n_output && k->n_want < MAX_PORT; i++) {
        struct port_file *p = &k->want[k->n_want++];
        snprintf(path, sizeof path, "%s/test_data_set_%d/output_%zu.pb", k->dir, k->set, i);
        p->name = g->output[i].name;
        if (onnx_tensor_open(path, &p->file, &p->tensor, &k->err) != LIMN_OK) {
            return false;
        }
    }
    return true;
}

static bool is_float(int32_t type)
{
    return type == ONNX_FLOAT || type == ONNX_DOUBLE || type == ONNX_FLOAT16 || type == ONNX_BFLOAT16;
}

static bool gives(enum give give, const struct case_run *k, size_t i)
{
    const struct onnx_tensor *t = k->in[i].tensor;
    int32_t type = onnx_file_model(k->file)->graph->input[k->in[i].input].type;
    return !is_float(type) || t->elems == 0 || give == GIVE_ALL || (give == GIVE_SMALL && i > 0 && t->elems <= 16);
}

/* Imports, giving more inputs as constants when the graph needs their numbers at load. */
static bool import(struct case_run *k, struct onnx_import *out)
{
    struct onnx_given given[MAX_PORT];
    int32_t batch = 0; /* where the model leaves the first dimension free */
    for (size_t i = k->n_in; i-- > 0;) {
        const struct onnx_value *v = &onnx_file_model(k->file)->graph->input[k->in[i].input];
        batch = v->rank > 0 && v->dim[0] < 0 && k->in[i].tensor->rank > 0 ? (int32_t)k->in[i].tensor->dim[0] : batch;
    }
    for (enum give g = GIVE_INTEGERS; g < GIVE_COUNT; g++) {
        struct onnx_bind bind = {.batch = batch, .given = given};
        for (size_t i = 0; i < k->n_in; i++) {
            if (gives(g, k, i)) {
                given[bind.n_given++] = (struct onnx_given){.name = k->in[i].name, .tensor = k->in[i].tensor};
            }
        }
        limn_status st = onnx_import(k->file, &bind, out, &k->err);
        if (st == LIMN_OK) {
            return true;
        }
        if (st != LIMN_ERR_UNSUPPORTED || strstr(k->err.text, "unsupported operators") != NULL) {
            return false;
        }
    }
    return false;
}

static void tolerance(int32_t type, double wide, double *rel, double *abs)
{
    *rel = is_float(type) ? 1e-4 * wide : 0;
    *abs = is_float(type) ? 1e-5 * wide : 0;
    if (type == ONNX_FLOAT16 || type == ONNX_BFLOAT16) {
        *rel = type == ONNX_FLOAT16 ? 1e-3 : 1e-2;
    }
}

static bool same_dims(const struct onnx_tensor *t, const struct shape *s)
{
    if (t->rank > SHAPE_MAX_RANK) {
        return t->elems == shape_elems(s);
    }
    bool same = t->rank == s->rank;
    for (int32_t i = 0; i < t->rank && same; i++) {
        same = t->dim[i] == s->dim[i];
    }
    return same;
}

static void compare(struct case_run *k, const struct onnx_port *p, const struct port_file *want, const float *got)
{
    size_t n = want->tensor->elems;
    double *ref = mem_alloc(n, sizeof *ref), rel, abs;
    if (onnx_tensor_f64(want->tensor, ref, n, &k->err) != LIMN_OK) {
        fail(k, "expected output: %.200s", k->err.text);
    }
    bool bits = p->type == ONNX_BFLOAT16 && want->tensor->type == ONNX_UINT16;
    tolerance(p->type, k->wide, &rel, &abs);
    if (k->dev == NULL && (p->type == ONNX_UINT8 || p->type == ONNX_INT8)) {
        abs = 1; /* the reference divides in double: a quotient next to a half may round to the other side */
    }
    if (p->type != want->tensor->type && !bits) {
        fail(k, "output %.40s is %s, expected %s", p->name, onnx_type_name(p->type),
             onnx_type_name(want->tensor->type));
    }
    for (size_t i = 0; i < n && k->r->verdict != CASE_FAIL; i++) {
        double g = (double)got[i], w = number_of(ref[i], bits), room = abs + rel * fabs(w);
        if ((isnan(w) && isnan(g)) || (double)(float)w == g) {
            continue;
        }
        double off = room > 0 ? fabs(g - w) / room : HUGE_VAL;
        k->r->worst = off > k->r->worst ? off : k->r->worst;
        if (!(off <= 1)) {
            fail(k, "output %.40s[%zu] is %.9g, expected %.9g", p->name, i, g, w);
        }
    }
    mem_free(ref);
}

static bool is_read(const struct graph *g, value_id v)
{
    for (size_t i = 0; i < g->n_node; i++) {
        for (int32_t j = 0; j < g->node[i].n_in; j++) {
            if (g->node[i].in[j] == v) {
                return true;
            }
        }
    }
    return false;
}

static limn_status feed(struct case_run *k, const struct onnx_import *imp, struct exec *e)
{
    for (size_t i = 0; i < imp->n_input; i++) {
        const struct onnx_tensor *t = NULL;
        for (size_t j = 0; j < k->n_in; j++) {
            t = strcmp(k->in[j].name, imp->input[i].name) == 0 ? k->in[j].tensor : t;
        }
        bool unused = !is_read(imp->graph, imp->input[i].value);
        if (t != NULL && unused && !same_dims(t, &imp->graph->value[imp->input[i].value].shape)) {
            continue; /* CastLike's second input: only its type matters, and the data's shape differs from the model's
                       */
        }
        if (t == NULL || !same_dims(t, &imp->graph->value[imp->input[i].value].shape)) {
            return err_set(&k->err, LIMN_ERR_SHAPE, "input %.40s has another shape in the data", imp->input[i].name);
        }
        float *x = mem_alloc(t->elems, sizeof *x);
        bool bits = imp->input[i].type == ONNX_BFLOAT16 && t->type == ONNX_UINT16;
        limn_status st = t->source.read(&t->source, x, t->elems, &k->err);
        for (size_t j = 0; j < t->elems; j++) {
            x[j] = (float)number_of((double)x[j], bits);
        }
        if (st == LIMN_OK) {
            st = exec_set(e, imp->input[i].value, x, t->elems, &k->err);
        }
        mem_free(x);
        if (st != LIMN_OK) {
            return st;
        }
    }
    return LIMN_OK;
}

static void run(struct case_run *k, struct onnx_import *imp)
{
    limn_status st = LIMN_OK;
    struct exec *e = NULL;
    for (size_t i = 0; i < imp->n_output; i++) {
        imp->graph->value[imp->output[i].value].flags |= VALUE_OUTPUT;
    }
    TRY(k->dev != NULL ? exec_vk_create(k->dev, imp->graph, NULL, &e, &k->err)
                       : exec_ref_create(imp->graph, &e, &k->err));
    TRY(feed(k, imp, e));
    TRY(exec_run(e, 0, 1, &k->err));
    for (size_t i = 0; i < imp->n_output && k->r->verdict != CASE_FAIL; i++) {
        const struct shape *s = &imp->graph->value[imp->output[i].value].shape;
        if (!same_dims(k->want[i].tensor, s)) {
            char text[SHAPE_TEXT_MAX];
            fail(k, "output %.40s has shape %s, expected another", imp->output[i].name, shape_text(s, text));
            break;
        }
        float *y = mem_alloc(shape_elems(s), sizeof *y);
        st = exec_get(e, imp->output[i].value, y, shape_elems(s), &k->err);
        if (st == LIMN_OK) {
            compare(k, &imp->output[i], &k->want[i], y);
            k->r->n_value++;
        }
        mem_free(y);
        TRY(st);
    }
out:
    if (st != LIMN_OK) {
        fail(k, "run: %.280s", k->err.text);
    }
    exec_destroy(&e);
}

static void run_set(struct case_run *k)
{
    struct onnx_import imp = {0};
    if (!open_ports(k)) {
        if (strstr(k->err.text, "no such file") != NULL || strstr(k->err.text, "No such file") != NULL) {
            fail(k, "%.280s", k->err.text);
        } else { /* the files of sequences and optionals are no tensors */
            k->r->verdict = CASE_OUT;
            snprintf(k->r->text, sizeof k->r->text, "sequence or optional");
        }
    } else if (!import(k, &imp)) {
        out_of_scope(k);
    } else {
        k->r->known_at_load = imp.n_input == 0;
        run(k, &imp);
    }
    onnx_import_finish(&imp);
    for (size_t i = 0; i < k->n_in; i++) {
        onnx_file_close(&k->in[i].file);
    }
    for (size_t i = 0; i < k->n_want; i++) {
        onnx_file_close(&k->want[i].file);
    }
    k->n_in = k->n_want = 0;
}

/* Whether the expected numbers were drawn by a generator that nobody else has. */
static bool draws(const struct onnx_graph *g)
{
    static const char *const op[] = {"Bernoulli", "RandomUniformLike", "RandomNormalLike", "RandomUniform",
                                     "RandomNormal"};
    for (size_t i = 0; i < g->n_node; i++) {
        for (size_t k = 0; k < sizeof op / sizeof op[0]; k++) {
            if (strcmp(g->node[i].op, op[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

void onnx_case_run(const char *dir, struct vk_device *dev, double wide, struct case_result *r)
{
    char path[1024];
    struct case_run k = {.dir = dir, .dev = dev, .wide = wide, .r = r};
    *r = (struct case_result){.verdict = CASE_PASS};
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    if (onnx_file_open(path, &k.file, &k.err) != LIMN_OK) {
        out_of_scope(&k);
        return;
    }
    if (onnx_unsupported(onnx_file_model(k.file), &k.err) != LIMN_OK) {
        out_of_scope(&k);
        onnx_file_close(&k.file);
        return;
    }
    if (draws(onnx_file_model(k.file)->graph)) {
        *r = (struct case_result){.verdict = CASE_OUT};
        snprintf(r->text, sizeof r->text, "random numbers");
        onnx_file_close(&k.file);
        return;
    }
    for (k.set = 0; r->verdict == CASE_PASS; k.set++) {
        snprintf(path, sizeof path, "%s/test_data_set_%d", dir, k.set);
        if (!dir_exists(path)) {
            break;
        }
        run_set(&k);
    }
    if (k.set == 0) {
        fail(&k, "no data set");
    }
    onnx_file_close(&k.file);
}
