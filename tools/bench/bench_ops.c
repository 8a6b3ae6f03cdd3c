/* Times single operators with the layer shapes of ResNet-50 and VGG-16 on a Vulkan device: one JSON line per case, then
 * one per network with the sum over its layers. Device time is the smallest of several runs. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "base/str.h"
#include "exec/exec.h"
#include "ops/ops.h"
#include "vk/device.h"

enum kind { FORWARD, BACKWARD, WEIGHTS, LINEAR, LINEAR_BACKWARD, N_KINDS };
static const char *const kind_name[] = {"conv", "conv_transpose", "conv_weight_grad", "linear", "linear_backward"};

struct layer {
    const char *net;
    int count; /* times in the network */
    int32_t c, size, m, k, stride, pad, groups;
};

static const struct layer layers[] = {
    {"resnet50", 1, 3, 224, 64, 7, 2, 3, 1},      {"resnet50", 1, 64, 56, 64, 1, 1, 0, 1},
    {"resnet50", 3, 64, 56, 64, 3, 1, 1, 1},      {"resnet50", 4, 64, 56, 256, 1, 1, 0, 1},
    {"resnet50", 2, 256, 56, 64, 1, 1, 0, 1},     {"resnet50", 1, 256, 56, 128, 1, 1, 0, 1},
    {"resnet50", 1, 128, 56, 128, 3, 2, 1, 1},    {"resnet50", 1, 256, 56, 512, 1, 2, 0, 1},
    {"resnet50", 4, 128, 28, 512, 1, 1, 0, 1},    {"resnet50", 3, 512, 28, 128, 1, 1, 0, 1},
    {"resnet50", 3, 128, 28, 128, 3, 1, 1, 1},    {"resnet50", 1, 512, 28, 256, 1, 1, 0, 1},
    {"resnet50", 1, 256, 28, 256, 3, 2, 1, 1},    {"resnet50", 1, 512, 28, 1024, 1, 2, 0, 1},
    {"resnet50", 6, 256, 14, 1024, 1, 1, 0, 1},   {"resnet50", 5, 1024, 14, 256, 1, 1, 0, 1},
    {"resnet50", 5, 256, 14, 256, 3, 1, 1, 1},    {"resnet50", 1, 1024, 14, 512, 1, 1, 0, 1},
    {"resnet50", 1, 512, 14, 512, 3, 2, 1, 1},    {"resnet50", 1, 1024, 14, 2048, 1, 2, 0, 1},
    {"resnet50", 3, 512, 7, 2048, 1, 1, 0, 1},    {"resnet50", 2, 2048, 7, 512, 1, 1, 0, 1},
    {"resnet50", 2, 512, 7, 512, 3, 1, 1, 1},     {"vgg16", 1, 3, 224, 64, 3, 1, 1, 1},
    {"vgg16", 1, 64, 224, 64, 3, 1, 1, 1},        {"vgg16", 1, 64, 112, 128, 3, 1, 1, 1},
    {"vgg16", 1, 128, 112, 128, 3, 1, 1, 1},      {"vgg16", 1, 128, 56, 256, 3, 1, 1, 1},
    {"vgg16", 2, 256, 56, 256, 3, 1, 1, 1},       {"vgg16", 1, 256, 28, 512, 3, 1, 1, 1},
    {"vgg16", 2, 512, 28, 512, 3, 1, 1, 1},       {"vgg16", 3, 512, 14, 512, 3, 1, 1, 1},
    {"mobilenet", 1, 32, 112, 32, 3, 1, 1, 32},   {"mobilenet", 1, 144, 56, 144, 3, 1, 1, 144},
    {"mobilenet", 4, 384, 14, 384, 3, 1, 1, 384},
};
static const struct layer linears[] = {
    /* c inputs, m outputs, size rows */
    {"resnet50", 1, 2048, 1, 1000, 0, 0, 0, 0}, {"vgg16", 1, 25088, 1, 4096, 0, 0, 0, 0},
    {"vgg16", 1, 4096, 1, 4096, 0, 0, 0, 0},    {"vgg16", 1, 4096, 1, 1000, 0, 0, 0, 0},
    {"batch", 1, 2048, 64, 1000, 0, 0, 0, 0},
};

struct total {
    const char *net;
    double ms[N_KINDS], cpu_ms[N_KINDS], flops[N_KINDS];
};

struct bench {
    struct vk_device *dev;
    const char *only;
    int runs;
    int32_t batch;
    struct total total[4];
};

static limn_status read_random(const struct const_source *s, float *dst, size_t n, limn_error *err)
{
    (void)s;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        dst[i] = (float)rng_symmetric(1, i) * 0.1f;
    }
    return LIMN_OK;
}
static const struct const_source random_source = {.read = read_random};

static limn_status set_random(struct exec *e, value_id v, size_t n, limn_error *err)
{
    float *data = mem_alloc(n, sizeof(*data));
    if (data == NULL) {
        return err_nomem(err, n * sizeof(*data), "an input");
    }
    limn_status st = read_random(&random_source, data, n, err);
    st = st == LIMN_OK ? exec_set(e, v, data, n, err) : st;
    mem_free(data);
    return st;
}

struct timing {
    double ms;     /* by the device's clock */
    double cpu_ms; /* of this process: on a software device its work, whatever else the machine does */
};

static void keep_least(double *best, double ms)
{
    *best = *best == 0 || ms < *best ? ms : *best;
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static limn_status run(struct bench *b, struct graph *g, value_id y, struct timing *best, limn_error *err)
{
    struct exec *e = NULL;
    struct exec_stats stats;
    limn_status st = LIMN_OK;
    g->value[y].flags |= VALUE_OUTPUT;
    TRY(exec_vk_create(b->dev, g, &(struct exec_params){0}, &e, err));
    for (size_t v = 0; v < g->n_value; v++) {
        if (g->value[v].kind == VALUE_INPUT) {
            TRY(set_random(e, (value_id)v, shape_elems(&g->value[v].shape), err));
        }
    }
    *best = (struct timing){0};
    for (int i = 0; i <= b->runs; i++) { /* the first run compiles */
        double before = cpu_ms();
        TRY(exec_run(e, 0, 1, err));
        exec_stats(e, &stats);
        if (i > 0) {
            keep_least(&best->ms, stats.device_ms);
            keep_least(&best->cpu_ms, cpu_ms() - before);
        }
    }
out:
    exec_destroy(&e);
    return st;
}

static void report(struct bench *b, const struct layer *l, enum kind kind, struct timing t, double flops, double bytes)
{
    printf(
        "{\"net\":\"%s\",\"op\":\"%s\",\"c\":%d,\"size\":%d,\"m\":%d,\"k\":%d,\"stride\":%d,\"groups\":%d,\"count\":%d,"
        "\"ms\":%.3f,\"gflops\":%.2f,\"gbytes\":%.2f,\"cpu_ms\":%.3f,\"gflop_per_cpu_s\":%.2f}\n",
        l->net, kind_name[kind], l->c, l->size, l->m, l->k, l->stride, l->groups, l->count, t.ms, flops / t.ms * 1e-6,
        bytes / t.ms * 1e-6, t.cpu_ms, flops / t.cpu_ms * 1e-6);
    fflush(stdout);
    for (size_t i = 0; i < sizeof(b->total) / sizeof(b->total[0]); i++) {
        if (b->total[i].net == NULL || strcmp(b->total[i].net, l->net) == 0) {
            b->total[i].net = l->net;
            b->total[i].ms[kind] += t.ms * l->count;
            b->total[i].cpu_ms[kind] += t.cpu_ms * l->count;
            b->total[i].flops[kind] += flops * l->count;
            return;
        }
    }
}

static limn_status bench_conv(struct bench *b, const struct layer *l, enum kind kind, limn_error *err)
{
    struct conv_attrs a = conv_attrs_2d(l->stride, l->pad, 1, l->groups);
    int32_t out = (l->size + 2 * l->pad - l->k) / l->stride + 1;
    struct shape x = SHAPE(b->batch, l->c, l->size, l->size), y = SHAPE(b->batch, l->m, out, out);
    struct shape w = SHAPE(l->m, l->c / l->groups, l->k, l->k), bias = SHAPE(l->m);
    value_id in[3] = {VALUE_NONE, VALUE_NONE, VALUE_NONE}, result = VALUE_NONE;
    struct graph *g = NULL;
    struct timing t;
    limn_status st = LIMN_OK;
    TRY(graph_create(&g, err));
    TRY(graph_input(g, "x", kind == BACKWARD ? y : x, &in[0], err));
    if (kind == WEIGHTS) {
        TRY(graph_input(g, "g", y, &in[1], err));
    } else {
        TRY(graph_const(g, "w", w, &random_source, &in[1], err));
    }
    int32_t n_in = 2;
    if (kind == FORWARD) {
        TRY(graph_const(g, "bias", bias, &random_source, &in[2], err));
        n_in = 3;
        a.epi.act = ACT_RELU;
    }
    if (kind != FORWARD) {
        a.size[0] = 1;
        a.size[1] = a.size[2] = kind == BACKWARD ? l->size : l->k;
    }
    const struct op *op = kind == FORWARD ? &op_conv : kind == BACKWARD ? &op_conv_transpose : &op_conv_weight_grad;
    TRY(graph_node(g, op, "y", &a, n_in, in, &result, err));
    TRY(run(b, g, result, &t, err));
    double flops = 2.0 * (double)shape_elems(&y) * (double)shape_elems(&w) / l->m;
    report(b, l, kind, t, flops, 4.0 * (double)(shape_elems(&x) + shape_elems(&y) + shape_elems(&w)));
out:
    graph_destroy(&g);
    return st;
}

static limn_status bench_linear(struct bench *b, const struct layer *l, enum kind kind, limn_error *err)
{
    struct matmul_attrs a = {.trans_b = kind == LINEAR};
    value_id in[2], result = VALUE_NONE;
    struct graph *g = NULL;
    struct timing t;
    limn_status st = LIMN_OK;
    TRY(graph_create(&g, err));
    TRY(graph_input(g, "x", SHAPE(l->size * b->batch, kind == LINEAR ? l->c : l->m), &in[0], err));
    TRY(graph_const(g, "w", SHAPE(l->m, l->c), &random_source, &in[1], err));
    TRY(graph_node(g, &op_matmul, "y", &a, 2, in, &result, err));
    TRY(run(b, g, result, &t, err));
    double weights = (double)l->m * l->c;
    report(b, l, kind, t, 2 * weights * l->size * b->batch, 4 * weights);
out:
    graph_destroy(&g);
    return st;
}

static bool wanted(const struct bench *b, const struct layer *l, enum kind kind)
{
    char name[96];
    snprintf(name, sizeof(name), "%s/%s/%dx%d-%d@%dx%d", l->net, kind_name[kind], (int)l->k, (int)l->k, (int)l->c,
             (int)l->size, (int)l->m);
    return b->only == NULL || strstr(name, b->only) != NULL;
}

static limn_status bench_all(struct bench *b, limn_error *err)
{
    for (int kind = 0; kind < N_KINDS; kind++) {
        bool linear = kind == LINEAR || kind == LINEAR_BACKWARD;
        const struct layer *list = linear ? linears : layers;
        size_t n = linear ? sizeof(linears) / sizeof(linears[0]) : sizeof(layers) / sizeof(layers[0]);
        for (size_t i = 0; i < n; i++) {
            if (wanted(b, &list[i], (enum kind)kind)) {
                limn_status st = linear ? bench_linear(b, &list[i], (enum kind)kind, err)
                                        : bench_conv(b, &list[i], (enum kind)kind, err);
                if (st != LIMN_OK) {
                    return err_at(err, "%s of %s, layer %zu", kind_name[kind], list[i].net, i);
                }
            }
        }
    }
    return LIMN_OK;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    const char *device = NULL;
    limn_error err = {0};
    int64_t runs = 3, batch = 1;
    for (int i = 1; i < argc; i++) {
        if (str_starts(argv[i], "--device=")) {
            device = argv[i] + 9;
        } else if (str_starts(argv[i], "--only=")) {
            b.only = argv[i] + 7;
        } else if (!(str_starts(argv[i], "--runs=") && str_to_i64(argv[i] + 7, 1, 1000000, &runs)) &&
                   !(str_starts(argv[i], "--batch=") && str_to_i64(argv[i] + 8, 1, 4096, &batch))) {
            fprintf(stderr, "usage: bench_ops [--device=D] [--only=PART] [--runs=N] [--batch=N]\n"
                            "PART of NET/OP/KxK-CHANNELS@SIZExOUTPUTS, e.g. resnet50/conv/3x3\n");
            return 2;
        }
    }
    b.runs = (int)runs;
    b.batch = (int32_t)batch;
    if (vk_device_open(device, &b.dev, &err) != LIMN_OK || bench_all(&b, &err) != LIMN_OK) {
        fprintf(stderr, "bench_ops: %s\n", err.text);
        vk_device_close(&b.dev);
        return 5;
    }
    for (size_t i = 0; i < sizeof(b.total) / sizeof(b.total[0]) && b.total[i].net != NULL; i++) {
        for (int kind = 0; kind < N_KINDS; kind++) {
            if (b.total[i].ms[kind] > 0) {
                printf(
                    "{\"net\":\"%s\",\"op\":\"%s\",\"total_ms\":%.2f,\"total_cpu_ms\":%.2f,\"gflop_per_cpu_s\":%.2f}\n",
                    b.total[i].net, kind_name[kind], b.total[i].ms[kind], b.total[i].cpu_ms[kind],
                    b.total[i].flops[kind] / b.total[i].cpu_ms[kind] * 1e-6);
            }
        }
    }
    vk_device_close(&b.dev);
    return 0;
}
