/* IDX data sets: what the files say is what samples and labels are, plain and gzipped; every way to break a file is one
 * line of error; splits by seed are disjoint, complete and reproducible. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "data/data.h"
#include "support/check.h"

enum { N_TRAIN = 60, N_TEST = 20, SIDE = 3, N_CLASSES = 4 };
static char folder[256];

static uint8_t pixel(int half, int i, int k)
{
    return (uint8_t)(7 * i + 31 * k + 100 * half);
}

static size_t make_images(int half, int n, uint8_t *out)
{
    const uint8_t header[] = {0, 0, 8, 3, 0, 0, 0, (uint8_t)n, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
    memcpy(out, header, sizeof header);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < SIDE * SIDE; k++) {
            out[sizeof header + (size_t)(i * SIDE * SIDE + k)] = pixel(half, i, k);
        }
    }
    return sizeof header + (size_t)(n * SIDE * SIDE);
}

static size_t make_labels(int n, uint8_t *out)
{
    const uint8_t header[] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)n};
    memcpy(out, header, sizeof header);
    for (int i = 0; i < n; i++) {
        out[sizeof header + (size_t)i] = (uint8_t)(i % N_CLASSES);
    }
    return sizeof header + (size_t)n;
}

static void put(const char *name, const uint8_t *data, size_t n, bool gz)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, gz ? ".gz" : "");
    if (gz) {
        gzFile f = gzopen(path, "wb");
        gzwrite(f, data, (unsigned)n);
        gzclose(f);
    } else {
        FILE *f = fopen(path, "wb");
        fwrite(data, 1, n, f);
        fclose(f);
    }
}

static void drop(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static void put_all(bool gz)
{
    uint8_t buf[2048];
    put("train-images-idx3-ubyte", buf, make_images(0, N_TRAIN, buf), gz);
    put("train-labels-idx1-ubyte", buf, make_labels(N_TRAIN, buf), gz);
    put("t10k-images-idx3-ubyte", buf, make_images(1, N_TEST, buf), gz);
    put("t10k-labels-idx1-ubyte", buf, make_labels(N_TEST, buf), gz);
}

static void test_content(int32_t channels)
{
    limn_error err = {0};
    struct dataset *d = NULL;
    struct data_options opt = {.channels = channels};
    uint8_t chw[3 * SIDE * SIDE];
    CHECK_OK(dataset_open(folder, &opt, &d, &err));
    if (!d) {
        return;
    }
    CHECK_STR(dataset_format(d), "idx");
    CHECK_INT(dataset_count(d, DATA_TRAIN), N_TRAIN);
    CHECK_INT(dataset_count(d, DATA_VAL), 0);
    CHECK_INT(dataset_count(d, DATA_TEST), N_TEST);
    CHECK_INT(dataset_info(d)->n_classes, N_CLASSES);
    CHECK_STR(dataset_info(d)->class_name[3], "3");
    CHECK_INT(dataset_info(d)->channels, channels ? channels : 1);
    CHECK_OK(dataset_sample(d, DATA_TEST, 5, chw, &err));
    for (int k = 0; k < dataset_info(d)->channels * SIDE * SIDE; k++) {
        CHECK_INT(chw[k], pixel(1, 5, k % (SIDE * SIDE)));
    }
    CHECK_INT(dataset_label(d, DATA_TRAIN, 7), 7 % N_CLASSES);
    char where[600];
    dataset_describe(d, DATA_TEST, 5, where, sizeof where);
    CHECK(strstr(where, "t10k-images-idx3-ubyte") && strstr(where, "[5]"));
    dataset_close(&d);
}

static void test_splits(void)
{
    limn_error err = {0};
    struct dataset *d = NULL, *e = NULL;
    struct data_options opt = {.val_part = 0.25, .seed = 3};
    bool seen[N_TRAIN] = {false};
    CHECK_OK(dataset_open(folder, &opt, &d, &err));
    CHECK_OK(dataset_open(folder, &opt, &e, &err));
    CHECK_INT(dataset_count(d, DATA_TRAIN), 45);
    CHECK_INT(dataset_count(d, DATA_VAL), 15);
    CHECK(dataset_fingerprint(d) == dataset_fingerprint(e));
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < dataset_count(d, (enum data_split)s); i++) {
            uint32_t sample = d->list[s][i];
            CHECK(sample < N_TRAIN && !seen[sample]);
            seen[sample] = true;
        }
    }
    dataset_close(&e);
    opt.seed = 4;
    CHECK_OK(dataset_open(folder, &opt, &e, &err));
    CHECK(dataset_fingerprint(d) != dataset_fingerprint(e));
    dataset_close(&e);
    opt = (struct data_options){.limit = 8};
    CHECK_OK(dataset_open(folder, &opt, &e, &err));
    CHECK_INT(dataset_count(e, DATA_TRAIN), 8);
    CHECK_INT(dataset_count(e, DATA_TEST), 8);
    dataset_close(&e);
    dataset_close(&d);
}

static void refused(const char *what, limn_status want)
{
    limn_error err = {0};
    struct dataset *d = NULL;
    limn_status st = dataset_open(folder, NULL, &d, &err);
    if (st != want || !strstr(err.text, what) || d) {
        fprintf(stderr, "found status %d: %s\n", st, err.text);
    }
    CHECK_INT(st, want);
    CHECK(strstr(err.text, what) != NULL && strchr(err.text, '\n') == NULL);
    CHECK(d == NULL);
    dataset_close(&d);
}

static void test_broken(void)
{
    uint8_t buf[2048];
    size_t n = make_images(0, N_TRAIN, buf);
    for (size_t cut = 0; cut < n; cut += cut < 20 ? 1 : 97) {
        put("train-images-idx3-ubyte", buf, cut, false);
        refused("train-images-idx3-ubyte", LIMN_ERR_FORMAT);
    }
    buf[n] = 1;
    put("train-images-idx3-ubyte", buf, n + 1, false);
    refused("541 bytes of numbers (expected 540", LIMN_ERR_FORMAT);
    const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } bad[] = {{0, 1, "not an IDX"},     {2, 13, "type 0x0d"},   {3, 2, "rank 2"},
               {4, 255, "out of range"}, {7, 0, "out of range"}, {8, 1, "out of range"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        n = make_images(0, N_TRAIN, buf);
        buf[bad[i].at] = bad[i].value;
        put("train-images-idx3-ubyte", buf, n, false);
        refused(bad[i].text, LIMN_ERR_FORMAT);
    }
    put("train-images-idx3-ubyte", buf, make_images(0, N_TRAIN, buf), false);
    put("train-labels-idx1-ubyte", buf, make_labels(N_TRAIN - 1, buf), false);
    refused("59 labels (expected 60", LIMN_ERR_FORMAT);
    n = make_labels(N_TRAIN, buf);
    for (size_t i = 8; i < n; i++) {
        buf[i] = buf[i] == 2 ? 9 : buf[i];
    }
    put("train-labels-idx1-ubyte", buf, n, false);
    refused("class 2 (2) has no sample", LIMN_ERR_FORMAT);
    drop("train-labels-idx1-ubyte");
    refused("labels of", LIMN_ERR_READ);
    drop("train-images-idx3-ubyte");
    drop("t10k-images-idx3-ubyte");
    drop("t10k-labels-idx1-ubyte");
    refused("no data set", LIMN_ERR_FORMAT);
}

static void test_broken_gz(void)
{
    char path[512];
    void *data = NULL;
    size_t n = 0;
    limn_error err = {0};
    put_all(true);
    test_content(0);
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", folder);
    CHECK_OK(file_read_all(path, 1 << 20, &data, &n, &err));
    uint8_t *bytes = data;
    put("train-images-idx3-ubyte.gz", bytes, n - 9, false);
    refused("cut off", LIMN_ERR_FORMAT);
    bytes[n - 6] ^= 1;
    put("train-images-idx3-ubyte.gz", bytes, n, false);
    refused("damaged", LIMN_ERR_FORMAT);
    mem_free(data);
    uint8_t *out = NULL;
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", folder);
    CHECK_INT(gz_read_all(path, 100, &out, &n, &err), LIMN_ERR_FORMAT);
    CHECK(out == NULL);
}

int main(void)
{
    static const char *const names[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/limn-idx-XXXXXX", base ? base : "/tmp");
    CHECK(mkdtemp(folder) != NULL);
    put_all(false);
    test_content(0);
    test_content(3);
    test_splits();
    test_broken();
    test_broken_gz();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        drop(names[i]);
    }
    CHECK_INT(rmdir(folder), 0);
    return check_done();
}
