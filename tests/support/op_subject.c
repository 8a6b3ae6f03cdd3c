/* Operator cases: filling inputs, evaluating graphs by reference, central differences with a random cotangent. */
#include "support/op_subject.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

#define MAX_PROBES 48 /* elements of an input that are moved for central differences */
#define CANARIES 8
static const double eps = 1e-4;

static bool finite_value(double x)
{
    return x - x == 0;
}

/* Shuffled distinct values of (-8, 8) that keep 0.05 away from whole numbers; see CASE_DISTINCT. */
static void fill_distinct(double *x, size_t n, uint64_t seed)
{
    size_t per_unit = (n + 15) / 16, cells = 16 * per_unit;
    size_t *cell = mem_alloc(cells, sizeof(*cell));
    if (!cell) {
        abort();
    }
    for (size_t i = 0; i < cells; i++) {
        cell[i] = i;
    }
    for (size_t i = 0; i < n; i++) {
        size_t j = i + (size_t)(rng_u64(seed, i) % (cells - i)), c = cell[j];
        cell[j] = cell[i];
        x[i] = -8 + (double)(c / per_unit) + 0.05 + 0.9 * ((double)(c % per_unit) + 0.5) / (double)per_unit;
    }
    mem_free(cell);
}

static void fill(double *x, size_t n, const struct op_case_in *in, uint64_t seed)
{
    if (in->kind == CASE_DISTINCT) {
        fill_distinct(x, n, seed);
    }
    for (size_t i = 0; i < n; i++) {
        double u = rng_uniform(seed, 2 * i), sign = rng_u64(seed, 2 * i + 1) >> 63 ? -1 : 1;
        switch (in->kind) {
        case CASE_NORMAL:
            x[i] = rng_normal(seed, i);
            break;
        case CASE_POSITIVE:
            x[i] = 0.5 + 1.5 * u;
            break;
        case CASE_NONZERO:
            x[i] = sign * (0.5 + 1.5 * u);
            break;
        case CASE_INDEX:
            x[i] = (double)(rng_u64(seed, i) % (uint64_t)in->range);
            break;
        default:
            break;
        }
        x[i] = (double)(float)x[i];
    }
}

static double *new_values(size_t n)
{
    double *x = mem_alloc(n + CANARIES, sizeof(*x));
    if (!x) {
        abort();
    }
    for (size_t i = 0; i < n + CANARIES; i++) {
        x[i] = NAN;
    }
    return x;
}

static double **value_slot(struct op_subject *s, value_id v)
{
    if (s->n_val < s->g->n_value) {
        double **grown = mem_realloc(s->val, s->g->n_value, sizeof(*grown));
        if (!grown) {
            abort();
        }
        memset(grown + s->n_val, 0, (s->g->n_value - s->n_val) * sizeof(*grown));
        s->val = grown;
        s->n_val = s->g->n_value;
    }
    return &s->val[v];
}

static uint64_t stream(const struct op_subject *s, const char *what, int i)
{
    return rng_mix(s->seed ^ rng_hash_text(s->op->name) ^ rng_mix(rng_hash_text(s->cs->name) ^ rng_hash_text(what)) ^
                   (uint64_t)i << 32);
}

static limn_status add_input(struct op_subject *s, int i, limn_error *err)
{
    const struct op_case_in *in = &s->cs->in[i];
    char name[16];
    s->in[i] = VALUE_NONE;
    s->shape[i] = (struct shape){.rank = -1};
    if (in->kind == CASE_ABSENT) {
        return LIMN_OK;
    }
    s->shape[i] = shape_of(in->rank, in->dim);
    snprintf(name, sizeof(name), "in%d", i);
    limn_status st = graph_input(s->g, name, s->shape[i], &s->in[i], err);
    if (st == LIMN_OK) {
        double *x = *value_slot(s, s->in[i]) = new_values(shape_elems(&s->shape[i]));
        fill(x, shape_elems(&s->shape[i]), in, stream(s, "input", i));
    }
    return st;
}

limn_status subject_create(struct op_subject *s, const struct op *op, const struct op_case *cs, uint64_t seed,
                           limn_error *err)
{
    memset(s, 0, sizeof(*s));
    s->op = op;
    s->cs = cs;
    s->seed = seed;
    limn_status st = LIMN_OK;
    TRY(graph_create(&s->g, err));
    for (; s->n_in < OP_CASE_MAX_IN && cs->in[s->n_in].kind != CASE_END; s->n_in++) {
        TRY(add_input(s, s->n_in, err));
    }
    TRY(graph_node(s->g, op, "out", cs->attrs, s->n_in, s->in, s->out, err));
    graph_call(s->g, &s->g->node[0], s->shape, &s->call);
    if (cs->fill) {
        double *in[OP_CASE_MAX_IN] = {NULL};
        for (int i = 0; i < s->n_in; i++) {
            in[i] = s->in[i] == VALUE_NONE ? NULL : s->val[s->in[i]];
        }
        cs->fill(&s->call, stream(s, "fill", 0), in);
    }
out:
    return st;
}

limn_status subject_add_vjp(struct op_subject *s, limn_error *err)
{
    struct builder b = {s->g, LIMN_OK, err};
    bool need[OP_CASE_MAX_IN];
    for (int i = 0; i < s->n_in; i++) {
        need[i] = s->in[i] != VALUE_NONE && !(s->cs->const_in >> i & 1);
        s->gin[i] = VALUE_NONE;
    }
    for (int k = 0; k < s->op->n_out; k++) {
        char name[16];
        snprintf(name, sizeof(name), "gout%d", k);
        s->gout[k] = VALUE_NONE;
        if (s->cs->const_out >> k & 1) {
            continue;
        }
        limn_status st = graph_input(s->g, name, s->call.out[k], &s->gout[k], err);
        if (st != LIMN_OK) {
            return st;
        }
        size_t n = shape_elems(&s->call.out[k]);
        double *x = *value_slot(s, s->gout[k]) = new_values(n);
        fill(x, n, &(struct op_case_in){.kind = CASE_NONZERO}, stream(s, "cotangent", k));
    }
    struct vjp v = {&b, &s->call, s->in, s->out, s->gout, need, s->gin, NULL};
    s->op->vjp(&v);
    for (size_t i = 1; i < s->g->n_node && b.status == LIMN_OK; i++) {
        const struct op *op = s->g->node[i].op;
        if (!op->vjp && !(op->flags & OP_STEP)) { /* gradients of gradients would silently be zero */
            return err_set(err, LIMN_ERR_INTERNAL, "vjp: uses %s, which is not differentiable", op->name);
        }
    }
    return b.status;
}

static void read_constant(struct op_subject *s, value_id id)
{
    const struct value *v = &s->g->value[id];
    size_t n = shape_elems(&v->shape);
    float *f = mem_alloc(n, sizeof(*f));
    double *x = *value_slot(s, id) = new_values(n);
    limn_error err;
    if (!f || const_read(v, f, n, &err) != LIMN_OK) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)f[i];
    }
    mem_free(f);
}

static bool check_written(const struct graph *g, const struct node *n, int k, const double *x, limn_error *err)
{
    size_t count = shape_elems(&g->value[n->out[k]].shape);
    for (size_t i = 0; i < count + CANARIES; i++) {
        if (finite_value(x[i]) != (i < count)) {
            err_set(err, LIMN_ERR_INTERNAL, "reference of %s, output %d, element %zu of %zu: %s", n->op->name, k, i,
                    count, i < count ? "not written or not finite" : "written past the end");
            return false;
        }
    }
    return true;
}

static bool eval_node(struct op_subject *s, const struct node *n, limn_error *err)
{
    struct shape shapes[OP_CASE_MAX_IN + OP_MAX_OUT];
    const double *in[OP_CASE_MAX_IN] = {NULL};
    double *out[OP_MAX_OUT];
    struct op_call call;
    if (n->n_in > OP_CASE_MAX_IN) {
        err_set(err, LIMN_ERR_INTERNAL, "%s has %d inputs", n->op->name, n->n_in);
        return false;
    }
    graph_call(s->g, n, shapes, &call);
    for (int i = 0; i < n->n_in; i++) {
        in[i] = n->in[i] == VALUE_NONE ? NULL : s->val[n->in[i]];
    }
    for (int k = 0; k < n->n_out; k++) {
        out[k] = *value_slot(s, n->out[k]) = new_values(shape_elems(&call.out[k]));
    }
    n->op->ref(&call, in, out);
    for (int k = 0; k < n->n_out; k++) {
        if (!check_written(s->g, n, k, out[k], err)) {
            return false;
        }
    }
    return true;
}

bool subject_eval(struct op_subject *s, limn_error *err)
{
    for (size_t v = 0; v < s->g->n_value; v++) {
        if (s->g->value[v].kind == VALUE_CONST) {
            read_constant(s, (value_id)v);
        }
    }
    for (size_t i = 0; i < s->g->n_node; i++) {
        if (!eval_node(s, &s->g->node[i], err)) {
            return false;
        }
    }
    return true;
}

/* <cotangent, y(x + eps e_i) - y(x - eps e_i)> / 2 eps, by the reference; `y` is scratch for two sets of outputs. */
static double central_difference(struct op_subject *s, int input, size_t at, double *const *up, double *const *down)
{
    const double *in[OP_CASE_MAX_IN] = {NULL};
    for (int i = 0; i < s->n_in; i++) {
        in[i] = s->in[i] == VALUE_NONE ? NULL : s->val[s->in[i]];
    }
    double *x = s->val[s->in[input]], kept = x[at], sum = 0;
    x[at] = kept + eps;
    s->op->ref(&s->call, in, up);
    x[at] = kept - eps;
    s->op->ref(&s->call, in, down);
    x[at] = kept;
    for (int k = 0; k < s->op->n_out; k++) {
        size_t n = shape_elems(&s->call.out[k]);
        for (size_t i = 0; i < n && s->gout[k] != VALUE_NONE; i++) {
            sum += s->val[s->gout[k]][i] * (up[k][i] - down[k][i]);
        }
    }
    return sum / (2 * eps);
}

static bool check_input(struct op_subject *s, int input, double tol, double *const *up, double *const *down,
                        double *worst, limn_error *err)
{
    size_t n = shape_elems(&s->shape[input]), probes = n < MAX_PROBES ? n : MAX_PROBES, at_worst = 0;
    const double *g = s->gin[input] == VALUE_NONE ? NULL : s->val[s->gin[input]];
    uint64_t seed = stream(s, "probe", input);
    double scale = 1e-3, largest = -1, found = 0, expected = 0;
    if (g && !shape_equal(&s->g->value[s->gin[input]].shape, &s->shape[input])) {
        err_set(err, LIMN_ERR_INTERNAL, "vjp: the cotangent of input %d has another shape than the input", input);
        return false;
    }
    for (size_t p = 0; p < probes; p++) {
        size_t at = n <= MAX_PROBES ? p : (size_t)(rng_u64(seed, p) % n);
        double fd = central_difference(s, input, at, up, down), a = g ? g[at] : 0;
        scale = fabs(fd) > scale ? fabs(fd) : scale;
        if (!(fabs(fd - a) <= largest)) {
            largest = fabs(fd - a);
            at_worst = at;
            found = a;
            expected = fd;
        }
    }
    *worst = largest / scale > *worst ? largest / scale : *worst;
    if (!(largest <= tol * scale)) {
        err_set(err, LIMN_ERR_INTERNAL,
                "vjp of input %d, element %zu: found %.9g, differences give %.9g (largest %.3g)", input, at_worst,
                found, expected, scale);
        return false;
    }
    return true;
}

bool subject_check_vjp(struct op_subject *s, double tol, double *worst, limn_error *err)
{
    double *up[OP_MAX_OUT], *down[OP_MAX_OUT];
    bool ok = true;
    *worst = 0;
    for (int k = 0; k < s->op->n_out; k++) {
        up[k] = new_values(shape_elems(&s->call.out[k]));
        down[k] = new_values(shape_elems(&s->call.out[k]));
    }
    for (int i = 0; i < s->n_in && ok; i++) {
        if (s->in[i] != VALUE_NONE && !(s->cs->const_in >> i & 1)) {
            ok = check_input(s, i, tol, up, down, worst, err);
        }
    }
    for (int k = 0; k < s->op->n_out; k++) {
        mem_free(up[k]);
        mem_free(down[k]);
    }
    return ok;
}

void subject_finish(struct op_subject *s)
{
    for (size_t i = 0; i < s->n_val; i++) {
        mem_free(s->val[i]);
    }
    mem_free(s->val);
    graph_destroy(&s->g);
    memset(s, 0, sizeof(*s));
}
