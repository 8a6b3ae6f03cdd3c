/* The safetensors reader: accepted files, and a labelled table of refused ones (header text, bytes of data, words that
 * the error must hold). TIMEOUT: 120 */
#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/inject.h"
#include "base/mem.h"
#include "model/safetensors.h"

static limn_error err;

struct blob {
    uint8_t *p;
    size_t n;
};

static struct blob make_n(const char *header, size_t h, size_t data)
{
    struct blob b = {malloc(8 + h + data + 1), 8 + h + data};
    for (int i = 0; i < 8; i++) {
        b.p[i] = (uint8_t)((uint64_t)h >> (8 * i));
    }
    memcpy(b.p + 8, header, h);
    for (size_t i = 0; i < data; i++) {
        b.p[8 + h + i] = (uint8_t)(i * 37 + 1);
    }
    return b;
}

static struct blob make(const char *header, size_t data)
{
    return make_n(header, strlen(header), data);
}

static limn_status parse(struct blob b, struct safetensors **s)
{
    err.text[0] = '\0';
    return safetensors_parse("f.safetensors", b.p, b.n, b.n, s, &err);
}

#define T(name, dtype, shape, range)                                                                                   \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" range "}"

static void test_good(void)
{
    static const struct {
        const char *header;
        size_t data, n;
    } t[] = {
        {"{}", 0, 0},
        {"{}      ", 0, 0},
        {"{" T("a", "F32", "[2,2]", "[0,16]") "}", 16, 1},
        {"{" T("a", "F32", "[]", "[0,4]") "}", 4, 1},
        {"{" T("a", "F32", "[0,5]", "[0,0]") "," T("b", "U8", "[3]", "[0,3]") "}", 3, 2},
        {"{" T("b", "BF16", "[1]", "[8,10]") "," T("a", "F64", "[1]", "[0,8]") "}  ", 10, 2},
        {"{\"__metadata__\":{\"format\":\"pt\"}," T("a", "I64", "[1,1,1,1,1,1,1,1]", "[0,8]") "}", 8, 1},
        {"{" T("\\u0061", "BOOL", "[1]", "[0,1]") "}", 1, 1},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct blob b = make(t[i].header, t[i].data);
        struct safetensors *s = NULL;
        CHECK_OK(parse(b, &s));
        if (s != NULL) {
            CHECK_INT(safetensors_count(s), t[i].n);
            if (t[i].n > 0) {
                CHECK_STR(safetensors_at(s, 0)->name, "a");
            }
        }
        safetensors_close(&s);
        free(b.p);
    }
}

static const struct {
    const char *why, *header;
    size_t data;
    const char *words;
} bad[] = {
    {"hole before the first tensor", "{" T("a", "U8", "[2]", "[1,3]") "}", 3, "hole"},
    {"hole between tensors", "{" T("a", "U8", "[2]", "[0,2]") "," T("b", "U8", "[1]", "[3,4]") "}", 4, "\"b\""},
    {"overlap", "{" T("a", "U8", "[2]", "[0,2]") "," T("b", "U8", "[2]", "[1,3]") "}", 3, "overlap"},
    {"same range twice", "{" T("a", "U8", "[2]", "[0,2]") "," T("b", "U8", "[2]", "[0,2]") "}", 2, "overlap"},
    {"bytes after the data", "{" T("a", "U8", "[2]", "[0,2]") "}", 3, "1 bytes after"},
    {"data without tensors", "{}", 1, "1 bytes after"},
    {"truncated data", "{" T("a", "F32", "[2]", "[0,8]") "}", 7, "<= 7"},
    {"range too small for the shape", "{" T("a", "F32", "[2]", "[0,4]") "}", 4, "2 elements of F32"},
    {"range reversed", "{" T("a", "U8", "[0]", "[2,0]") "}", 2, "begin <= end"},
    {"negative begin", "{" T("a", "U8", "[2]", "[-2,0]") "}", 2, "begin"},
    {"offset above 2^63", "{" T("a", "U8", "[2]", "[0,18446744073709551615]") "}", 2, "JSON"},
    {"offsets are reals", "{" T("a", "U8", "[2]", "[0.0,2.0]") "}", 2, "[begin, end]"},
    {"one offset", "{" T("a", "U8", "[2]", "[0]") "}", 2, "[begin, end]"},
    {"three offsets", "{" T("a", "U8", "[2]", "[0,2,2]") "}", 2, "[begin, end]"},
    {"negative dimension", "{" T("a", "U8", "[-1]", "[0,0]") "}", 0, "shape[0]"},
    {"real dimension", "{" T("a", "U8", "[1.0]", "[0,1]") "}", 1, "shape[0]"},
    {"shape overflows", "{" T("a", "U8", "[4294967296,4294967296]", "[0,0]") "}", 0, "overflows"},
    {"bytes overflow", "{" T("a", "F32", "[4611686018427387904]", "[0,0]") "}", 0, "elements of F32"},
    {"rank 9", "{" T("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, "rank 9"},
    {"shape not an array", "{" T("a", "U8", "1", "[0,1]") "}", 1, "shape"},
    {"unknown dtype", "{" T("a", "F31", "[1]", "[0,4]") "}", 4, "F31"},
    {"dtype not read", "{" T("a", "C64", "[1]", "[0,8]") "}", 8, "C64"},
    {"dtype is a number", "{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype"},
    {"no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype, shape"},
    {"no shape", "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "dtype, shape"},
    {"extra key", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":0}}", 1, "dtype, shape"},
    {"entry is a list", "{\"a\":[]}", 0, "\"a\""},
    {"duplicate name", "{" T("a", "U8", "[1]", "[0,1]") "," T("a", "U8", "[1]", "[0,1]") "}", 1, "duplicate"},
    {"duplicate once unescaped", "{" T("a", "U8", "[1]", "[0,1]") "," T("\\u0061", "U8", "[1]", "[0,1]") "}", 1,
     "duplicate"},
    {"duplicate inside an entry", "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
     "duplicate"},
    {"metadata holds a number", "{\"__metadata__\":{\"a\":1}}", 0, "__metadata__"},
    {"metadata is a string", "{\"__metadata__\":\"a\"}", 0, "__metadata__"},
    {"metadata nested", "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "__metadata__"},
    {"starts with a space", " {}", 0, "'{'"},
    {"a list", "[]", 0, "'{'"},
    {"empty header", "", 0, "'{'"},
    {"padded with newlines", "{}\n", 0, "after the end"},
    {"something after the object", "{}{}", 0, "after the end"},
    {"unterminated", "{\"a\":", 0, "ends"},
    {"nested deeper than 8", "{\"a\":[[[[[[[[1]]]]]]]]}", 0, "deeper"},
    {"invalid UTF-8", "{" T("a\xff", "U8", "[1]", "[0,1]") "}", 1, "unable to decode byte"},
    {"overlong UTF-8", "{" T("\xc0\x80", "U8", "[1]", "[0,1]") "}", 1, "unable to decode byte"},
    {"surrogate alone", "{" T("\\ud800", "U8", "[1]", "[0,1]") "}", 1, "JSON"},
    {"NUL in a name", "{" T("a\\u0000b", "U8", "[1]", "[0,1]") "}", 1, "JSON"},
    {"single quotes", "{'a':1}", 0, "JSON"},
    {"trailing comma", "{" T("a", "U8", "[1]", "[0,1]") ",}", 1, "JSON"},
    {"NaN", "{\"a\":NaN}", 0, "JSON"},
};

static void test_bad(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct blob b = make(bad[i].header, bad[i].data);
        struct safetensors *s = NULL;
        limn_status st = parse(b, &s);
        CHECK(st == LIMN_ERR_FORMAT || (st == LIMN_ERR_UNSUPPORTED && strcmp(bad[i].why, "dtype not read") == 0));
        if (s != NULL || strstr(err.text, bad[i].words) == NULL || strstr(err.text, "f.safetensors: ") != err.text) {
            fprintf(stderr, "%s: status %d \"%s\" lacks \"%s\"\n", bad[i].why, st, err.text, bad[i].words);
            check_failed++;
        }
        safetensors_close(&s);
        free(b.p);
    }
}

/* Files that are something else, and headers that lie about their length. */
static void test_not_safetensors(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *words;
    } t[] = {
        {"", 0, "empty"},
        {"abc", 3, "too short"},
        {"<!DOCTYPE html><html><body>404", 30, "HTML"},
        {"version https://git-lfs.github.com/spec/v1\noid", 46, "git-lfs"},
        {"PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00", 12, ".pth"},
        {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10, "gzip"},
        {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8", 12, "pickle"},
        {"\x08\x07\x12\x07pytorch", 11, "ONNX"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "18446744073709551615"},
        {"\x03\x00\x00\x00\x00\x00\x00\x00{}", 10, "header of 3"},
        {"\x01\xe1\xf5\x05\x00\x00\x00\x00{}", 10, "header of 100000001"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct safetensors *s = NULL;
        uint8_t *exact = malloc(t[i].n + 1);
        memcpy(exact, t[i].bytes, t[i].n);
        CHECK_INT(parse((struct blob){exact, t[i].n}, &s), LIMN_ERR_FORMAT);
        if (strstr(err.text, t[i].words) == NULL) {
            fprintf(stderr, "\"%s\" lacks \"%s\"\n", err.text, t[i].words);
            check_failed++;
        }
        free(exact);
    }
}

/* 100,000 brackets, and 100,000 tensors: neither recursion nor quadratic time. */
static void test_large(void)
{
    enum { N = 100000 };
    char *text = malloc(N * 80);
    memcpy(text, "{\"a\":", 5);
    memset(text + 5, '[', N);
    struct safetensors *s = NULL;
    struct blob b = make_n(text, N + 5, 0);
    CHECK_INT(parse(b, &s), LIMN_ERR_FORMAT);
    free(b.p);
    size_t n = 1;
    text[0] = '{';
    for (int i = 0; i < N; i++) { /* in reverse order of their data */
        n += (size_t)snprintf(text + n, 80, "\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}%s", i,
                              N - 1 - i, N - i, i + 1 < N ? "," : "}");
    }
    b = make_n(text, n, N);
    CHECK_OK(parse(b, &s));
    CHECK(s != NULL && safetensors_count(s) == N && strcmp(safetensors_at(s, 0)->name, "t99999") == 0);
    safetensors_close(&s);
    free(b.p);
    free(text);
}

static void write_file(const char *path, struct blob b)
{
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(b.p, 1, b.n, f) == b.n);
    if (f != NULL) {
        fclose(f);
    }
}

/* Values arrive as float32 whatever the stored type, in several chunks. */
static void test_read(const char *path)
{
    enum { N = 50000 };
    struct blob b = make("{" T("h", "F16", "[50000]", "[4,100004]") "," T("f", "F32", "[1]", "[0,4]") "}", 100004);
    float one = -1.25f, *v = malloc(N * sizeof *v);
    uint8_t *data = b.p + b.n - 100004;
    memcpy(data, &one, 4);
    for (int i = 0; i < N; i++) {
        uint16_t h = f32_to_f16((float)(i % 2048));
        memcpy(data + 4 + 2 * i, &h, 2);
    }
    write_file(path, b);
    struct safetensors *s = NULL;
    CHECK_OK(safetensors_open(path, &s, &err));
    if (s != NULL) {
        const struct st_tensor *f = safetensors_at(s, 0), *h = safetensors_at(s, 1);
        CHECK_OK(f->source.read(&f->source, v, 1, &err));
        CHECK_NEAR(v[0], -1.25, 0);
        CHECK_OK(h->source.read(&h->source, v, N, &err));
        for (int i = 0; i < N; i += 7) {
            CHECK_NEAR(v[i], i % 2048, 0);
        }
        CHECK(truncate(path, 1000) == 0); /* the file shrinks under us: an error, not a signal */
        CHECK_INT(h->source.read(&h->source, v, N, &err), LIMN_ERR_FORMAT);
    }
    safetensors_close(&s);
    free(v);
    free(b.p);
}

/* Every allocation fails once, then everything from it on. */
static void test_no_memory(const char *path)
{
    struct blob b = make(
        "{\"__metadata__\":{\"format\":\"pt\"}," T("a", "U8", "[2]", "[0,2]") "," T("b", "F32", "[]", "[2,6]") "}", 6);
    write_file(path, b);
    free(b.p);
    for (int from_then_on = 0; from_then_on < 2; from_then_on++) {
        unsigned long k = 1;
        for (; k < 1000; k++) {
            struct safetensors *s = NULL;
            inject_arm(INJECT_ALLOC, k, from_then_on != 0);
            limn_status st = safetensors_open(path, &s, &err);
            inject_arm(INJECT_ALLOC, 0, false);
            CHECK((st == LIMN_OK) == (s != NULL));
            safetensors_close(&s);
            if (st == LIMN_OK) {
                break;
            }
            CHECK_INT(st, LIMN_ERR_NOMEM);
        }
        CHECK(k > 10 && k < 1000);
    }
}

int main(void)
{
    char path[64];
    snprintf(path, sizeof path, "st-test-%d.safetensors", (int)getpid());
    test_good();
    test_bad();
    test_not_safetensors();
    test_large();
    test_read(path);
    test_no_memory(path);
    unlink(path);
    struct safetensors *s = NULL;
    CHECK_INT(safetensors_open(path, &s, &err), LIMN_ERR_READ);
    CHECK_INT(safetensors_open("/dev/null", &s, &err), LIMN_ERR_READ);
    return check_done();
}
