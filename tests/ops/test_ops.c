/* Walks every operator of ops.def and its cases: shapes, reference, vjp against central differences of the reference in
 * double precision, shaders (of the operator and of its vjp) against the reference, twice with the same bytes.
 * Options: --op=PART of a name, --list, --seed=N, --device=NAME (none: reference only), -v; --family=gpu runs the
 * kernels meant for GPUs, --max-range=BYTES those that walk large tensors in windows, whatever the device is. TIMEOUT:
 * 900 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "exec/exec.h"
#include "ops_cases.h"
#include "support/check.h"
#include "support/op_subject.h"
#include "vk/device.h"

#define OP(name) extern const struct op_case_list cases_##name;
#include "ops/ops.def"
#undef OP

static const struct op_case_list *const lists[] = {
#define OP(name) &cases_##name,
#include "ops/ops.def"
#undef OP
    NULL,
};

struct options {
    const char *op, *device, *family;
    uint64_t seed;
    int64_t max_range;
    bool list, verbose;
    struct vk_device *dev; /* NULL: reference only */
    unsigned refused;      /* cases with a piece longer than --max-range */
};

static void fail(const struct op *op, const struct op_case *cs, const limn_error *err)
{
    check_failed++;
    fprintf(stderr, "%s, \"%s\": %s\n", op->name, cs->name, err->text);
}

/* Largest magnitude of a value, at least 1. */
static double magnitude(const struct op_subject *s, value_id v)
{
    size_t n = shape_elems(&s->g->value[v].shape);
    double most = 1;
    for (size_t i = 0; i < n; i++) {
        most = fabs(s->val[v][i]) > most ? fabs(s->val[v][i]) : most;
    }
    return most;
}

/* What a value computed on the device may be off by: the operator's own tolerance for its outputs; for the results of
 * the vjp, the tolerances of the nodes on the way, relative to the largest number on the way. */
static double allowed(const struct op_subject *s, value_id v)
{
    double slack = s->cs->slack > 0 ? (double)s->cs->slack : 1, tol = 0, most = 1;
    if (s->g->value[v].producer == 0) {
        return slack * (double)s->op->tol * magnitude(s, v);
    }
    for (size_t i = 0; i < s->g->n_node; i++) {
        const struct node *n = &s->g->node[i];
        double m = magnitude(s, n->out[0]);
        tol += slack * (double)n->op->tol;
        most = m > most ? m : most;
    }
    return tol * most;
}

static bool compare(const struct op_subject *s, value_id v, const float *got, double *worst, limn_error *err)
{
    size_t n = shape_elems(&s->g->value[v].shape);
    double tol = allowed(s, v);
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)got[i] - s->val[v][i]);
        if (!(d <= tol)) {
            err_set(err, LIMN_ERR_NUMERIC, "shader: %s, element %zu: found %.9g, reference %.9g (tolerance %.3g)",
                    s->g->value[v].name, i, (double)got[i], s->val[v][i], tol);
            return false;
        }
        *worst = tol > 0 && d / tol > *worst ? d / tol : *worst;
    }
    return true;
}

static limn_status set_inputs(const struct op_subject *s, struct exec *e, limn_error *err)
{
    for (size_t v = 0; v < s->g->n_value; v++) {
        if (s->g->value[v].kind != VALUE_INPUT) {
            continue;
        }
        size_t n = shape_elems(&s->g->value[v].shape);
        float *x = mem_alloc(n, sizeof(*x));
        for (size_t i = 0; x && i < n; i++) {
            x[i] = (float)s->val[v][i];
        }
        limn_status st = x ? exec_set(e, (value_id)v, x, n, err) : err_nomem(err, n * sizeof(*x), "an input");
        mem_free(x);
        if (st != LIMN_OK) {
            return st;
        }
    }
    return LIMN_OK;
}

/* Two runs of the executor; every output within tolerance of the reference and the same both times. */
static bool check_outputs(const struct op_subject *s, struct exec *e, double *worst, limn_error *err)
{
    bool ok = exec_run(e, 0, 1, err) == LIMN_OK;
    float **kept = mem_zalloc(s->g->n_value, sizeof(*kept));
    for (int run = 0; run < 2 && ok; run++) {
        for (size_t v = 0; v < s->g->n_value && ok; v++) {
            size_t n = shape_elems(&s->g->value[v].shape);
            if (!(s->g->value[v].flags & VALUE_OUTPUT)) {
                continue;
            }
            float *got = mem_alloc(n, sizeof(*got));
            ok = exec_get(e, (value_id)v, got, n, err) == LIMN_OK && compare(s, (value_id)v, got, worst, err);
            if (ok && run == 1 && memcmp(got, kept[v], n * sizeof(*got)) != 0) {
                err_set(err, LIMN_ERR_NUMERIC, "shader: %s: the second run gives other bytes", s->g->value[v].name);
                ok = false;
            }
            mem_free(kept[v]);
            kept[v] = got;
        }
        ok = ok && (run == 1 || exec_run(e, 0, 1, err) == LIMN_OK);
    }
    for (size_t v = 0; v < s->g->n_value; v++) {
        mem_free(kept[v]);
    }
    mem_free(kept);
    return ok;
}

static bool check_device(struct op_subject *s, struct options *opt, bool with_vjp, double *worst, limn_error *err)
{
    struct exec *e = NULL;
    for (int k = 0; k < s->op->n_out; k++) {
        s->g->value[s->out[k]].flags |= VALUE_OUTPUT;
    }
    for (int i = 0; i < s->n_in && with_vjp; i++) {
        if (s->gin[i] != VALUE_NONE && s->g->value[s->gin[i]].kind == VALUE_RESULT) {
            s->g->value[s->gin[i]].flags |= VALUE_OUTPUT;
        }
    }
    limn_status st = exec_vk_create(opt->dev, s->g, &(struct exec_params){0}, &e, err);
    if ((st == LIMN_ERR_UNSUPPORTED || st == LIMN_ERR_INTERNAL) && opt->max_range) {
        fprintf(stderr, "%s, \"%s\": refused: %s\n", s->op->name, s->cs->name, err->text);
        opt->refused++;
        return true;
    }
    bool ok = st == LIMN_OK && set_inputs(s, e, err) == LIMN_OK && check_outputs(s, e, worst, err);
    exec_destroy(&e);
    return ok;
}

static void run_good(const struct op *op, const struct op_case *cs, struct options *opt, bool *differentiated)
{
    struct op_subject s;
    limn_error err = {0};
    double worst = 0, device_worst = 0;
    check_count++;
    bool ok = subject_create(&s, op, cs, opt->seed, &err) == LIMN_OK;
    bool with_vjp = op->vjp && !(cs->flags & FORWARD_ONLY);
    if (ok && with_vjp) {
        *differentiated = true;
        ok =
            subject_add_vjp(&s, &err) == LIMN_OK && subject_eval(&s, &err) && subject_check_vjp(&s, 1e-6, &worst, &err);
    } else if (ok) {
        ok = subject_eval(&s, &err);
    }
    ok = ok && (!opt->dev || check_device(&s, opt, with_vjp, &device_worst, &err));
    if (!ok) {
        fail(op, cs, &err);
    } else if (opt->verbose) {
        fprintf(stderr, "%s, \"%s\": vjp differs by %.2g, shader by %.2f of its tolerance\n", op->name, cs->name, worst,
                device_worst);
    }
    subject_finish(&s);
}

/* Shapes that do not fit are refused with a text, and nothing is appended. */
static void run_bad(const struct op *op, const struct op_case *cs, const struct options *opt)
{
    struct op_subject s;
    limn_error err = {0};
    check_count++;
    limn_status st = subject_create(&s, op, cs, opt->seed, &err);
    if ((st != LIMN_ERR_SHAPE && st != LIMN_ERR_ARG) || err.text[0] == '\0') {
        check_failed++;
        fprintf(stderr, "%s, bad case \"%s\": status %d, text \"%s\" (expected a refusal)\n", op->name, cs->name,
                (int)st, err.text);
    } else if (opt->verbose) {
        fprintf(stderr, "%s, bad case \"%s\": %s\n", op->name, cs->name, err.text);
    }
    subject_finish(&s);
}

/* A vjp that is wrong by a factor must be found: y = x^2 with cotangent g x. */
static void ref_square(const struct op_call *c, const double *const *in, double *const *out)
{
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        out[0][i] = in[0][i] * in[0][i];
    }
}

static limn_status infer_square(const struct op_call *c, struct shape *out, limn_error *err)
{
    (void)err;
    out[0] = c->in[0];
    return LIMN_OK;
}

static void vjp_square(struct vjp *v)
{
    v->gin[0] = build_mul(v->b, v->gout[0], v->in[0]);
}

static void check_control(const struct options *opt)
{
    static const struct op square = {.name = "square",
                                     .n_in_min = 1,
                                     .n_in_max = 1,
                                     .n_out = 1,
                                     .infer = infer_square,
                                     .ref = ref_square,
                                     .vjp = vjp_square};
    static const struct op_case cs = {"control", {NORMAL(2, 3, 5)}};
    struct op_subject s;
    limn_error err = {0};
    double worst = 0;
    CHECK(subject_create(&s, &square, &cs, opt->seed, &err) == LIMN_OK);
    CHECK(subject_add_vjp(&s, &err) == LIMN_OK);
    CHECK(subject_eval(&s, &err));
    CHECK(!subject_check_vjp(&s, 1e-6, &worst, &err));
    CHECK_NEAR(worst, 0.5, 0.01);
    subject_finish(&s);
}

static void run_op(const struct op *op, const struct op_case_list *list, struct options *opt)
{
    bool differentiated = false;
    CHECK_STR(list->op, op->name);
    CHECK(list->n_good > 0);
    CHECK(op->plan || op->flags & OP_VIEW);
    for (size_t i = 0; i < list->n_good; i++) {
        run_good(op, &list->good[i], opt, &differentiated);
    }
    for (size_t i = 0; i < list->n_bad; i++) {
        run_bad(op, &list->bad[i], opt);
    }
    if (op->vjp && !differentiated) {
        check_failed++;
        fprintf(stderr, "%s: differentiable, but no case checks its gradient\n", op->name);
    }
}

static void list_op(const struct op *op, const struct op_case_list *list)
{
    printf("%s: %s\n", op->name, op->doc);
    for (size_t i = 0; i < list->n_good; i++) {
        printf("    %s\n", list->good[i].name);
    }
}

static bool parse(int argc, char **argv, struct options *opt)
{
    for (int i = 1; i < argc; i++) {
        int64_t seed;
        if (str_starts(argv[i], "--op=")) {
            opt->op = argv[i] + 5;
        } else if (str_starts(argv[i], "--device=")) {
            opt->device = argv[i] + 9;
        } else if (str_starts(argv[i], "--seed=") && str_to_i64(argv[i] + 7, 0, INT64_MAX, &seed)) {
            opt->seed = (uint64_t)seed;
        } else if (str_starts(argv[i], "--family=")) {
            opt->family = argv[i] + 9;
        } else if (str_starts(argv[i], "--max-range=") && str_to_i64(argv[i] + 12, 1024, INT64_MAX, &opt->max_range)) {
            continue;
        } else if (strcmp(argv[i], "--list") == 0) {
            opt->list = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            opt->verbose = true;
        } else {
            fprintf(stderr, "usage: test_ops [--op=PART] [--list] [--seed=N] [--device=NAME|none] [-v]\n");
            return false;
        }
    }
    return true;
}

/* Makes plans choose what they would choose on another device; the kernels must run here all the same. */
static void change_caps(struct device_caps *caps, const struct options *opt)
{
    if (opt->family) {
        caps->cpu = strcmp(opt->family, "cpu") == 0;
        caps->compute_units = caps->cpu ? caps->compute_units : 32;
        if (strcmp(opt->family, "storage") == 0) { /* a software driver with small texel buffers (SwiftShader) */
            caps->cpu = true;
            caps->max_texel_elements = 16;
        }
    }
    if (opt->max_range) {
        caps->max_storage_range = (uint64_t)opt->max_range;
    }
}

static bool open_device(struct options *opt, bool *skip)
{
    limn_error err = {0};
    if (opt->list || (opt->device && strcmp(opt->device, "none") == 0)) {
        return true;
    }
    setenv("LIMN_POISON", "1", 1); /* fresh device memory is NaN, so that what a shader leaves out shows */
    limn_status st = vk_device_open(opt->device, &opt->dev, &err);
    *skip = st != LIMN_OK && !opt->device;
    fprintf(stderr, "device: %s\n", st == LIMN_OK ? vk_device_get_info(opt->dev)->name : err.text);
    if (st == LIMN_OK) {
        change_caps((struct device_caps *)vk_device_caps(opt->dev), opt);
    }
    return st == LIMN_OK || *skip;
}

int main(int argc, char **argv)
{
    struct options opt = {.seed = 1};
    size_t seen = 0;
    bool skip = false;
    if (!parse(argc, argv, &opt)) {
        return 2;
    }
    fprintf(stderr, "seed %llu\n", (unsigned long long)opt.seed);
    if (!open_device(&opt, &skip)) {
        return 1;
    }
    for (size_t i = 0; i < op_count(); i++) {
        if (opt.op && !strstr(op_at(i)->name, opt.op)) {
            continue;
        }
        seen++;
        if (opt.list) {
            list_op(op_at(i), lists[i]);
        } else {
            run_op(op_at(i), lists[i], &opt);
        }
    }
    check_control(&opt);
    vk_device_close(&opt.dev);
    CHECK(seen > 0);
    if (opt.refused) {
        fprintf(stderr, "%u cases have a piece that one binding of %lld bytes cannot hold\n", opt.refused,
                (long long)opt.max_range);
    }
    int failed = check_done();
    if (skip) {
        fprintf(stderr, "shaders were not run: no device\n");
    }
    return failed ? 1 : skip ? 77 : 0;
}
