/* Operators against numbers of PyTorch 1.13: inputs are v[i] = sin(a * i + b) in row-major order, rounded to float32;
 * of the first output the sum, the Euclidean norm and the first elements are compared, within 1e-4 relative. Reference
 * and, where there is a device, shader. */
#include "base/mem.h"
#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
#include "vk/device.h"

struct wave {
    struct shape shape; /* rank 0: no such input */
    double a, b;
};
struct golden {
    const char *name;
    const struct op *op;
    const void *attrs;
    struct wave in[2];
    struct shape y;
    double sum, norm, first[4];
};

#define ATTRS(type, ...)                                                                                               \
    &(const struct type)                                                                                               \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define NEAREST RESIZE_MODE_NEAREST
#define LINEAR RESIZE_MODE_LINEAR
#define CUBIC RESIZE_MODE_CUBIC

static const struct golden cases[] = {
    {"transposed k3 s6 p1 op1",
     &op_conv_transpose,
     ATTRS(conv_attrs, .stride = {1, 6, 6}, .pad_begin = {0, 1, 1}, .pad_end = {0, 0, 0}, .dilation = {1, 1, 1},
           .groups = 1, .size = {1, 14, 14}),
     {{{4, {1, 2, 3, 3}}, 0.37, 0}, {{4, {2, 2, 3, 3}}, 0.21, 0}},
     {4, {1, 2, 14, 14}},
     61.9846248,
     10.3523507,
     {0.1864959, 0.1860008, 0, 0}},
    {"transposed k1 s2 p0 op1",
     &op_conv_transpose,
     ATTRS(conv_attrs, .stride = {1, 2, 2}, .pad_begin = {0, 0, 0}, .pad_end = {0, -1, -1}, .dilation = {1, 1, 1},
           .groups = 1, .size = {1, 6, 6}),
     {{{4, {1, 2, 3, 3}}, 0.37, 0}, {{4, {2, 2, 1, 1}}, 0.21, 0}},
     {4, {1, 2, 6, 6}},
     -4.24623338,
     1.15846159,
     {-0.07637136, 0, -0.2160462, 0}},
    {"transposed k1 s6 p0 op1",
     &op_conv_transpose,
     ATTRS(conv_attrs, .stride = {1, 6, 6}, .pad_begin = {0, 0, 0}, .pad_end = {0, -1, -1}, .dilation = {1, 1, 1},
           .groups = 1, .size = {1, 14, 14}),
     {{{4, {1, 2, 3, 3}}, 0.37, 0}, {{4, {2, 2, 1, 1}}, 0.21, 0}},
     {4, {1, 2, 14, 14}},
     -4.24623338,
     1.15846159,
     {-0.07637136, 0, 0, 0}},
    {"transposed k3 s2 p1 op1",
     &op_conv_transpose,
     ATTRS(conv_attrs, .stride = {1, 2, 2}, .pad_begin = {0, 1, 1}, .pad_end = {0, 0, 0}, .dilation = {1, 1, 1},
           .groups = 1, .size = {1, 6, 6}),
     {{{4, {1, 2, 3, 3}}, 0.37, 0}, {{4, {2, 2, 3, 3}}, 0.21, 0}},
     {4, {1, 2, 6, 6}},
     61.9846255,
     12.7253968,
     {0.1864959, 0.9048409, 0.7968509, 2.001441}},
    {"bilinear 20 to 51",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .size = {1, 51, 51}),
     {{{4, {1, 1, 20, 20}}, 0.37, 0}},
     {4, {1, 1, 51, 51}},
     34.6515351,
     32.3192462,
     {0, 0.03190725, 0.1737172, 0.3155272}},
    {"nearest 13 to 25",
     &op_resize,
     ATTRS(resize_attrs, .mode = NEAREST, .size = {1, 25, 25}),
     {{{4, {1, 1, 13, 13}}, 0.37, 0}},
     {4, {1, 1, 25, 25}},
     2.68637253,
     17.6356563,
     {0, 0, 0.3616154, 0.3616154}},
    {"nearest exact",
     &op_resize,
     ATTRS(resize_attrs, .mode = NEAREST, .coord = RESIZE_HALF_PIXEL, .round = RESIZE_PREFER_CEIL, .size = {1, 14, 5}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 14, 5}},
     0.154425552,
     14.4935828,
     {0.3616154, 0.8956987, 0.9612752, 0.5240443}},
    {"nearest by a scale",
     &op_resize,
     ATTRS(resize_attrs, .mode = NEAREST, .scale = {0, 1.7f, 0.6f}, .size = {1, 15, 6}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 15, 6}},
     -0.547176746,
     16.433937,
     {0, 0.3616154, 0.8956987, 0.9612752}},
    {"bilinear by a scale",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .scale = {0, 1.7f, 0.6f}, .size = {1, 15, 6}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 15, 6}},
     0.117476613,
     11.7441024,
     {0.1205385, 0.6742879, 0.9624867, 0.906372}},
    {"bilinear, corners",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .coord = RESIZE_ALIGN_CORNERS, .size = {1, 14, 5}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 14, 5}},
     0.0441523418,
     10.2597033,
     {0, 0.7849933, 0.9612752, 0.3523203}},
    {"bilinear, antialias",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .antialias = 1, .exclude_outside = 1, .size = {1, 4, 5}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 4, 5}},
     0.00256417308,
     0.980279407,
     {-0.1228392, -0.02818925, 0.09245662, 0.1530502}},
    {"bilinear, antialias, up and down",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .antialias = 1, .exclude_outside = 1, .size = {1, 14, 3}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 14, 3}},
     0.0450781832,
     7.26752283,
     {0.5156166, 0.8224899, 0.0450722, -0.1423867}},
    {"bicubic up",
     &op_resize,
     ATTRS(resize_attrs, .mode = CUBIC, .cubic_a = -0.75f, .size = {1, 14, 23}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 14, 23}},
     0.270373627,
     27.6717457,
     {0.02864001, 0.1418927, 0.327349, 0.565125}},
    {"bicubic down",
     &op_resize,
     ATTRS(resize_attrs, .mode = CUBIC, .cubic_a = -0.75f, .size = {1, 4, 5}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 4, 5}},
     0.0365650206,
     6.52390596,
     {-0.7018807, -0.4201922, 0.1389734, 0.6082633}},
    {"bicubic, corners",
     &op_resize,
     ATTRS(resize_attrs, .mode = CUBIC, .cubic_a = -0.75f, .coord = RESIZE_ALIGN_CORNERS, .size = {1, 14, 5}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 14, 5}},
     0.0123758929,
     12.6258586,
     {0, 0.8049142, 0.9612752, 0.3612612}},
    {"bicubic, antialias",
     &op_resize,
     ATTRS(resize_attrs, .mode = CUBIC, .cubic_a = -0.5f, .antialias = 1, .exclude_outside = 1, .size = {1, 4, 5}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 4, 5}},
     0.0029824918,
     0.966888432,
     {-0.1227487, -0.0006026376, 0.1289446, 0.1736586}},
    {"bicubic by a scale",
     &op_resize,
     ATTRS(resize_attrs, .mode = CUBIC, .cubic_a = -0.75f, .scale = {0, 1.7f, 0.6f}, .size = {1, 15, 6}),
     {{{4, {2, 3, 9, 11}}, 0.37, 0}},
     {4, {2, 3, 15, 6}},
     0.14577823,
     14.4673744,
     {0.1886376, 0.8368595, 1.150822, 1.032423}},
    {"trilinear",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .size = {7, 3, 9}),
     {{{5, {2, 2, 4, 5, 6}}, 0.37, 0}},
     {5, {2, 2, 7, 3, 9}},
     -2.40164452,
     12.4072218,
     {0.2655218, 0.3406401, 0.4314193, 0.4940631}},
    {"nearest, three axes",
     &op_resize,
     ATTRS(resize_attrs, .mode = NEAREST, .size = {7, 3, 9}),
     {{{5, {2, 2, 4, 5, 6}}, 0.37, 0}},
     {5, {2, 2, 7, 3, 9}},
     37.9370088,
     19.586789,
     {0, 0, 0.3616154, 0.6742879}},
    {"linear, one axis",
     &op_resize,
     ATTRS(resize_attrs, .mode = LINEAR, .size = {1, 1, 17}),
     {{{3, {2, 3, 10}}, 0.37, 0}},
     {3, {2, 3, 17}},
     9.17432677,
     7.03510862,
     {0, 0.1382647, 0.3509797, 0.5363442}},
    {"adaptive average 8 to 3",
     &op_adaptive_avg_pool,
     ATTRS(adaptive_attrs, .size = {1, 3, 3}),
     {{{4, {2, 3, 8, 8}}, 0.37, 0}},
     {4, {2, 3, 3, 3}},
     1.069556,
     1.30836052,
     {0.05765448, 0.2650598, 0.2747817, 0.08217188}},
    {"adaptive maximum 3 to 1",
     &op_adaptive_max_pool,
     ATTRS(adaptive_attrs, .size = {1, 1, 1}),
     {{{4, {2, 4, 3, 3}}, 0.37, 0}},
     {4, {2, 4, 1, 1}},
     5.96473865,
     2.32649574,
     {0.9958808, 0.00681464, 0.9964756, 0.3742885}},
    {"adaptive maximum 8 to 3",
     &op_adaptive_max_pool,
     ATTRS(adaptive_attrs, .size = {1, 3, 5}),
     {{{4, {2, 3, 8, 8}}, 0.37, 0}},
     {4, {2, 3, 3, 5}},
     74.8798273,
     8.10424672,
     {0.3616154, 0.8956987, 0.9958808, 0.9964756}},
    {"adaptive maximum, three axes",
     &op_adaptive_max_pool,
     ATTRS(adaptive_attrs, .size = {2, 3, 1}),
     {{{5, {1, 2, 5, 4, 6}}, 0.37, 0}},
     {5, {1, 2, 2, 3, 1}},
     11.9872943,
     3.46043573,
     {0.9975263, 0.9975263, 0.9970241, 0.9987549}},
    {"one axis, groups, dilation",
     &op_conv,
     ATTRS(conv_attrs, .stride = {1, 1, 2}, .pad_begin = {0, 0, 2}, .pad_end = {0, 0, 2}, .dilation = {1, 1, 2},
           .groups = 2),
     {{{3, {2, 4, 11}}, 0.37, 0}, {{3, {4, 2, 3}}, 0.21, 0}},
     {3, {2, 4, 6}},
     -5.49660925,
     7.31940728,
     {-1.184557, -1.246679, -0.5463649, 0.4397319}},
    {"three axes, groups, dilation",
     &op_conv,
     ATTRS(conv_attrs, .stride = {2, 1, 2}, .pad_begin = {1, 0, 1}, .pad_end = {1, 0, 1}, .dilation = {2, 1, 1},
           .groups = 2),
     {{{5, {1, 4, 7, 5, 6}}, 0.37, 0}, {{5, {6, 2, 3, 2, 1}}, 0.21, 0}},
     {5, {1, 6, 3, 4, 4}},
     -0.0118721498,
     5.56632084,
     {0, 0.06248542, -0.1383628, -0.2668386}},
    {"transposed, three axes, groups",
     &op_conv_transpose,
     ATTRS(conv_attrs, .stride = {2, 3, 1}, .pad_begin = {1, 0, 1}, .pad_end = {0, -2, 1}, .dilation = {1, 1, 1},
           .groups = 2, .size = {6, 13, 2}),
     {{{5, {1, 4, 3, 4, 2}}, 0.37, 0}, {{5, {4, 3, 3, 2, 3}}, 0.21, 0}},
     {5, {1, 6, 6, 13, 2}},
     -13.9442305,
     39.8882153,
     {0.4751476, 0.6288303, 0.8477681, 0.9034036}},
    {"transposed, one axis",
     &op_conv_transpose,
     ATTRS(conv_attrs, .stride = {1, 1, 3}, .pad_begin = {0, 0, 1}, .pad_end = {0, 0, -1}, .dilation = {1, 1, 1},
           .groups = 1, .size = {1, 1, 16}),
     {{{3, {2, 4, 5}}, 0.37, 0}, {{3, {4, 3, 4}}, 0.21, 0}},
     {3, {2, 3, 16}},
     86.379355,
     13.8714143,
     {0.1727902, -0.08291992, 0.5469478, 0.7277827}},
    {"maximum, three axes",
     &op_max_pool,
     ATTRS(pool_attrs, .size = {2, 3, 2}, .stride = {2, 2, 1}, .pad_begin = {1, 1, 0}, .pad_end = {1, 1, 0},
           .dilation = {1, 1, 1}),
     {{{5, {1, 2, 5, 6, 4}}, 0.37, 0}},
     {5, {1, 2, 3, 3, 3}},
     50.6504597,
     6.93076405,
     {0.9958808, 0.9612752, 0.8956987, 0.9958808}},
    {"average, three axes",
     &op_avg_pool,
     ATTRS(pool_attrs, .size = {2, 3, 2}, .stride = {2, 2, 1}, .pad_begin = {1, 1, 0}, .pad_end = {1, 1, 0},
           .dilation = {1, 1, 1}, .count_include_pad = 1),
     {{{5, {1, 2, 5, 6, 4}}, 0.37, 0}},
     {5, {1, 2, 3, 3, 3}},
     0.0825228451,
     0.835192623,
     {0.1932309, 0.232812, 0.240883, -0.000659436}},
    {"maximum, one axis",
     &op_max_pool,
     ATTRS(pool_attrs, .size = {1, 1, 3}, .stride = {1, 1, 2}, .pad_begin = {0, 0, 1}, .pad_end = {0, 0, 1},
           .dilation = {1, 1, 1}),
     {{{3, {2, 3, 9}}, 0.37, 0}},
     {3, {2, 3, 5}},
     6.00232755,
     3.766613,
     {0.3616154, 0.8956987, 0.9958808, 0.9612752}},
    {"padding: reflect",
     &op_pad,
     ATTRS(pad_attrs, .begin = {0, 0, 2, 1}, .end = {0, 0, 1, 3}, .mode = PAD_REFLECT),
     {{{4, {2, 3, 5, 6}}, 0.37, 0}},
     {4, {2, 3, 8, 10}},
     11.5067602,
     15.4560096,
     {-0.9952399, -0.963131, -0.9952399, -0.8926477}},
    {"padding: replicate",
     &op_pad,
     ATTRS(pad_attrs, .begin = {0, 0, 2, 1}, .end = {0, 0, 1, 3}, .mode = PAD_EDGE),
     {{{4, {2, 3, 5, 6}}, 0.37, 0}},
     {4, {2, 3, 8, 10}},
     18.9368647,
     15.481552,
     {0, 0, 0.3616154, 0.6742879}},
    {"padding: circular",
     &op_pad,
     ATTRS(pad_attrs, .begin = {0, 0, 2, 1}, .end = {0, 0, 1, 3}, .mode = PAD_WRAP),
     {{{4, {2, 3, 5, 6}}, 0.37, 0}},
     {4, {2, 3, 8, 10}},
     21.6545032,
     15.3877114,
     {0.7924272, 0.3679605, 0.6793047, 0.8987081}},
    {"lrn",
     &op_lrn,
     ATTRS(lrn_attrs, 5, 0.4f, 0.75f, 2),
     {{{4, {2, 7, 3, 4}}, 0.37, 0}},
     {4, {2, 7, 3, 4}},
     0.521792704,
     5.14191216,
     {0, 0.2078772, 0.3860966, 0.5092784}},
    {"cumsum",
     &op_cumsum,
     ATTRS(cumsum_attrs, .axis = 1),
     {{{3, {2, 7, 3}}, 0.37, 0}},
     {3, {2, 7, 3}},
     25.2093168,
     6.0586007,
     {0, 0.3616154, 0.6742879, 0.8956987}},
    {"batched product",
     &op_matmul,
     ATTRS(matmul_attrs, 0),
     {{{4, {2, 1, 3, 5}}, 0.37, 0}, {{3, {4, 5, 6}}, 0.21, 0}},
     {4, {2, 4, 3, 6}},
     17.213159,
     11.9894672,
     {-0.7397269, -0.897833, -1.01649, -1.090484}},
    {"top 3",
     &op_top_k,
     ATTRS(top_k_attrs, .axis = 1, .k = 3),
     {{{3, {2, 7, 3}}, 0.37, 0}},
     {3, {2, 3, 3}},
     14.3830631,
     3.47902606,
     {0.8956987, 0.9958808, 0.9612752, 0.7965655}},
    {"least 2",
     &op_top_k,
     ATTRS(top_k_attrs, .axis = 2, .k = 2, .smallest = 1),
     {{{3, {2, 3, 7}}, 0.37, 0}},
     {3, {2, 3, 2}},
     -4.96104869,
     2.43741117,
     {0, 0.3616154, -0.9952399, -0.963131}},
    {"arg max",
     &op_arg_max,
     ATTRS(arg_attrs, .axis = 1),
     {{{3, {2, 7, 3}}, 0.37, 0}},
     {2, {2, 3}},
     8,
     5.29150262,
     {1, 1, 1, 0}},
    {"arg min",
     &op_arg_min,
     ATTRS(arg_attrs, .axis = 2, .keepdims = 1),
     {{{3, {2, 3, 7}}, 0.37, 0}},
     {3, {2, 3, 1}},
     14,
     8.71779789,
     {0, 6, 0, 6}},
};

static void near(const struct golden *c, const char *who, const char *what, double got, double want, double scale)
{
    check_count++;
    if (!(fabs(got - want) <= 1e-4 * scale)) {
        check_failed++;
        fprintf(stderr, "%s, %s: %s is %.9g, expected %.9g\n", c->name, who, what, got, want);
    }
}

static void compare(const struct golden *c, const char *who, const float *y)
{
    static const char *const names[] = {"element 0", "element 1", "element 2", "element 3"};
    size_t n = shape_elems(&c->y);
    double sum = 0, square = 0, abs = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)y[i];
        abs += fabs((double)y[i]);
        square += (double)y[i] * (double)y[i];
    }
    near(c, who, "the sum", sum, c->sum, abs);
    near(c, who, "the norm", sqrt(square), c->norm, c->norm);
    for (size_t i = 0; i < 4 && i < n; i++) {
        near(c, who, names[i], (double)y[i], c->first[i], 1);
    }
}

/* Sets every input from its wave, runs, and compares. */
static void run(const struct golden *c, struct graph *g, const value_id *in, int n_in, value_id out,
                struct vk_device *dev)
{
    struct exec *e = NULL;
    limn_error err = {0};
    CHECK_OK(dev ? exec_vk_create(dev, g, NULL, &e, &err) : exec_ref_create(g, &e, &err));
    for (int k = 0; k < n_in; k++) {
        size_t n = shape_elems(&c->in[k].shape);
        float *x = mem_alloc(n, sizeof(*x));
        for (size_t i = 0; x && i < n; i++) {
            x[i] = (float)sin(c->in[k].a * (double)i + c->in[k].b);
        }
        CHECK_OK(exec_set(e, in[k], x, n, &err));
        mem_free(x);
    }
    float *y = mem_zalloc(shape_elems(&c->y), sizeof(*y));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, out, y, shape_elems(&c->y), &err));
    compare(c, dev ? "shader" : "reference", y);
    mem_free(y);
    exec_destroy(&e);
}

static void check(const struct golden *c, struct vk_device *dev)
{
    struct graph *g = NULL;
    value_id in[2], out[OP_MAX_OUT];
    limn_error err = {0};
    int n = c->in[1].shape.rank > 0 ? 2 : 1;
    CHECK_OK(graph_create(&g, &err));
    for (int i = 0; i < n; i++) {
        CHECK_OK(graph_input(g, i ? "b" : "a", c->in[i].shape, &in[i], &err));
    }
    CHECK_OK(graph_node(g, c->op, "y", c->attrs, n, in, out, &err));
    g->value[out[0]].flags |= VALUE_OUTPUT;
    if (!shape_equal(&g->value[out[0]].shape, &c->y)) {
        char found[SHAPE_TEXT_MAX];
        check_failed++;
        fprintf(stderr, "%s: the result is %s\n", c->name, shape_text(&g->value[out[0]].shape, found));
    } else {
        run(c, g, in, n, out[0], NULL);
        if (dev) {
            run(c, g, in, n, out[0], dev);
        }
    }
    graph_destroy(&g);
}

int main(void)
{
    struct vk_device *dev = NULL;
    limn_error err = {0};
    bool device = vk_device_open(NULL, &dev, &err) == LIMN_OK;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(&cases[i], dev);
    }
    vk_device_close(&dev);
    int failed = check_done();
    if (!device) {
        fprintf(stderr, "shaders were not run: %s\n", err.text);
    }
    return failed ? 1 : device ? 0 : 77;
}
