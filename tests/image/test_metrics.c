/* MSE, PSNR and SSIM against numbers worked out apart (NumPy, a full two-dimensional window). */
#include "image/metrics.h"
#include "support/check.h"

int main(void)
{
    enum { N = 13 };
    limn_error err = {0};
    struct metrics m = {0};
    static float a[3 * N * N], b[3 * N * N];
    for (int i = 0; i < N * N; i++) {
        a[i] = (float)(0.5 + 0.5 * sin(0.37 * i));
        b[i] = (float)(0.5 + 0.4 * sin(0.37 * i + 0.3));
    }
    CHECK_OK(metrics_compare(a, b, 1, N, N, &m, &err));
    CHECK_NEAR(m.ssim, 0.932056442, 1e-7);
    CHECK_NEAR(m.mse, 0.013890361, 1e-8);
    CHECK_NEAR(m.psnr, -10 * log10(0.013890361), 1e-5);
    CHECK_OK(metrics_compare(a, a, 1, N, N, &m, &err));
    CHECK_NEAR(m.ssim, 1, 1e-12);
    CHECK_NEAR(m.mse, 0, 0);
    CHECK(isinf(m.psnr));
    /* flat planes: only the means differ, (2 a b + c) / (a a + b b + c); a picture smaller than the window */
    for (int i = 0; i < 3 * N * N; i++) {
        a[i] = 0.5f;
        b[i] = 0.25f;
    }
    double want = (2 * 0.5 * 0.25 + 1e-4) / (0.25 + 0.0625 + 1e-4);
    CHECK_OK(metrics_compare(a, b, 3, N, N, &m, &err));
    CHECK_NEAR(m.ssim, want, 1e-9);
    CHECK_NEAR(m.mae, 0.25, 1e-9);
    CHECK_NEAR(m.max, 0.25, 0);
    CHECK_OK(metrics_compare(a, b, 1, 4, 6, &m, &err));
    CHECK_NEAR(m.ssim, want, 1e-9);
    CHECK_OK(metrics_compare(a, b, 1, 1, 1, &m, &err));
    CHECK_NEAR(m.ssim, want, 1e-9);
    return check_done();
}
