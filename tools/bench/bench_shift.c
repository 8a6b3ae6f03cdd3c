/* Counterfactuals over a data set: for N test pictures (evenly spread) that the classifier gets right, a latent shift
 * to the runner-up class. Prints one line of JSON: reconstructions that keep their class, how many flips or goals are
 * reached within the budget, how many paths are monotone, changes, times.
 *
 *     bench_shift CLASSIFIER AUTOENCODER DATASET [N [TARGET [BUDGET [PATH]]]] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/data.h"
#include "shift/shift.h"
#include "vk/device.h"

struct counts {
    size_t n, agree, right, flipped, reached, monotone, motionless, iterative;
    double change, evaluations, mse;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static limn_status to_input(const struct model *ae, const struct data_info *d, const uint8_t *chw, float *x,
                            limn_error *err)
{
    struct image im = {0};
    limn_status st = image_init(&im, d->width, d->height, err);
    size_t plane = (size_t)d->width * (size_t)d->height;
    for (size_t i = 0; st == LIMN_OK && i < 3 * plane; i++) {
        im.rgb[i] = chw[(d->channels == 3 ? i % 3 : 0) * plane + i / 3];
    }
    st = st == LIMN_OK ? model_preprocess(ae, &im, x, NULL, err) : st;
    image_finish(&im);
    return st;
}

static void count(struct counts *c, const struct shift_result *r, int32_t label, int32_t before)
{
    const struct shift_frame *last = &r->frame[r->n - 1];
    c->n++;
    c->right += r->from == label;
    c->agree += r->from == before;
    c->flipped += last->top == r->to;
    c->reached += r->reached;
    c->monotone += r->monotone;
    c->motionless += r->motionless;
    c->iterative += r->iterative;
    c->change += last->change;
    c->evaluations += (double)r->evaluations;
}

static limn_status run_set(struct shift_engine *e, struct model *ae, struct dataset *d, const struct shift_options *o,
                           size_t n, struct counts *c, limn_error *err)
{
    const struct data_info *info = dataset_info(d);
    size_t total = dataset_count(d, DATA_TEST);
    struct shape in = model_input_shape(ae, 1);
    uint8_t *raw = mem_alloc((size_t)info->channels * (size_t)info->height * (size_t)info->width, 1);
    float *x = mem_alloc(shape_elems(&in), sizeof(float));
    float *scores = mem_alloc((size_t)shift_classes(e), sizeof(float));
    limn_status st = raw && x && scores ? LIMN_OK : err_nomem(err, shape_elems(&in), "a sample");
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        struct shift_result r = {0};
        size_t at = i * total / n;
        int32_t before = 0;
        TRY(dataset_sample(d, DATA_TEST, at, raw, err));
        TRY(to_input(ae, info, raw, x, err));
        TRY(shift_classify(e, x, scores, err));
        for (int32_t k = 1; k < shift_classes(e); k++) {
            before = scores[k] > scores[before] ? k : before;
        }
        TRY(shift_run(e, x, o, &r, err));
        count(c, &r, dataset_label(d, DATA_TEST, at), before);
        for (size_t j = 0; j < shape_elems(shift_frame_shape(e)); j++) {
            double v = (double)r.original[j] - raw[j] / 255.0;
            c->mse += v * v / (double)shape_elems(shift_frame_shape(e));
        }
        shift_result_finish(&r);
    }
out:
    mem_free(raw);
    mem_free(x);
    mem_free(scores);
    return st;
}

static enum shift_path path_named(const char *name)
{
    for (int i = 0; i < PATH_COUNT; i++) {
        if (strcmp(shift_path_name((enum shift_path)i), name) == 0) {
            return (enum shift_path)i;
        }
    }
    return PATH_AUTO;
}

int main(int argc, char **argv)
{
    struct model *f = NULL, *ae = NULL;
    struct vk_device *dev = NULL;
    struct shift_engine *e = NULL;
    struct dataset *d = NULL;
    struct counts c = {0};
    limn_error err = {0};
    limn_status st = LIMN_OK;
    if (argc < 4) {
        fprintf(stderr, "usage: bench_shift CLASSIFIER AUTOENCODER DATASET [N [TARGET [BUDGET [PATH]]]]\n");
        return 2;
    }
    size_t n = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : 200;
    struct shift_options o = {.search = shift_search_default(SHIFT_SOUND),
                              .from = -1,
                              .to = -1,
                              .target = argc > 5 ? strtod(argv[5], NULL) : 0.9,
                              .path = argc > 7 ? path_named(argv[7]) : PATH_AUTO,
                              .frames = 16};
    o.search.change = argc > 6 ? strtod(argv[6], NULL) : o.search.change;
    TRY(model_open(argv[1], NULL, &f, &err));
    TRY(model_open(argv[2], NULL, &ae, &err));
    const struct model_card *card = model_get_card(ae);
    struct data_options q = {.channels = card->channels, .height = card->height, .width = card->width};
    TRY(dataset_open(argv[3], &q, &d, &err));
    TRY(vk_device_open(NULL, &dev, &err));
    struct shift_engine_params p = {.classifier = f, .autoencoder = ae, .dev = dev, .batch = 8, .clip = true};
    TRY(shift_engine_create(&p, &e, &err));
    double start = now();
    TRY(run_set(e, ae, d, &o, n, &c, &err));
    double k = 100.0 / (double)c.n;
    printf("{\"n\": %zu, \"target\": %g, \"budget\": %g, \"mse\": %.5f, \"class_kept\": %.1f, \"accuracy\": %.1f, "
           "\"flipped\": %.1f, \"reached\": %.1f, \"monotone\": %.1f, \"motionless\": %.1f, \"iterative\": %.1f, "
           "\"change\": %.3f, \"evaluations\": %.1f, \"seconds_each\": %.3f}\n",
           c.n, o.target, o.search.change, c.mse / (double)c.n, k * (double)c.agree, k * (double)c.right,
           k * (double)c.flipped, k * (double)c.reached, k * (double)c.monotone, k * (double)c.motionless,
           k * (double)c.iterative, c.change / (double)c.n, c.evaluations / (double)c.n, (now() - start) / (double)c.n);
out:
    if (st != LIMN_OK) {
        fprintf(stderr, "bench_shift: %s\n", err.text);
    }
    shift_engine_destroy(&e);
    dataset_close(&d);
    vk_device_close(&dev);
    model_close(&ae);
    model_close(&f);
    return limn_status_exit_code(st);
}
