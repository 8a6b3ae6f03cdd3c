/* The committed corpus of weight files, arrays and cards: every file of accept/ is read, every file of reject/ is
 * refused with one line that starts with its path. */
#include "support/check.h"

#include <dirent.h>

#include "model/model_priv.h"
#include "tensor/npy.h"

static limn_error err;

static limn_status read_safetensors(const char *path)
{
    struct safetensors *s = NULL;
    limn_status st = safetensors_open(path, &s, &err);
    CHECK((st == LIMN_OK) == (s != NULL));
    safetensors_close(&s);
    return st;
}

static limn_status read_npy(const char *path)
{
    struct tensor t = {0};
    limn_status st = npy_read(path, &t, &err);
    CHECK((st == LIMN_OK) == (t.data != NULL));
    tensor_finish(&t);
    return st;
}

static limn_status read_card(const char *path)
{
    struct model_card c = {0};
    struct arena a = {0};
    char labels[MODEL_PATH_MAX];
    limn_status st = card_read(path, &c, &a, labels, &err);
    arena_finish(&a);
    return st;
}

static void test_dir(const char *kind, bool accept, int at_least, limn_status (*read)(const char *path))
{
    char dir[512], path[1024];
    int n = 0;
    snprintf(dir, sizeof dir, "%s/corpus/%s/%s", LIMN_TEST_DATA, kind, accept ? "accept" : "reject");
    DIR *d = opendir(dir);
    CHECK(d != NULL);
    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        if (f->d_name[0] == '.') {
            continue;
        }
        n++;
        err.text[0] = '\0';
        snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
        limn_status st = read(path);
        bool good = accept ? st == LIMN_OK
                           : (st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED || st == LIMN_ERR_SHAPE) &&
                                 strncmp(err.text, path, strlen(path)) == 0 && strchr(err.text, '\n') == NULL;
        if (!good) {
            fprintf(stderr, "%s: status %d \"%s\"\n", path, st, err.text);
            check_failed++;
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    CHECK(n >= at_least);
}

int main(void)
{
    test_dir("safetensors", true, 8, read_safetensors);
    test_dir("safetensors", false, 39, read_safetensors);
    test_dir("npy", true, 9, read_npy);
    test_dir("npy", false, 18, read_npy);
    test_dir("card", true, 5, read_card);
    test_dir("card", false, 13, read_card);
    return check_done();
}
