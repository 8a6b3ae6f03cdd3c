/* Plans of the convolution family for devices that are not here: every kernel call stays within what the device allows,
 * every binding within its buffer, and all the arithmetic is planned for. */
#include "ops/ops.h"
#include "support/check.h"

enum { LAVAPIPE, SWIFTSHADER, SMALL_GPU, LARGE_GPU, N_DEVICES };
static const struct device_caps devices[N_DEVICES] = {
    [LAVAPIPE] = {.cpu = true,
                  .subgroup_size = 8,
                  .shared_bytes = 32768,
                  .max_invocations = 1024,
                  .max_size = {1024, 1024, 1024},
                  .max_groups = {65535, 65535, 65535},
                  .max_storage_range = 1u << 27,
                  .max_texel_elements = 1u << 27,
                  .offset_align = 16,
                  .compute_units = 2},
    [SWIFTSHADER] = {.cpu = true,
                     .subgroup_size = 4,
                     .shared_bytes = 32768,
                     .max_invocations = 256,
                     .max_size = {256, 256, 64},
                     .max_groups = {65535, 65535, 65535},
                     .max_storage_range = 1u << 30,
                     .max_texel_elements = 65536,
                     .offset_align = 256,
                     .compute_units = 2},
    [SMALL_GPU] = {.subgroup_size = 32,
                   .shared_bytes = 16384,
                   .max_invocations = 128,
                   .max_size = {128, 128, 64},
                   .max_groups = {65535, 65535, 65535},
                   .max_storage_range = 1u << 27,
                   .max_texel_elements = 65536,
                   .offset_align = 64,
                   .compute_units = 4},
    [LARGE_GPU] = {.subgroup_size = 32,
                   .shared_bytes = 49152,
                   .max_invocations = 1024,
                   .max_size = {1024, 1024, 64},
                   .max_groups = {2147483647, 65535, 65535},
                   .max_storage_range = UINT32_MAX,
                   .max_texel_elements = 1u << 27,
                   .offset_align = 64,
                   .compute_units = 132},
};

struct subject {
    const struct op *op;
    const void *attrs;
    int32_t n_in;
    struct shape in[5], out;
    struct op_call call;
};

static bool subject_init(struct subject *s, const struct op *op, const void *attrs, struct shape a, struct shape b)
{
    limn_error err = {0};
    *s = (struct subject){.op = op, .attrs = attrs, .n_in = 2, .in = {a, b}};
    s->call = (struct op_call){.op = op, .attrs = attrs, .n_in = 2, .n_out = 1, .in = s->in, .out = &s->out};
    CHECK_OK(op->infer(&s->call, &s->out, &err));
    return err.code == LIMN_OK;
}

static uint64_t buffer_bytes(const struct subject *s, const struct kernel_list *l, const struct kernel_bind *b)
{
    if (b->space == BIND_SCRATCH) {
        return b->index < l->n_scratch ? l->scratch[b->index].bytes : 0;
    }
    return 4 * (uint64_t)shape_elems(b->space == BIND_IN ? &s->in[b->index] : &s->out);
}

static void check_bind(const struct subject *s, const struct device_caps *caps, const struct kernel_list *l,
                       const struct kernel_bind *b)
{
    uint64_t bytes = buffer_bytes(s, l, b), size = b->size > 0 ? b->size : bytes - b->offset;
    CHECK(b->offset < bytes && b->offset + size <= bytes);
    CHECK_INT(b->offset % caps->offset_align, 0);
    if (b->view == VIEW_STORAGE) {
        CHECK(size <= caps->max_storage_range);
    } else {
        uint64_t element = b->view == VIEW_TEXEL_R32F ? 4 : 16;
        CHECK(size / element <= caps->max_texel_elements);
        CHECK_INT(size % element, 0);
    }
}

static void check_call(const struct subject *s, const struct device_caps *caps, const struct kernel_list *l,
                       const struct kernel_call *k)
{
    CHECK(k->n_spec >= 3 && k->push_bytes > 0 && k->push_bytes <= KERNEL_MAX_PUSH);
    CHECK((uint64_t)k->spec[0] * k->spec[1] * k->spec[2] <= caps->max_invocations);
    for (int i = 0; i < 3; i++) {
        CHECK(k->spec[i] >= 1 && k->spec[i] <= caps->max_size[i]);
        CHECK(k->groups[i] >= 1 && k->groups[i] <= caps->max_groups[i]);
    }
    for (int i = 0; i < k->n_bind; i++) {
        check_bind(s, caps, l, &k->bind[i]);
    }
}

/* Plans on every device; returns the number of calls on the last one, which tell whether a sum was split. */
static void check_plans(const struct subject *s, double flops, size_t n_call[N_DEVICES])
{
    for (int d = 0; d < N_DEVICES; d++) {
        struct kernel_list l = {0};
        limn_error err = {0};
        double planned = 0;
        CHECK_OK(s->op->plan(&s->call, &devices[d], &l, &err));
        for (size_t i = 0; i < l.n_call; i++) {
            check_call(s, &devices[d], &l, &l.call[i]);
            planned += l.call[i].flops;
        }
        CHECK_NEAR(planned / flops, 1, 1e-9);
        n_call[d] = l.n_call;
        kernel_list_finish(&l);
    }
}

static void test_conv(void)
{
    static const struct {
        int32_t n, c, size, m, k, stride, groups;
    } layers[] = {
        {1, 3, 224, 64, 7, 2, 1},   {1, 64, 56, 256, 1, 1, 1},   {2, 128, 28, 128, 3, 1, 1},
        {1, 512, 14, 512, 3, 2, 1}, {1, 512, 7, 2048, 1, 1, 1},  {1, 1024, 14, 2048, 1, 2, 1},
        {1, 96, 56, 96, 3, 1, 96},  {4, 64, 112, 128, 3, 1, 32}, {32, 64, 224, 64, 3, 1, 1},
        {1, 3, 7, 5, 3, 1, 1},
    };
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        int32_t k = layers[i].k, groups = layers[i].groups, size = layers[i].size;
        struct conv_attrs a = conv_attrs_2d(layers[i].stride, k / 2, 1, groups);
        struct shape x = SHAPE(layers[i].n, layers[i].c, size, size),
                     w = SHAPE(layers[i].m, layers[i].c / groups, k, k);
        struct subject s;
        size_t calls[N_DEVICES];
        if (subject_init(&s, &op_conv, &a, x, w)) {
            check_plans(&s, 2.0 * (double)shape_elems(&s.out) * (double)shape_elems(&w) / layers[i].m, calls);
        }
    }
}

/* The adjoint plans the same arithmetic up to what falls into the padding: with none and an even division, exactly. */
static void test_conv_transpose(void)
{
    struct conv_attrs a = conv_attrs_2d(2, 0, 1, 1);
    a.size[0] = 1;
    a.size[1] = a.size[2] = 28;
    struct subject s;
    size_t calls[N_DEVICES];
    if (subject_init(&s, &op_conv_transpose, &a, SHAPE(1, 256, 14, 14), SHAPE(256, 128, 2, 2))) {
        check_plans(&s, 2.0 * 196 * 256 * 128 * 4, calls);
        CHECK_INT(calls[LAVAPIPE], 9); /* x packed once; weights and points once per residue */
    }
}

/* One sample group at 7x7 has few tiles: a large device must split the sum, a small one must not. */
static void test_split(void)
{
    struct conv_attrs a = conv_attrs_2d(1, 0, 1, 1);
    struct subject s;
    size_t calls[N_DEVICES];
    if (subject_init(&s, &op_conv, &a, SHAPE(1, 2048, 7, 7), SHAPE(512, 2048, 1, 1))) {
        check_plans(&s, 2.0 * 49 * 512 * 2048, calls);
        CHECK_INT(calls[LARGE_GPU], 3);
        CHECK_INT(calls[SMALL_GPU], 2);
    }
}

/* The first classifier layer of VGG-16 has 411 MB: windows where a binding may span 128 MiB, in both directions. */
static void test_large_matrix(void)
{
    static const struct matmul_attrs forward = {.trans_b = 1}, backward = {0};
    struct subject s;
    size_t calls[N_DEVICES];
    if (subject_init(&s, &op_matmul, &forward, SHAPE(1, 25088), SHAPE(4096, 25088))) {
        check_plans(&s, 2.0 * 25088 * 4096, calls);
        CHECK_INT(calls[LAVAPIPE], 4);
        CHECK_INT(calls[LARGE_GPU], 1);
    }
    if (subject_init(&s, &op_matmul, &backward, SHAPE(6, 4096), SHAPE(4096, 25088))) {
        check_plans(&s, 6 * 2.0 * 25088 * 4096, calls);
        CHECK_INT(calls[LAVAPIPE], 2 * (4 + 1));
    }
    if (subject_init(&s, &op_matmul, &forward, SHAPE(64, 512), SHAPE(1000, 512))) {
        check_plans(&s, 2.0 * 64 * 512 * 1000, calls);
    }
}

static void test_weight_grad(void)
{
    struct conv_attrs a = conv_attrs_2d(1, 1, 1, 1);
    struct subject s;
    size_t calls[N_DEVICES];
    a.size[0] = 1;
    a.size[1] = a.size[2] = 3;
    if (subject_init(&s, &op_conv_weight_grad, &a, SHAPE(2, 64, 56, 56), SHAPE(2, 128, 56, 56))) {
        check_plans(&s, 2.0 * 2 * 56 * 56 * 128 * 64 * 9, calls);
    }
}

/* Attributes as a hostile model file may have them: refused with a text or planned within limits, never a wrapped size.
 */
static void test_extremes(void)
{
    const int32_t far = 1 << 20;
    static const struct {
        int32_t stride, pad, dilation, k;
    } cases[] = {
        {1 << 20, 1 << 20, 1, 1}, {1, 1 << 20, 1 << 20, 3}, {1 << 20, 1 << 20, 1 << 20, 3}, {1 << 19, 0, 1, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct conv_attrs a = {.groups = 1};
        for (int j = 0; j < 3; j++) {
            a.stride[j] = cases[i].stride;
            a.pad_begin[j] = a.pad_end[j] = cases[i].pad < far ? cases[i].pad : far;
            a.dilation[j] = cases[i].dilation;
        }
        struct shape x = SHAPE(1, 5, 7, 7, 7), w = SHAPE(5, 5, cases[i].k, cases[i].k, cases[i].k);
        struct subject s = {.op = &op_conv, .attrs = &a, .n_in = 2, .in = {x, w}};
        s.call = (struct op_call){.op = s.op, .attrs = &a, .n_in = 2, .n_out = 1, .in = s.in, .out = &s.out};
        limn_error err = {0};
        if (s.op->infer(&s.call, &s.out, &err) != LIMN_OK) {
            CHECK(err.text[0] != '\0');
            continue;
        }
        for (int d = 0; d < N_DEVICES; d++) {
            struct kernel_list l = {0};
            limn_error why = {0};
            if (s.op->plan(&s.call, &devices[d], &l, &why) != LIMN_OK) {
                CHECK(why.text[0] != '\0');
            }
            for (size_t k = 0; k < l.n_call && why.code == LIMN_OK; k++) {
                check_call(&s, &devices[d], &l, &l.call[k]);
            }
            kernel_list_finish(&l);
        }
    }
}

int main(void)
{
    test_extremes();
    test_conv();
    test_conv_transpose();
    test_split();
    test_large_matrix();
    test_weight_grad();
    return check_done();
}
