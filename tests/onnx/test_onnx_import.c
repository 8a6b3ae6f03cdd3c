/* The import on models that are written here: names and scopes, folding, branches, functions, free dimensions, given
 * inputs, quantised weights, and that every fault is refused by the name of its node.
 * LABELS: unit */
#include <stdlib.h>

#include "base/inject.h"
#include "base/mem.h"
#include "base/str.h"
#include "exec/exec.h"
#include "model/onnx/onnx_import.h"
#include "support/check.h"
#include "support/onnx_build.h"

struct loaded {
    struct onnx_bytes bytes;
    struct onnx_file *file;
    struct onnx_import imp;
    limn_error err;
    limn_status status;
};

static void load(struct loaded *l, const char *text, const struct onnx_bind *bind)
{
    *l = (struct loaded){.bytes = onnx_build(text)};
    l->status = onnx_file_parse("model", l->bytes.data, l->bytes.n, &l->file, &l->err);
    if (l->status == LIMN_OK) {
        l->status = onnx_import(l->file, bind, &l->imp, &l->err);
    }
}

static void unload(struct loaded *l)
{
    onnx_import_finish(&l->imp);
    onnx_file_close(&l->file);
    mem_free(l->bytes.data);
}

/* Runs a model on one input 1, 2, 3, ... and compares the first output. */
static void expect(const char *text, const struct onnx_bind *bind, size_t n, const double *want)
{
    struct loaded l;
    struct exec *e = NULL;
    limn_error err = {0};
    load(&l, text, bind);
    if (l.status != LIMN_OK) {
        fprintf(stderr, "%s\n%s\n", l.err.text, text);
    }
    CHECK_INT(l.status, LIMN_OK);
    if (l.status != LIMN_OK) {
        unload(&l);
        return;
    }
    struct graph *g = l.imp.graph;
    value_id y = l.imp.output[0].value;
    g->value[y].flags |= VALUE_OUTPUT;
    CHECK_INT(shape_elems(&g->value[y].shape), n);
    CHECK_OK(exec_ref_create(g, &e, &err));
    for (size_t i = 0; i < l.imp.n_input; i++) {
        float x[64];
        size_t m = shape_elems(&g->value[l.imp.input[i].value].shape);
        for (size_t k = 0; k < 64; k++) {
            x[k] = (float)(k + 1);
        }
        CHECK_OK(exec_set(e, l.imp.input[i].value, x, m, &err));
    }
    CHECK_OK(exec_run(e, 0, 1, &err));
    float got[64] = {0};
    CHECK_OK(exec_get(e, y, got, n, &err));
    for (size_t i = 0; i < n; i++) {
        CHECK_NEAR(got[i], want[i], 1e-5 * (1 + fabs(want[i])));
    }
    exec_destroy(&e);
    unload(&l);
}
#define EXPECT(text, bind, ...)                                                                                        \
    expect(text, bind, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

static void refuse(const char *text, limn_status status, const char *part, const char *also)
{
    struct loaded l;
    load(&l, text, NULL);
    bool right = l.status == status && strstr(l.err.text, part) != NULL && strstr(l.err.text, also) != NULL;
    if (!right) {
        fprintf(stderr, "status %d (expected %d) \"%s\" (expected \"%s\" and \"%s\")\n  of %s\n", (int)l.status,
                (int)status, l.err.text, part, also, text);
    }
    CHECK(right);
    CHECK(l.status == LIMN_OK || l.imp.graph == NULL);
    unload(&l);
}

static void test_random(void)
{
    EXPECT("opset 15; input x float 2; output y float 2; node RandomUniform -> u | shape=[2] low=2.0 high=2.0; "
           "node Add x u -> y",
           NULL, 3, 4);
    EXPECT("opset 15; input x float 2; output y float 2; node RandomNormalLike x -> u | mean=3.0 scale=0.0; "
           "node Add x u -> y",
           NULL, 4, 5);
#define BETWEEN                                                                                                        \
    "node ReduceMean u -> m | keepdims=0; node Greater m lo -> a; node Less m hi -> b; node And a b -> c; "            \
    "node Cast c -> f | to=1; node Mul x f -> y"
    EXPECT("opset 15; input x float 1; output y float 1; init lo float = 0.49; init hi float = 0.51; "
           "node RandomUniform -> u | shape=[100,100]; " BETWEEN,
           NULL, 1);
    EXPECT("opset 15; input x float 1; output y float 1; init lo float = -0.03; init hi float = 0.03; "
           "node RandomNormal -> u | shape=[100,100]; " BETWEEN,
           NULL, 1);
    EXPECT("opset 15; input x float 1; output y float 1; init lo float = 0.28; init hi float = 0.32; "
           "init p float 100 100 = 0.3; node Bernoulli p -> u; " BETWEEN,
           NULL, 1);
#undef BETWEEN
    EXPECT("opset 15; input x float 3; output y float 3; node RandomNormal#one -> u | shape=[3] seed=5.0; " /* a seed */
           "node RandomNormal#two -> v | shape=[3] seed=5.0; node Sub u v -> d; node Add x d -> y",
           NULL, 1, 2, 3);
}

static void test_fold(void)
{
    /* what torch exports for x.view(x.size(0), -1) */
    EXPECT("opset 13; input x float 2 2 3; output y float 2 6; init zero int64 = 0; init minus int64 1 = -1; "
           "node Shape x -> s; node Gather s zero -> n | axis=0; tensor ax int64 1 = 0; node Constant -> axes | "
           "value={ax}; node Unsqueeze n axes -> n1; node Concat n1 minus -> to | axis=0; node Reshape x to -> y",
           NULL, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    struct loaded l;
    load(&l,
         "opset 13; input x float 2 3; output y float 6; node Shape x -> s; node ReduceProd s -> p | keepdims=1; "
         "node Reshape x p -> y",
         NULL);
    CHECK_INT(l.status, LIMN_OK);
    CHECK_INT(l.status == LIMN_OK ? l.imp.graph->n_node : 0, 1); /* shape arithmetic leaves no node */
    unload(&l);
    /* integer division cuts towards zero, Cast too; Slice to INT64_MAX */
    EXPECT("opset 13; input x float 4; output y float 2; init a int64 1 = -7; init b int64 1 = 2; node Div a b -> q; "
           "init top int64 1 = 9223372036854775807; init from int64 1 = 2; node Slice x from top -> part; "
           "node Cast q -> qf | to=1; node Add part qf -> y",
           NULL, 0, 1);
    EXPECT("opset 13; input x float 2; output y float 2; init h float = -2.75; node Cast h -> i | to=7; "
           "node Cast i -> f | to=1; node Mul x f -> y",
           NULL, -2, -4);
    /* an empty tensor on the way */
    EXPECT("opset 13; input x float 3; output y float 3; init none int64 0 = 0; node Shape x -> s; "
           "node Concat none s -> t | axis=0; node Reshape x t -> y",
           NULL, 1, 2, 3);
}

static void test_control(void)
{
    const char *branches =
        "opset 13; input x float 3; output y float 3; init flag bool = %d; graph yes; output a float 3; "
        "node Add x x -> a; end; graph no; output b float 3; node Neg x -> b; end; "
        "node If flag -> y | then_branch=<yes> else_branch=<no>";
    char text[600];
    snprintf(text, sizeof text, branches, 1);
    EXPECT(text, NULL, 2, 4, 6);
    snprintf(text, sizeof text, branches, 0);
    EXPECT(text, NULL, -1, -2, -3);
    refuse("opset 13; input x float 1; output y float 1; node Greater x x -> c; graph g; output a float 1; "
           "node Neg x -> a; end; node If#pick c -> y | then_branch=<g> else_branch=<g>",
           LIMN_ERR_UNSUPPORTED, "node \"pick\" (If)", "depend on the data");
    /* a function called twice, with an attribute of the call and one absent */
    const char *twice = "opset 13; domain my; function Scaled my a -> b | slope; node LeakyRelu a -> n | alpha=&slope; "
                        "node Add n a -> b; end; input x float 2; output y float 2; node Neg x -> m; "
                        "node Scaled@my#one m -> p | slope=0.5; node Scaled@my#two p -> y";
    EXPECT(twice, NULL, -1.5 * 1.01, -3 * 1.01);
    struct loaded l;
    load(&l, twice, NULL);
    CHECK(l.imp.graph != NULL && graph_find(l.imp.graph, "one/n") != VALUE_NONE);
    CHECK(l.imp.graph != NULL && graph_find(l.imp.graph, "two/n") != VALUE_NONE);
    unload(&l);
    refuse("opset 13; domain my; function F my a -> b; node F@my a -> b; end; input x float 2; output y float 2; "
           "node F@my#top x -> y",
           LIMN_ERR_FORMAT, "node \"top\" (F)", "nested more than 32 deep");
}

static void test_names(void)
{
    struct loaded l;
    load(&l,
         "opset 13; input input float 1 2 4 4; output logits float 1 2 2 2; init features.0.weight float 2 2 3 3 = .1; "
         "init b float 2 = 1; node Conv#/features/features.0/Conv input features.0.weight b -> c; "
         "node Relu#/features/features.1/Relu c -> r; node Add#/layer1/layer1.0/block/Add r r -> s; "
         "node Relu#/layer1/layer1.0/relu/Relu s -> t; node Neg#/Neg t -> u; node Neg u -> logits",
         NULL);
    struct graph *g = l.imp.graph;
    CHECK_INT(l.status, LIMN_OK);
    if (g == NULL) {
        unload(&l);
        return;
    }
    static const char *const same[][2] = {{"c", "/features/features.0/Conv"},
                                          {"c", "features.0"},
                                          {"r", "features.1"},
                                          {"r", "features"},
                                          {"s", "layer1.0.block"},
                                          {"t", "layer1.0.relu"},
                                          {"t", "layer1.0"},
                                          {"t", "layer1"},
                                          {"u", "/Neg"},
                                          {"u", "Neg"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        CHECK(graph_find(g, same[i][0]) != VALUE_NONE);
        CHECK_INT(graph_find(g, same[i][1]), graph_find(g, same[i][0]));
    }
    static const char *const order[] = {"features",       "features.0",    "features.1", "layer1", "layer1.0",
                                        "layer1.0.block", "layer1.0.relu", "Neg",        "logits"};
    CHECK_INT(l.imp.n_layer, sizeof order / sizeof *order);
    for (size_t i = 0; i < l.imp.n_layer && i < sizeof order / sizeof *order; i++) {
        CHECK_STR(l.imp.layer[i].name, order[i]);
    }
    CHECK_STR(l.imp.layer[0].op, "");
    CHECK_STR(l.imp.layer[1].op, "Conv");
    CHECK_INT(l.imp.layer[1].params, 2 * 2 * 9 + 2);
    CHECK_INT(l.imp.layer[0].params, 2 * 2 * 9 + 2);
    CHECK(g->value[graph_find(g, "features.0.weight")].flags & VALUE_PARAM);
    unload(&l);
}

static void test_bind(void)
{
    const char *text = "opset 13; input x float N 1 H W; output y float N 1 H W; node Relu x -> y";
    struct shape want = SHAPE(3, 1, 5, 7);
    struct loaded l;
    load(&l, text, &(struct onnx_bind){.batch = 3, .height = 5, .width = 7});
    CHECK_INT(l.status, LIMN_OK);
    CHECK(l.imp.graph != NULL && shape_equal(&l.imp.graph->value[l.imp.input[0].value].shape, &want));
    unload(&l);
    load(&l, text, &(struct onnx_bind){.height = 5});
    CHECK_INT(l.status, LIMN_ERR_SHAPE);
    CHECK(strstr(l.err.text, "dimension 3 (\"W\") of input \"x\"") != NULL);
    unload(&l);
    load(&l, "opset 13; input x float 1 2; output y float 1 2; node Relu x -> y", &(struct onnx_bind){.batch = 4});
    CHECK(l.imp.graph != NULL && l.imp.graph->value[l.imp.input[0].value].shape.dim[0] == 4);
    unload(&l);
    /* an initializer that is listed as an input is a constant; an input that is given is, too */
    load(&l, "opset 13; input x float 2; input w float 2; init w float 2 = 3 4; output y float 2; node Mul x w -> y",
         NULL);
    CHECK_INT(l.imp.n_input, 1);
    unload(&l);
}

#define QUANTISED                                                                                                      \
    "opset 13; input x float 1 3; output y float 1 2; init q int8 3 2 = 1 -2 3 -4 5 -6; "                              \
    "init s float 2 = 0.5 0.25; init z int8 2 = 1 0; node DequantizeLinear q s z -> w | axis=1; node MatMul x w -> y"

/* The last three of the six numbers that QUANTISED makes of q. */
static void test_quantised_part(void)
{
    struct loaded l;
    limn_error err = {0};
    float v[3] = {0};
    int found = 0;
    load(&l, QUANTISED, NULL);
    CHECK_INT(l.status, LIMN_OK);
    for (size_t i = 0; l.imp.graph != NULL && i < l.imp.graph->n_value; i++) {
        const struct value *w = &l.imp.graph->value[i];
        if (w->kind == VALUE_CONST && shape_elems(&w->shape) == 6) {
            CHECK_OK(const_source_part(w->source, 6, 3, v, 3, &err));
            CHECK(v[0] == -1.0f && v[1] == 2.0f && v[2] == -1.5f);
            found++;
        }
    }
    CHECK_INT(found, 1);
    unload(&l);
}

static void test_quantised(void)
{
    test_quantised_part();
    /* (q - zero) * scale, by the channel, without and with a zero point */
    EXPECT(QUANTISED, NULL, 0 + 2 + 6, -0.5 - 2 - 4.5);
    EXPECT("opset 13; input x float 3; output y float 3; init s float = 2; init z uint8 = 3; "
           "node QuantizeLinear x s z -> q; node DequantizeLinear q s z -> y",
           NULL, 0, 2, 4); /* 0.5 and 1.5 round to even */
}

static const struct {
    const char *rest, *part, *also;
    limn_status status;
} fault[] = {
    {"node Conv#c x w -> y | strides=[0,1]", "node \"c\" (Conv)", "attribute strides", LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | dilations=[1,0]", "node \"c\" (Conv)", "attribute dilations", LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | group=0", "node \"c\" (Conv)", "attribute group", LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | group=3", "node \"c\" (Conv)", "do not fit together", LIMN_ERR_SHAPE},
    {"node Conv#c x w -> y | strides='a'", "node \"c\" (Conv)", "attribute strides is text (expected ints)",
     LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | pads=[1,1,1]", "node \"c\" (Conv)", "attribute pads has 3 entries", LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | pads=[-1,1,1,1]", "node \"c\" (Conv)", "attribute pads", LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | kernel_shape=[5,5]", "node \"c\" (Conv)", "attribute kernel_shape", LIMN_ERR_FORMAT},
    {"node Conv#c x w -> y | auto_pad='NEAR'", "node \"c\" (Conv)", "attribute auto_pad", LIMN_ERR_UNSUPPORTED},
    {"node MaxPool#p x -> y", "node \"p\" (MaxPool)", "kernel_shape is absent", LIMN_ERR_FORMAT},
    {"node MaxPool#p x -> y | kernel_shape=[0,2]", "node \"p\" (MaxPool)", "kernel_shape", LIMN_ERR_FORMAT},
    {"node AveragePool#p x -> y | kernel_shape=[9,9]", "node \"p\" (AveragePool)", "expected 9 for a window",
     LIMN_ERR_SHAPE},
    {"node Conv#c x -> y", "node \"c\" (Conv)", "1 inputs", LIMN_ERR_FORMAT},
    {"node Relu#r x w -> y", "node \"r\" (Relu)", "2 inputs", LIMN_ERR_FORMAT},
    {"node Relu#r x -> y z", "node \"r\" (Relu)", "2 outputs", LIMN_ERR_FORMAT},
    {"node Conv#c _ w -> y", "node \"c\" (Conv)", "input 0 is absent", LIMN_ERR_FORMAT},
    {"node Relu#r nothing -> y", "node \"r\" (Relu)", "\"nothing\", which nothing defines", LIMN_ERR_FORMAT},
    {"node Relu#r x -> z", "output \"y\"", "made by no node", LIMN_ERR_FORMAT},
    {"node Relu#r x -> y; node Neg#n x -> y", "\"y\" is defined twice", "Neg", LIMN_ERR_FORMAT},
    {"node Relu#r x -> w; node Neg w -> y", "\"w\" is defined twice", "Relu", LIMN_ERR_FORMAT},
    {"init w float 1 = 1; node Relu x -> y", "\"w\" is defined twice", "", LIMN_ERR_FORMAT},
    {"node Add#a x b -> y; node Neg#n y -> b", "(", "cycle", LIMN_ERR_FORMAT},
    {"node Add#a x a -> a; node Neg a -> y", "node \"a\" (Add)", "cycle", LIMN_ERR_FORMAT},
    {"node Foo#f x -> a; node Bar@other#b a -> c; node Foo c -> y", "Foo (2 nodes, first \"f\")",
     "other.Bar (1 node, first \"b\")", LIMN_ERR_UNSUPPORTED},
    {"node Loop#l _ _ x -> y", "Loop (1 node, first \"l\")", "", LIMN_ERR_UNSUPPORTED},
    {"node Transpose#t x -> y | perm=[0,1,1,2]", "node \"t\" (Transpose)", "twice", LIMN_ERR_FORMAT},
    {"node Transpose#t x -> y | perm=[0,1]", "node \"t\" (Transpose)", "2 entries", LIMN_ERR_FORMAT},
    {"node Softmax#s x -> y | axis=4", "node \"s\" (Softmax)", "axis 4 of a tensor of rank 4", LIMN_ERR_FORMAT},
    {"node Concat#c x w -> y | axis=1", "node \"c\" (Concat)", "do not join", LIMN_ERR_SHAPE},
    {"node Add#a x w -> y", "node \"a\" (Add)", "do not broadcast", LIMN_ERR_SHAPE},
    {"init s int64 2 = 3 -1; node Reshape#r x s -> y", "node \"r\" (Reshape)", "32 elements", LIMN_ERR_SHAPE},
    {"init s int64 2 = -1 -1; node Reshape#r x s -> y", "node \"r\" (Reshape)", "entry 1 = -1", LIMN_ERR_FORMAT},
    {"node Reshape#r x x -> y", "node \"r\" (Reshape)", "expected a list", LIMN_ERR_FORMAT},
    {"node ReduceSum v -> s; input v int64 2; node Expand#e x v -> y", "node \"e\" (Expand)", "depend on the data",
     LIMN_ERR_UNSUPPORTED},
    {"init i int64 1 = 7; node Gather#g x i -> y | axis=1", "node \"g\" (Gather)", "index 7 of an axis of 2",
     LIMN_ERR_FORMAT},
    {"init big int64 1 = 2000000000; node ConstantOfShape big -> c; node NonZero#z c -> d; node Gather x d -> y",
     "node \"z\" (NonZero)", "too many", LIMN_ERR_UNSUPPORTED},
    {"node Resize#r x -> y", "node \"r\" (Resize)", "neither scales nor sizes", LIMN_ERR_FORMAT},
    {"init s float 4 = 1 1 0 1; node Resize#r x _ s -> y", "node \"r\" (Resize)", "", LIMN_ERR_SHAPE},
};

static void test_faults(void)
{
    const char *head = "opset 13; input x float 1 2 4 4; output y float 1 2 4 4; init w float 2 2 3 3 = 1; ";
    char text[1200];
    for (size_t i = 0; i < sizeof fault / sizeof *fault; i++) {
        snprintf(text, sizeof text, "%s%s", head, fault[i].rest);
        refuse(text, fault[i].status, fault[i].part, fault[i].also);
    }
    /* nodes that no output needs are not imported, only ordered */
    snprintf(text, sizeof text, "%s%s", head, "node Relu x -> y; node Conv#c x w -> dead | group=3");
    struct loaded l;
    load(&l, text, NULL);
    CHECK_INT(l.status, LIMN_OK);
    unload(&l);
}

/* Activations in pieces become the engine's own. */
static void test_patterns(void)
{
    static const struct {
        const char *rest, *op;
    } whole[] = {
        {"node Sigmoid x -> s; node Mul x s -> y", "silu"},
        {"node Sigmoid x -> s; node Mul s x -> y", "silu"},
        {"node HardSigmoid x -> s | alpha=0.16666667 beta=0.5; node Mul x s -> y", "hard_swish"},
        {"init three float = 3; init lo float = 0; init hi float = 6; node Add x three -> a; node Clip a lo hi -> r; "
         "node Mul x r -> m; node Div m hi -> y",
         "hard_swish"},
        {"init root float = 1.41421354; init one float = 1; init half float = 0.5; node Div x root -> d; "
         "node Erf d -> e; node Add e one -> a; node Mul x a -> m; node Mul m half -> y",
         "gelu"},
        {"init root float = 1.41421354; init one float = 1; init half float = 0.5; node Div x root -> d; "
         "node Erf d -> e; node Add e one -> a; node Mul x half -> m; node Mul m a -> y",
         "gelu"},
        {"node Sigmoid x -> s; node Neg x -> n; node Mul n s -> y", "mul"}, /* another x */
        {"node HardSigmoid x -> s | alpha=0.2 beta=0.5; node Mul x s -> y", "mul"},
        {"init lo float = 0; init hi float = 6; node Clip x lo hi -> y", "relu6"},
    };
    char text[600];
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        struct loaded l;
        snprintf(text, sizeof text, "opset 13; input x float 4; output y float 4; %s", whole[i].rest);
        load(&l, text, NULL);
        CHECK_INT(l.status, LIMN_OK);
        if (l.status == LIMN_OK) {
            const struct graph *g = l.imp.graph;
            CHECK_STR(g->node[g->value[l.imp.output[0].value].producer].op->name, whole[i].op);
            CHECK_INT(graph_find(g, "y"), l.imp.output[0].value);
        }
        unload(&l);
    }
}

/* A chain as long as no recursion survives, in the wrong order. */
static void test_long_chain(void)
{
    enum { N = 60000 };
    struct onnx_bytes b = {0};
    char *text = mem_alloc(N + 3, 40);
    size_t at = (size_t)snprintf(text, 80, "opset 13;input x0 float 2;output x%d float 2;", N);
    for (int i = N; i > 0; i--) {
        at += (size_t)snprintf(text + at, 40, "node Neg x%d -> x%d;", i - 1, i);
    }
    b = onnx_build(text);
    struct onnx_file *f = NULL;
    struct onnx_import imp = {0};
    limn_error err = {0};
    CHECK_OK(onnx_file_parse("chain", b.data, b.n, &f, &err));
    if (f != NULL) {
        CHECK_OK(onnx_import(f, NULL, &imp, &err));
        CHECK_INT(imp.graph != NULL ? imp.graph->n_node : 0, N);
    }
    onnx_import_finish(&imp);
    onnx_file_close(&f);
    mem_free(b.data);
    mem_free(text);
}

/* Every allocation of an import fails once: it says so and leaves nothing behind. */
static void test_no_memory(void)
{
    const char *text =
        "opset 13; domain my; function F my a -> b; node Sigmoid a -> n; node Mul n a -> b; end; input x float 1 2 6 "
        "6; "
        "output y float 1 4; init w float 2 2 3 3 = .1; init q int8 2 = 3; init s float = .5; init flag bool = 1; "
        "graph g; output o float 1 2 2 2; node MaxPool#/a/a.0/Pool c -> o | kernel_shape=[2,2] strides=[2,2]; end; "
        "node Conv#/a/a.1/Conv x w -> c0; node DequantizeLinear q s -> b; node Reshape b shape -> b1; "
        "init shape int64 3 = 2 1 1; node Add c0 b1 -> c1; node F@my c1 -> c; "
        "node If flag -> p | then_branch=<g> else_branch=<g>; init ax int64 2 = 2 1; "
        "node ReduceMean p -> m | axes=[3] keepdims=0; node Split m -> m0 m1 | axis=2; node Concat m0 m1 -> r | "
        "axis=2; "
        "node Shape r -> rs; init i int64 1 = 0; node Gather rs i -> n; init minus int64 1 = -1; "
        "node Concat n minus -> to | axis=0; node Reshape r to -> y";
    struct onnx_bytes bytes = onnx_build(text);
    struct onnx_file *f = NULL;
    limn_error err = {0};
    CHECK_OK(onnx_file_parse("model", bytes.data, bytes.n, &f, &err));
    bool done = false;
    unsigned long k = 0;
    while (f != NULL && !done && k < 5000) {
        struct onnx_import imp = {0};
        inject_arm(INJECT_ALLOC, ++k, false);
        limn_status st = onnx_import(f, NULL, &imp, &err);
        done = inject_seen(INJECT_ALLOC) < k;
        inject_arm(INJECT_ALLOC, 0, false);
        CHECK_INT(st, done ? LIMN_OK : LIMN_ERR_NOMEM);
        CHECK((st == LIMN_OK) == (imp.graph != NULL));
        CHECK(done || strstr(err.text, "out of memory") != NULL);
        onnx_import_finish(&imp);
    }
    CHECK(done && k > 20);
    onnx_file_close(&f);
    mem_free(bytes.data);
}

int main(void)
{
    test_random();
    test_fold();
    test_control();
    test_names();
    test_bind();
    test_quantised();
    test_faults();
    test_patterns();
    test_long_chain();
    test_no_memory();
    return check_done();
}
