/* Classifier after decoder in one graph: gradients against differences, edits of activations, published and sound runs.
 * All on the reference executor with recipe weights. */
#include <string.h>

#include "pass/pass.h"
#include "shift/edit.h"
#include "shift/shift.h"
#include "support/check.h"

enum { MAX_Z = 4096 };

static void wave(float *v, size_t n, double a, double b, double scale)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = (float)(scale * (0.5 + 0.5 * sin(a * (double)i + b)));
    }
}

/* (score(z + h d) - score(z - h d)) / 2h against <gradient, d>. */
static void check_gradient(const char *classifier, const char *autoencoder, enum shift_score score, bool clip)
{
    limn_error err = {0};
    struct model *f = NULL, *ae = NULL;
    struct shift_engine *e = NULL;
    static float x[3 * 32 * 32], z[MAX_Z], g[MAX_Z], d[MAX_Z], both[2 * MAX_Z], picture[2 * 3 * 32 * 32], s[2 * 10];
    const double h = 1e-4; /* small against the kinks of ReLU, large against float32 */
    limn_status st = LIMN_OK;
    TRY(model_open(classifier, NULL, &f, &err));
    TRY(model_open(autoencoder, NULL, &ae, &err));
    struct shift_engine_params p = {.classifier = f, .autoencoder = ae, .batch = 2, .clip = clip, .score = score};
    TRY(shift_engine_create(&p, &e, &err));
    size_t n = shift_dim(e);
    CHECK(n <= MAX_Z);
    wave(x, sizeof x / sizeof x[0], 0.37, 0, 1);
    wave(d, n, 1.7, 1, 1);
    TRY(shift_encode(e, x, z, &err));
    TRY(shift_gradient(e, z, 2, 5, g, &err));
    double slope = 0, length = 0;
    for (size_t i = 0; i < n; i++) {
        both[i] = z[i] + (float)h * d[i];
        both[n + i] = z[i] - (float)h * d[i];
        slope += (double)g[i] * (double)d[i];
        length += (double)g[i] * (double)g[i];
    }
    CHECK(length > 0);
    TRY(shift_decode(e, both, 2, picture, s, &err));
    double seen = (shift_score_value(e, s, 2, 5) - shift_score_value(e, s + 10, 2, 5)) / (2 * h);
    CHECK_NEAR(seen, slope, 1e-2 * fabs(slope) + 1e-3);
out:
    CHECK_OK(st);
    shift_engine_destroy(&e);
    model_close(&f);
    model_close(&ae);
}

/* Scores of LeNet's recipe on a fixed picture, with one edit. */
static void edited(const struct edit *edit, float scores[10], float *gradient, const char *layer)
{
    limn_error err = {0};
    struct model *m = NULL;
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id v[3] = {VALUE_NONE, VALUE_NONE, VALUE_NONE}, grad = VALUE_NONE;
    static float x[28 * 28];
    limn_status st = LIMN_OK;
    wave(x, 28 * 28, 0.37, 0, 1);
    TRY(model_open("recipe:lenet", NULL, &m, &err));
    TRY(model_build_plain(m, 1, &g, &v[0], &v[1], &err));
    if (edit != NULL) {
        TRY(edit_graph(m, edit, 1, &g, v, 2, &err));
    }
    if (gradient != NULL) {
        float one[10] = {0, 0, 0, 1};
        value_id seed, at = graph_find(g, layer);
        TRY(graph_const_data(g, NULL, SHAPE(1, 10), one, &seed, &err));
        TRY(autodiff(g, NULL, v[1], seed, &at, 1, &grad, &err));
        g->value[grad].flags |= VALUE_OUTPUT;
    }
    g->value[v[1]].flags |= VALUE_OUTPUT;
    TRY(exec_ref_create(g, &e, &err));
    TRY(exec_set(e, v[0], x, 28 * 28, &err));
    TRY(exec_run(e, 0, 0, &err));
    TRY(exec_get(e, v[1], scores, 10, &err));
    if (gradient != NULL) {
        TRY(exec_get(e, grad, gradient, shape_elems(&g->value[grad].shape), &err));
    }
out:
    CHECK_OK(st);
    exec_destroy(&e);
    graph_destroy(&g);
    model_close(&m);
}

static double difference(const float *a, const float *b)
{
    double most = 0;
    for (int i = 0; i < 10; i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    }
    return most;
}

static void edits(void)
{
    static float g[16 * 8 * 8], channel[16], mine[16 * 8 * 8];
    float plain[10], a[10], b[10];
    double square = 0;
    edited(NULL, plain, g, "conv2");
    for (size_t i = 0; i < sizeof g / sizeof g[0]; i++) {
        square += (double)g[i] * (double)g[i];
    }
    /* d score / d strength of "add the gradient" is <g, g> */
    struct edit_factor gradient = {.source = EDIT_GRADIENT, .cls = 3};
    struct edit e = {.layer = "conv2", .kind = EDIT_ADD, .strength = 1e-3, .factor = &gradient, .n_factor = 1};
    edited(&e, a, NULL, NULL);
    e.strength = -1e-3;
    edited(&e, b, NULL, NULL);
    CHECK_NEAR(((double)a[3] - (double)b[3]) / 2e-3, square, 1e-2 * square);
    /* strength 0 changes nothing, of every kind */
    struct edit_factor zero = {.source = EDIT_NUMBER, .number = 0}, one = {.source = EDIT_NUMBER, .number = 1};
    for (int kind = 0; kind < EDIT_KINDS; kind++) {
        struct edit none = {.layer = "conv2", .kind = (enum edit_kind)kind, .factor = &gradient, .n_factor = 1};
        edited(&none, a, NULL, NULL);
        CHECK_NEAR(difference(a, plain), 0, 1e-5);
    }
    /* replaced by the same tensor as zeros, or scaled by 0 */
    struct edit scale = {.layer = "conv2", .kind = EDIT_SCALE, .strength = 1, .factor = &zero, .n_factor = 1};
    struct edit replace = {.layer = "conv2", .kind = EDIT_REPLACE, .strength = 1, .factor = &zero, .n_factor = 1};
    edited(&scale, a, NULL, NULL);
    edited(&replace, b, NULL, NULL);
    CHECK_NEAR(difference(a, b), 0, 1e-5);
    CHECK(difference(a, plain) > 1e-3);
    scale.factor = &one;
    edited(&scale, a, NULL, NULL);
    CHECK_NEAR(difference(a, plain), 0, 1e-5);
    /* one number a channel is that number at all positions; a product is a product */
    for (size_t i = 0; i < 16; i++) {
        channel[i] = 0.1f * (float)i;
    }
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++) {
        mine[i] = channel[i / 64] * g[i];
    }
    struct edit_factor two[2] = {{.source = EDIT_TENSOR, .tensor = {SHAPE(16), channel}},
                                 {.source = EDIT_GRADIENT, .cls = 3}};
    struct edit_factor whole = {.source = EDIT_TENSOR, .tensor = {SHAPE(16, 8, 8), mine}};
    struct edit product = {.layer = "conv2", .kind = EDIT_ADD, .strength = 0.5, .factor = two, .n_factor = 2};
    struct edit tensor = {.layer = "conv2", .kind = EDIT_ADD, .strength = 0.5, .factor = &whole, .n_factor = 1};
    edited(&product, a, NULL, NULL);
    edited(&tensor, b, NULL, NULL);
    CHECK_NEAR(difference(a, b), 0, 1e-4);
    CHECK(difference(a, plain) > 1e-3);
}

static void refusals(void)
{
    limn_error err = {0};
    struct model *m = NULL, *f = NULL;
    struct graph *g = NULL;
    struct shift_engine *e = NULL;
    value_id v[2];
    static float wrong[7];
    struct edit_factor odd = {.source = EDIT_TENSOR, .tensor = {SHAPE(7), wrong}};
    struct edit one = {.layer = "conv2", .kind = EDIT_ADD, .strength = 1, .factor = &odd, .n_factor = 1};
    CHECK_OK(model_open("recipe:lenet", NULL, &m, &err));
    CHECK_OK(model_build_plain(m, 1, &g, &v[0], &v[1], &err));
    CHECK_INT(edit_graph(m, &one, 1, &g, v, 2, &err), LIMN_ERR_SHAPE);
    one.layer = "conv9";
    CHECK_INT(edit_graph(m, &one, 1, &g, v, 2, &err), LIMN_ERR_NOT_FOUND);
    one.layer = "conv2";
    one.n_factor = 0;
    CHECK_INT(edit_graph(m, &one, 1, &g, v, 2, &err), LIMN_ERR_ARG);
    graph_destroy(&g);
    CHECK_OK(model_open("recipe:lenet", NULL, &f, &err));
    struct shift_engine_params p = {.classifier = f, .autoencoder = m, .batch = 1};
    CHECK_INT(shift_engine_create(&p, &e, &err), LIMN_ERR_UNSUPPORTED); /* no autoencoder */
    model_close(&m);
    model_close(&f);
}

/* A run by each rule: frames are what lambda says, and the search's facts fit them. */
static void runs(void)
{
    limn_error err = {0};
    struct model *f = NULL, *ae = NULL;
    struct shift_engine *e = NULL;
    static float x[28 * 28];
    limn_status st = LIMN_OK;
    wave(x, 28 * 28, 0.37, 0, 1);
    TRY(model_open("recipe:lenet", NULL, &f, &err));
    TRY(model_open("recipe:lenet+decoder4@pool2", NULL, &ae, &err));
    struct shift_engine_params p = {.classifier = f, .autoencoder = ae, .batch = 4, .score = SCORE_OF_CHANCE};
    TRY(shift_engine_create(&p, &e, &err));
    for (int rule = 0; rule < SHIFT_RULES; rule++) {
        struct shift_options o = {
            .search = shift_search_default((enum shift_rule)rule), .from = -1, .to = -1, .target = 0.6, .frames = 10};
        struct shift_result r = {0};
        TRY(shift_run(e, x, &o, &r, &err));
        CHECK_INT(r.n, 10);
        CHECK(r.from != r.to);
        CHECK(r.frame[9].lambda >= r.frame[0].lambda);
        if (rule != SHIFT_SOUND) {
            CHECK(r.low.lambda <= 0 && r.low.stop != STOP_NONE);
            CHECK_NEAR(r.frame[0].lambda, r.low.lambda, 1e-9);
        } else {
            CHECK(r.high.stop != STOP_NONE);
            CHECK_NEAR(r.frame[9].lambda, r.high.lambda, 1e-9);
            CHECK_NEAR(r.frame[0].change, 0, 1e-5);
        }
        shift_result_finish(&r);
    }
    static const double lambda[3] = {0, 0, 0};
    struct shift_options still = {.search = shift_search_default(SHIFT_SOUND),
                                  .from = -1,
                                  .to = -1,
                                  .target = 0.6,
                                  .frames = 3,
                                  .lambda = lambda};
    struct shift_result r = {0};
    TRY(shift_run(e, x, &still, &r, &err));
    CHECK(r.motionless);
    CHECK(!r.reached || r.frame[0].top == r.to);
    shift_result_finish(&r);
out:
    CHECK_OK(st);
    shift_engine_destroy(&e);
    model_close(&f);
    model_close(&ae);
}

int main(void)
{
    for (int score = 0; score < SCORE_OF_COUNT; score++) {
        check_gradient("recipe:lenet", "recipe:lenet+decoder4@pool2", (enum shift_score)score, false);
    }
    check_gradient("recipe:lenet", "recipe:lenet+resize-decoder4@pool2", SCORE_OF_LOGIT, false);
    check_gradient("recipe:lenet", "recipe:conv_ae", SCORE_OF_MARGIN, false); /* colours to grey, 32 to 28 pixels */
    edits();
    refusals();
    runs();
    return check_done();
}
