/* See hits.h. */
#include "hits.h"

const struct hit *hits_find(const struct hits *h, int32_t x, int32_t y)
{
    for (size_t i = h != NULL ? h->n : 0; i-- > 0;) {
        const struct rect r = h->hit[i].r;
        if (x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h) {
            return &h->hit[i];
        }
    }
    return NULL;
}
