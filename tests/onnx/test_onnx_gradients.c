/* Derivatives through imported graphs: every case of libonnx-testdata that imports, and models written here for the
 * operators it lacks, in double precision on the reference executor. The vector-Jacobian products of all floating
 * outputs with random cotangents are compared with central differences, for a few elements of each input.
 *
 * Every operator whose row of onnx_ops.def says D must be met in a graph whose gradient is right and not zero.
 * Points: the data moved by a little, so that no two numbers tie and none lies on a kink; h = 1e-5, tolerance 1e-5 of
 * the largest derivative of the input. LIMN_ONNX_ONLY picks cases by name. */
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "exec/exec.h"
#include "model/onnx/import.h"
#include "pass/pass.h"
#include "support/check.h"
#include "support/onnx_build.h"

enum { MAX_PORT = 32, PROBES = 4, MAX_ELEMS = 40000, MAX_OP = 64 };

struct subject {
    const char *name;
    struct onnx_file *file, *data[MAX_PORT];
    struct onnx_import imp;
    double *x[MAX_PORT]; /* per input of the graph */
    value_id seed[MAX_PORT], grad[MAX_PORT];
    double *cotangent[MAX_PORT]; /* per output */
    bool moved;
    limn_error err;
};

struct tally {
    int checked, skipped, wrong;
    bool met[512]; /* per row of the table */
};

/* --- making a graph with its gradients --- */

static bool is_floating(int32_t type)
{
    return onnx_type_is_float(type);
}

static const struct onnx_tensor *data_of(struct subject *s, const char *dir, size_t i)
{
    char path[700];
    const struct onnx_tensor *t = NULL;
    snprintf(path, sizeof path, "%s/test_data_set_0/input_%zu.pb", dir, i);
    return onnx_tensor_open(path, &s->data[i], &t, &s->err) == LIMN_OK ? t : NULL;
}

/* Imports a case with its integers, then also its small floating inputs but the first, given as constants. */
static bool import_case(struct subject *s, const char *dir)
{
    const struct onnx_graph *g = onnx_file_model(s->file)->graph;
    const struct onnx_tensor *data[MAX_PORT] = {NULL};
    for (size_t i = 0; i < g->n_input && i < MAX_PORT; i++) {
        data[i] = g->n_init == 0 ? data_of(s, dir, i) : NULL;
        if (data[i] == NULL) {
            return false;
        }
    }
    for (int more = 0; more < 2; more++) {
        struct onnx_given given[MAX_PORT];
        struct onnx_bind bind = {.given = given};
        for (size_t i = 0; i < g->n_input && i < MAX_PORT; i++) {
            if (!is_floating(g->input[i].type) || (more && i > 0 && data[i]->elems <= 16)) {
                given[bind.n_given++] = (struct onnx_given){.name = g->input[i].name, .tensor = data[i]};
            }
        }
        if (onnx_import(s->file, &bind, &s->imp, &s->err) == LIMN_OK) {
            break;
        }
    }
    for (size_t k = 0; s->imp.graph != NULL && k < s->imp.n_input; k++) {
        size_t n = shape_elems(&s->imp.graph->value[s->imp.input[k].value].shape);
        for (size_t i = 0; i < g->n_input && i < MAX_PORT; i++) {
            if (strcmp(g->input[i].name, s->imp.input[k].name) == 0 && data[i]->elems == n) {
                s->x[k] = mem_alloc(n, sizeof(double));
                if (onnx_tensor_f64(data[i], s->x[k], n, &s->err) != LIMN_OK) {
                    return false;
                }
            }
        }
        if (s->x[k] == NULL) {
            return false;
        }
    }
    return s->imp.graph != NULL && s->imp.n_input > 0;
}

/* Adds seeds and gradients: y -> sum over outputs of <cotangent, y>. */
static bool differentiate(struct subject *s)
{
    struct graph *g = s->imp.graph;
    struct builder b = {.g = g, .status = LIMN_OK, .err = &s->err};
    value_id wrt[MAX_PORT], part[MAX_PORT];
    size_t n_in = s->imp.n_input, n_out = s->imp.n_output;
    if (n_in > MAX_PORT || n_out > MAX_PORT) {
        return false;
    }
    for (size_t i = 0; i < n_in; i++) {
        wrt[i] = s->imp.input[i].value;
        s->grad[i] = VALUE_NONE;
    }
    for (size_t k = 0; k < n_out; k++) {
        value_id y = s->imp.output[k].value;
        size_t n = shape_elems(&g->value[y].shape);
        char name[40];
        snprintf(name, sizeof name, "cotangent %zu", k);
        g->value[y].flags |= VALUE_OUTPUT;
        s->seed[k] = VALUE_NONE;
        if (!is_floating(s->imp.output[k].type)) {
            continue;
        }
        s->cotangent[k] = mem_alloc(n, sizeof(double));
        for (size_t i = 0; i < n; i++) {
            s->cotangent[k][i] = rng_symmetric(rng_hash_text(s->name) + k, i);
        }
        if (graph_input(g, name, g->value[y].shape, &s->seed[k], &s->err) != LIMN_OK ||
            autodiff(g, NULL, y, s->seed[k], wrt, n_in, part, &s->err) != LIMN_OK) {
            return false;
        }
        for (size_t i = 0; i < n_in; i++) {
            s->grad[i] = s->grad[i] == VALUE_NONE ? part[i] : build_add(&b, s->grad[i], part[i]);
        }
    }
    for (size_t i = 0; i < n_in && s->grad[i] != VALUE_NONE && b.status == LIMN_OK; i++) {
        s->grad[i] = build_affine(&b, s->grad[i], 1, 0); /* also where it is a constant */
        g->value[s->grad[i] == VALUE_NONE ? 0 : s->grad[i]].flags |= VALUE_OUTPUT;
    }
    return b.status == LIMN_OK;
}

/* --- evaluating it --- */

/* The functional at x; gradients too where `grad` is not NULL. False when a number is not finite. */
static bool evaluate(struct subject *s, struct exec *e, double *value, double *const *grad)
{
    const struct graph *g = s->imp.graph;
    double sum = 0;
    for (size_t i = 0; i < s->imp.n_input; i++) {
        size_t n = shape_elems(&g->value[s->imp.input[i].value].shape);
        if (exec_ref_set_double(e, s->imp.input[i].value, s->x[i], n, &s->err) != LIMN_OK) {
            return false;
        }
    }
    for (size_t k = 0; k < s->imp.n_output; k++) {
        size_t n = s->seed[k] != VALUE_NONE ? shape_elems(&g->value[s->seed[k]].shape) : 0;
        if (n > 0 && exec_ref_set_double(e, s->seed[k], s->cotangent[k], n, &s->err) != LIMN_OK) {
            return false;
        }
    }
    if (exec_run(e, 0, 1, &s->err) != LIMN_OK) {
        return false;
    }
    for (size_t k = 0; k < s->imp.n_output; k++) {
        size_t n = s->seed[k] != VALUE_NONE ? shape_elems(&g->value[s->seed[k]].shape) : 0;
        double *y = mem_alloc(n, sizeof *y);
        if (n > 0 && exec_ref_get_double(e, s->imp.output[k].value, y, n, &s->err) != LIMN_OK) {
            sum = NAN;
        }
        for (size_t i = 0; i < n; i++) {
            sum += s->cotangent[k][i] * y[i];
        }
        mem_free(y);
    }
    for (size_t i = 0; grad != NULL && i < s->imp.n_input; i++) {
        size_t n = shape_elems(&g->value[s->imp.input[i].value].shape);
        if (exec_ref_get_double(e, s->grad[i], grad[i], n, &s->err) != LIMN_OK) {
            return false;
        }
        for (size_t j = 0; j < n; j++) {
            sum = isfinite(grad[i][j]) ? sum : NAN;
        }
    }
    *value = sum;
    return isfinite(sum);
}

/* A little to the side of the data: ties and kinks at whole numbers are left behind. */
static void move(struct subject *s, double by)
{
    for (size_t i = 0; i < s->imp.n_input; i++) {
        size_t n = shape_elems(&s->imp.graph->value[s->imp.input[i].value].shape);
        for (size_t j = 0; j < n && is_floating(s->imp.input[i].type); j++) {
            double u = rng_symmetric(rng_hash_text(s->name) + 77 + i, j);
            s->x[i][j] = fabs(s->x[i][j]) < 1e4 ? s->x[i][j] : 1; /* some of the data is uninitialised memory */
            s->x[i][j] += by * (u + (u > 0 ? 0.2 : -0.2));
        }
    }
}

/* Central differences at some elements of input i against its gradient; the largest one relative to `top`. */
static double probe(struct subject *s, struct exec *e, size_t i, const double *grad, double top)
{
    size_t n = shape_elems(&s->imp.graph->value[s->imp.input[i].value].shape);
    double worst = 0, h = 1e-5;
    for (size_t p = 0; p < PROBES && p < n; p++) {
        size_t j = n <= PROBES ? p : rng_u64(rng_hash_text(s->name) + 5, p + 100 * i) % n;
        double keep = s->x[i][j], up = 0, down = 0;
        s->x[i][j] = keep + h;
        bool ok = evaluate(s, e, &up, NULL);
        s->x[i][j] = keep - h;
        ok = evaluate(s, e, &down, NULL) && ok;
        s->x[i][j] = keep;
        double off = fabs((up - down) / (2 * h) - grad[j]) / top;
        worst = ok && off > worst ? off : worst;
    }
    return worst;
}

static bool check_gradients(struct subject *s, struct exec *e, double *worst, bool *any)
{
    double *grad[MAX_PORT] = {NULL}, value;
    bool ok;
    for (size_t i = 0; i < s->imp.n_input; i++) {
        grad[i] = mem_alloc(shape_elems(&s->imp.graph->value[s->imp.input[i].value].shape), sizeof(double));
    }
    move(s, 4e-3);
    ok = evaluate(s, e, &value, grad);
    if (!ok) { /* outside of the function's domain: stay at the data */
        move(s, -4e-3);
        ok = evaluate(s, e, &value, grad);
    }
    *worst = 0;
    *any = false;
    for (size_t i = 0; i < s->imp.n_input && ok; i++) {
        size_t n = shape_elems(&s->imp.graph->value[s->imp.input[i].value].shape);
        double top = 1e-3;
        for (size_t j = 0; j < n; j++) {
            top = fmax(top, fabs(grad[i][j]));
            *any = *any || grad[i][j] != 0;
        }
        if (is_floating(s->imp.input[i].type)) {
            *worst = fmax(*worst, probe(s, e, i, grad[i], top));
        }
    }
    for (size_t i = 0; i < s->imp.n_input; i++) {
        mem_free(grad[i]);
    }
    return ok;
}

/* --- judging it --- */

static size_t elements(const struct graph *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_value; i++) {
        n += shape_elems(&g->value[i].shape);
    }
    return n;
}

/* Marks the rows of the model's nodes as met; false when one is not smooth where it is not constant (Mod). */
static bool rows_of(const struct subject *s, struct tally *t, bool mark)
{
    const struct onnx_model *m = onnx_file_model(s->file);
    bool fine = true;
    for (size_t i = 0; i < m->graph->n_node; i++) {
        const struct onnx_node *n = &m->graph->node[i];
        const struct onnx_row *row = onnx_row_find(n->domain, n->op, m->opset);
        fine = fine && strcmp(n->op, "Mod") != 0;
        for (size_t k = 0; mark && row != NULL && k < onnx_row_count(); k++) {
            t->met[k] = t->met[k] || onnx_row_at(k) == row;
        }
    }
    return fine;
}

static void judge(struct subject *s, struct tally *t)
{
    struct exec *e = NULL;
    double worst = 0;
    bool any = false, done = false;
    size_t n_in = s->imp.n_input;
    if (!rows_of(s, t, false) || elements(s->imp.graph) > MAX_ELEMS) {
        t->skipped++;
        return;
    }
    if (!differentiate(s)) {
        printf("FAIL %s: %s\n", s->name, s->err.text);
        t->wrong++;
        return;
    }
    bool floating = n_in > 0 && s->grad[0] != VALUE_NONE;
    if (floating && exec_ref_create(s->imp.graph, &e, &s->err) == LIMN_OK) {
        done = check_gradients(s, e, &worst, &any);
    }
    exec_destroy(&e);
    if (!done) {
        t->skipped++;
        return;
    }
    t->checked++;
    if (worst > 1e-5) {
        printf("FAIL %s: gradient is off by %.2g\n", s->name, worst);
        t->wrong++;
    } else if (any) {
        rows_of(s, t, true);
    }
}

static void finish(struct subject *s)
{
    for (size_t i = 0; i < MAX_PORT; i++) {
        mem_free(s->x[i]);
        mem_free(s->cotangent[i]);
        onnx_file_close(&s->data[i]);
    }
    onnx_import_finish(&s->imp);
    onnx_file_close(&s->file);
}

static void run_suite(const char *root, const char *suite, struct tally *t)
{
    char path[600];
    const char *only = getenv("LIMN_ONNX_ONLY");
    snprintf(path, sizeof path, "%s/%s", root, suite);
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        struct subject s = {.name = e->d_name};
        if (strncmp(e->d_name, "test_", 5) != 0 || (only != NULL && strstr(e->d_name, only) == NULL)) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s/%s/model.onnx", root, suite, e->d_name);
        if (onnx_file_open(path, &s.file, &s.err) == LIMN_OK &&
            onnx_unsupported(onnx_file_model(s.file), &s.err) == 0) {
            snprintf(path, sizeof path, "%s/%s/%s", root, suite, e->d_name);
            if (import_case(&s, path)) {
                judge(&s, t);
            }
        }
        finish(&s);
    }
    if (d != NULL) {
        closedir(d);
    }
}

/* What the test data has no differentiable case of. */
static const char *const extra[] = {
    "opset 18; input x float 2 4 3; input s float 2; input b float 2; output y float 2 4 3; "
    "node GroupNormalization x s b -> y | num_groups=2",
    "opset 21; input x float 2 4 3; input s float 4; input b float 4; output y float 2 4 3; "
    "node GroupNormalization x s b -> y | num_groups=2",
    "opset 20; input x float 7; output y float 7; node Gelu x -> y",
    "opset 20; input x float 7; output y float 7; node Gelu x -> y | approximate='tanh'",
    "opset 18; input x float 7; output y float 7; node Mish x -> y",
    "opset 13; input x float 1 2 4 5; output y float 1 2 2 2; node LpPool x -> y | kernel_shape=[3,2] strides=[1,2]",
    "opset 13; input x float 1 2 4 5; output y float 1 2 2 4; node LpPool x -> y | kernel_shape=[3,2] p=3",
    "opset 13; input x float 1 2 4 5; output y float 1 2 1 1; node GlobalLpPool x -> y | p=3",
    "opset 13; input x float 1 2 4 4; output y float 1 2 4 4; "
    "node MaxPool x -> p i | kernel_shape=[2,2] strides=[2,2]; node MaxUnpool p i -> y | kernel_shape=[2,2] "
    "strides=[2,2]",
    "opset 13; input x float 2 3; output y float 3 3; init c bool = 1; graph a; output r float 3 3; "
    "node Transpose x -> t; node MatMul t x -> r; end; graph b; output r float 3 3; node Neg x -> r; end; "
    "node If c -> y | then_branch=<a> else_branch=<b>",
    "opset 13; input s float; input x float 2 3; output y float 2 3; init q int8 2 3 = 3 -4 5 -6 7 -8; "
    "node DequantizeLinear q s -> w; node Mul x w -> y",
    "opset 9; input x float 1 1 2 2; output y float 1 1 4 6; init s float 4 = 1 1 2 3; "
    "node Upsample x s -> y | mode='linear'",
    "opset 13; input v float 2; output y float 3 4; init i int64 3 = 1 0 3; init d int64 = 4; node OneHot i d v -> y",
    "opset 10; input x float 3 2; input u float 1 2; output y float 3 2; init i int64 1 2 = 0 2; node Scatter x i u -> "
    "y",
    "opset 18; input x float 1 1 5 5; output y float 1 1 3 3; init s int64 4 = 1 1 3 3; "
    "node Resize x _ _ s -> y | mode='cubic' antialias=1",
    "opset 13; input x float 5 2; output y float 7 2; init p int64 = 1; init m int64 = -1; init z int64 3 = 2 1 2; "
    "node SplitToSequence x z -> s | axis=0; node SequenceAt s p -> a; node Exp a -> e; node SequenceInsert s e p -> "
    "t; "
    "node SequenceErase t m -> u; node SequenceInsert u x -> v; node SequenceErase v p -> w; "
    "node ConcatFromSequence w -> r | axis=0; node Neg r -> y",
    "opset 17; input x float 2 3 4; output y float 4 4; init i int64 2 1 = 1 0; node GatherND x i -> a; "
    "init j int64 2 3 1 = 0 3 2 1 1 0; node GatherElements a j -> b | axis=2; node ScatterElements a j b -> d | "
    "axis=2; "
    "init k int64 1 = 1; init u float 1 3 4 = .5; node ScatterND d k1 u -> e; init k1 int64 1 1 = 1; "
    "init n int64 2 = 2 1; node ReverseSequence e n -> f | batch_axis=0 time_axis=1; node CumSum f axis -> g; "
    "init axis int64 = 1; init m bool 3 = 1 0 1; node Compress g m -> h | axis=1; init s int64 2 = 4 4; "
    "node Reshape h s -> q; node TopK q four -> r ri | axis=1; init four int64 1 = 4; node Einsum r q -> y | "
    "equation='ij,kj->ik'",
    "opset 17; input x float 1 4 4 4; output y float 1; init pads int64 8 = 0 0 1 1 0 0 1 1; "
    "node Pad x pads -> a | mode='reflect'; node DepthToSpace a -> b | blocksize=2; node SpaceToDepth b -> c | "
    "blocksize=3; init sc float 4 = .5; init w float 9 = 1 2 .5; init z float 9 = .1; "
    "node InstanceNormalization c w z -> d; node LRN d -> e | size=3; init l float 4 = 1 1 .9 1; "
    "node LayerNormalization e l -> f | axis=-1; init size int64 4 = 1 9 6 8; node Resize f _ _ size -> g | "
    "mode='linear'; node MeanVarianceNormalization g -> h; init t int64 1 6 8 = 1 0 4 8 3; "
    "node SoftmaxCrossEntropyLoss h t -> k; init one int64 1 = 1; node Reshape k one -> y",
    "opset 14; input x float 2 3 4; output y float 2 3 4; node Trilu x -> a; node Trilu a -> y | upper=0",
    "opset 13; input x float 3; output y float 3; node Identity x -> a; node Dropout a -> y",
};

/* Writes the models for tests/corpus/onnx/graphs, where the fuzz targets start from. */
static void save_seed(size_t k, const struct onnx_bytes *b)
{
    const char *folder = getenv("LIMN_ONNX_SEEDS");
    char path[600];
    limn_error err = {0};
    snprintf(path, sizeof path, "%s/model_%02zu.onnx", folder != NULL ? folder : "", k);
    if (folder != NULL) {
        CHECK_OK(file_write_atomic(path, b->data, b->n, true, &err));
    }
}

static void run_extra(struct tally *t)
{
    for (size_t k = 0; k < sizeof extra / sizeof *extra && getenv("LIMN_ONNX_ONLY") == NULL; k++) {
        struct subject s = {.name = extra[k]};
        struct onnx_bytes bytes = onnx_build(extra[k]);
        save_seed(k, &bytes);
        if (onnx_file_parse("extra", bytes.data, bytes.n, &s.file, &s.err) != LIMN_OK ||
            onnx_import(s.file, NULL, &s.imp, &s.err) != LIMN_OK) {
            printf("FAIL %s: %s\n", extra[k], s.err.text);
            t->wrong++;
        } else {
            for (size_t i = 0; i < s.imp.n_input; i++) {
                size_t n = shape_elems(&s.imp.graph->value[s.imp.input[i].value].shape);
                s.x[i] = mem_alloc(n, sizeof(double));
                for (size_t j = 0; j < n; j++) {
                    s.x[i][j] = 1.5 * rng_symmetric(rng_hash_text(extra[k]) + i, j);
                }
            }
            judge(&s, t);
        }
        finish(&s);
        mem_free(bytes.data);
    }
}

/* Rows that say D but were met in no graph with a right gradient that is not zero. */
static int list_unmet(const struct tally *t)
{
    int unmet = 0;
    for (size_t i = 0; i < onnx_row_count(); i++) {
        const struct onnx_row *r = onnx_row_at(i);
        if (r->grad && !t->met[i]) {
            printf("no gradient checked: %s (since %d)\n", r->op, (int)r->since);
            unmet++;
        }
    }
    return unmet;
}

int main(void)
{
    static const char *const suites[] = {"node", "simple", "pytorch-operator", "pytorch-converted"};
    const char *root = getenv("LIMN_ONNX_TESTDATA");
    static struct tally t;
    root = root != NULL ? root : "/usr/share/libonnx-testdata/data";
    if (!dir_exists(root)) {
        printf("no %s (package libonnx-testdata)\n", root);
        return 77;
    }
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        run_suite(root, suites[i], &t);
    }
    run_extra(&t);
    printf("%d graphs checked, %d skipped (integers, outside of a domain, large), %d wrong\n", t.checked, t.skipped,
           t.wrong);
    if (getenv("LIMN_ONNX_ONLY") == NULL) {
        CHECK_INT(list_unmet(&t), 0);
        CHECK(t.checked > 400);
    }
    CHECK_INT(t.wrong, 0);
    return check_done();
}
