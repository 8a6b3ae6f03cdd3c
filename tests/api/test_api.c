/* The public header: NULL and range behaviour, tables, one whole explanation on both executors, cancelling, plans that
 * serve again, and every allocation failing once.
 * LABELS: gpu
 * TIMEOUT: 240 */
#include <limn/limn.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/inject.h"
#include "support/check.h"

static limn_error err;

static limn_image *make_picture(int phase)
{
    enum { SIDE = 32 };
    uint8_t rgb[SIDE * SIDE * 3];
    limn_image *image = NULL;
    for (int i = 0; i < SIDE * SIDE; i++) {
        rgb[3 * i] = (uint8_t)(i % SIDE * 7 + phase);
        rgb[3 * i + 1] = (uint8_t)(i / SIDE * 8);
        rgb[3 * i + 2] = (uint8_t)((i % SIDE) * (i / SIDE) / 4 + phase);
    }
    CHECK_OK(limn_image_create(SIDE, SIDE, rgb, &image, &err));
    return image;
}

static void check_nothing(void)
{
    limn_context *ctx = NULL;
    limn_model *m = NULL;
    limn_image *image = NULL;
    limn_explanation *e = NULL;
    struct limn_device_info *devices = NULL;
    struct limn_tensor t = {0};
    struct limn_explain_params p = {0};
    size_t n = 0;
    CHECK_INT(limn_context_create(NULL, NULL, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "NULL") != NULL);
    CHECK_INT(limn_model_open(NULL, "x", NULL, &m, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_image_load(NULL, NULL, &image, NULL), LIMN_ERR_ARG);
    CHECK_INT(limn_image_create(0, 5, (const uint8_t *)"", &image, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_explain(NULL, &p, &e, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_render(NULL, (struct limn_which){0}, NULL, &image, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_device_list(NULL, &n, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_tensor_load("/nonexistent.npy", &t, &err), LIMN_ERR_READ);
    CHECK_INT(limn_weights_list("/nonexistent", NULL, &n, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_file_copy(NULL, "/x", 0, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_file_copy("/nonexistent", "/x", 0, &err), LIMN_ERR_READ);
    limn_context_destroy(&ctx);
    limn_context_destroy(NULL);
    limn_model_close(&m);
    limn_model_close(NULL);
    limn_image_destroy(&image);
    limn_explanation_destroy(&e);
    limn_device_list_free(&devices);
    limn_tensor_free(&t);
    CHECK_INT(limn_image_width(NULL), 0);
    CHECK_INT(limn_explanation_count(NULL), 0);
    CHECK_INT(limn_explanation_class(NULL, 0, 0), -1);
    CHECK(limn_explanation_logits(NULL, 0) == NULL);
    CHECK(limn_model_label(NULL, 0) == NULL);
    CHECK(limn_model_sha256(NULL, &err) == NULL);
    limn_doctor(NULL, NULL);
}

static void check_tables(void)
{
    struct limn_method_info method;
    struct limn_view_info view;
    struct limn_colormap_info map;
    char text[16];
    CHECK(limn_method_count() >= 6);
    for (size_t i = 0; i < limn_method_count(); i++) {
        CHECK_OK(limn_method_info(i, &method, &err));
        CHECK(method.name[0] && method.title[0] && method.doc[0]);
    }
    CHECK_INT(limn_method_info(limn_method_count(), &method, &err), LIMN_ERR_ARG);
    for (size_t i = 0; i < limn_view_count(); i++) {
        CHECK_OK(limn_view_info(i, &view, &err));
        CHECK(view.name[0] && view.doc[0]);
    }
    CHECK_INT(limn_view_info(limn_view_count(), &view, &err), LIMN_ERR_ARG);
    CHECK_OK(limn_colormap_info(0, &map, &err));
    CHECK_INT(limn_colormap_info(limn_colormap_count(), &map, &err), LIMN_ERR_ARG);
    CHECK_STR(limn_text_escape(text, sizeof(text), "a\033b"), "a\\x1bb");
    CHECK_STR(limn_text_escape(text, sizeof(text), NULL), "");
    CHECK_STR(limn_text_closest("gradcm", (const char *const[]){"gradient", "gradcam"}, 2), "gradcam");
    CHECK(strlen(limn_version()) >= 5);
}

struct counting {
    int calls, stop_at;
    double last;
};

static bool count_step(void *user, double done, const char *what)
{
    struct counting *c = user;
    CHECK(done >= c->last - 1e-9 && done <= 1.0 && what != NULL);
    c->last = done;
    return ++c->calls != c->stop_at;
}

static const char *const two_methods[] = {"gradcam", "gradient"};
static const char *const two_classes[] = {"3", "top2"};

/* Runs three pictures, checks everything that can be asked, and returns the explanation. */
static limn_explanation *explain_three(limn_model *m, const limn_image *const *images, int32_t batch)
{
    struct counting c = {0};
    limn_explanation *e = NULL;
    struct limn_explain_params p = {.images = images,
                                    .n_images = 3,
                                    .methods = two_methods,
                                    .n_methods = 2,
                                    .classes = two_classes,
                                    .n_classes = 2,
                                    .batch = batch,
                                    .step = count_step,
                                    .user = &c};
    CHECK_OK(limn_explain(m, &p, &e, &err));
    CHECK(c.calls >= 3);
    CHECK_NEAR(c.last, 1.0, 1e-9);
    CHECK_INT(limn_explanation_count(e), 3);
    CHECK_INT(limn_explanation_method_count(e), 2);
    CHECK_STR(limn_explanation_method(e, 0), "gradcam");
    CHECK(limn_explanation_method(e, 2) == NULL);
    for (size_t i = 0; i < limn_explanation_count(e); i++) {
        const float *prob = limn_explanation_probabilities(e, i);
        const int32_t *rank = limn_explanation_ranking(e, i);
        double sum = 0.0;
        for (int k = 0; k < 10; k++) {
            sum += (double)prob[k];
            CHECK(k == 0 || prob[rank[k - 1]] >= prob[rank[k]]);
        }
        CHECK_NEAR(sum, 1.0, 1e-5);
        size_t n = limn_explanation_class_count(e, i);
        CHECK(n == 2 || n == 3); /* class 3 may be among the top 2 */
        CHECK_INT(limn_explanation_class(e, i, 0), 3);
        CHECK_INT(limn_explanation_class(e, i, 3), -1);
        struct limn_tensor map;
        CHECK_OK(limn_explanation_map(e, (struct limn_which){i, n - 1, 1}, &map, &err));
        CHECK_INT(map.rank, 3);
        CHECK_INT(map.dim[1], 28);
        CHECK_OK(limn_explanation_map(e, (struct limn_which){i, 0, 0}, &map, &err));
        CHECK_INT(map.rank, 2);
        CHECK_INT(limn_explanation_map(e, (struct limn_which){i, 3, 0}, &map, &err), LIMN_ERR_ARG);
    }
    CHECK_INT(limn_image_width(limn_explanation_picture(e, 2)), 28);
    return e;
}

static void check_same(const limn_explanation *a, const limn_explanation *b, double tol)
{
    for (size_t i = 0; i < 3; i++) {
        for (size_t method = 0; method < 2; method++) {
            struct limn_tensor x, y;
            CHECK_OK(limn_explanation_map(a, (struct limn_which){i, 0, method}, &x, &err));
            CHECK_OK(limn_explanation_map(b, (struct limn_which){i, 0, method}, &y, &err));
            size_t n = (size_t)x.dim[0] * (size_t)x.dim[1] * (size_t)(x.rank == 3 ? x.dim[2] : 1);
            double worst = 0.0, peak = 0.0;
            for (size_t j = 0; j < n; j++) {
                worst = fmax(worst, fabs((double)x.data[j] - (double)y.data[j]));
                peak = fmax(peak, fabs((double)y.data[j]));
            }
            CHECK(worst <= tol * peak);
        }
    }
}

static void check_renders(const limn_explanation *e)
{
    struct limn_which w = {1, 0, 1};
    limn_image *picture = NULL;
    struct limn_render_params p = {.view = "nonsense"};
    CHECK_INT(limn_render(e, w, &p, &picture, &err), LIMN_ERR_NOT_FOUND);
    p = (struct limn_render_params){.view = "overlay", .colormap = "jett"};
    CHECK_INT(limn_render(e, w, &p, &picture, &err), LIMN_ERR_NOT_FOUND);
    CHECK(strstr(err.text, "did you mean jet?") != NULL);
    p = (struct limn_render_params){.opacity = 1.5};
    CHECK_INT(limn_render(e, w, &p, &picture, &err), LIMN_ERR_ARG);
    p = (struct limn_render_params){.view = "figure"};
    CHECK_INT(limn_render(e, w, &p, &picture, &err), LIMN_ERR_ARG); /* two of its methods are missing */
    CHECK(picture == NULL);
    for (w.method = 0; w.method < 2; w.method++) {
        p = (struct limn_render_params){.view = "blend", .opacity = 0.3, .blur_px = 3};
        CHECK_OK(limn_render(e, w, &p, &picture, &err));
        CHECK_INT(limn_image_width(picture), 28);
        limn_image_destroy(&picture);
    }
}

static void check_cancel(limn_model *m, const limn_image *const *images)
{
    for (int stop = 1; stop <= 3; stop++) {
        struct counting c = {.stop_at = stop};
        limn_explanation *e = NULL;
        struct limn_explain_params p = {
            .images = images, .n_images = 3, .methods = two_methods, .n_methods = 2, .step = count_step, .user = &c};
        CHECK_INT(limn_explain(m, &p, &e, &err), LIMN_CANCELLED);
        CHECK(e == NULL);
        CHECK_INT(c.calls, stop);
    }
}

static void check_bad_requests(limn_model *m, const limn_image *const *images)
{
    static const char *const unknown[] = {"gradcm"}, *const layer[] = {"conv9"}, *const cls[] = {"11"};
    limn_explanation *e = NULL;
    const float number = 0.0f;
    struct limn_tensor odd = {4, {1, 3, 28, 28, 0}, &number};
    struct limn_explain_params p = {.images = images, .n_images = 1, .methods = unknown, .n_methods = 1};
    CHECK_INT(limn_explain(m, &p, &e, &err), LIMN_ERR_NOT_FOUND);
    CHECK(strstr(err.text, "gradcam") != NULL);
    p = (struct limn_explain_params){.images = images, .n_images = 1, .layers = layer, .n_layers = 1};
    CHECK_INT(limn_explain(m, &p, &e, &err), LIMN_ERR_NOT_FOUND);
    p = (struct limn_explain_params){.images = images, .n_images = 1, .classes = cls, .n_classes = 1};
    CHECK(limn_explain(m, &p, &e, &err) != LIMN_OK);
    p = (struct limn_explain_params){.tensor = &odd};
    CHECK_INT(limn_explain(m, &p, &e, &err), LIMN_ERR_SHAPE);
    p = (struct limn_explain_params){.images = images, .n_images = 1, .tensor = &odd};
    CHECK_INT(limn_explain(m, &p, &e, &err), LIMN_ERR_ARG);
    p = (struct limn_explain_params){.n_methods = 1};
    CHECK_INT(limn_explain(m, &p, &e, &err), LIMN_ERR_ARG);
    CHECK(e == NULL);
}

/* Fails every allocation in turn: always an error that says so, never a crash or a result that is half there. */
static void check_no_memory(const limn_image *const *images)
{
    struct limn_context_params cp = {.reference = true};
    int failures = 0;
    for (unsigned long k = 1; k < 100000; k += k < 400 ? 1 : 37) {
        limn_context *ctx = NULL;
        limn_model *m = NULL;
        limn_explanation *e = NULL;
        limn_image *picture = NULL;
        struct limn_explain_params p = {.images = images, .n_images = 1, .methods = two_methods, .n_methods = 2};
        inject_arm(INJECT_ALLOC, k, false);
        limn_status st = limn_context_create(&cp, &ctx, &err);
        st = st ? st : limn_model_open(ctx, "recipe:lenet", NULL, &m, &err);
        st = st ? st : limn_explain(m, &p, &e, &err);
        st = st ? st : limn_render(e, (struct limn_which){0, 0, 0}, NULL, &picture, &err);
        bool seen = inject_seen(INJECT_ALLOC) >= k;
        inject_arm(INJECT_ALLOC, 0, false);
        CHECK(st == LIMN_OK || st == LIMN_ERR_NOMEM);
        CHECK((st == LIMN_OK) == (picture != NULL));
        limn_image_destroy(&picture);
        limn_explanation_destroy(&e);
        limn_model_close(&m);
        limn_context_destroy(&ctx);
        failures += st != LIMN_OK;
        if (!seen) {
            break;
        }
    }
    CHECK(failures > 50);
}

int main(void)
{
    limn_context *ref = NULL, *gpu = NULL;
    limn_model *m_ref = NULL, *m_gpu = NULL;
    limn_image *image[3];
    check_nothing();
    check_tables();
    for (int i = 0; i < 3; i++) {
        image[i] = make_picture(40 * i);
    }
    const limn_image *const *images = (const limn_image *const *)image;
    struct limn_context_params cp = {.reference = true};
    CHECK_OK(limn_context_create(&cp, &ref, &err));
    CHECK_OK(limn_context_create(NULL, &gpu, &err));
    CHECK_OK(limn_model_open(ref, "recipe:lenet", NULL, &m_ref, &err));
    CHECK_OK(limn_model_open(gpu, "recipe:lenet", NULL, &m_gpu, &err));
    if (check_failed == 0) {
        limn_explanation *a = explain_three(m_ref, images, 0), *b = explain_three(m_gpu, images, 2);
        check_same(b, a, 1e-3);
        check_renders(a);
        limn_explanation_destroy(&b);
        b = explain_three(m_gpu, images, 2);
        struct limn_stats stats;
        CHECK_OK(limn_explanation_stats(b, &stats, &err));
        CHECK(stats.plan_ms == 0.0); /* the plan served again */
        CHECK_INT(stats.batch, 2);
        limn_explanation_destroy(&a);
        limn_explanation_destroy(&b);
        check_cancel(m_gpu, images);
        check_bad_requests(m_gpu, images);
        b = explain_three(m_gpu, images, 3); /* a cancelled request leaves nothing behind */
        limn_explanation_destroy(&b);
        check_no_memory(images);
    }
    limn_model_close(&m_ref);
    limn_model_close(&m_gpu);
    limn_context_destroy(&ref);
    limn_context_destroy(&gpu);
    for (int i = 0; i < 3; i++) {
        limn_image_destroy(&image[i]);
    }
    return check_done();
}
