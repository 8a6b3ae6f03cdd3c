/* Fault injection points for tests. Inactive unless a test (or the environment variable LIMN_INJECT=KIND:K[+]) sets a
 * countdown: the K-th call of that kind fails; with '+' every later one too. */
#ifndef LIMN_BASE_INJECT_H
#define LIMN_BASE_INJECT_H

#include <stdbool.h>

enum inject_kind {
    INJECT_ALLOC,
    INJECT_VULKAN, /* a call is out of memory */
    INJECT_LOST,   /* a call finds the device lost */
    INJECT_FILE,
    INJECT_KIND_COUNT
};

/* True when this call must fail. Called by base/mem.c, base/file.c and engine/vk only. */
bool inject_hit(enum inject_kind kind);

/* Arms one kind: fail call number k (1 is the next call); k = 0 disarms. */
void inject_arm(enum inject_kind kind, unsigned long k, bool from_then_on);

/* Calls seen since the last inject_arm of this kind. */
unsigned long inject_seen(enum inject_kind kind);

#endif
