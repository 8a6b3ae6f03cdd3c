/* Agreement of stored maps, and maps drawn by a scale from outside. */
#include <limn/map.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

static limn_error err;
static char work[] = "/tmp/limn-agree-XXXXXX";

/* A map of 2 x 2 as an explanation; its picture is black, 224 x 224. */
static limn_explanation *map_of(float a, float b, float c, float d)
{
    char path[100];
    limn_explanation *e = NULL;
    const float v[4] = {a, b, c, d};
    snprintf(path, sizeof path, "%s/map.npy", work);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL);
    if (f != NULL) {
        const char head[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f);
        fprintf(f, "%-117s\n", head);
        CHECK(fwrite(v, sizeof v, 1, f) == 1);
        fclose(f);
    }
    CHECK_OK(limn_explanation_load(&(struct limn_stored_map){.map = path, .method = "gradcam"}, &e, &err));
    unlink(path);
    return e;
}

static struct limn_agreement agreement(const limn_explanation *a, const limn_explanation *b)
{
    struct limn_agreement r = {0};
    CHECK_OK(limn_map_agreement(a, (struct limn_which){0}, b, (struct limn_which){0}, NULL, &r, &err));
    return r;
}

static int grey_corner(const limn_explanation *e, double full, const char *view, struct limn_scale *scale)
{
    limn_image *image = NULL;
    const struct limn_drawing d = {.render = {.view = view, .colormap = "gray"}, .bare = true, .full = full};
    CHECK_OK(limn_draw(e, (struct limn_which){0}, &d, &image, scale, &err));
    const int32_t n = limn_image_width(image) * limn_image_height(image);
    const int grey = image != NULL ? limn_image_rgb(image)[3 * (n - 1)] : -1; /* of the last value, alone there */
    limn_image_destroy(&image);
    return grey;
}

int main(void)
{
    CHECK(mkdtemp(work) != NULL);
    limn_explanation *a = map_of(0, 1, 2, 4), *b = map_of(0, 3, 6, 12), *c = map_of(4, 2, 1, 0),
                     *none = map_of(-1, -1, 0, -2);
    struct limn_agreement r = agreement(a, b);
    CHECK_NEAR(r.pearson, 1, 1e-6); /* float maps of 224 x 224 */
    CHECK_NEAR(r.spearman, 1, 1e-3);
    CHECK(r.overlap > 0.99);
    r = agreement(a, c);
    CHECK(r.pearson < -0.5 && r.spearman < -0.5);
    CHECK_NEAR(r.overlap, 0, 0);
    r = agreement(a, none); /* nothing of it is positive */
    CHECK(isnan(r.pearson) && isnan(r.spearman));
    CHECK_INT(limn_map_agreement(a, (struct limn_which){1, 0, 0}, b, (struct limn_which){0}, NULL, &r, &err),
              LIMN_ERR_ARG);
    CHECK_INT(limn_map_agreement(a, (struct limn_which){0}, NULL, (struct limn_which){0}, NULL, &r, &err),
              LIMN_ERR_ARG);

    struct limn_scale scale = {0};
    CHECK_INT(grey_corner(a, 0, "heatmap", &scale), 255); /* by its own scale */
    CHECK_NEAR(scale.high, 4, 0);
    CHECK_INT(grey_corner(a, 12, "heatmap", &scale), 85); /* a third of b's */
    CHECK_NEAR(scale.low, 0, 0);
    CHECK_NEAR(scale.high, 12, 0);
    CHECK_INT(grey_corner(b, 12, "heatmap", &scale), 255);
    CHECK_INT(grey_corner(b, 6, "heatmap", &scale), 255); /* beyond the end */
    CHECK_INT(grey_corner(a, 8, "signed", &scale), 191);  /* 0.5 + 0.5 * 4 / 8 */
    CHECK_NEAR(scale.low, -8, 0);
    limn_image *image = NULL;
    const struct limn_drawing bad = {.full = -1};
    CHECK_INT(limn_draw(a, (struct limn_which){0}, &bad, &image, NULL, &err), LIMN_ERR_ARG);
    limn_explanation *const all[] = {a, b, c, none};
    for (size_t i = 0; i < 4; i++) {
        limn_explanation *e = all[i];
        limn_explanation_destroy(&e);
    }
    CHECK(rmdir(work) == 0);
    return check_done();
}
