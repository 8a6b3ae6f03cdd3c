/* The memory plan: items that live together never overlap, alignment and block borders hold, and reuse happens. Random
 * cases with seeds printed on failure. LABELS: unit */
#include "base/mem.h"
#include "base/rng.h"
#include "pass/pass.h"
#include "support/check.h"

static void check_plan(const struct memplan_item *it, size_t n, uint64_t align, uint64_t block, uint64_t total)
{
    for (size_t i = 0; i < n; i++) {
        CHECK(it[i].offset % align == 0);
        CHECK(it[i].offset + it[i].bytes <= total);
        CHECK(!block || !it[i].bytes || it[i].offset / block == (it[i].offset + it[i].bytes - 1) / block);
        for (size_t k = 0; k < i; k++) {
            bool together = it[i].first <= it[k].last && it[k].first <= it[i].last;
            bool overlap = it[i].offset < it[k].offset + it[k].bytes && it[k].offset < it[i].offset + it[i].bytes;
            CHECK(!together || !overlap);
        }
    }
}

/* The most bytes live at one step: no plan can be smaller. */
static uint64_t lower_bound(const struct memplan_item *it, size_t n, int32_t steps)
{
    uint64_t most = 0;
    for (int32_t s = 0; s < steps; s++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += it[i].first <= s && s <= it[i].last ? it[i].bytes : 0;
        }
        most = sum > most ? sum : most;
    }
    return most;
}

static void test_random(void)
{
    enum { MAX = 60, STEPS = 30 };
    struct memplan_item it[MAX];
    for (uint64_t seed = 1; seed <= 60; seed++) {
        size_t n = 1 + rng_u64(seed, 0) % MAX;
        uint64_t block = seed % 3 ? 0 : 16384, align = UINT64_C(16) << seed % 5, total = 0;
        limn_error err = {0};
        int before = check_failed;
        for (size_t i = 0; i < n; i++) {
            int32_t first = (int32_t)(rng_u64(seed, 4 * i + 1) % STEPS);
            it[i] = (struct memplan_item){rng_u64(seed, 4 * i + 2) % 10000, first,
                                          first + (int32_t)(rng_u64(seed, 4 * i + 3) % 6), 0};
        }
        CHECK_OK(memplan(it, n, align, block, &total, &err));
        check_plan(it, n, align, block, total);
        if (!block && align == 16) {
            CHECK(total <= 2 * lower_bound(it, n, STEPS + 6) + 16 * n);
        }
        if (check_failed != before) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        }
    }
}

static void test_chain(void)
{
    /* A chain of equal tensors needs two of them. */
    struct memplan_item it[50];
    uint64_t total = 0;
    limn_error err = {0};
    for (int32_t i = 0; i < 50; i++) {
        it[i] = (struct memplan_item){4096, i, i + 1, 0};
    }
    CHECK_OK(memplan(it, 50, 64, 0, &total, &err));
    CHECK_INT(total, 8192);
}

static void test_limits(void)
{
    struct memplan_item big = {5000, 0, 0, 0}, huge[2] = {{UINT64_MAX / 2, 0, 0, 0}, {UINT64_MAX / 2, 0, 0, 0}};
    uint64_t total = 77;
    limn_error err = {0};
    CHECK_INT(memplan(&big, 1, 64, 4096, &total, &err), LIMN_ERR_NOMEM);
    CHECK(strstr(err.text, "5000") != NULL);
    CHECK_INT(memplan(huge, 2, 64, 0, &total, &err), LIMN_ERR_NOMEM);
    CHECK_INT(total, 77);
    CHECK_OK(memplan(NULL, 0, 64, 0, &total, &err));
    CHECK_INT(total, 0);
}

int main(void)
{
    test_random();
    test_chain();
    test_limits();
    return check_done();
}
