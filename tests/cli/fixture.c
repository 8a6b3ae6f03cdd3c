/* What the shell tests of the command line need and a bare machine lacks: pictures, tensors, and a look into JSON.
 *
 *     fixture image OUT.png WIDTH HEIGHT SEED     smooth colours, a bright disc
 *     fixture tensor OUT.npy N C H W SEED
 *     fixture idx FOLDER TRAIN TEST SEED          an MNIST-like data set of so many pictures
 *     fixture json KEY/0/KEY < FILE               prints the value; exit 1 when it is not there or the file is not JSON
 *     fixture signal NUMBER MS PROGRAM ARGS...    starts a program, sends it a signal after a while, prints how many ms
 * it took to end and exits like it did fixture npy FILE                            prints the shape and whether every
 * number is finite
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "image/image.h"
#include "tensor/npy.h"

static int fail(const limn_error *err)
{
    fprintf(stderr, "fixture: %s\n", err->text);
    return 1;
}

static int make_image(char **argv)
{
    int w = (int)strtol(argv[3], NULL, 10), h = (int)strtol(argv[4], NULL, 10);
    double phase = (double)strtol(argv[5], NULL, 10);
    struct image im = {0};
    limn_error err = {0};
    if (image_init(&im, w, h, &err) != LIMN_OK) {
        return fail(&err);
    }
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            double u = (double)x / w, v = (double)y / h, d = hypot(u - 0.6, v - 0.4);
            uint8_t *p = im.rgb + 3 * ((size_t)y * (size_t)w + (size_t)x);
            p[0] = (uint8_t)(d < 0.2 ? 250 : 127 + 120 * sin(6 * u + phase));
            p[1] = (uint8_t)(127 + 120 * sin(5 * v + 2 * phase));
            p[2] = (uint8_t)(d < 0.2 ? 30 : 127 + 120 * cos(4 * (u + v) + phase));
        }
    }
    limn_status st = image_save_png(argv[2], &im, NULL, 0, true, &err);
    image_finish(&im);
    return st == LIMN_OK ? 0 : fail(&err);
}

static int make_tensor(char **argv)
{
    struct shape s = {.rank = 4};
    for (int i = 0; i < 4; i++) {
        s.dim[i] = (int32_t)strtol(argv[3 + i], NULL, 10);
    }
    struct tensor t = {0};
    limn_error err = {0};
    uint64_t seed = (uint64_t)strtol(argv[7], NULL, 10);
    if (tensor_init(&t, s, &err) != LIMN_OK) {
        return fail(&err);
    }
    for (size_t i = 0; i < shape_elems(&s); i++) {
        t.data[i] = (float)rng_symmetric(seed, i);
    }
    limn_status st = npy_write(argv[2], &s, t.data, true, &err);
    tensor_finish(&t);
    return st == LIMN_OK ? 0 : fail(&err);
}

static int look_into_json(char *path)
{
    json_error_t why;
    json_t *root = json_loadf(stdin, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        fprintf(stderr, "fixture: not JSON: %s\n", why.text);
        return 1;
    }
    json_t *at = root;
    char *save = NULL;
    for (char *key = strtok_r(path, "/", &save); key != NULL && at != NULL; key = strtok_r(NULL, "/", &save)) {
        at = json_is_array(at) ? json_array_get(at, (size_t)strtol(key, NULL, 10)) : json_object_get(at, key);
    }
    if (at == NULL) {
        json_decref(root);
        return 1;
    }
    if (json_is_string(at)) {
        printf("%s", json_string_value(at));
    } else {
        json_dumpf(at, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
    }
    putchar('\n');
    json_decref(root);
    return 0;
}

static int look_into_npy(const char *path)
{
    struct tensor t = {0};
    limn_error err = {0};
    char text[SHAPE_TEXT_MAX];
    if (npy_read(path, &t, &err) != LIMN_OK) {
        return fail(&err);
    }
    bool finite = true, any = false;
    for (size_t i = 0; i < shape_elems(&t.shape); i++) {
        finite = finite && isfinite(t.data[i]);
        any = any || t.data[i] != 0.0f;
    }
    printf("%s %s %s\n", shape_text(&t.shape, text), finite ? "finite" : "not-finite", any ? "nonzero" : "zero");
    tensor_finish(&t);
    return 0;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Ten classes of 28 x 28 pictures: a disc on a circle at an angle by class, jittered, with noise. */
static int write_idx(const char *folder, const char *part, int n, uint64_t seed)
{
    char path[2][512];
    FILE *f[2];
    snprintf(path[0], sizeof(path[0]), "%s/%s-images-idx3-ubyte", folder, part);
    snprintf(path[1], sizeof(path[1]), "%s/%s-labels-idx1-ubyte", folder, part);
    for (int k = 0; k < 2; k++) {
        f[k] = fopen(path[k], "wb");
        if (!f[k]) {
            return 1;
        }
        const uint8_t head[] = {0, 0, 8, k ? 1 : 3, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, 0, 0, 0, 28, 0, 0, 0, 28};
        fwrite(head, 1, k ? 8 : 16, f[k]);
    }
    for (int i = 0; i < n; i++) {
        uint64_t r = rng_u64(seed, (uint64_t)i);
        double angle = 0.2 * 3.14159265 * (i % 10) + 0.15 * rng_symmetric(r, 0);
        double cx = 13.5 + 8 * cos(angle) + rng_symmetric(r, 1), cy = 13.5 + 8 * sin(angle) + rng_symmetric(r, 2);
        for (int k = 0; k < 784; k++) {
            double v =
                220 * exp(-(pow(k % 28 - cx, 2) + pow(k / 28 - cy, 2)) / 8) + 30 * rng_uniform(r, 10 + (uint64_t)k);
            fputc((int)v, f[0]);
        }
        fputc(i % 10, f[1]);
    }
    return fclose(f[0]) | fclose(f[1]);
}

/* A shell without job control starts programs with SIGINT ignored, so it cannot do this itself. */
static int send_signal(char **argv)
{
    int number = (int)strtol(argv[2], NULL, 10), status = 0;
    long ms = strtol(argv[3], NULL, 10);
    pid_t child = fork();
    if (child == 0) {
        signal(number, SIG_DFL);
        execvp(argv[4], argv + 4);
        _exit(127);
    }
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
    double start = now_ms();
    kill(child, number);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    fprintf(stderr, "%.0f\n", now_ms() - start);
    return WIFSIGNALED(status) ? 100 : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "image") == 0) {
        return make_image(argv);
    }
    if (argc == 8 && strcmp(argv[1], "tensor") == 0) {
        return make_tensor(argv);
    }
    if (argc == 3 && strcmp(argv[1], "json") == 0) {
        return look_into_json(argv[2]);
    }
    if (argc > 4 && strcmp(argv[1], "signal") == 0) {
        return send_signal(argv);
    }
    if (argc == 3 && strcmp(argv[1], "npy") == 0) {
        return look_into_npy(argv[2]);
    }
    if (argc == 6 && strcmp(argv[1], "idx") == 0) {
        uint64_t seed = strtoull(argv[5], NULL, 10);
        return write_idx(argv[2], "train", (int)strtol(argv[3], NULL, 10), seed) |
               write_idx(argv[2], "t10k", (int)strtol(argv[4], NULL, 10), seed + 1);
    }
    return 2;
}
