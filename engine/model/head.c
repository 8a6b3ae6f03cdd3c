/* Heads: find the last activation through reshapes, bring the output to [N,K], pair a single score. The gradient of the
 * "no" class of a single logit is that of -s, because P(no) = 1 - sigmoid(s) = sigmoid(-s). */
#include "model/head.h"

#include <math.h>

struct final_part { /* the output as it is used */
    value_id value;
    const struct op *final; /* the activation that it ends in, or NULL */
    value_id before;        /* input of that activation */
};

/* Classes of a network output: dimension 1, or 0 where there is only one. */
static int32_t head_width(const struct shape *s, int32_t batch)
{
    if (s->rank >= 2) {
        return s->dim[1];
    }
    return s->rank == 1 && batch == 1 ? s->dim[0] : 1;
}

/* Is the axis of a softmax the classes? */
static bool over_classes(const struct node *n, const struct shape *s)
{
    return ((const struct axis_attrs *)n->attrs)->axis == (s->rank >= 2 ? 1 : 0);
}

static struct final_part find_final(const struct graph *g, value_id output, int32_t batch)
{
    struct final_part h = {.value = output};
    value_id v = output;
    while (g->value[v].producer >= 0 && (g->node[g->value[v].producer].op->flags & OP_VIEW) != 0) {
        v = g->node[g->value[v].producer].in[0];
    }
    const struct value *x = &g->value[v];
    if (x->producer < 0 || head_width(&x->shape, batch) != head_width(&g->value[output].shape, batch)) {
        return h;
    }
    const struct node *n = &g->node[x->producer];
    bool softmax = (n->op == &op_softmax || n->op == &op_log_softmax) && over_classes(n, &x->shape);
    if (softmax || n->op == &op_sigmoid) {
        h.final = n->op;
        h.before = n->in[0];
        h.value = v;
    }
    return h;
}

/* To [N,K]. */
static value_id flatten(struct builder *b, value_id v, int32_t batch, enum head_pool pool)
{
    struct shape s = *build_shape(b, v);
    bool spread = false;
    for (int32_t i = 2; i < s.rank; i++) {
        spread = spread || s.dim[i] > 1;
    }
    if (spread) {
        int32_t axes = 0;
        for (int32_t i = 2; i < s.rank; i++) {
            axes |= 1 << i;
        }
        return build_reduce(b, pool == HEAD_SUM ? &op_reduce_sum : &op_reduce_mean, v, axes, false);
    }
    return s.rank == 2 ? v : build_reshape(b, NULL, v, SHAPE(batch, head_width(&s, batch)));
}

/* One score becomes two classes. */
static value_id pair(struct builder *b, value_id v, bool is_probability)
{
    struct concat_attrs attrs = {.axis = 1};
    value_id no = build_affine(b, v, -1.0f, is_probability ? 1.0f : 0.0f);
    return build(b, &op_concat, NULL, &attrs, no, v);
}

static enum score_kind kind_of(const struct final_part *h, const struct head_rule *rule, bool counts, int32_t width)
{
    if (counts) {
        return h->final == &op_log_softmax ? SCORE_LOG : SCORE_PROBABILITY;
    }
    if (width == 1) {
        return SCORE_SIGMOID;
    }
    if (rule->classes != HEAD_AUTO) {
        return rule->classes == HEAD_SIGMOID ? SCORE_SIGMOID : SCORE_SOFTMAX;
    }
    return h->final == &op_sigmoid ? SCORE_SIGMOID : SCORE_SOFTMAX;
}

limn_status head_attach(struct graph *g, value_id output, int32_t batch, const struct head_rule *rule, struct head *out,
                        limn_error *err)
{
    struct builder b = {.g = g, .err = err};
    const struct shape s = g->value[output].shape;
    if ((s.rank > 0 && s.dim[0] != batch && !(s.rank == 1 && batch == 1)) || (s.rank == 0 && batch != 1)) {
        char text[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_UNSUPPORTED, "output \"%s\" is %s (expected scores for %d image%s first)",
                       g->value[output].name, shape_text(&s, text), batch, batch > 1 ? "s" : "");
    }
    struct final_part h = find_final(g, output, batch);
    bool counts = h.final != NULL && !rule->pre_activation;
    value_id v = flatten(&b, h.final == NULL || counts ? h.value : h.before, batch, rule->pool);
    int32_t width = b.status == LIMN_OK ? build_shape(&b, v)->dim[1] : 0;
    enum score_kind found = kind_of(&h, rule, counts, width);
    if (width == 1) {
        v = pair(&b, v, found == SCORE_PROBABILITY);
    }
    if (b.status == LIMN_OK && g->value[v].kind != VALUE_RESULT) {
        v = build_affine(&b, v, 1.0f, 0.0f); /* executors read back results only */
    }
    if (b.status != LIMN_OK) {
        return b.status;
    }
    g->value[output].flags &= ~(uint32_t)VALUE_OUTPUT;
    g->value[v].flags |= VALUE_OUTPUT;
    *out = (struct head){.scores = v, .kind = found, .single = width == 1};
    return LIMN_OK;
}

void head_probabilities(enum score_kind kind, const float *score, size_t n, float *prob)
{
    double top = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        top = fmax(top, score[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += exp(score[i] - top);
    }
    for (size_t i = 0; i < n; i++) {
        double s = score[i];
        switch (kind) {
        case SCORE_SOFTMAX:
            prob[i] = (float)(exp(s - top) / sum);
            break;
        case SCORE_SIGMOID:
            prob[i] = (float)(1.0 / (1.0 + exp(-s)));
            break;
        case SCORE_LOG:
            prob[i] = (float)exp(s);
            break;
        default:
            prob[i] = score[i];
        }
    }
}
