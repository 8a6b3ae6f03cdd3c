/* Fault injection counters. Atomic, because decoding and training threads allocate too. */
#include "base/inject.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counter {
    atomic_ulong seen, fail_at; /* fail_at 0: disarmed */
    atomic_bool onward;
};
static struct counter counters[INJECT_KIND_COUNT];
static atomic_int state; /* 0: the environment was not read yet, 1: nothing armed, 2: armed */

static void read_environment(void)
{
    static const char *const names[INJECT_KIND_COUNT] = {"alloc", "vulkan", "lost", "file"};
    const char *spec = getenv("LIMN_INJECT");
    int expected = 0;
    if (!atomic_compare_exchange_strong(&state, &expected, 1) || !spec) {
        return;
    }
    for (int i = 0; i < INJECT_KIND_COUNT; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(spec, names[i], n) == 0 && spec[n] == ':') {
            char *end;
            unsigned long k = strtoul(spec + n + 1, &end, 10);
            inject_arm((enum inject_kind)i, k, *end == '+');
        }
    }
}

bool inject_hit(enum inject_kind kind)
{
    int s = atomic_load_explicit(&state, memory_order_relaxed);
    if (s == 0) {
        read_environment();
        s = atomic_load(&state);
    }
    if (s == 1) {
        return false;
    }
    struct counter *c = &counters[kind];
    unsigned long seen = atomic_fetch_add(&c->seen, 1) + 1, at = atomic_load(&c->fail_at);
    return at && (seen == at || (seen > at && atomic_load(&c->onward)));
}

void inject_arm(enum inject_kind kind, unsigned long k, bool from_then_on)
{
    atomic_store(&state, 2);
    atomic_store(&counters[kind].seen, 0);
    atomic_store(&counters[kind].fail_at, k);
    atomic_store(&counters[kind].onward, from_then_on);
}

unsigned long inject_seen(enum inject_kind kind)
{
    return atomic_load(&counters[kind].seen);
}
