/* The reader of ONNX files: the labelled corpus, the numbers of tensors in every form the format has, external data and
 * its traps, what a small file may cost, failing allocations and reads. */
#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/inject.h"
#include "base/mem.h"
#include "model/onnx/onnx_import.h"
#include "model/onnx/onnx_priv.h"

#define CORPUS LIMN_TEST_DATA "/corpus/onnx"

static limn_error err;

#if defined(__SANITIZE_ADDRESS__)
#define SLOWER 5
#else
#define SLOWER 1
#endif

/* Of this process, or in the world. */
static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static limn_status read_tensor(const struct onnx_tensor *t)
{
    double *v = mem_alloc(t->elems + 1, sizeof *v);
    limn_status st = t->type == ONNX_STRING ? LIMN_OK : onnx_tensor_f64(t, v, t->elems, &err);
    mem_free(v);
    return st;
}

static limn_status import_graph(const struct onnx_file *f)
{
    struct onnx_bind bind = {.batch = 1};
    struct onnx_import r = {0};
    limn_status st = onnx_unsupported(onnx_file_model(f), &err);
    if (st == LIMN_OK) {
        st = onnx_import(f, &bind, &r, &err);
        CHECK((st == LIMN_OK) == (r.graph != NULL));
    }
    onnx_import_finish(&r);
    return st;
}

/* Opens a model, reads all its initializers and imports the graph. */
static limn_status read_model(const char *path)
{
    struct onnx_file *f = NULL;
    limn_status st = onnx_file_open(path, &f, &err);
    CHECK((st == LIMN_OK) == (f != NULL));
    for (size_t i = 0; st == LIMN_OK && i < onnx_file_model(f)->graph->n_init; i++) {
        st = read_tensor(&onnx_file_model(f)->graph->init[i]);
    }
    st = st == LIMN_OK ? import_graph(f) : st;
    onnx_file_close(&f);
    CHECK(f == NULL);
    return st;
}

static void test_accept(void)
{
    int n = 0;
    char path[1024];
    DIR *d = opendir(CORPUS "/accept");
    CHECK(d != NULL);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strstr(e->d_name, ".onnx") != NULL) {
            n++;
            snprintf(path, sizeof path, CORPUS "/accept/%s", e->d_name);
            CHECK_OK(read_model(path));
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    CHECK(n >= 32);
}

/* reject.txt: file, a tab, a text that the refusal must contain: the offset, field, node or tensor. */
static void test_reject(void)
{
    char line[1024], path[1200];
    int listed = 0, there = 0;
    FILE *list = fopen(CORPUS "/reject.txt", "r");
    CHECK(list != NULL);
    while (list != NULL && fgets(line, sizeof line, list) != NULL) {
        char *want = strchr(line, '\t');
        line[strcspn(line, "\n")] = '\0';
        if (want == NULL) {
            CHECK(!"a line without a tab");
            continue;
        }
        *want++ = '\0';
        listed++;
        snprintf(path, sizeof path, CORPUS "/reject/%s", line);
        err = (limn_error){0};
        double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        limn_status st = read_model(path);
        bool right = st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED || st == LIMN_ERR_READ || st == LIMN_ERR_SHAPE;
        bool opened =
            strncmp(line, "tensor_", 7) == 0 || strncmp(line, "graph_", 6) == 0; /* the caller adds the path */
        if (!right || strstr(err.text, want) == NULL || strchr(err.text, '\n') != NULL ||
            (!opened && strncmp(err.text, path, strlen(path)) != 0)) {
            fprintf(stderr, "%s: status %d \"%s\" (expected \"%s\")\n", line, st, err.text, want);
            check_failed++;
        }
        CHECK(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start < SLOWER);
    }
    if (list != NULL) {
        fclose(list);
    }
    DIR *d = opendir(CORPUS "/reject");
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        there += strstr(e->d_name, ".onnx") != NULL;
    }
    if (d != NULL) {
        closedir(d);
    }
    CHECK_INT(listed, there);
    CHECK(there >= 160);
}

/* The third initializer of a file of accept/, as float64, float32 and, when `whole`, int64. */
static void test_values(const char *name, int32_t type, size_t n, const double *want, bool whole)
{
    char path[512];
    struct onnx_file *f = NULL;
    double d[4] = {0};
    float s[4] = {0};
    int64_t i[4] = {0};
    snprintf(path, sizeof path, CORPUS "/accept/%s.onnx", name);
    CHECK_OK(onnx_file_open(path, &f, &err));
    if (f == NULL) {
        return;
    }
    const struct onnx_tensor *t = &onnx_file_model(f)->graph->init[2];
    CHECK_INT(t->type, type);
    CHECK_INT(t->elems, n);
    CHECK_OK(onnx_tensor_f64(t, d, n, &err));
    CHECK_OK(t->source.read(&t->source, s, n, &err));
    CHECK_INT(onnx_tensor_i64(t, i, n, &err), whole ? LIMN_OK : LIMN_ERR_FORMAT);
    for (size_t k = 0; k < n; k++) {
        CHECK(d[k] == want[k]);
        CHECK(s[k] == (float)want[k]);
        CHECK(!whole || i[k] == (int64_t)want[k]);
    }
    CHECK_INT(t->source.read(&t->source, s, n + 1, &err), LIMN_ERR_INTERNAL);
    onnx_file_close(&f);
}

static void test_all_values(void)
{
    test_values("typed_double", ONNX_DOUBLE, 2, (double[]){0.1, -1e300}, false);
    test_values("typed_double_unpacked", ONNX_DOUBLE, 2, (double[]){1, 2}, true);
    test_values("typed_int64", ONNX_INT64, 3, (double[]){-1, 0, 1099511627776.0}, true);
    test_values("typed_int64_unpacked", ONNX_INT64, 3, (double[]){-1, 0, 5}, true);
    test_values("typed_int32", ONNX_INT32, 2, (double[]){-2147483648.0, 2147483647}, true);
    test_values("typed_int8", ONNX_INT8, 2, (double[]){-128, 127}, true);
    test_values("typed_uint8", ONNX_UINT8, 2, (double[]){0, 255}, true);
    test_values("typed_bool", ONNX_BOOL, 2, (double[]){0, 1}, true);
    test_values("typed_float16", ONNX_FLOAT16, 2, (double[]){1, -2}, true);
    test_values("typed_bfloat16", ONNX_BFLOAT16, 2, (double[]){1, -2}, true);
    test_values("raw_float16", ONNX_FLOAT16, 2, (double[]){1, -2}, true);
    test_values("raw_uint16", ONNX_UINT16, 2, (double[]){1, 65535}, true);
    test_values("typed_uint32", ONNX_UINT32, 1, (double[]){4294967295.0}, true);
    test_values("typed_uint64", ONNX_UINT64, 2, (double[]){0, 18446744073709551616.0}, false);
    test_values("empty_tensor", ONNX_FLOAT, 0, (double[]){0}, true);
    test_values("scalar", ONNX_FLOAT, 1, (double[]){1.5}, false);
    test_values("rank_8", ONNX_FLOAT, 1, (double[]){1.5}, false);
}

/* The weights of the good model, in each of the ways that a float32 tensor can be stored. */
static void test_forms(void)
{
    static const char *const names[] = {"plain", "typed_floats", "typed_unpacked", "external", "external_rest"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char path[512];
        float v[18] = {0};
        struct onnx_file *f = NULL;
        snprintf(path, sizeof path, CORPUS "/accept/%s.onnx", names[k]);
        CHECK_OK(onnx_file_open(path, &f, &err));
        if (f != NULL) {
            const struct onnx_tensor *t = &onnx_file_model(f)->graph->init[0];
            CHECK_STR(t->name, "w");
            CHECK_INT(t->rank, 4);
            CHECK_OK(t->source.read(&t->source, v, 18, &err));
            for (int i = 0; i < 18; i++) {
                CHECK(v[i] == 0.25f * (float)i - 2);
            }
        }
        onnx_file_close(&f);
    }
}

static void test_structure(void)
{
    struct onnx_file *f = NULL;
    CHECK_OK(onnx_file_open(CORPUS "/accept/function.onnx", &f, &err));
    if (f == NULL) {
        return;
    }
    const struct onnx_model *m = onnx_file_model(f);
    const struct onnx_node *n = m->graph->node;
    CHECK_INT(m->ir_version, 8);
    CHECK_INT(m->opset, 13);
    CHECK_STR(m->producer, "limn");
    CHECK_INT(m->n_domain, 1);
    CHECK_STR(m->domain[0], "local");
    CHECK_INT(m->graph->n_node, 4);
    CHECK_STR(n[0].op, "Conv");
    CHECK_STR(n[0].name, "conv");
    CHECK_INT(n[0].n_attr, 2);
    CHECK_INT(n[0].attr[1].type, ONNX_ATTR_INTS);
    CHECK_INT(n[0].attr[1].n, 4);
    CHECK_INT(n[0].attr[1].ints[3], 1);
    CHECK_STR(n[0].attr[1].ref, "");
    CHECK_STR(n[1].domain, "local");
    CHECK_INT(m->n_function, 1);
    CHECK_STR(m->function[0].name, "Act");
    CHECK_INT(m->function[0].opset, 13);
    CHECK_STR(m->function[0].node[0].op, "Relu");
    CHECK_STR(m->graph->input[0].name, "x");
    CHECK_INT(m->graph->input[0].rank, 4);
    CHECK_INT(m->graph->input[0].dim[0], -1);
    CHECK_STR(m->graph->input[0].param[0], "N");
    CHECK_INT(m->graph->input[0].dim[2], 4);
    onnx_file_close(&f);
}

static char dir[] = "/tmp/limn-onnx-XXXXXX";

static void in_dir(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", dir, name);
}

static void write_file(const char *name, const void *data, size_t n)
{
    char path[256];
    in_dir(path, name);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(data, 1, n, f) == n);
    if (f != NULL) {
        fclose(f);
    }
}

/* What openat2 refuses and what the walk without it refuses are the same. */
static void test_external(void)
{
    static const struct {
        const char *location, *says; /* NULL: opens */
    } cases[] = {{"plain", NULL},           {"sub/plain", NULL},           {"link", "symbolic link"},
                 {"sublink/plain", "link"}, {"twice", "hard links"},       {"fifo", "regular file"},
                 {"sub", "regular file"},   {"plain/x", "symbolic link"},  {"outside", "link"},
                 {"nothing", "No such"},    {"sub/../plain", "\"..\""},    {"../plain", "\"..\""},
                 {"/dev/zero", "relative"}, {"proc/self/environ", "link"}, {"sub//plain", "empty parts"}};
    char a[256], b[256];
    write_file("plain", "12345678", 8);
    in_dir(a, "sub");
    CHECK(mkdir(a, 0700) == 0);
    write_file("sub/plain", "12345678", 8);
    in_dir(a, "link");
    CHECK(symlink("plain", a) == 0);
    in_dir(a, "sublink");
    CHECK(symlink("sub", a) == 0);
    in_dir(a, "outside");
    CHECK(symlink("/etc/passwd", a) == 0);
    in_dir(a, "proc");
    CHECK(symlink("/proc", a) == 0);
    write_file("once", "12345678", 8);
    in_dir(a, "once");
    in_dir(b, "twice");
    CHECK(link(a, b) == 0);
    in_dir(a, "fifo");
    CHECK(mkfifo(a, 0600) == 0);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct file *f = NULL;
        const char *says = cases[i / 2].says;
        double start = seconds_of(CLOCK_MONOTONIC);
        limn_status st = onnx_external_open(dir, cases[i / 2].location, i % 2 == 0, &f, &err);
        if ((st == LIMN_OK) != (says == NULL) || (says != NULL && strstr(err.text, says) == NULL)) {
            fprintf(stderr, "%s (%s): status %d \"%s\"\n", cases[i / 2].location, i % 2 ? "walk" : "openat2", st,
                    err.text);
            check_failed++;
        }
        CHECK(seconds_of(CLOCK_MONOTONIC) - start < 5);
        CHECK((f != NULL) == (st == LIMN_OK));
        file_close(&f);
    }
}

/* A file that changes after it was opened is an error, never a crash. */
static void test_truncated_later(void)
{
    char path[256], model[4096];
    struct onnx_file *f = NULL;
    float v[18];
    FILE *from = fopen(CORPUS "/accept/plain.onnx", "rb");
    size_t n = from != NULL ? fread(model, 1, sizeof model, from) : 0;
    if (from != NULL) {
        fclose(from);
    }
    write_file("m.onnx", model, n);
    in_dir(path, "m.onnx");
    CHECK_OK(onnx_file_open(path, &f, &err));
    CHECK(truncate(path, 40) == 0);
    if (f != NULL) {
        const struct onnx_tensor *t = &onnx_file_model(f)->graph->init[0];
        CHECK_INT(t->source.read(&t->source, v, 18, &err), LIMN_ERR_FORMAT);
    }
    onnx_file_close(&f);
}

/* Small files that ask for much: refused within a second and 64 MiB and twice their size. */
static void test_cost(const char *name, const char *unit, size_t unit_n, size_t times, bool framed, const char *says)
{
    size_t body = unit_n * times, at = 0;
    uint8_t *data = mem_alloc(body + 16, 1);
    struct onnx_file *f = NULL;
    struct rusage before, after;
    data[at++] = 8; /* ir_version 8 */
    data[at++] = 8;
    if (framed) { /* graph */
        data[at++] = 7 << 3 | 2;
        for (size_t left = body; left > 0; left >>= 7) {
            data[at++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        }
    }
    for (size_t i = 0; i < times; i++, at += unit_n) {
        memcpy(data + at, unit, unit_n);
    }
    getrusage(RUSAGE_SELF, &before);
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    limn_status st = onnx_file_parse(name, data, at, &f, &err);
    double seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    getrusage(RUSAGE_SELF, &after);
    double mib = (double)(after.ru_maxrss - before.ru_maxrss) / 1024;
    fprintf(stderr, "%s: %zu bytes, %.3f s, %.0f MiB more: %s\n", name, at, seconds, mib,
            st == LIMN_OK ? "read" : err.text);
    CHECK(st == LIMN_ERR_FORMAT && strstr(err.text, says) != NULL);
    CHECK(seconds < SLOWER);
#ifndef __SANITIZE_ADDRESS__
    CHECK(mib <= 64 + 2.0 * (double)at / 1048576 + 8);
#endif
    onnx_file_close(&f);
    mem_free(data);
}

static void test_costs(void)
{
    test_cost("empty nodes", "\x0a\x00", 2, 600000, true, "structure takes more than");
    test_cost("nodes", "\x0a\x00", 2, 1000001, true, "graph.node[1000000]: more than 1000000 nodes");
    test_cost("initializers", "\x2a\x00", 2, 1500000, true, "structure takes more than");
    test_cost("functions", "\xca\x01\x00", 3, 1000000, false, "structure takes more than");
    test_cost("inputs", "\x5a\x00", 2, 1500000, true, "structure takes more than");
}

/* A model whose one initializer fills `size` bytes (a hole in the file): its numbers are not read to open it. */
static limn_status open_large(uint64_t size, struct onnx_file **f)
{
    char path[256];
    uint8_t head[64] = {8, 8, 7 << 3 | 2}; /* ir_version 8, a graph */
    uint64_t elems = size / 4 - 16, raw = 4 * elems;
    size_t at = 3, k;
    const struct {
        uint8_t tag;
        uint64_t length; /* of the message, or the number */
    } part[] = {{0, raw + 20}, {5 << 3 | 2, raw + 14}, {1 << 3, elems}, {2 << 3, 1}, {9 << 3 | 2, raw}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        if (part[i].tag != 0) {
            head[at++] = part[i].tag;
        }
        for (k = 0; k < (part[i].tag == 2 << 3 ? 1 : 5); k++) { /* lengths and counts padded to five bytes */
            head[at++] = (uint8_t)((part[i].length >> (7 * k) & 0x7f) | (k < 4 && part[i].tag != 2 << 3 ? 0x80 : 0));
        }
    }
    CHECK_INT(at, 3 + 5 + 6 + 6 + 2 + 6);
    write_file("large.onnx", head, at);
    in_dir(path, "large.onnx");
    CHECK(truncate(path, (off_t)(at + raw)) == 0);
    limn_status st = onnx_file_open(path, f, &err);
    unlink(path);
    return st;
}

static void test_large(void)
{
    struct onnx_file *f = NULL;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_OK(open_large((uint64_t)1 << 31, &f));
    CHECK(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start < 0.1 * SLOWER);
    getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__
    CHECK(after.ru_maxrss - before.ru_maxrss < 4096);
#endif
    if (f != NULL) {
        const struct onnx_tensor *t = &onnx_file_model(f)->graph->init[0];
        CHECK_INT(t->elems, ((uint64_t)1 << 29) - 16);
    }
    onnx_file_close(&f);
    CHECK_INT(open_large(((uint64_t)1 << 31) + 4096, &f), LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "expected at most 2147483648") != NULL);
}

/* The k-th allocation or read fails, for every k. */
static void test_faults(enum inject_kind kind, const char *path)
{
    unsigned long k = 1;
    limn_status st = LIMN_ERR_INTERNAL;
    for (; k < 2000 && st != LIMN_OK; k++) {
        struct onnx_file *f = NULL;
        inject_arm(kind, k, false);
        st = onnx_file_open(path, &f, &err);
        inject_arm(kind, 0, false);
        CHECK(st == LIMN_OK || st == (kind == INJECT_ALLOC ? LIMN_ERR_NOMEM : LIMN_ERR_READ));
        onnx_file_close(&f);
    }
    CHECK(st == LIMN_OK && k > (kind == INJECT_ALLOC ? 40 : 3));
}

int main(void)
{
    CHECK(mkdtemp(dir) != NULL);
    test_large(); /* first: they look at the peak of memory */
    test_costs();
    test_accept();
    test_reject();
    test_all_values();
    test_forms();
    test_structure();
    test_external();
    test_truncated_later();
    test_faults(INJECT_ALLOC, CORPUS "/accept/function.onnx");
    test_faults(INJECT_ALLOC, CORPUS "/accept/external.onnx");
    test_faults(INJECT_FILE, CORPUS "/accept/external.onnx");
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(system(command) == 0);
    return check_done();
}
