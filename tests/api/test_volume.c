/* Volumes through the public header: the same numbers from .npy, NIfTI and a tensor, slices whose pictures are cut
 * where they say, maps back on the volume's grid, wrong requests, and every allocation failing once. */
#include <limn/gif.h>
#include <limn/volume.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/inject.h"
#include "base/mem.h"
#include "image/volume.h"
#include "support/check.h"
#include "tensor/npy.h"

enum { D = 8, H = 12, W = 10, N = D * H * W };
static limn_error err;
static char folder[] = "/tmp/limn-volume-XXXXXX", npy[64], nii[64], out_path[64];
static float x[N];

static limn_status explain(limn_model *m, const limn_volume *v, const struct limn_tensor *t, limn_explanation **out)
{
    static const char *const methods[] = {"gradcam", "gradient"}, *const layers[] = {"features.2"};
    struct limn_explain_params p = {.volumes = &v,
                                    .n_volumes = v != NULL,
                                    .tensor = t,
                                    .methods = methods,
                                    .n_methods = 2,
                                    .layers = layers,
                                    .n_layers = 1,
                                    .classes = (const char *[]){"1"},
                                    .n_classes = 1};
    return limn_explain(m, &p, out, &err);
}

static struct limn_tensor map_of(const limn_explanation *e, size_t method)
{
    struct limn_tensor t = {0};
    CHECK_OK(limn_explanation_map(e, (struct limn_which){0, 0, method}, &t, &err));
    return t;
}

static void test_inputs(limn_model *m, limn_explanation **kept)
{
    limn_volume *a = NULL, *b = NULL;
    limn_explanation *e[3] = {NULL};
    struct limn_tensor t = {.rank = 5, .dim = {1, 1, D, H, W}, .data = x};
    struct limn_volume_info info;
    CHECK_OK(limn_volume_load(m, npy, &a, &err));
    CHECK_OK(limn_volume_load(m, nii, &b, &err));
    CHECK_OK(limn_volume_describe(b, &info, &err));
    CHECK(info.nifti && info.depth == D && info.height == H && info.width == W && info.channels == 1);
    CHECK_OK(explain(m, a, NULL, &e[0]));
    CHECK_OK(explain(m, b, NULL, &e[1]));
    CHECK_OK(explain(m, NULL, &t, &e[2]));
    for (size_t k = 0; k < 2; k++) {
        struct limn_tensor first = map_of(e[0], k);
        CHECK_INT(first.rank, 3 + (int)k);
        CHECK_INT(first.dim[first.rank - 1], W);
        for (int i = 1; i < 3; i++) {
            CHECK(memcmp(first.data, map_of(e[i], k).data, N * sizeof(float)) == 0);
        }
    }
    const limn_image *picture = limn_explanation_picture(e[0], 0);
    CHECK(limn_image_width(picture) % W == 0 && limn_image_height(picture) % H == 0);
    *kept = e[0];
    limn_explanation_destroy(&e[1]);
    limn_explanation_destroy(&e[2]);
    limn_volume_destroy(&a);
    limn_volume_destroy(&b);
}

/* The strongest slice by its definition, and the same slice whatever way it is asked for. */
static void test_slices(const limn_explanation *e)
{
    const struct limn_which cam = {0, 0, 0};
    struct limn_slice best = {0}, any = {0};
    struct limn_tensor t = map_of(e, 0);
    double sum[H] = {0};
    for (int i = 0; i < N; i++) {
        sum[i / W % H] += fabs((double)t.data[i]);
    }
    CHECK_OK(limn_explanation_slice(e, cam, 1, &best, &err));
    CHECK_OK(limn_explanation_slice(e, cam, -1, &any, &err));
    CHECK_INT(best.axis, 1);
    CHECK(any.axis >= 0 && any.axis <= 2);
    for (int i = 0; i < H; i++) {
        CHECK(sum[i] <= sum[best.index] * (1.0 + 1e-9));
    }
    limn_image *a = NULL, *b = NULL;
    struct limn_render_params heatmap = {.view = "heatmap", .colormap = "gray"};
    CHECK_OK(limn_render_slice(e, cam, best, &heatmap, &a, &err));
    int32_t zoom = limn_image_width(a) / W;
    CHECK(zoom >= 8 && limn_image_height(a) == D * zoom);
    float top = 0.0f;
    for (int i = 0; i < N; i++) {
        top = fmaxf(top, t.data[i]);
    }
    for (int z = 0; z < D; z++) { /* the middle of a voxel has its colour, up to the enlarging's interpolation */
        for (int k = 0; k < W; k++) {
            float v = t.data[(z * H + best.index) * W + k] / top;
            int y = z * zoom + zoom / 2, q = k * zoom + zoom / 2;
            int shown = limn_image_rgb(a)[3 * (y * limn_image_width(a) + q)];
            CHECK(fabs(shown - 255.0 * (double)v) <= 40.0);
        }
    }
    CHECK_OK(limn_explanation_slice(e, cam, 0, &best, &err));
    limn_image_destroy(&a);
    CHECK_OK(limn_render_slice(e, cam, best, NULL, &a, &err));
    CHECK_OK(limn_render(e, cam, NULL, &b, &err));
    CHECK_INT(limn_image_width(a), limn_image_width(b));
    CHECK(memcmp(limn_image_rgb(a), limn_image_rgb(b),
                 3 * (size_t)limn_image_width(a) * (size_t)limn_image_height(a)) == 0);
    limn_image_destroy(&a);
    limn_image_destroy(&b);
    for (size_t i = 0; i < limn_view_count(); i++) { /* every view draws volumes */
        struct limn_view_info info;
        CHECK_OK(limn_view_info(i, &info, &err));
        struct limn_render_params p = {.view = info.name};
        if (strcmp(info.name, "figure") != 0) {
            CHECK_OK(limn_render_slice(e, (struct limn_which){0, 0, 1}, (struct limn_slice){2, 3}, &p, &a, &err));
            CHECK(limn_image_width(a) > 0);
            limn_image_destroy(&a);
        }
    }
    CHECK_OK(limn_render_montage(e, cam, 0, 0, NULL, &a, &err));
    CHECK_OK(limn_render_montage(e, cam, 0, 2, NULL, &b, &err));
    CHECK(limn_image_height(a) > limn_image_height(b));
    limn_image_destroy(&a);
    limn_image_destroy(&b);
}

static void test_nifti(limn_model *m, const limn_explanation *e)
{
    limn_volume *grid = NULL, *big = NULL;
    struct volume back = {0}, in = {0};
    CHECK_OK(limn_volume_load(m, nii, &grid, &err));
    CHECK_OK(limn_explanation_save_nifti(e, (struct limn_which){0, 0, 1}, grid, out_path, LIMN_SAVE_FORCE, &err));
    CHECK_OK(nifti_read(out_path, VOLUME_XYZ, &back, &err));
    CHECK_OK(nifti_read(nii, VOLUME_XYZ, &in, &err));
    CHECK(memcmp(back.v, map_of(e, 1).data, N * sizeof(float)) == 0);
    CHECK(memcmp(back.header + 252, in.header + 252, 76) == 0);
    CHECK_INT(limn_explanation_save_nifti(e, (struct limn_which){0, 0, 1}, grid, out_path, 0, &err), LIMN_ERR_IO);
    volume_finish(&back);
    volume_finish(&in);
    limn_volume_destroy(&grid);
    limn_volume_destroy(&big);
}

static void test_refusals(limn_context *ctx, limn_model *m, const limn_explanation *e)
{
    const struct limn_which w = {0, 0, 0};
    limn_volume *v = NULL;
    limn_image *image = NULL;
    limn_explanation *none = NULL;
    struct limn_slice s;
    CHECK_INT(limn_volume_load(m, NULL, &v, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_volume_load(m, "/nonexistent", &v, &err), LIMN_ERR_READ);
    CHECK_INT(limn_volume_describe(NULL, NULL, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_render_slice(e, w, (struct limn_slice){3, 0}, NULL, &image, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_render_slice(e, w, (struct limn_slice){0, D}, NULL, &image, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_render_slice(e, (struct limn_which){1, 0, 0}, (struct limn_slice){0, 0}, NULL, &image, &err),
              LIMN_ERR_ARG);
    CHECK_INT(limn_render_montage(e, w, -1, 4, NULL, &image, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_explanation_slice(e, w, 5, &s, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_explanation_save_nifti(e, w, NULL, out_path, 0, &err), LIMN_ERR_ARG);
    limn_image *picture = NULL;
    struct limn_explain_params p = {.images = (const limn_image *const *)&picture, .n_images = 1};
    CHECK_OK(limn_image_create(1, 1, (const uint8_t *)"abc", &picture, &err));
    CHECK_INT(limn_explain(m, &p, &none, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "takes volumes") != NULL);
    limn_model *flat = NULL;
    CHECK_OK(limn_volume_load(NULL, npy, &v, &err));
    CHECK_OK(limn_model_open(ctx, "recipe:lenet", NULL, &flat, &err));
    p = (struct limn_explain_params){.volumes = (const limn_volume *const *)&v, .n_volumes = 1};
    CHECK_INT(limn_explain(flat, &p, &none, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "takes pictures") != NULL);
    struct limn_model_params deep = {.depth = 3};
    limn_model_close(&flat);
    CHECK_INT(limn_model_open(ctx, "recipe:lenet", &deep, &flat, &err), LIMN_ERR_ARG);
    struct limn_model_params axes = {.axes = "yxz"};
    CHECK_INT(limn_model_open(ctx, "recipe:stack3d", &axes, &flat, &err), LIMN_ERR_ARG);
    limn_image_destroy(&picture);
    limn_volume_destroy(&v);
}

static void test_faults(limn_model *m)
{
    bool done = false;
    for (unsigned long k = 1; k < 20000 && !done; k += k < 60 ? 1 : 7) {
        limn_volume *v = NULL;
        limn_explanation *e = NULL;
        limn_image *image = NULL, *sheet = NULL;
        inject_arm(INJECT_ALLOC, k, false);
        limn_status st = limn_volume_load(m, k % 2 ? nii : npy, &v, &err);
        st = st == LIMN_OK ? explain(m, v, NULL, &e) : st;
        st = st == LIMN_OK ? limn_render(e, (struct limn_which){0, 0, 1}, NULL, &image, &err) : st;
        st = st == LIMN_OK ? limn_render_montage(e, (struct limn_which){0, 0, 0}, 2, 3, NULL, &sheet, &err) : st;
        st = st == LIMN_OK
                 ? limn_explanation_save_nifti(e, (struct limn_which){0, 0, 0}, v, out_path, LIMN_SAVE_FORCE, &err)
                 : st;
        done = inject_seen(INJECT_ALLOC) < k;
        inject_arm(INJECT_ALLOC, 0, false);
        CHECK(st == LIMN_OK || st == LIMN_ERR_NOMEM);
        limn_image_destroy(&image);
        limn_image_destroy(&sheet);
        limn_explanation_destroy(&e);
        limn_volume_destroy(&v);
    }
    CHECK(done);
}

static void write_inputs(void)
{
    struct volume v = {0};
    struct shape s = SHAPE(D, H, W);
    CHECK_OK(volume_init(&v, 1, (int32_t[]){D, H, W}, &err));
    for (int i = 0; i < N; i++) {
        int z = i / (H * W), y = i / W % H, k = i % W;
        x[i] = v.v[i] = (float)(sin(0.9 * z) + cos(0.7 * y) - 0.2 * k + (z > 3 && y > 4 && k < 5 ? 2.0 : 0.0));
    }
    CHECK_OK(npy_write(npy, &s, x, true, &err));
    CHECK_OK(nifti_write(nii, &v, "test", true, &err));
    volume_finish(&v);
}

int main(void)
{
    limn_context *ctx = NULL;
    limn_model *m = NULL;
    limn_explanation *e = NULL;
    struct limn_model_info info;
    struct limn_model_params mp = {.depth = D, .height = H, .width = W};
    CHECK(mkdtemp(folder) != NULL);
    snprintf(npy, sizeof(npy), "%s/v.npy", folder);
    snprintf(nii, sizeof(nii), "%s/v.nii.gz", folder);
    snprintf(out_path, sizeof(out_path), "%s/out.nii", folder);
    write_inputs();
    CHECK_OK(limn_context_create(&(struct limn_context_params){.reference = true}, &ctx, &err));
    CHECK_OK(limn_model_open(ctx, "recipe:stack3d", &mp, &m, &err));
    CHECK_OK(limn_model_describe(m, &info, &err));
    CHECK(info.depth == D && info.height == H && info.width == W);
    test_inputs(m, &e);
    test_slices(e);
    test_nifti(m, e);
    test_refusals(ctx, m, e);
    limn_explanation_destroy(&e);
    test_faults(m);
    limn_model_close(&m);
    limn_context_destroy(&ctx);
    unlink(npy);
    unlink(nii);
    unlink(out_path);
    rmdir(folder);
    return check_done();
}
