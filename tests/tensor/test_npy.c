/* .npy files: round trip, element types, Fortran order, and a table of bad files with the words their errors must hold.
 */
#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/inject.h"
#include "base/mem.h"
#include "tensor/npy.h"

static limn_error err;

/* version 1 file: magic, length, header text padded to a newline, data */
static size_t make(char *buf, const char *header, const void *data, size_t n)
{
    size_t h = strlen(header);
    memcpy(buf, "\x93NUMPY\x01\x00", 8);
    buf[8] = (char)((h + 1) & 0xff);
    buf[9] = (char)((h + 1) >> 8);
    memcpy(buf + 10, header, h);
    buf[10 + h] = '\n';
    memcpy(buf + 11 + h, data, n);
    return 11 + h + n;
}

static void test_types(void)
{
    char buf[512];
    const float f4[] = {1.5f, -2, 3, 4, 5, 6};
    const uint16_t f2[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555};
    const uint8_t u1[] = {0, 1, 2, 253, 254, 255};
    const int64_t i8[] = {-1, 1, 1LL << 40, 0, 7, -9};
    const struct {
        const char *descr;
        const void *data;
        size_t item;
        double v[6];
    } t[] = {
        {"<f4", f4, 4, {1.5, -2, 3, 4, 5, 6}},
        {"<f2", f2, 2, {1, -2, 0x1p-24, 65504, 0, 0.333251953125}},
        {"|u1", u1, 1, {0, 1, 2, 253, 254, 255}},
        {"<i8", i8, 8, {-1, 1, 0x1p40, 0, 7, -9}},
    };
    for (size_t k = 0; k < sizeof t / sizeof t[0]; k++) {
        for (int fortran = 0; fortran < 2; fortran++) {
            char header[128];
            snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': (2, 3), }", t[k].descr,
                     fortran ? "True" : "False");
            size_t n = make(buf, header, t[k].data, 6 * t[k].item);
            struct tensor x = {0};
            CHECK_OK(npy_decode("x.npy", buf, n, &x, &err));
            if (x.data != NULL) {
                for (int i = 0; i < 6; i++) {
                    int at = fortran ? i % 2 * 3 + i / 2 : i;
                    CHECK_NEAR(x.data[at], t[k].v[i], 0);
                }
            }
            tensor_finish(&x);
        }
    }
}

static void test_bad(void)
{
    static const struct {
        const char *header, *words;
    } t[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "needs 12"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "8 bytes of data"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "element type '|O'"},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "element type '>f4'"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "expected a quoted string"},
        {"{'descr': '<f4', 'fortran_order': False, }", "lacks shape"},
        {"{'descr': '<f4', 'shape': (2,), }", "lacks fortran_order"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "appears twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "header key 'x'"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "True or False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 2}", "shape tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "a tuple"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "a dimension"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", "',' or ')'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,2)}", "more than 5"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967297,)}", "2147483647"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647,2147483647)}", ""},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", ""},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "newline"},
        {"__import__('os')", "'{'"},
        {"{'descr': '<f4'", "header"},
        {"", "header"},
    };
    char buf[512];
    const float data[2] = {1, 2};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct tensor x = {0};
        err.text[0] = '\0';
        limn_status st = npy_decode("bad.npy", buf, make(buf, t[i].header, data, 8), &x, &err);
        CHECK(st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED || st == LIMN_ERR_SHAPE);
        if (strstr(err.text, t[i].words) == NULL || strstr(err.text, "bad.npy: ") != err.text) {
            fprintf(stderr, "%s\n  gives: %s\n  without: %s\n", t[i].header, err.text, t[i].words);
            check_failed++;
        }
        CHECK(x.data == NULL);
    }
}

static void test_bad_bytes(void)
{
    char buf[512];
    struct tensor x = {0};
    const float data[2] = {1, 2};
    size_t n = make(buf, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data, 8);
    for (size_t cut = 0; cut < n; cut++) {
        char *exact = malloc(cut + 1); /* so that a sanitizer sees a read past the end */
        memcpy(exact, buf, cut);
        CHECK(npy_decode("cut.npy", exact, cut, &x, &err) == LIMN_ERR_FORMAT);
        free(exact);
    }
    CHECK_INT(npy_decode("long.npy", buf, n + 1, &x, &err), LIMN_ERR_FORMAT);
    buf[6] = 4;
    CHECK_INT(npy_decode("v4.npy", buf, n, &x, &err), LIMN_ERR_UNSUPPORTED);
    memcpy(buf + 6, "\x02\x00\xff\xff\xff\x7f", 6);
    CHECK_INT(npy_decode("long.npy", buf, n, &x, &err), LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "at most 10000") != NULL);
    CHECK(x.data == NULL);
}

static void test_file(void)
{
    char path[64];
    snprintf(path, sizeof path, "npy-test-%d.npy", (int)getpid());
    float v[24];
    for (int i = 0; i < 24; i++) {
        v[i] = (float)i * 0.37f - 3;
    }
    const struct shape shapes[] = {SHAPE(24), SHAPE(2, 3, 4), SHAPE(1, 2, 3, 2, 2)};
    for (size_t k = 0; k < 3; k++) {
        struct tensor x = {0};
        CHECK_OK(npy_write(path, &shapes[k], v, true, &err));
        CHECK_OK(npy_read(path, &x, &err));
        CHECK(x.data != NULL && shape_equal(&x.shape, &shapes[k]) && memcmp(x.data, v, sizeof v) == 0);
        tensor_finish(&x);
    }
    CHECK(npy_write(path, &shapes[0], v, false, &err) != LIMN_OK); /* exists */
    for (unsigned long k = 1; k < 20; k++) {
        struct tensor x = {0};
        inject_arm(INJECT_ALLOC, k, false);
        limn_status st = npy_read(path, &x, &err);
        unsigned long seen = inject_seen(INJECT_ALLOC);
        inject_arm(INJECT_ALLOC, 0, false);
        tensor_finish(&x);
        if (seen < k) {
            CHECK_OK(st);
            break;
        }
        CHECK_INT(st, LIMN_ERR_NOMEM);
    }
    unlink(path);
    struct tensor x = {0};
    CHECK_INT(npy_read(path, &x, &err), LIMN_ERR_READ);
}

static void test_half(void)
{
    for (uint32_t h = 0; h < 65536; h++) { /* every half survives the round trip */
        float f = f16_to_f32((uint16_t)h);
        uint16_t back = f32_to_f16(f);
        CHECK(isnan(f) ? (back & 0x7c00) == 0x7c00 && (back & 0x3ff) != 0 : back == h);
        if (!isnan(f) && !isinf(f) && (h & 0x7fff) < 0x7bff) { /* halfway to the next one goes to the even one */
            float mid = (float)(((double)f + f16_to_f32((uint16_t)(h + 1))) / 2);
            CHECK_INT(f32_to_f16(mid), (h & 1) != 0 ? h + 1 : h);
        }
    }
    CHECK_INT(f32_to_f16(65520.0f), 0x7c00);
    CHECK_INT(f32_to_f16(65519.9f), 0x7bff);
    CHECK_INT(f32_to_f16(0x1p-26f), 0);
    const uint16_t bf[2] = {0x3fc0, 0xc040};
    float out[2];
    dtype_to_f32(DTYPE_BF16, bf, out, 2);
    CHECK_NEAR(out[0], 1.5, 0);
    CHECK_NEAR(out[1], -3.0, 0);
}

int main(void)
{
    test_types();
    test_bad();
    test_bad_bytes();
    test_file();
    test_half();
    return check_done();
}
