/* Pooling and resampling against numbers worked out by hand from PyTorch's rules (max_pool2d, avg_pool2d,
 * adaptive_avg_pool2d, interpolate) on small planes; output sizes of ceil_mode; NaN in max_pool. References and, where
 * there is a device, shaders. */
#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
#include "vk/device.h"

#define MAX_ELEMS 64

struct golden {
    const char *name;
    const struct op *op;
    const void *attrs;
    struct shape x;
    const float *in; /* NULL: 0, 1, 2, ... */
    struct shape y;
    float want[MAX_ELEMS];
};

#define POOL(...)                                                                                                      \
    &(const struct pool_attrs)                                                                                         \
    {                                                                                                                  \
        .dilation = {1, 1, 1}, __VA_ARGS__                                                                             \
    }
#define TO(h, w)                                                                                                       \
    &(const struct adaptive_attrs)                                                                                     \
    {                                                                                                                  \
        .size = { 1, h, w }                                                                                            \
    }
#define RESIZE(m, align, h, w)                                                                                         \
    &(const struct resize_attrs)                                                                                       \
    {                                                                                                                  \
        .mode = (m), .coord = (align), .size = { 1, h, w }                                                     \
    }
#define PLANE(h, w)                                                                                                    \
    {                                                                                                                  \
        .rank = 4, .dim = { 1, 1, h, w }                                                                               \
    }

static const float with_nan[16] = {0, 1, 2, 3, 4, NAN, 6, 7, 8, 9, 10, 11, 12, 13, NAN, 15};
static const float ramp[2] = {0, 1};

static const struct golden cases[] = {
    {"max 2x2 stride 2",
     &op_max_pool,
     POOL(.size = {1, 2, 2}, .stride = {1, 2, 2}),
     PLANE(4, 4),
     NULL,
     PLANE(2, 2),
     {5, 7, 13, 15}},
    {"max 3x3 stride 2 pad 1",
     &op_max_pool,
     POOL(.size = {1, 3, 3}, .stride = {1, 2, 2}, .pad_begin = {0, 1, 1}, .pad_end = {0, 1, 1}),
     PLANE(4, 4),
     NULL,
     PLANE(2, 2),
     {5, 7, 13, 15}},
    {"max 3x3 stride 2, ceil",
     &op_max_pool,
     POOL(.size = {1, 3, 3}, .stride = {1, 2, 2}, .ceil_mode = 1),
     PLANE(4, 4),
     NULL,
     PLANE(2, 2),
     {10, 11, 14, 15}},
    {"max with NaN",
     &op_max_pool,
     POOL(.size = {1, 2, 2}, .stride = {1, 2, 2}),
     PLANE(4, 4),
     with_nan,
     PLANE(2, 2),
     {NAN, 7, 13, NAN}},
    {"avg 3x3 stride 2 pad 1",
     &op_avg_pool,
     POOL(.size = {1, 3, 3}, .stride = {1, 2, 2}, .pad_begin = {0, 1, 1}, .pad_end = {0, 1, 1}),
     PLANE(4, 4),
     NULL,
     PLANE(2, 2),
     {2.5f, 4, 8.5f, 10}},
    {"avg 3x3 stride 2 pad 1, padding counts",
     &op_avg_pool,
     POOL(.size = {1, 3, 3}, .stride = {1, 2, 2}, .pad_begin = {0, 1, 1}, .pad_end = {0, 1, 1}, .count_include_pad = 1),
     PLANE(4, 4),
     NULL,
     PLANE(2, 2),
     {10 / 9.0f, 24 / 9.0f, 51 / 9.0f, 10}},
    /* The window that ceil_mode adds starts at 2 and ends at 5, one past the padding of 4: it counts 3, not 4. */
    {"avg 4x1 stride 3 pad 1, ceil, padding counts",
     &op_avg_pool,
     POOL(.size = {1, 1, 4}, .stride = {1, 1, 3}, .pad_begin = {0, 0, 1}, .pad_end = {0, 0, 1}, .ceil_mode = 1,
          .count_include_pad = 1),
     PLANE(1, 4),
     NULL,
     PLANE(1, 2),
     {0.75f, 5 / 3.0f}},
    {"adaptive 4x4 to 3x3",
     &op_adaptive_avg_pool,
     TO(3, 3),
     PLANE(4, 4),
     NULL,
     PLANE(3, 3),
     {2.5f, 3.5f, 4.5f, 6.5f, 7.5f, 8.5f, 10.5f, 11.5f, 12.5f}},
    {"adaptive 1x5 to 1x3", &op_adaptive_avg_pool, TO(1, 3), PLANE(1, 5), NULL, PLANE(1, 3), {0.5f, 2, 3.5f}},
    {"nearest 3 to 5",
     &op_resize,
     RESIZE(RESIZE_MODE_NEAREST, 0, 1, 5),
     PLANE(1, 3),
     NULL,
     PLANE(1, 5),
     {0, 0, 1, 1, 2}},
    {"linear 2 to 4",
     &op_resize,
     RESIZE(RESIZE_MODE_LINEAR, 0, 1, 4),
     PLANE(1, 2),
     ramp,
     PLANE(1, 4),
     {0, 0.25f, 0.75f, 1}},
    {"linear 2 to 4, corners",
     &op_resize,
     RESIZE(RESIZE_MODE_LINEAR, 1, 1, 4),
     PLANE(1, 2),
     ramp,
     PLANE(1, 4),
     {0, 1 / 3.0f, 2 / 3.0f, 1}},
    {"linear 4x4 to 2x2",
     &op_resize,
     RESIZE(RESIZE_MODE_LINEAR, 0, 2, 2),
     PLANE(4, 4),
     NULL,
     PLANE(2, 2),
     {2.5f, 4.5f, 10.5f, 12.5f}},
    {"linear 4x4 to 3x3, corners",
     &op_resize,
     RESIZE(RESIZE_MODE_LINEAR, 1, 3, 3),
     PLANE(4, 4),
     NULL,
     PLANE(3, 3),
     {0, 1.5f, 3, 6, 7.5f, 9, 12, 13.5f, 15}},
};

static bool same(float got, float want)
{
    return isnan(want) ? isnan(got) : fabsf(got - want) <= 1e-5f;
}

static void compare(const struct golden *c, const char *who, const float *y)
{
    for (size_t i = 0; i < shape_elems(&c->y); i++) {
        check_count++;
        if (!same(y[i], c->want[i])) {
            check_failed++;
            fprintf(stderr, "%s, %s: element %zu is %.7g, expected %.7g\n", c->name, who, i, (double)y[i],
                    (double)c->want[i]);
        }
    }
}

static void run(const struct golden *c, struct vk_device *dev)
{
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id in = VALUE_NONE, out[OP_MAX_OUT] = {VALUE_NONE};
    float x[MAX_ELEMS], y[MAX_ELEMS] = {0};
    limn_error err = {0};
    for (size_t i = 0; i < shape_elems(&c->x); i++) {
        x[i] = c->in ? c->in[i] : (float)i;
    }
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "x", c->x, &in, &err));
    CHECK_OK(graph_node(g, c->op, "y", c->attrs, 1, &in, out, &err));
    g->value[out[0]].flags |= VALUE_OUTPUT;
    CHECK(shape_equal(&g->value[out[0]].shape, &c->y));
    CHECK_OK(dev ? exec_vk_create(dev, g, NULL, &e, &err) : exec_ref_create(g, &e, &err));
    CHECK_OK(exec_set(e, in, x, shape_elems(&c->x), &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, out[0], y, shape_elems(&c->y), &err));
    compare(c, dev ? "shader" : "reference", y);
    exec_destroy(&e);
    graph_destroy(&g);
}

/* in, size, stride, pad, ceil_mode -> out */
static void check_sizes(void)
{
    static const int32_t table[][6] = {
        {224, 3, 2, 0, 0, 111}, {224, 3, 2, 1, 0, 112}, {109, 3, 2, 0, 1, 54}, {27, 3, 2, 0, 1, 13},
        {54, 3, 2, 0, 1, 27},   {6, 2, 2, 0, 1, 3},     {7, 2, 2, 0, 1, 4},    {5, 3, 2, 1, 1, 3},
        {4, 1, 3, 0, 1, 2},     {3, 2, 2, 1, 1, 2},     {2, 3, 3, 1, 1, 1},    {4, 4, 3, 1, 1, 2},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const int32_t *t = table[i];
        struct pool_attrs a = {.size = {1, t[1], t[1]},
                               .stride = {1, t[2], t[2]},
                               .pad_begin = {0, t[3], t[3]},
                               .pad_end = {0, t[3], t[3]},
                               .dilation = {1, 1, 1},
                               .ceil_mode = t[4]};
        struct shape x = SHAPE(1, 1, t[0], t[0]), y[2] = {{0}};
        struct op_call call = {.op = &op_max_pool, .attrs = &a, .n_in = 1, .n_out = 2, .in = &x};
        limn_error err = {0};
        CHECK_OK(op_max_pool.infer(&call, y, &err));
        CHECK_INT(y[0].dim[2], t[5]);
        CHECK_INT(y[1].dim[3], t[5]);
    }
}

int main(void)
{
    struct vk_device *dev = NULL;
    limn_error err = {0};
    bool device = vk_device_open(NULL, &dev, &err) == LIMN_OK;
    check_sizes();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run(&cases[i], NULL);
        if (device) {
            run(&cases[i], dev);
        }
    }
    vk_device_close(&dev);
    int failed = check_done();
    if (!device) {
        fprintf(stderr, "shaders were not run: %s\n", err.text);
    }
    return failed ? 1 : device ? 0 : 77;
}
