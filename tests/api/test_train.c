/* Training and testing through the public header: what is refused before anything runs, the tables of names, a small
 * training with its callbacks, its result and its files, and a test of what it wrote. */
#include <dirent.h>
#include <limn/train.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "support/check.h"

static limn_error err;
static char base[200], data[256], out[256];

/* Bright rows by class. */
static void put(const char *part, int n)
{
    char path[400];
    const char *what[] = {"images-idx3", "labels-idx1"};
    for (int k = 0; k < 2; k++) {
        snprintf(path, sizeof path, "%s/%s-%s-ubyte", data, part, what[k]);
        FILE *f = fopen(path, "wb");
        CHECK(f != NULL);
        const unsigned char head[] = {0, 0, 8, k ? 1 : 3, 0, 0, 0, (unsigned char)n, 0, 0, 0, 28, 0, 0, 0, 28};
        fwrite(head, 1, k ? 8 : 16, f);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < 784 && k == 0; j++) {
                fputc((int)(40 * rng_uniform((uint64_t)i, (uint64_t)j)) + (j / 28 / 6 == i % 4 ? 150 : 0), f);
            }
            if (k) {
                fputc(i % 4, f);
            }
        }
        fclose(f);
    }
}

static void remove_all(const char *folder)
{
    DIR *d = opendir(folder);
    char path[800];
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            unlink(path);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(folder);
}

struct seen {
    int steps, epochs, stop_at;
    double last_loss;
};

static bool on_step(void *user, const struct limn_train_progress *p)
{
    struct seen *s = user;
    CHECK(p->loss > 0 && p->accuracy >= 0 && p->accuracy <= 1 && p->rate >= 0);
    return ++s->steps != s->stop_at;
}

static void on_epoch(void *user, const struct limn_train_epoch *e)
{
    struct seen *s = user;
    CHECK_INT(e->epoch, ++s->epochs);
    s->last_loss = e->loss;
}

static void refused(limn_context *ctx, struct limn_train_params p, limn_status want, const char *text)
{
    limn_status st = limn_train_classifier(ctx, &p, NULL, &err);
    CHECK_INT(st, want);
    CHECK(strstr(err.text, text) != NULL);
    if (!strstr(err.text, text)) {
        fprintf(stderr, "found: %s\n", err.text);
    }
}

static void test_refused(limn_context *ctx, const struct limn_train_params *good)
{
    struct limn_train_params p = *good;
    CHECK_INT(limn_train_classifier(NULL, &p, NULL, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_train_classifier(ctx, NULL, NULL, &err), LIMN_ERR_ARG);
#define REFUSED(change, status, text)                                                                                  \
    p = *good;                                                                                                         \
    change;                                                                                                            \
    refused(ctx, p, status, text)
    REFUSED(p.data.path = NULL, LIMN_ERR_ARG, "data set");
    REFUSED(p.output = NULL, LIMN_ERR_ARG, "folder");
    REFUSED(p.arch = "lenett", LIMN_ERR_NOT_FOUND, "did you mean lenet?");
    REFUSED(p.optimizer = "adm", LIMN_ERR_NOT_FOUND, "did you mean adam?");
    REFUSED(p.schedule = "cosin", LIMN_ERR_NOT_FOUND, "did you mean cosine?");
    REFUSED(p.val_split = "other", LIMN_ERR_ARG, "expected val, test or none");
    REFUSED(p.lr = -1, LIMN_ERR_ARG, "learning rate");
    REFUSED(p.epochs = -1, LIMN_ERR_ARG, "epochs");
    REFUSED(p.batch = -3, LIMN_ERR_ARG, "batches of -3");
    REFUSED(p.smoothing = 1, LIMN_ERR_ARG, "smoothing");
    REFUSED(p.ema = 1, LIMN_ERR_ARG, "average");
    REFUSED(p.rotate = 500, LIMN_ERR_ARG, "rotation");
    REFUSED(p.amsgrad = true; p.optimizer = "sgd", LIMN_ERR_ARG, "amsgrad");
    static const double three[] = {1, 1, 1};
    REFUSED(p.n_class_weights = 3; p.class_weights = three, LIMN_ERR_ARG, "expected 4");
    static const char *const all[] = {"conv1", "conv2", "fc1", "fc2", "fc3"};
    REFUSED(p.frozen = all; p.n_frozen = 5, LIMN_ERR_ARG, "nothing is left to train");
    REFUSED(p.data.limit = 2, LIMN_ERR_FORMAT, "has no sample");
    remove_all(out);
}

static void test_run(limn_context *ctx, const struct limn_train_params *good)
{
    struct limn_train_params p = *good;
    struct limn_train_result r = {0};
    struct seen s = {.stop_at = 5};
    char path[300];
    p.step = on_step;
    p.epoch = on_epoch;
    p.user = &s;
    CHECK_INT(limn_train_classifier(ctx, &p, &r, &err), LIMN_CANCELLED);
    CHECK(strstr(err.text, "--resume") != NULL);
    s.stop_at = 0;
    p.resume = true;
    CHECK_OK(limn_train_classifier(ctx, &p, &r, &err));
    CHECK_INT(s.epochs, 2);
    CHECK(r.epochs == 2 && r.n_classes == 4 && r.n_train == 72 && r.n_val == 8 && r.last.loss == s.last_loss);
    CHECK_INT(r.params, 44426 - 6 * 84 - 6); /* LeNet with four classes */
    limn_model *m = NULL;
    struct limn_test *t = NULL;
    snprintf(path, sizeof path, "%s/model.safetensors", out);
    CHECK_OK(limn_model_open(ctx, path, NULL, &m, &err));
    struct limn_test_params q = {.data.path = data, .batch = 7};
    CHECK_OK(limn_test_classifier(m, &q, &t, &err));
    if (t) {
        uint64_t sum = 0, right = 0;
        limn_image *im = NULL;
        for (int i = 0; i < 16; i++) {
            sum += t->confusion[i];
            right += i % 5 == 0 ? t->confusion[i] : 0;
        }
        CHECK(sum == 20 && t->n == 20 && t->n_classes == 4 && t->top5 < 0);
        CHECK_NEAR(t->accuracy, (double)right / 20, 1e-12);
        CHECK(t->accuracy > 0.7);
        CHECK_STR(t->split, "test");
        CHECK_STR(t->name[2], "2");
        CHECK_OK(limn_test_picture(t, &im, &err));
        CHECK(limn_image_width(im) > 50);
        limn_image_destroy(&im);
    }
    limn_test_free(&t);
    q.split = "val";
    CHECK_INT(limn_test_classifier(m, &q, &t, &err), LIMN_ERR_ARG);
    q.split = "both";
    CHECK_INT(limn_test_classifier(m, &q, &t, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_test_classifier(NULL, &q, &t, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_test_picture(NULL, NULL, &err), LIMN_ERR_ARG);
    limn_test_free(NULL);
    limn_model_close(&m);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    limn_context *ctx = NULL;
    struct limn_context_params cp = {.device = "cpu"};
    snprintf(base, sizeof base, "%s/limn-api-train-XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(base) != NULL);
    snprintf(data, sizeof data, "%s/data", base);
    snprintf(out, sizeof out, "%s/out", base);
    mkdir(data, 0777);
    put("train", 80);
    put("t10k", 20);
    CHECK_STR(limn_optimizer_name(0), "sgd");
    CHECK_STR(limn_schedule_name(2), "cosine");
    CHECK_STR(limn_data_format_name(0), "idx");
    CHECK_STR(limn_arch_name(0), "lenet");
    CHECK(!limn_optimizer_name(99) && !limn_schedule_name(99) && !limn_data_format_name(99) && !limn_arch_name(9999));
    CHECK_OK(limn_context_create(&cp, &ctx, &err));
    const struct limn_device_info *device = NULL;
    if (limn_context_device(ctx, &device, &err) != LIMN_OK) { /* the reference instead */
        limn_context_destroy(&ctx);
        cp = (struct limn_context_params){.reference = true};
        CHECK_OK(limn_context_create(&cp, &ctx, &err));
    }
    struct limn_train_params good = {
        .data.path = data, .output = out, .arch = "lenet", .epochs = 2, .batch = 8, .lr = 3e-3, .seed = 2};
    test_refused(ctx, &good);
    test_run(ctx, &good);
    limn_context_destroy(&ctx);
    remove_all(out);
    remove_all(data);
    CHECK_INT(rmdir(base), 0);
    return check_done();
}
