/* PyTorch checkpoints: the committed corpus (tests/corpus/torch), and with the data pack the published files, whose
 * tensors must be those of the safetensors files that the golden tests run. */
#include "support/check.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/inject.h"
#include "base/str.h"
#include "exec/exec.h"
#include "model/model.h"
#include "model/st_write.h"
#include "model/tensor_file.h"

#define PACK LIMN_SOURCE_DIR "/../shared/pack"
#define ASSETS LIMN_SOURCE_DIR "/assets/models/"

static limn_error err;

static limn_status read_all(const struct tensor_file *f)
{
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const struct st_tensor *t = tensor_file_at(f, i);
        float *v = malloc(t->elems * sizeof *v + 1);
        limn_status st = t->source.read(&t->source, v, t->elems, &err);
        free(v);
        if (st != LIMN_OK) {
            return st;
        }
    }
    return LIMN_OK;
}

/* The tensor "w" that make.py puts into every good file. */
static void check_w(const char *path, const struct tensor_file *f)
{
    bool integer = strstr(path, "int") != NULL, truth = strstr(path, "/bool") != NULL, found = false;
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const struct st_tensor *t = tensor_file_at(f, i);
        float v[6] = {0};
        if (!str_ends(t->name, "w") || strcmp(t->name, "row") == 0) {
            continue;
        }
        found = true;
        CHECK_INT(t->rank, 2);
        CHECK(t->dim[0] == 2 && t->dim[1] == 3);
        CHECK_OK(t->source.read(&t->source, v, 6, &err));
        for (int k = 0; k < 6; k++) {
            float want = 1.5f * (float)k - 2;
            CHECK_NEAR(v[k], integer ? (float)k : truth ? (float)(want > 1) : want, 0);
        }
    }
    if (!found) {
        fprintf(stderr, "%s: no tensor w\n", path);
        check_failed++;
    }
}

static void test_dir(bool accept, int at_least)
{
    char dir[512], path[1024];
    int n = 0;
    snprintf(dir, sizeof dir, "%s/corpus/torch/%s", LIMN_TEST_DATA, accept ? "accept" : "reject");
    DIR *d = opendir(dir);
    CHECK(d != NULL);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        struct tensor_file *f = NULL;
        if (e->d_name[0] == '.') {
            continue;
        }
        n++;
        err.text[0] = '\0';
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        limn_status st = tensor_file_open(path, &f, &err);
        CHECK((st == LIMN_OK) == (f != NULL));
        st = st == LIMN_OK ? read_all(f) : st;
        if (accept && st == LIMN_OK) {
            check_w(path, f);
        }
        bool good = accept ? st == LIMN_OK
                           : (st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED) &&
                                 strncmp(err.text, path, strlen(path)) == 0 && strchr(err.text, '\n') == NULL &&
                                 strlen(err.text) > strlen(path) + 10;
        if (!good) {
            fprintf(stderr, "%s: status %d \"%s\"\n", path, st, err.text);
            check_failed++;
        }
        tensor_file_close(&f);
    }
    if (d != NULL) {
        closedir(d);
    }
    CHECK(n >= at_least);
}

/* What a refusal must name: opcode, callable and offset; the legacy kinds by their names. */
static void test_texts(void)
{
    static const char *const want[][2] = {
        {"global_os_system", "pickle byte 2: opcode GLOBAL (0x63): wants os.system"},
        {"stream_global", "wants os.system"},
        {"op_stack_global", "byte 20: opcode STACK_GLOBAL"},
        {"legacy_tar", "tar archive"},
        {"torchscript", "TorchScript"},
        {"zip_encrypted", "encrypted"},
        {"zip_crc", "CRC"},
        {"zip_overlap", "overlap"},
        {"zip_duplicate", "duplicate entry \"m/data/0\""},
        {"zip_local_name", "local name \"m/data/1\""},
        {"expand_zero_stride", "more elements than its storage"},
        {"stride_beyond", "beyond its storage"},
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        char path[1024];
        struct tensor_file *f = NULL;
        snprintf(path, sizeof path, "%s/corpus/torch/reject/%s.pth", LIMN_TEST_DATA, want[i][0]);
        limn_status st = tensor_file_open(path, &f, &err);
        st = st == LIMN_OK ? read_all(f) : st;
        CHECK(st != LIMN_OK);
        if (strstr(err.text, want[i][1]) == NULL) {
            fprintf(stderr, "%s: \"%s\" (expected \"%s\")\n", want[i][0], err.text, want[i][1]);
            check_failed++;
        }
        tensor_file_close(&f);
    }
}

static const struct st_tensor *find(const struct tensor_file *f, const char *name)
{
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const char *have = tensor_file_at(f, i)->name;
        if (strcmp(str_starts(have, "module.") ? have + 7 : have, name) == 0) {
            return tensor_file_at(f, i);
        }
    }
    return NULL;
}

/* Every tensor of `reference` is in the checkpoint: equal, or within half a unit of a float16 reference. */
static void test_equal(const char *checkpoint, const char *reference)
{
    struct tensor_file *a = NULL, *b = NULL;
    size_t n = 0;
    CHECK_OK(tensor_file_open(checkpoint, &a, &err));
    CHECK_OK(tensor_file_open(reference, &b, &err));
    for (size_t i = 0; a != NULL && b != NULL && i < tensor_file_count(b); i++) {
        const struct st_tensor *t = tensor_file_at(b, i), *s = find(a, t->name);
        if (s == NULL || s->elems != t->elems || s->rank != t->rank) {
            fprintf(stderr, "%s: %s is missing or has another shape\n", checkpoint, t->name);
            check_failed++;
            continue;
        }
        float *x = malloc(t->elems * sizeof *x + 1), *y = malloc(t->elems * sizeof *y + 1);
        double rel = t->dtype == DTYPE_F16 ? 1.0 / 2048 : 0, least = t->dtype == DTYPE_F16 ? 6e-8 : 0;
        CHECK_OK(s->source.read(&s->source, x, s->elems, &err));
        CHECK_OK(t->source.read(&t->source, y, t->elems, &err));
        for (size_t k = 0; k < t->elems; k++) {
            n += !(fabs((double)x[k] - y[k]) <= rel * fabs((double)x[k]) + least);
        }
        free(x);
        free(y);
    }
    fprintf(stderr, "%s: %zu elements differ\n", strrchr(checkpoint, '/') + 1, n);
    CHECK_INT(n, 0);
    tensor_file_close(&a);
    tensor_file_close(&b);
}

/* Logits for a fixed input; free. */
static float *forward(const char *path, int *n)
{
    struct model *m = NULL;
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id in, out;
    CHECK_OK(model_open(path, NULL, &m, &err));
    if (m == NULL) {
        return NULL;
    }
    const struct model_card *c = model_get_card(m);
    size_t size = (size_t)c->channels * (size_t)c->height * (size_t)c->width;
    float *x = malloc(size * sizeof *x), *y = malloc((size_t)c->n_classes * sizeof *y);
    for (size_t i = 0; i < size; i++) {
        x[i] = (float)((i * 37) % 101) / 50 - 1;
    }
    *n = c->n_classes;
    CHECK_OK(model_build(m, 1, &g, &in, &out, &err));
    CHECK_OK(exec_ref_create(g, &e, &err));
    CHECK_OK(exec_set(e, in, x, size, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, out, y, (size_t)*n, &err));
    exec_destroy(&e);
    graph_destroy(&g);
    model_close(&m);
    free(x);
    return y;
}

/* Recognised without a card, and the same numbers come out. */
static void test_logits(const char *checkpoint, const char *reference)
{
    int n = 0, n2 = 0;
    float *y = forward(checkpoint, &n), *z = forward(reference, &n2);
    CHECK(y != NULL && z != NULL);
    CHECK_INT(n, n2);
    double worst = 0;
    for (int i = 0; y != NULL && z != NULL && i < n; i++) {
        worst = fmax(worst, fabs((double)y[i] - z[i]));
    }
    fprintf(stderr, "%s: logits differ by %g\n", strrchr(checkpoint, '/') + 1, worst);
    CHECK(worst == 0);
    free(y);
    free(z);
}

/* Conversion keeps every tensor, bit for bit, and replaces a file only when told so. */
static void test_convert(void)
{
    static const char *const names[] = {"plain",    "old_strided", "shared",      "expanded",
                                        "training", "bool",        "old_bfloat16"};
    char to[64];
    snprintf(to, sizeof to, "test_torch_%ld.safetensors", (long)getpid());
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char from[1024];
        struct tensor_file *a = NULL, *b = NULL;
        snprintf(from, sizeof from, "%s/corpus/torch/accept/%s.pth", LIMN_TEST_DATA, names[i]);
        CHECK_OK(tensor_file_open(from, &a, &err));
        CHECK_OK(safetensors_write(a, to, i > 0, &err));
        CHECK_INT(safetensors_write(a, to, false, &err), LIMN_ERR_IO);
        CHECK_OK(tensor_file_open(to, &b, &err));
        CHECK(a != NULL && b != NULL && tensor_file_count(a) == tensor_file_count(b));
        for (size_t k = 0; a != NULL && b != NULL && k < tensor_file_count(b); k++) {
            const struct st_tensor *x = tensor_file_at(b, k), *y = find(a, x->name);
            CHECK(y != NULL && y->dtype == x->dtype && y->rank == x->rank && y->elems == x->elems);
        }
        tensor_file_close(&a);
        tensor_file_close(&b);
        test_equal(from, to);
    }
    remove(to);
    struct tensor_file *bad = NULL;
    char from[1024];
    snprintf(from, sizeof from, "%s/corpus/torch/reject/zip_crc.pth", LIMN_TEST_DATA);
    CHECK_OK(tensor_file_open(from, &bad, &err));
    CHECK_INT(safetensors_write(bad, to, false, &err), LIMN_ERR_FORMAT);
    CHECK(access(to, F_OK) != 0);
    tensor_file_close(&bad);
}

/* Every allocation and every file operation fails once: refused cleanly, nothing published, nothing leaked. */
static void test_faults(enum inject_kind kind, const char *name)
{
    char from[1024];
    const char *to = "test_torch_faults.safetensors";
    bool done = false;
    snprintf(from, sizeof from, "%s/corpus/torch/accept/%s.pth", LIMN_TEST_DATA, name);
    for (unsigned long k = 1; !done && k < 5000; k++) {
        struct tensor_file *f = NULL;
        err.text[0] = '\0';
        inject_arm(kind, k, false);
        limn_status st = tensor_file_open(from, &f, &err);
        st = st == LIMN_OK ? safetensors_write(f, to, true, &err) : st;
        done = inject_seen(kind) < k;
        inject_arm(kind, 0, false);
        CHECK(done ? st == LIMN_OK : st != LIMN_OK && err.text[0] != '\0');
        CHECK((access(to, F_OK) == 0) == (st == LIMN_OK));
        tensor_file_close(&f);
        remove(to);
    }
    CHECK(done);
}

int main(void)
{
    test_faults(INJECT_ALLOC, "training");
    test_faults(INJECT_ALLOC, "old_strided");
    test_faults(INJECT_FILE, "training");
    test_faults(INJECT_FILE, "old_strided");
    test_convert();
    test_dir(true, 25);
    test_dir(false, 138);
    test_texts();
    if (access(PACK "/models", R_OK) == 0) {
        test_equal(PACK "/models/squeezenet1_0_imagenet.pth", PACK "/models/squeezenet1_0_imagenet.safetensors");
        test_equal(PACK "/models/lenet_fashion.pth", PACK "/models/lenet_fashion.safetensors");
        test_equal(PACK "/models/lenet_mnist.pth", PACK "/models/lenet_mnist.safetensors");
        test_equal(PACK "/models/mobilenet_v2_imagenet.pth", PACK "/models/mobilenet_v2_imagenet.f16.safetensors");
        test_equal(PACK "/models/resnet20-12fca82f.th", ASSETS "cifar_resnet20.safetensors");
        test_logits(PACK "/models/resnet20-12fca82f.th", ASSETS "cifar_resnet20.safetensors");
    }
    return check_done();
}
