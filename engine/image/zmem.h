/* zlib's allocations through base/mem.h. */
#ifndef LIMN_IMAGE_ZMEM_H
#define LIMN_IMAGE_ZMEM_H

#include <zlib.h>

#include "base/mem.h"

static inline voidpf zmem_alloc(voidpf opaque, uInt n, uInt size)
{
    (void)opaque;
    return mem_alloc(n, size);
}

static inline void zmem_free(voidpf opaque, voidpf p)
{
    (void)opaque;
    mem_free(p);
}

#endif
