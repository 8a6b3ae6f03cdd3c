/* Folders of pictures made for a test, and what must be true of the data sets in them. */
#ifndef LIMN_TEST_DATA_FILES_H
#define LIMN_TEST_DATA_FILES_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "data/pictures.h"
#include "support/check.h"

static char root[64];
static limn_error err;

/* ---- making folders ---- */

static inline const char *at(const char *format, ...)
{
    static char path[4][512];
    static int next;
    char *out = path[next++ % 4];
    int n = snprintf(out, 512, "%s/", root);
    va_list args;
    va_start(args, format);
    vsnprintf(out + n, 512 - (size_t)n, format, args);
    va_end(args);
    return out;
}

static inline void make_folder_of(const char *path)
{
    char dir[512];
    snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = '\0';
    CHECK_OK(dir_ensure(dir, &err));
}

static inline void put_text(const char *path, const char *text)
{
    make_folder_of(path);
    CHECK_OK(file_write_atomic(path, text, strlen(text), true, &err));
}

/* A w x h picture of one colour, its first pixel white. */
static inline void put_picture(const char *path, int w, int h, int r, int g, int b)
{
    struct image im = {0};
    make_folder_of(path);
    CHECK_OK(image_init(&im, w, h, &err));
    for (int i = 0; i < w * h; i++) {
        memcpy(im.rgb + 3 * i, (uint8_t[3]){(uint8_t)r, (uint8_t)g, (uint8_t)b}, 3);
    }
    memset(im.rgb, 255, 3);
    CHECK_OK(image_save_png(path, &im, NULL, 0, true, &err));
    image_finish(&im);
}

static inline void wipe(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/*", root);
    CHECK(system(command) == 0);
}

static inline void begin(void)
{
    snprintf(root, sizeof root, "/tmp/limn-data-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
}

static inline void end(void)
{
    wipe();
    CHECK(rmdir(root) == 0);
}

static inline struct dataset *open_ok(const char *path, const struct data_options *opt)
{
    struct dataset *d = NULL;
    CHECK_OK(dataset_open(path, opt, &d, &err));
    return d;
}

/* One line that says all the given things, and nothing opened. */
static inline void refused(const char *path, const struct data_options *opt, const char *says)
{
    struct dataset *d = NULL;
    err = (limn_error){0};
    limn_status st = dataset_open(path, opt, &d, &err);
    if (st == LIMN_OK || !strstr(err.text, says)) {
        fprintf(stderr, "expected \"%s\", found \"%s\"\n", says, err.text);
    }
    CHECK(st != LIMN_OK && d == NULL && limn_status_exit_code(st) == 3);
    CHECK(strstr(err.text, says) != NULL && strchr(err.text, '\n') == NULL);
    dataset_close(&d);
}

static inline bool is_sample(struct dataset *d, enum data_split split, size_t i, int r, int g, int b)
{
    const struct data_info *f = dataset_info(d);
    size_t n = (size_t)f->height * (size_t)f->width;
    uint8_t *chw = mem_alloc(n, (size_t)f->channels);
    CHECK_OK(dataset_sample(d, split, i, chw, &err));
    bool same = chw[n - 1] == r && (f->channels == 1 || (chw[2 * n - 1] == g && chw[3 * n - 1] == b));
    mem_free(chw);
    return same;
}

/* One attempt with the k-th call of a kind failing (and all later ones): an error with text, or, where only the
 * guessing of the format was hit, the right data set. True when nothing failed. */
static inline bool try_fault(enum inject_kind kind, unsigned long k, bool from_then_on, const char *format, size_t n)
{
    struct dataset *d = NULL;
    uint8_t chw[3 * 256];
    err = (limn_error){0};
    inject_arm(kind, k, from_then_on);
    limn_status st = dataset_open(root, &(struct data_options){.val_part = 0.1}, &d, &err);
    st = st == LIMN_OK ? dataset_sample(d, DATA_TRAIN, 0, chw, &err) : st;
    bool done = inject_seen(kind) < k;
    inject_arm(kind, 0, false);
    CHECK(st == LIMN_OK ? strcmp(dataset_format(d), format) == 0 && dataset_count(d, DATA_TRAIN) == n
                        : !done && err.text[0] != '\0');
    dataset_close(&d);
    return done;
}

static inline void fault_all(const char *format, size_t n)
{
    static const enum inject_kind kinds[2] = {INJECT_ALLOC, INJECT_FILE};
    for (int kind = 0; kind < 4; kind++) {
        unsigned long k = 1;
        while (k < 2000 && !try_fault(kinds[kind % 2], k, kind >= 2, format, n)) {
            k++;
        }
        CHECK(k < 2000);
    }
}

#endif
