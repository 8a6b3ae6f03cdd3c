/* The bundled autoencoder of clothes, from each of two pictures (a sneaker, a sandal) to each other class: the goal is
 * to be reached in nine of ten, the probability to rise all the way in four of five; what comes back is the picture.
 * LABELS: gpu
 * TIMEOUT: 200 */
#include "base/mem.h"
#include "image/image.h"
#include "shift/shift.h"
#include "support/check.h"
#include "support/torchvision.h"
#include "vk/device.h"

struct tally {
    int n, reached, flipped, monotone;
};

static void from_picture(struct shift_engine *e, struct model *ae, const char *name, int32_t label, struct tally *t)
{
    limn_error err = {0};
    struct image im = {0};
    static float x[28 * 28];
    char path[512];
    limn_status st = LIMN_OK;
    snprintf(path, sizeof path, LIMN_TEST_DATA "/../assets/photos/%s.png", name);
    TRY(image_load(path, NULL, &im, &err));
    TRY(model_preprocess(ae, &im, x, NULL, &err));
    for (int32_t to = 0; to < 10; to++) {
        struct shift_options o = {
            .search = shift_search_default(SHIFT_SOUND), .from = label, .to = to, .target = 0.9, .frames = 12};
        struct shift_result r = {0};
        if (to == label) {
            continue;
        }
        TRY(shift_run(e, x, &o, &r, &err));
        double square = 0;
        for (size_t i = 0; i < 28 * 28; i++) {
            square += pow((double)r.original[i] - (double)x[i], 2) / (28 * 28);
        }
        CHECK(square < 0.06);
        CHECK(!r.motionless);
        t->n++;
        t->reached += r.reached;
        t->flipped += r.frame[r.n - 1].top == to;
        t->monotone += r.monotone;
        shift_result_finish(&r);
    }
out:
    CHECK_OK(st);
    image_finish(&im);
}

int main(void)
{
    limn_error err = {0};
    struct vk_device *dev = NULL;
    struct model *f = NULL, *ae = NULL;
    struct shift_engine *e = NULL;
    struct tally t = {0};
    limn_status st = LIMN_OK;
    if (!torchvision_device(&dev)) {
        return 77;
    }
    TRY(model_open(LIMN_TEST_DATA "/../assets/models/lenet_fashion.safetensors", NULL, &f, &err));
    TRY(model_open(LIMN_TEST_DATA "/../assets/models/lenet_fashion_ae.safetensors", NULL, &ae, &err));
    struct shift_engine_params p = {.classifier = f, .autoencoder = ae, .dev = dev, .batch = 8, .clip = true};
    TRY(shift_engine_create(&p, &e, &err));
    from_picture(e, ae, "sneaker", 7, &t);
    from_picture(e, ae, "fashion", 5, &t);
    fprintf(stderr, "of %d: goal reached %d, class flipped %d, monotone %d\n", t.n, t.reached, t.flipped, t.monotone);
    CHECK(10 * t.reached >= 9 * t.n);
    CHECK(10 * t.flipped >= 9 * t.n);
    CHECK(5 * t.monotone >= 4 * t.n);
out:
    CHECK_OK(st);
    shift_engine_destroy(&e);
    vk_device_close(&dev);
    model_close(&f);
    model_close(&ae);
    return check_done();
}
