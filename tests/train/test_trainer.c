/* The training loop: stopped after any number of batches, also while it validates, and resumed, it ends with the same
 * bytes; checkpoints tell every flipped byte and every cut; what is not finite or cannot be read ends it with the last
 * checkpoint kept. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/rng.h"
#include "support/check.h"
#include "support/tiny_task.h"
#include "train/checkpoint.h"
#include "vk/vk_internal.h"

static limn_error err;
static struct vk_device *dev;
static char base[256];
static size_t n_note;
static char last_note[5000];

struct stopper { /* stops at call `at` of step; counts */
    size_t calls, at;
};

static bool on_step(void *user, const struct train_progress *p)
{
    struct stopper *s = user;
    CHECK(p->batch >= 1 && p->batch <= p->batches && p->epoch >= 1 && p->epoch <= p->epochs);
    return ++s->calls != s->at;
}

static void on_note(void *user, const char *line)
{
    (void)user;
    n_note++;
    snprintf(last_note, sizeof last_note, "%s", line);
}

static void empty_folder(const char *path)
{
    DIR *d = opendir(path);
    char name[600];
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.' || e->d_name[1] == 'l') {
            unlink(name);
        }
    }
    if (d) {
        closedir(d);
    }
}

struct setting {
    struct tiny_task task;
    struct dataset *data;
    struct train_options o;
    struct stopper stop;
    char folder[300];
};

static void setting_init(struct setting *s, const char *folder)
{
    memset(s, 0, sizeof *s);
    s->task = tiny_task(11);
    snprintf(s->folder, sizeof s->folder, "%s/%s", base, folder);
    struct optim_options adam = optim_default(OPTIM_ADAM);
    adam.lr = 0.02;
    CHECK_OK(tiny_dataset(53, 14, SIZE_MAX, &s->data, &err));
    s->o = (struct train_options){
        .dev = dev,
        .task = &s->task.base,
        .data = s->data,
        .val = DATA_VAL,
        .spec = {.optim = adam, .accumulate = 2, .ema = 0.8},
        .schedule = {.kind = SCHEDULE_COSINE, .warmup = 0.5},
        .input = {.mean = {0.3f}, .std = {0.2f}, .range = 1, .augment = {.flip = false, .crop = 1, .brightness = 0.1}},
        .batch = 8,
        .epochs = 3,
        .seed = 5,
        .folder = s->folder,
        .config = "{\"a\":1,\"b\":0.1}",
        .step = on_step,
        .note = on_note,
        .user = &s->stop};
}

static void setting_finish(struct setting *s)
{
    dataset_close(&s->data);
    empty_folder(s->folder);
    rmdir(s->folder);
}

static void *content(const struct setting *s, const char *name, size_t *n)
{
    char path[600];
    void *data = NULL;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    CHECK_OK(file_read_all(path, 1 << 24, &data, n, &err));
    return data;
}

static void check_same(const struct setting *a, const struct setting *b, const char *name)
{
    size_t na = 0, nb = 0;
    void *x = content(a, name, &na), *y = content(b, name, &nb);
    CHECK_INT(na, nb);
    CHECK(x && y && na == nb && memcmp(x, y, na) == 0);
    mem_free(x);
    mem_free(y);
}

/* The whole training, and one that is stopped at every `gap`-th report. */
static void test_resume(void)
{
    struct setting a, b;
    struct train_result r, q;
    setting_init(&a, "whole");
    CHECK_OK(train_run(&a.o, &r, &err));
    CHECK_INT(r.epochs, 3);
    fprintf(stderr, "after %d epochs: loss %.4f, validation %.4f, right %.3f\n", r.epochs, r.last.loss, r.last.val_loss,
            r.last.val_hits);
    CHECK(r.last.val_loss < 0.5 && r.last.val_hits > 0.9 && r.best_epoch >= 1);
    CHECK_INT(a.stop.calls, 3 * (7 + 2));
    for (size_t gap = 3; gap <= 7; gap += 2) { /* longer than a validation, which starts again when it was stopped */
        size_t stops = 0;
        limn_status st;
        setting_init(&b, "parts");
        b.o.resume = true;
        do {
            b.stop = (struct stopper){0, gap};
            b.o.input.workers = 1 + (int32_t)(stops % 3);
            st = train_run(&b.o, &q, &err);
            stops++;
        } while (st == LIMN_CANCELLED && stops < 40);
        CHECK_OK(st);
        CHECK(stops >= 27 / (gap + 2));
        check_same(&a, &b, "model.safetensors");
        check_same(&a, &b, "best.safetensors");
        CHECK(q.last.loss == r.last.loss && q.last.val_loss == r.last.val_loss && q.best_epoch == r.best_epoch);
        setting_finish(&b);
    }
    setting_finish(&a);
}

static void test_refused(void)
{
    struct setting a, b;
    struct train_result r;
    setting_init(&a, "held");
    a.o.epochs = 1;
    CHECK_OK(train_run(&a.o, &r, &err));
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_IO);
    a.o.resume = true;
    a.o.config = "{\"a\":1,\"b\":0.2}";
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "had b 0.1 (now 0.2)") != NULL);
    a.o.config = "{\"a\":1,\"b\":0.1}";
    setting_init(&b, "other");
    dataset_close(&b.data);
    CHECK_OK(tiny_dataset(52, 14, SIZE_MAX, &b.data, &err));
    struct dataset *right = a.o.data;
    a.o.data = b.data;
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "had other data") != NULL);
    a.o.data = right;
    a.o.spec.optim.amsgrad = true; /* not in this test's config: the tensors tell */
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_FORMAT);
    a.o.spec.optim.amsgrad = false;
    a.o.epochs = 2;
    CHECK_OK(train_run(&a.o, &r, &err));
    CHECK_INT(r.epochs, 2);
    a.o.resume = false;
    a.o.force = true;
    a.o.epochs = 1;
    CHECK_OK(train_run(&a.o, &r, &err));
    CHECK_INT(r.epochs, 1);
    if (dev) { /* 288 bytes, two rows of the optimiser's */
        uint64_t range = dev->phys.caps.max_storage_range;
        dev->phys.caps.max_storage_range = 512;
        CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_UNSUPPORTED);
        CHECK(strstr(err.text, "conv.weight cannot be trained") != NULL);
        dev->phys.caps.max_storage_range = range;
    }
    /* a training that cannot even begin replaces nothing; one whose checkpoints are all damaged is not begun anew */
    a.o.batch = 1;
    a.task.base.output_elems = SIZE_MAX / 8;
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_NOMEM);
    a.task.base.output_elems = TINY_CLASSES;
    a.o.batch = 8;
    a.o.force = false;
    a.o.resume = true;
    CHECK_OK(train_run(&a.o, &r, &err));
    char path[400];
    checkpoint_path(a.folder, 8, path, sizeof path);
    CHECK(truncate(path, 1000) == 0);
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "none of its checkpoints is whole") != NULL);
    setting_finish(&a);
    setting_finish(&b);
}

static void test_bad_numbers(void)
{
    struct setting a;
    struct train_result r;
    size_t n0 = 0, n1 = 0;
    setting_init(&a, "spoilt");
    a.o.epochs = 1;
    CHECK_OK(train_run(&a.o, &r, &err));
    void *before = content(&a, "model.safetensors", &n0);
    a.o.epochs = 2;
    a.o.resume = true;
    a.task.spoil = INFINITY;
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_NUMERIC);
    CHECK(strstr(err.text, "tiny[") != NULL && strstr(err.text, "is the last checkpoint") != NULL);
    void *after = content(&a, "model.safetensors", &n1);
    CHECK(n0 == n1 && memcmp(before, after, n0) == 0);
    mem_free(before);
    mem_free(after);
    a.task.spoil = 1;
    CHECK_OK(train_run(&a.o, &r, &err));
    setting_finish(&a);
    setting_init(&a, "unread");
    dataset_close(&a.data);
    CHECK_OK(tiny_dataset(53, 14, 30, &a.data, &err));
    a.o.data = a.data;
    a.o.spec.accumulate = 1;
    a.o.save_every = 1;
    a.o.epochs = 1;
    CHECK_INT(train_run(&a.o, &r, &err), LIMN_ERR_READ);
    CHECK(strstr(err.text, "sample 30") != NULL);
    char path[400]; /* its batch was fetched during the step before, which counts and is saved first */
    checkpoint_path(a.folder, a.stop.calls, path, sizeof path);
    CHECK(a.stop.calls > 0 && access(path, R_OK) == 0);
    setting_finish(&a);
}

/* Every file call failing once: an error or no effect, and the training can be taken up again. */
static void test_file_faults(void)
{
    struct setting a, b;
    struct train_result r;
    setting_init(&a, "good");
    a.o.epochs = 2;
    CHECK_OK(train_run(&a.o, &r, &err));
    for (unsigned long k = 1; k < 200; k++) {
        setting_init(&b, "faulty");
        b.o.epochs = 2;
        inject_arm(INJECT_FILE, k, false);
        limn_status st = train_run(&b.o, &r, &err);
        bool hit = inject_seen(INJECT_FILE) >= k;
        inject_arm(INJECT_FILE, 0, false);
        CHECK(st == LIMN_OK || st == LIMN_ERR_IO || st == LIMN_ERR_READ);
        b.o.resume = true;
        CHECK_OK(train_run(&b.o, &r, &err));
        check_same(&a, &b, "model.safetensors");
        setting_finish(&b);
        if (!hit) {
            CHECK(k > 20);
            break;
        }
    }
    setting_finish(&a);
}

/* Allocations failing one at a time, a sample of them: an error or no effect, nothing lost. */
static void test_memory_faults(void)
{
    struct setting a;
    struct train_result r;
    size_t failed = 0;
    for (unsigned long k = 1; k < 100000; k += 1 + k / 5) {
        setting_init(&a, "hungry");
        a.o.epochs = 1;
        inject_arm(INJECT_ALLOC, k, false);
        limn_status st = train_run(&a.o, &r, &err);
        bool hit = inject_seen(INJECT_ALLOC) >= k;
        inject_arm(INJECT_ALLOC, 0, false);
        failed += st != LIMN_OK;
        CHECK(st == LIMN_OK || st == LIMN_ERR_NOMEM || st == LIMN_ERR_DEVICE || st == LIMN_ERR_FORMAT);
        a.o.resume = true;
        CHECK_OK(train_run(&a.o, &r, &err));
        setting_finish(&a);
        if (!hit) {
            break;
        }
    }
    CHECK(failed > 10);
}

/* --- checkpoints --- */

static bool opens(const char *path)
{
    struct checkpoint *c = NULL;
    limn_error why = {0};
    limn_status st = checkpoint_open(path, &c, &why);
    CHECK(st == LIMN_OK || (why.text[0] && !strchr(why.text, '\n')));
    checkpoint_close(&c);
    return st == LIMN_OK;
}

static void put(const char *path, const uint8_t *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
}

static void test_checkpoint(void)
{
    struct setting a;
    struct train_plan *p = NULL;
    char path[400];
    void *data = NULL;
    size_t n = 0, undetected = 0, tried = 0;
    setting_init(&a, "check");
    mkdir(a.folder, 0777);
    a.o.spec.ema = 0;
    CHECK_OK(train_plan_create(NULL, NULL, &a.task.base, 4, &a.o.spec, &p, &err));
    checkpoint_path(a.folder, 7, path, sizeof path);
    CHECK_OK(checkpoint_write(path, p, "{\"x\":1}", &err));
    CHECK(opens(path));
    CHECK_OK(file_read_all(path, 1 << 20, &data, &n, &err));
    uint8_t *bytes = data;
    for (size_t i = 0; i < n; i += i < 4096 || i + 600 > n ? 1 : 13) {
        uint8_t was = bytes[i];
        bytes[i] ^= (uint8_t)(1u << rng_u64(3, i) % 8);
        put(path, bytes, n);
        undetected += opens(path);
        tried++;
        bytes[i] = was;
    }
    CHECK_INT(undetected, 0);
    CHECK(tried > 4096);
    for (size_t cut = 0; cut < n; cut += 1 + cut / 7) {
        put(path, bytes, cut);
        CHECK(!opens(path));
    }
    /* the newest whole one is chosen, and why others are not is said */
    put(path, bytes, n);
    checkpoint_path(a.folder, 8, path, sizeof path);
    put(path, bytes, n - 100);
    struct checkpoint *c = NULL;
    n_note = 0;
    CHECK_OK(checkpoint_newest(a.folder, on_note, NULL, &c, path, sizeof path, &err));
    CHECK(c && strstr(path, "0000000007") && n_note == 1 && strstr(last_note, "skipped") &&
          strstr(last_note, "0000000008"));
    CHECK_STR(checkpoint_state(c), "{\"x\":1}");
    CHECK_OK(checkpoint_restore(c, p, &err));
    checkpoint_close(&c);
    checkpoint_prune(a.folder, 1);
    CHECK_OK(checkpoint_newest(a.folder, on_note, NULL, &c, path, sizeof path, &err));
    CHECK(c == NULL); /* pruning goes by the number */
    /* numbers that are not finite are not written */
    float *v = mem_zalloc(4096, sizeof *v);
    v[3] = NAN;
    CHECK_OK(train_plan_set(p, 0, v, &err));
    CHECK_INT(checkpoint_write(path, p, "{}", &err), LIMN_ERR_NUMERIC);
    mem_free(v);
    mem_free(data);
    train_plan_destroy(&p);
    setting_finish(&a);
}

/* --- batches --- */

static void test_loader(void)
{
    struct setting a;
    struct loader *one = NULL, *three = NULL;
    bool seen[53] = {false};
    setting_init(&a, "none");
    struct loader_options o = a.o.input;
    o.data = a.data;
    o.task = &a.task.base;
    o.batch = 8;
    o.shuffle = true;
    o.seed = 9;
    o.workers = 1;
    CHECK_OK(loader_create(&o, &one, &err));
    o.workers = 3;
    CHECK_OK(loader_create(&o, &three, &err));
    CHECK_INT(loader_batches(one), 7);
    CHECK_OK(loader_begin(one, 2, 0, &err));
    CHECK_OK(loader_begin(three, 1, 0, &err)); /* dropped */
    CHECK_OK(loader_begin(three, 2, 0, &err));
    for (size_t k = 0; k < 7; k++) {
        const struct loader_batch *x = NULL, *y = NULL;
        double sum = 0;
        CHECK_OK(loader_next(one, &x, &err));
        CHECK_OK(loader_next(three, &y, &err));
        CHECK_INT(x->n, k < 6 ? 8 : 5);
        CHECK(memcmp(x->x, y->x, 8 * 36 * sizeof(float)) == 0 && memcmp(x->label, y->label, 8 * 4) == 0);
        for (size_t i = 0; i < 8; i++) {
            sum += (double)x->weight[i];
            CHECK(i < x->n || x->weight[i] == 0);
            CHECK(i >= x->n || !seen[x->sample[i]]);
            seen[x->sample[i]] = true;
            CHECK_INT(x->label[i], x->sample[i] % TINY_CLASSES);
        }
        CHECK_NEAR(sum, 1, 1e-6);
    }
    const struct loader_batch *none = NULL;
    CHECK_INT(loader_next(one, &none, &err), LIMN_ERR_INTERNAL);
    for (size_t i = 0; i < 53; i++) {
        CHECK(seen[i]);
    }
    loader_destroy(&one);
    loader_destroy(&three);
    setting_finish(&a);
}

static void test_augment(void)
{
    uint8_t in[16], two[32];
    float out[16];
    struct augment none = {0}, flip = {.flip = true}, turn = {.rotate = 180}, shift = {.crop = 1};
    size_t flipped = 0;
    for (int i = 0; i < 16; i++) {
        in[i] = (uint8_t)(10 * i + 5);
    }
    augment_sample(&none, 1, in, 1, 4, 4, out);
    CHECK_NEAR(out[5], 55 / 255.0, 1e-6);
    for (uint64_t k = 0; k < 200; k++) {
        augment_sample(&flip, rng_u64(1, k), in, 1, 4, 4, out);
        bool is = fabsf(out[0] - in[3] / 255.0f) < 1e-6f;
        CHECK(is || fabsf(out[0] - in[0] / 255.0f) < 1e-6f);
        CHECK_NEAR(out[5], in[is ? 6 : 5] / 255.0, 1e-6);
        flipped += is;
    }
    CHECK(flipped > 70 && flipped < 130);
    for (uint64_t k = 0; k < 50; k++) { /* a shift moves everything alike; black comes in */
        augment_sample(&shift, rng_u64(2, k), in, 1, 4, 4, out);
        bool found = false;
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                bool all = true;
                for (int i = 0; i < 16; i++) {
                    int y = i / 4 + dy, x = i % 4 + dx;
                    float want = y < 0 || y > 3 || x < 0 || x > 3 ? 0 : in[4 * y + x] / 255.0f;
                    all = all && fabsf(out[i] - want) < 1e-6f;
                }
                found = found || all;
            }
        }
        CHECK(found);
    }
    memset(two, 200, sizeof two); /* turning a plain picture leaves its middle plain */
    for (uint64_t k = 0; k < 20; k++) {
        float wide[32];
        augment_sample(&turn, rng_u64(3, k), two, 2, 4, 4, wide);
        CHECK_NEAR(wide[5], 200 / 255.0, 1e-6);
        CHECK_NEAR(wide[16 + 10], 200 / 255.0, 1e-6);
    }
    struct augment bad = {.rotate = 400};
    CHECK_INT(augment_check(&bad, &err), LIMN_ERR_ARG);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(base, sizeof base, "%s/limn-train-XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(base) != NULL);
    if (vk_device_open("cpu", &dev, &err) != LIMN_OK) {
        fprintf(stderr, "no device, the reference instead: %s\n", err.text);
    }
    test_loader();
    test_augment();
    test_checkpoint();
    test_resume();
    test_refused();
    test_bad_numbers();
    test_file_faults();
    test_memory_faults();
    vk_device_close(&dev);
    CHECK_INT(rmdir(base), 0);
    return check_done();
}
