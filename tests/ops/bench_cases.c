/* Times every case of the operator tests on a Vulkan device: one JSON line per case with device time (the least of
 * several runs), GFLOP/s and GB/s (bytes of all inputs and outputs). The same table serves correctness and speed.
 * Options: --op=PART of a name, --device=NAME, --runs=N. */
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
};

static limn_status set_inputs(const struct op_subject *s, struct exec *e, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (int32_t i = 0; i < s->n_in && st == LIMN_OK; i++) {
        if (s->in[i] == VALUE_NONE) {
            continue;
        }
        size_t n = shape_elems(&s->g->value[s->in[i]].shape);
        float *x = mem_alloc(n, sizeof(*x));
        for (size_t k = 0; x && k < n; k++) {
            x[k] = (float)s->val[s->in[i]][k];
        }
        st = x ? exec_set(e, s->in[i], x, n, err) : err_nomem(err, n * sizeof(*x), "an input");
        mem_free(x);
    }
    return st;
}

static double bytes_moved(const struct op_subject *s)
{
    double n = 0;
    for (size_t v = 0; v < s->g->n_value; v++) {
        n += 4.0 * (double)shape_elems(&s->g->value[v].shape);
    }
    return n;
}

static limn_status bench_case(const struct op *op, const struct op_case *cs, struct vk_device *dev, int64_t runs,
                              limn_error *err)
{
    struct op_subject s;
    struct exec *e = NULL;
    struct exec_stats stats = {0};
    double best = INFINITY;
    limn_status st = LIMN_OK;
    TRY(subject_create(&s, op, cs, 1, err));
    if (!subject_eval(&s, err)) {
        st = LIMN_ERR_NUMERIC;
        goto out;
    }
    for (int32_t k = 0; k < op->n_out; k++) {
        s.g->value[s.out[k]].flags |= VALUE_OUTPUT;
    }
    TRY(exec_vk_create(dev, s.g, &(struct exec_params){0}, &e, err));
    TRY(set_inputs(&s, e, err));
    for (int64_t i = 0; i <= runs; i++) { /* the first run compiles and is not counted */
        TRY(exec_run(e, 0, 1, err));
        exec_stats(e, &stats);
        best = i && stats.device_ms < best ? stats.device_ms : best;
    }
    printf("{\"op\": \"%s\", \"case\": \"%s\", \"device_ms\": %.4f, \"gflops\": %.4f, \"gbytes_per_s\": %.4f, "
           "\"dispatches\": %u}\n",
           op->name, cs->name, best, stats.flops / best * 1e-6, bytes_moved(&s) / best * 1e-6, stats.n_dispatch);
out:
    exec_destroy(&e);
    subject_finish(&s);
    return st;
}

static bool parse(int argc, char **argv, const char **part, const char **device, int64_t *runs)
{
    for (int i = 1; i < argc; i++) {
        if (str_starts(argv[i], "--op=")) {
            *part = argv[i] + 5;
        } else if (str_starts(argv[i], "--device=")) {
            *device = argv[i] + 9;
        } else if (!str_starts(argv[i], "--runs=") || !str_to_i64(argv[i] + 7, 1, 1000000, runs)) {
            fprintf(stderr, "usage: bench_cases [--op=PART] [--device=NAME] [--runs=N]\n");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *part = "", *device = NULL;
    int64_t runs = 10;
    limn_error err = {0};
    struct vk_device *dev = NULL;
    if (!parse(argc, argv, &part, &device, &runs)) {
        return 2;
    }
    limn_status st = vk_device_open(device, &dev, &err);
    for (size_t i = 0; i < op_count() && st == LIMN_OK; i++) {
        /* A view has no kernel to time. */
        bool wanted = strstr(op_at(i)->name, part) && !(op_at(i)->flags & OP_VIEW);
        for (size_t k = 0; wanted && k < lists[i]->n_good && st == LIMN_OK; k++) {
            st = bench_case(op_at(i), &lists[i]->good[k], dev, runs, &err);
        }
    }
    vk_device_close(&dev);
    if (st != LIMN_OK) {
        fprintf(stderr, "bench_cases: %s\n", err.text);
    }
    return st != LIMN_OK;
}
