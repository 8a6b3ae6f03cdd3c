/* How alike maps are, on cases that a pencil solves. */
#include "image/agree.h"

#include <math.h>

#include "support/check.h"

enum { N = 20 };

int main(void)
{
    limn_error err = {0};
    struct agreement r = {0};
    const float up[4] = {0, 1, 2, 3}, twice[4] = {0, 2, 4, 6}, down[4] = {3, 2, 1, 0}, flat[4] = {1, 1, 1, 1};
    CHECK_OK(agree(up, twice, 4, &r, &err));
    CHECK_NEAR(r.pearson, 1, 1e-12);
    CHECK_NEAR(r.spearman, 1, 1e-12);
    CHECK_NEAR(r.overlap, 1, 0);
    CHECK_OK(agree(up, down, 4, &r, &err));
    CHECK_NEAR(r.pearson, -1, 1e-12);
    CHECK_NEAR(r.spearman, -1, 1e-12);
    CHECK_NEAR(r.overlap, 0, 0); /* the hottest one of four: the last and the first */
    CHECK_OK(agree(up, flat, 4, &r, &err));
    CHECK(isnan(r.pearson) && isnan(r.spearman));
    CHECK_NEAR(r.overlap, 0.25, 0); /* all of a flat map are as hot as its hottest */

    /* deviations -1 0 0 1 and -3 -1 -2 6: 9 / sqrt(2 * 50); ranks 1 2.5 2.5 4 and 1 3 2 4: 4.5 / sqrt(4.5 * 5) */
    const float a[4] = {1, 2, 2, 3}, b[4] = {1, 3, 2, 10};
    CHECK_OK(agree(a, b, 4, &r, &err));
    CHECK_NEAR(r.pearson, 0.9, 1e-12);
    CHECK_NEAR(r.spearman, 4.5 / sqrt(22.5), 1e-12);

    /* two of twenty are a tenth: 18 and 19 here, 17 and 19 there, one of three in common */
    float x[N] = {0}, y[N] = {0};
    x[18] = y[17] = 1;
    x[19] = y[19] = 2;
    CHECK_OK(agree(x, y, N, &r, &err));
    CHECK_NEAR(r.overlap, 1.0 / 3.0, 1e-12);
    x[18] = 0; /* zeros fill the tenth but are not hot */
    CHECK_OK(agree(x, y, N, &r, &err));
    CHECK_NEAR(r.overlap, 0.5, 1e-12);
    for (int i = 0; i < N; i++) {
        x[i] = 0.1f;
    }
    CHECK_OK(agree(x, y, N, &r, &err));
    CHECK(isnan(r.pearson) && isnan(r.spearman));
    memset(x, 0, sizeof x);
    CHECK_OK(agree(x, x, N, &r, &err));
    CHECK(isnan(r.pearson) && isnan(r.overlap));
    CHECK_INT(agree(x, x, 0, &r, &err), LIMN_ERR_ARG);
    return check_done();
}
