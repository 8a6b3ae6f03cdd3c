/* Heads on small graphs: final activations counted or ignored, outputs of every allowed shape, a single score of either
 * sign, positions pooled; scores, what they mean, and the gradients that follow. */
#include "support/check.h"

#include "model/head.h"
#include "support/toy.h"

static limn_error err;

struct probe { /* one graph: input x, output made by a test */
    struct graph *g;
    struct builder b;
    value_id x;
};

static struct probe begin(struct shape shape)
{
    struct probe p = {0};
    CHECK_OK(graph_create(&p.g, &err));
    p.b = (struct builder){.g = p.g, .err = &err};
    p.x = toy_input(&p.b, "x", shape);
    return p;
}

/* Attaches the head, runs the graph on `x`, and reads scores and d score[0][cls] / dx. Ends the probe. */
static struct head finish(struct probe *p, value_id output, int32_t batch, struct head_rule rule, const double *x,
                          int32_t cls, double *score, double *gradient)
{
    struct head h = {0};
    value_id seed, grad = VALUE_NONE;
    CHECK_INT(p->b.status, LIMN_OK);
    p->g->value[output].flags |= VALUE_OUTPUT;
    CHECK_OK(head_attach(p->g, output, batch, &rule, &h, &err));
    const struct shape s = p->g->value[h.scores].shape;
    CHECK_INT(s.rank, 2);
    CHECK_INT(s.dim[0], batch);
    CHECK((p->g->value[h.scores].flags & VALUE_OUTPUT) != 0);
    CHECK(output == h.scores || (p->g->value[output].flags & VALUE_OUTPUT) == 0);
    float one_hot[64] = {0};
    one_hot[cls] = 1.0f;
    seed = toy_values(&p->b, s, one_hot);
    CHECK_OK(autodiff(p->g, &(struct autodiff){0}, h.scores, seed, &p->x, 1, &grad, &err));
    p->g->value[grad].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(p->g, OPTIMISE_ALL, &err));
    struct toy_feed feed = {p->x, x};
    CHECK_OK(toy_run(p->g, &feed, 1, h.scores, score, &err));
    CHECK_OK(toy_run(p->g, &feed, 1, grad, gradient, &err));
    graph_destroy(&p->g);
    return h;
}

static double sigmoid(double v)
{
    return 1.0 / (1.0 + exp(-v));
}

/* A final activation: by default the score is what comes out of it, with pre_activation what goes in. */
static void test_final(const struct op *op, enum score_kind counted, enum score_kind ignored)
{
    static const double x[3] = {0.5, -1.0, 2.0};
    struct axis_attrs attrs = {.axis = 1};
    for (int pre = 0; pre < 2; pre++) {
        double score[3], g[3];
        struct probe p = begin(SHAPE(1, 3));
        value_id y = build(&p.b, op, "y", op == &op_sigmoid ? NULL : &attrs, build_affine(&p.b, p.x, 2.0f, 0.0f));
        struct head h = finish(&p, y, 1, (struct head_rule){.pre_activation = pre}, x, 2, score, g);
        float f[3], prob[3], expected[3];
        for (int i = 0; i < 3; i++) {
            f[i] = (float)score[i];
            expected[i] = (float)(2.0 * x[i]);
        }
        CHECK_INT(h.kind, pre ? ignored : counted);
        CHECK_INT(h.single, false);
        head_probabilities(ignored, expected, 3, expected); /* the same probabilities either way */
        head_probabilities(h.kind, f, 3, prob);
        for (int i = 0; i < 3; i++) {
            CHECK_NEAR(prob[i], expected[i], 1e-6);
        }
        double q = expected[2];
        double slope = op == &op_log_softmax ? 2.0 * (1.0 - q) : 2.0 * q * (1.0 - q);
        CHECK_NEAR(g[2], pre ? 2.0 : slope, 1e-5);
        CHECK_NEAR(g[0], pre || op == &op_sigmoid ? 0.0 : -2.0 * (op == &op_log_softmax ? 1.0 : q) * expected[0], 1e-5);
    }
}

/* One score: classes "no" and "yes" of either sign, whatever the output's shape and activation. */
static void test_single(void)
{
    static const double x[2] = {0.75, -0.25};
    for (int form = 0; form < 4; form++) { /* [N,1], [N], [N,1,1,1], sigmoid */
        for (int cls = 0; cls < 2; cls++) {
            double score[4], g[2], sign = cls == 1 ? 1.0 : -1.0;
            struct probe p = begin(SHAPE(2, 1));
            value_id y = build_affine(&p.b, p.x, 3.0f, 0.0f);
            y = form == 1 ? build_reshape(&p.b, "y", y, SHAPE(2)) : y;
            y = form == 2 ? build_reshape(&p.b, "y", y, SHAPE(2, 1, 1, 1)) : y;
            y = form == 3 ? build(&p.b, &op_sigmoid, "y", NULL, y) : y;
            struct head h = finish(&p, y, 2, (struct head_rule){0}, x, cls, score, g);
            double s = form == 3 ? sigmoid(2.25) : 2.25;
            CHECK_INT(h.single, true);
            CHECK_INT(h.kind, form == 3 ? SCORE_PROBABILITY : SCORE_SIGMOID);
            CHECK_NEAR(score[1], s, 1e-6);
            CHECK_NEAR(score[0], form == 3 ? 1.0 - s : -s, 1e-6);
            CHECK_NEAR(score[3], form == 3 ? sigmoid(-0.75) : -0.75, 1e-6);
            CHECK_NEAR(g[0], sign * (form == 3 ? 3.0 * s * (1.0 - s) : 3.0), 1e-5);
            CHECK_NEAR(g[1], 0.0, 0.0);
        }
    }
    struct probe p = begin(SHAPE(2, 1));
    double score[4], g[2];
    value_id y = build(&p.b, &op_sigmoid, "y", NULL, p.x);
    struct head h = finish(&p, y, 2, (struct head_rule){.pre_activation = true}, x, 0, score, g);
    CHECK_INT(h.kind, SCORE_SIGMOID);
    CHECK_NEAR(score[0], -0.75, 1e-6);
    float f[2] = {-0.75f, 0.75f}, prob[2];
    head_probabilities(h.kind, f, 2, prob);
    CHECK_NEAR(prob[0] + prob[1], 1.0, 1e-6);
    CHECK_NEAR(prob[1], sigmoid(0.75), 1e-6);
}

/* Scores with positions: mean or sum; without: dropped dimensions; softmax found behind a reshape. */
static void test_shapes(void)
{
    double x[12], score[3], g[12];
    for (int i = 0; i < 12; i++) {
        x[i] = 0.1 * i * i - 0.5;
    }
    for (int pool = 0; pool < 2; pool++) {
        struct probe p = begin(SHAPE(1, 3, 2, 2));
        value_id y = build_affine(&p.b, p.x, 1.0f, 0.0f);
        struct head h = finish(&p, y, 1, (struct head_rule){.pool = (enum head_pool)pool}, x, 1, score, g);
        double sum = x[4] + x[5] + x[6] + x[7];
        CHECK_NEAR(score[1], pool == HEAD_SUM ? sum : sum / 4.0, 1e-6);
        CHECK_NEAR(g[5], pool == HEAD_SUM ? 1.0 : 0.25, 1e-7);
        CHECK_NEAR(g[0], 0.0, 0.0);
        CHECK_INT(h.kind, SCORE_SOFTMAX);
    }
    for (int rank = 3; rank <= 5; rank++) {
        struct probe p = begin(SHAPE(1, 3));
        value_id y = build_reshape(&p.b, NULL, p.x, shape_of(rank, (int32_t[]){1, 3, 1, 1, 1}));
        y = build(&p.b, &op_softmax, "soft", (&(struct axis_attrs){1}), y);
        y = build_reshape(&p.b, "flat", y, SHAPE(1, 3));
        struct head h = finish(&p, y, 1, (struct head_rule){.pre_activation = true}, x, 0, score, g);
        CHECK_INT(h.kind, SCORE_SOFTMAX);
        CHECK_NEAR(score[2], x[2], 1e-6);
        CHECK_NEAR(g[0], 1.0, 1e-7);
    }
    struct probe p = begin(SHAPE(3)); /* one image, its scores without a batch dimension */
    struct head h =
        finish(&p, build_affine(&p.b, p.x, 1.0f, 0.0f), 1, (struct head_rule){.classes = HEAD_SIGMOID}, x, 2, score, g);
    CHECK_INT(h.kind, SCORE_SIGMOID);
    CHECK_NEAR(score[2], x[2], 1e-6);
    p = begin(SHAPE(1, 3)); /* the input itself, and a softmax over the images, which is not the classes' */
    value_id y = build(&p.b, &op_softmax, "soft", (&(struct axis_attrs){0}), p.x);
    h = finish(&p, y, 1, (struct head_rule){.pre_activation = true}, x, 0, score, g);
    CHECK_NEAR(score[2], 1.0, 1e-6);
}

static void test_refusals(void)
{
    struct probe p = begin(SHAPE(3, 2));
    struct head h = {0};
    CHECK_INT(head_attach(p.g, p.x, 2, &(struct head_rule){0}, &h, &err), LIMN_ERR_UNSUPPORTED);
    CHECK(strstr(err.text, "3x2") != NULL);
    graph_destroy(&p.g);
}

int main(void)
{
    test_final(&op_softmax, SCORE_PROBABILITY, SCORE_SOFTMAX);
    test_final(&op_log_softmax, SCORE_LOG, SCORE_SOFTMAX);
    test_final(&op_sigmoid, SCORE_PROBABILITY, SCORE_SIGMOID);
    test_single();
    test_shapes();
    test_refusals();
    return check_done();
}
