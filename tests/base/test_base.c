/* base: errors, checked arithmetic, memory, text, random numbers. */
#include "base/checked.h"
#include "base/inject.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "support/check.h"

static void test_errors(void)
{
    limn_error err = {0};
    CHECK(err_set(&err, LIMN_ERR_FORMAT, "byte %d: found %s", 7, "\033[31mred") == LIMN_ERR_FORMAT);
    CHECK_STR(err.text, "byte 7: found \\x1b[31mred");
    CHECK(err_at(&err, "file %s", "a.png") == LIMN_ERR_FORMAT);
    CHECK_STR(err.text, "file a.png: byte 7: found \\x1b[31mred");
    CHECK(err_set(NULL, LIMN_ERR_ARG, "x") == LIMN_ERR_ARG);
    CHECK(err_at(NULL, "x") == LIMN_ERR_INTERNAL);
    char big[2000];
    memset(big, 'y', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    err_set(&err, LIMN_ERR_ARG, "%s", big);
    CHECK_INT(strlen(err.text), sizeof(err.text) - 1);
    err_at(&err, "front");
    CHECK(strncmp(err.text, "front: yyy", 10) == 0);
    CHECK_INT(limn_status_exit_code(LIMN_ERR_NOMEM), 7);
    CHECK_INT(limn_status_exit_code(LIMN_ERR_FORMAT), 3);
    CHECK_STR(limn_status_text((limn_status)999), "unknown status");
}

static void test_checked(void)
{
    size_t s = 1;
    int32_t i = 1;
    CHECK(!mul_size(SIZE_MAX / 2 + 1, 2, &s) && s == 1);
    CHECK(mul_size(1u << 16, 3, &s) && s == 196608);
    CHECK(!add_size(SIZE_MAX, 1, &s));
    CHECK(!align_size(SIZE_MAX - 3, 16, &s));
    CHECK(align_size(17, 16, &s) && s == 32);
    CHECK(!mul_i32(65536, 65536, &i) && i == 1);
    CHECK(!add_i32(INT32_MAX, 1, &i) && add_i32(-5, 3, &i) && i == -2);
}

static void test_escape(void)
{
    char out[64];
    CHECK_STR(str_escape(out, sizeof(out), "caf\xc3\xa9"), "caf\xc3\xa9");
    CHECK_STR(str_escape(out, sizeof(out), "\xff\x80"), "\\xff\\x80");
    CHECK_STR(str_escape(out, sizeof(out),
                         "\xe2\x80\xae"
                         "x"),
              "\\u{202e}x");
    CHECK_STR(str_escape(out, sizeof(out), "\xc2\x9b"), "\\u{9b}");
    CHECK_STR(str_escape(out, sizeof(out), "\xc0\xaf"), "\\xc0\\xaf"); /* overlong */
    CHECK_STR(str_escape(out, 4, "abcdef"), "abc");
    CHECK_STR(str_escape(out, 4, "a\033"), "a"); /* a piece is never cut */
}

static void test_text(void)
{
    const char *names[] = {"gradcam", "gradient", "guided-backprop"};
    int64_t v = 0;
    double d = 0;
    CHECK_STR(str_closest("grad-cam", names, 3), "gradcam");
    CHECK_STR(str_closest("Guided-Backprob", names, 3), "guided-backprop");
    CHECK(str_closest("occlusion", names, 3) == NULL);
    CHECK(str_to_i64("-12", -20, 20, &v) && v == -12);
    CHECK(!str_to_i64("12x", 0, 20, &v) && !str_to_i64("21", 0, 20, &v) && !str_to_i64("", 0, 9, &v));
    CHECK(!str_to_i64(" 1", 0, 9, &v) && !str_to_i64("99999999999999999999", 0, INT64_MAX, &v));
    CHECK(str_to_double("0.25", &d) && d == 0.25);
    CHECK(!str_to_double("nan", &d) && !str_to_double("1,5", &d) && !str_to_double("inf", &d) &&
          !str_to_double("", &d));
    CHECK(str_starts("features.12", "features.") && !str_starts("f", "features"));
    CHECK(str_ends("a.npy", ".npy") && !str_ends("npy", ".npy"));
}

static void test_memory(void)
{
    struct arena a = {0};
    limn_error err;
    unsigned char *first = arena_alloc(&a, 3, 5), *second = arena_alloc(&a, 100000, 1);
    CHECK(first && second && second[99999] == 0 && ((uintptr_t)first & 15) == 0);
    CHECK_STR(arena_printf(&a, "%s-%d", "layer", 4), "layer-4");
    CHECK(arena_alloc(&a, SIZE_MAX / 2, 3) == NULL);
    arena_finish(&a);
    CHECK(a.head == NULL);
    CHECK(mem_alloc(SIZE_MAX, 2) == NULL);

    int *list = NULL;
    size_t cap = 0;
    CHECK(mem_grow(&list, &cap, 9, sizeof(*list), &err) == LIMN_OK && cap >= 9);
    inject_arm(INJECT_ALLOC, 1, false);
    CHECK(mem_grow(&list, &cap, 1000, sizeof(*list), &err) == LIMN_ERR_NOMEM && cap < 1000);
    CHECK(mem_grow(&list, &cap, 1000, sizeof(*list), &err) == LIMN_OK);
    CHECK_INT(inject_seen(INJECT_ALLOC), 2);
    inject_arm(INJECT_ALLOC, 0, false);
    mem_free(list);
}

static void test_random(void)
{
    double mean = 0, square = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        double x = rng_normal(7, i);
        mean += x / 10000;
        square += x * x / 10000;
    }
    CHECK_NEAR(mean, 0, 0.05);
    CHECK_NEAR(square, 1, 0.05);
    CHECK(rng_u64(1, 2) == rng_u64(1, 2) && rng_u64(1, 2) != rng_u64(1, 3) && rng_u64(1, 2) != rng_u64(2, 2));
    CHECK(rng_hash_text("") == 0xcbf29ce484222325u);
    CHECK(rng_hash_text("a") == 0xaf63dc4c8601ec8cu);   /* the published FNV-1a vector */
    CHECK(rng_u64(1234567, 0) == 6457827717110365317u); /* the published first output of splitmix64(1234567) */
}

int main(void)
{
    test_errors();
    test_checked();
    test_escape();
    test_text();
    test_memory();
    test_random();
    return check_done();
}
