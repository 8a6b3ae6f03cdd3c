/* Functions of one element over their whole domain, each number within tolerance of its own reference (test_ops
 * compares with the largest): the polynomials of shaders/include/math.glsl and where they meet. Then powers over a
 * grid. */
#include <stdlib.h>

#include "ops/ops.h"
#include "support/check.h"
#include "support/run_node.h"
#include "vk/device.h"

enum { N = 1 << 14, SIDE = 1 << 7 };

static float x_data[N], b_data[N], expected[N], found[N];

/* The largest error, relative to the number itself above 1, and where. */
static void check_error(const struct op *op, bool two, double tol)
{
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < N; i++) {
        double want = (double)expected[i], d = fabs((double)found[i] - want) / fmax(1, fabs(want));
        if ((isinf(want) && (double)found[i] == want) || (isnan(want) && isnan(found[i]))) {
            d = 0;
        }
        if (!(d <= worst)) {
            worst = d;
            at = i;
        }
    }
    if (getenv("LIMN_TEST_VERBOSE")) {
        fprintf(stderr, "%s: %.2g at %.9g\n", op->name, worst, (double)x_data[at]);
    }
    check_count++;
    if (!(worst <= tol)) {
        check_failed++;
        fprintf(stderr, "%s(%.9g%s%.9g): shader %.9g, reference %.9g, off by %.3g (at most %.3g)\n", op->name,
                (double)x_data[at], two ? ", " : "; ", two ? (double)b_data[at] : 0, (double)found[at],
                (double)expected[at], worst, tol);
    }
}

/* Half of the points evenly in [lo, hi], half crowding towards 0 by powers of two. */
static void fill(double lo, double hi)
{
    for (int i = 0; i < N / 2; i++) {
        double t = (i + 0.5) / (N / 2), end = i % 2 ? lo : hi;
        x_data[i] = (float)(lo + (hi - lo) * t);
        x_data[N / 2 + i] = (float)(lo > 0 || hi < 0 ? lo + (hi - lo) * pow(2, -24 * t) : end * pow(2, -40 * t));
    }
}

struct row {
    const struct op *op;
    double lo, hi;
    const void *attrs;
};

static void check_powers(struct vk_device *dev)
{
    for (int i = 0; i < N; i++) {
        double t = (i % SIDE + 0.5) / SIDE, u = (i / SIDE + 0.5) / SIDE;
        x_data[i] = (float)pow(2, 12 * (2 * t - 1));
        b_data[i] = (float)(12 * u - 6);
        if (i % 3 == 0) { /* whole exponents of either sign */
            x_data[i] = i % 2 ? x_data[i] : -x_data[i];
            b_data[i] = roundf(b_data[i]);
        }
    }
    if (run_node(dev, &op_pow, NULL, 2, (const float *const[]){x_data, b_data}, N, expected, found)) {
        check_error(&op_pow, true, 2 * (double)op_pow.tol);
    }
}

int main(void)
{
    const struct row rows[] = {
        {&op_erf, -6, 6, NULL},
        {&op_gelu, -10, 10, &(const struct gelu_attrs){0}},
        {&op_softplus, -40, 40, NULL},
        {&op_gelu, -10, 10, &(const struct gelu_attrs){1}},
        {&op_mish, -40, 40, NULL},
        {&op_elu, -40, 10, &(const struct elu_attrs){1}},
        {&op_sin, -60, 60, NULL},
        {&op_sin, -40000, 40000, NULL},
        {&op_cos, -60, 60, NULL},
        {&op_cos, -40000, 40000, NULL},
        {&op_tan, -1.5, 1.5, NULL},
        {&op_asin, -1, 1, NULL},
        {&op_acos, -1, 1, NULL},
        {&op_atan, -50, 50, NULL},
        {&op_sinh, -10, 10, NULL},
        {&op_cosh, -10, 10, NULL},
        {&op_asinh, -1e6, 1e6, NULL},
        {&op_asinh, -3, 3, NULL},
        {&op_acosh, 1, 3, NULL},
        {&op_acosh, 1, 1e6, NULL},
        {&op_atanh, -0.9999, 0.9999, NULL},
        {&op_rsqrt, 1e-6, 10, NULL},
        {&op_reciprocal, 1e-6, 10, NULL},
        {&op_softsign, -50, 50, NULL},
    };
    struct vk_device *dev = NULL;
    limn_error err = {0};
    if (vk_device_open(NULL, &dev, &err) != LIMN_OK) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return 77;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fill(rows[i].lo, rows[i].hi);
        if (run_node(dev, rows[i].op, rows[i].attrs, 1, (const float *const[]){x_data}, N, expected, found)) {
            check_error(rows[i].op, false, (double)rows[i].op->tol);
        }
    }
    check_powers(dev);
    vk_device_close(&dev);
    return check_done();
}
