/* Both executors side by side: every value is read back from both, and the first node in graph order whose result
 * differs by too much is reported. Errors of earlier nodes flow into later ones, so the tolerance of a value is its
 * operator's plus the largest of the node's inputs; `slack` makes room for what magnifies them. */
#include <math.h>

#include "base/mem.h"
#include "exec/exec.h"

struct pair {
    struct exec *ref, *vk;
    float *a, *b; /* as long as the largest value */
    double *tol;  /* per value, relative to max(1, max|reference|) */
};

static size_t largest_value(const struct graph *g)
{
    size_t most = 1;
    for (size_t i = 0; i < g->n_value; i++) {
        size_t n = shape_elems(&g->value[i].shape);
        most = n > most ? n : most;
    }
    return most;
}

static limn_status pair_run(struct pair *p, const value_id *inputs, const float *const *data, size_t n, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct exec *each[] = {p->ref, p->vk};
    for (size_t e = 0; e < 2; e++) {
        for (size_t i = 0; i < n; i++) {
            size_t count = shape_elems(&each[e]->graph->value[inputs[i]].shape);
            TRY(exec_set(each[e], inputs[i], data[i], count, err));
        }
        TRY(exec_run(each[e], 0, 1, err));
    }
out:
    return st;
}

/* Infinite where exactly one of the two is not a number. */
static double distance(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return isnan(a) && isnan(b) ? 0.0 : (double)INFINITY;
    }
    return a == b ? 0.0 : fabs(a - b); /* equal infinities are no difference */
}

/* Largest difference of one value, and the larger of 1 and its largest magnitude. */
static limn_status pair_difference(struct pair *p, value_id v, double *difference, double *scale, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = shape_elems(&p->ref->graph->value[v].shape);
    double worst = 0.0, most = 1.0;
    TRY(exec_get(p->ref, v, p->a, n, err));
    TRY(exec_get(p->vk, v, p->b, n, err));
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, distance((double)p->a[i], (double)p->b[i]));
        most = fmax(most, fabs((double)p->a[i]));
    }
    *difference = worst;
    *scale = most;
out:
    return st;
}

static limn_status pair_compare(struct pair *p, const struct graph *g, double slack, bool *agree,
                                struct exec_divergence *first, limn_error *err)
{
    *agree = true;
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        double carried = 0.0;
        for (int32_t k = 0; !n->dead && k < n->n_in; k++) {
            carried = n->in[k] == VALUE_NONE ? carried : fmax(carried, p->tol[n->in[k]]);
        }
        for (int32_t k = 0; !n->dead && k < n->n_out; k++) {
            double difference = 0.0, scale = 1.0;
            p->tol[n->out[k]] = (double)n->op->tol + carried;
            limn_status st = pair_difference(p, n->out[k], &difference, &scale, err);
            if (st != LIMN_OK) {
                return st;
            }
            double tolerance = p->tol[n->out[k]] * scale * slack;
            if (difference > tolerance) {
                *agree = false;
                *first = (struct exec_divergence){g->value[n->out[k]].name, n->op->name, difference, tolerance};
                return LIMN_OK;
            }
        }
    }
    return LIMN_OK;
}

limn_status exec_compare(struct vk_device *dev, struct graph *g, const value_id *inputs, const float *const *data,
                         size_t n, double slack, bool *agree, struct exec_divergence *first, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct pair p = {0};
    struct exec_params params = {0};
    size_t most = largest_value(g);
    uint32_t *flags = mem_alloc(g->n_value, sizeof(*flags));
    p.a = mem_alloc(most, sizeof(float));
    p.b = mem_alloc(most, sizeof(float));
    p.tol = mem_zalloc(g->n_value, sizeof(*p.tol));
    if (flags == NULL || p.a == NULL || p.b == NULL || p.tol == NULL) {
        mem_free(flags);
        flags = NULL;
        TRY(err_nomem(err, 2 * most * sizeof(float), "comparing executors"));
    }
    for (size_t i = 0; i < g->n_value; i++) {
        flags[i] = g->value[i].flags;
        int32_t producer = g->value[i].producer;
        if (producer >= 0 && !g->node[producer].dead) {
            g->value[i].flags |= VALUE_OUTPUT;
        }
    }
    TRY(exec_ref_create(g, &p.ref, err));
    TRY(exec_vk_create(dev, g, &params, &p.vk, err));
    TRY(pair_run(&p, inputs, data, n, err));
    TRY(pair_compare(&p, g, slack, agree, first, err));
out:
    for (size_t i = 0; flags != NULL && i < g->n_value; i++) {
        g->value[i].flags = flags[i];
    }
    exec_destroy(&p.ref);
    exec_destroy(&p.vk);
    mem_free(flags);
    mem_free(p.a);
    mem_free(p.b);
    mem_free(p.tol);
    return st;
}
