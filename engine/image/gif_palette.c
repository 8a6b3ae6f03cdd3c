/* The palette of a sequence. Colours are counted exactly while there are at most 65536 of them, then in 64^3 buckets
 * with their means. Greedy splits, each the one plane that lowers the summed squared error most (Wu 1991 without the
 * grid), give the start; rounds of k-means over all counted colours refine it. All sums run in a fixed order: same
 * input, same bytes. */
#include "image/gif_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define EXACT_MAX 65536
#define SLOTS (1 << 18) /* exact: open addressing; else 64^3 buckets */
#define ROUNDS 12
/* Below 1, colours that few pixels have (the hot spot of a heat map) get more entries than the mean error alone asks
 * for. */
#define WEIGHT_EXPONENT 0.9

struct slot {
    uint32_t key; /* colour + 1, 0: free (exact only) */
    uint64_t w, sum[3];
};

struct gif_histogram {
    size_t n;     /* slots in use */
    bool buckets; /* more colours than are kept apart */
    struct slot *slot;
    uint32_t *used; /* the slots in use, in the order of first appearance */
};

limn_status gif_histogram_create(struct gif_histogram **out, limn_error *err)
{
    struct gif_histogram *h = mem_zalloc(1, sizeof(*h));
    if (h) {
        h->slot = mem_zalloc(SLOTS, sizeof(*h->slot));
        h->used = mem_alloc(SLOTS, sizeof(*h->used));
    }
    if (!h || !h->slot || !h->used) {
        gif_histogram_destroy(&h);
        return err_nomem(err, SLOTS * (sizeof(struct slot) + sizeof(uint32_t)), "a colour histogram");
    }
    *out = h;
    return LIMN_OK;
}

void gif_histogram_destroy(struct gif_histogram **h)
{
    if (*h) {
        mem_free((*h)->slot);
        mem_free((*h)->used);
        mem_free(*h);
        *h = NULL;
    }
}

void gif_histogram_clear(struct gif_histogram *h)
{
    for (size_t i = 0; i < h->n; i++) {
        h->slot[h->used[i]] = (struct slot){0};
    }
    h->n = 0;
    h->buckets = false;
}

size_t gif_histogram_colours(const struct gif_histogram *h)
{
    return h->buckets ? SIZE_MAX : h->n;
}

static uint32_t bucket_of(uint32_t colour)
{
    return (colour >> 18 & 63) << 12 | (colour >> 10 & 63) << 6 | (colour >> 2 & 63);
}

/* The slot of a colour; a free one is taken. */
static struct slot *find_slot(struct gif_histogram *h, uint32_t colour)
{
    uint32_t s = h->buckets ? bucket_of(colour) : colour * 2654435761u >> 14;
    while (!h->buckets && h->slot[s].key && h->slot[s].key != colour + 1) {
        s = (s + 1) % SLOTS;
    }
    if (!h->slot[s].key) {
        h->slot[s].key = colour + 1;
        h->used[h->n++] = s;
    }
    return &h->slot[s];
}

static limn_status to_buckets(struct gif_histogram *h, limn_error *err)
{
    struct gif_histogram *b = NULL, t;
    limn_status st = gif_histogram_create(&b, err);
    if (st != LIMN_OK) {
        return st;
    }
    b->buckets = true;
    for (size_t i = 0; i < h->n; i++) {
        const struct slot *from = &h->slot[h->used[i]];
        struct slot *to = find_slot(b, from->key - 1);
        to->w += from->w;
        for (int k = 0; k < 3; k++) {
            to->sum[k] += from->sum[k];
        }
    }
    t = *h;
    *h = *b;
    *b = t;
    gif_histogram_destroy(&b);
    return LIMN_OK;
}

limn_status gif_histogram_add(struct gif_histogram *h, const uint8_t *rgb, const uint8_t *before, size_t n,
                              limn_error *err)
{
    for (size_t i = 0; i < n; i++, rgb += 3) {
        if (before && memcmp(rgb, before + 3 * i, 3) == 0) {
            continue;
        }
        if (!h->buckets && h->n >= EXACT_MAX) {
            limn_status st = to_buckets(h, err);
            if (st != LIMN_OK) {
                return st;
            }
        }
        struct slot *s = find_slot(h, (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2]);
        s->w++;
        for (int k = 0; k < 3; k++) {
            s->sum[k] += rgb[k];
        }
    }
    return LIMN_OK;
}

/* ---- points and boxes ---- */

struct point {
    float c[3]; /* mean */
    uint8_t q[3];
    double n, w; /* pixels, and their weight */
};

struct box {
    size_t first, n;
    int axis, cut; /* best split: points with q[axis] < cut go left */
    double gain;   /* of that split; <= 0: none */
};

static struct point *collect(const struct gif_histogram *h, limn_error *err)
{
    struct point *p = mem_alloc(h->n, sizeof(*p));
    for (size_t i = 0; p && i < h->n; i++) {
        const struct slot *s = &h->slot[h->used[i]];
        for (int k = 0; k < 3; k++) {
            p[i].c[k] = (float)((double)s->sum[k] / (double)s->w);
            p[i].q[k] = (uint8_t)lrintf(p[i].c[k]);
        }
        p[i].n = (double)s->w;
        p[i].w = pow(p[i].n, WEIGHT_EXPONENT);
    }
    if (!p) {
        err_nomem(err, h->n * sizeof(*p), "the colours of a GIF");
    }
    return p;
}

/* Sums of a set of points: weight, weighted colour. |sum|^2 / weight is what the mean explains of the squares. */
struct moments {
    double w, s[3];
};

static void moments_add(struct moments *m, const struct moments *a)
{
    m->w += a->w;
    for (int k = 0; k < 3; k++) {
        m->s[k] += a->s[k];
    }
}

static double explained(const struct moments *m)
{
    return m->w > 0 ? (m->s[0] * m->s[0] + m->s[1] * m->s[1] + m->s[2] * m->s[2]) / m->w : 0;
}

static void weigh_box(struct box *b, const struct point *points)
{
    b->gain = 0;
    for (int axis = 0; axis < 3; axis++) {
        struct moments bin[256] = {{0}}, all = {0}, left = {0};
        for (size_t i = 0; i < b->n; i++) {
            const struct point *p = &points[b->first + i];
            struct moments one = {p->w, {p->w * p->c[0], p->w * p->c[1], p->w * p->c[2]}};
            moments_add(&bin[p->q[axis]], &one);
        }
        for (int v = 0; v < 256; v++) {
            moments_add(&all, &bin[v]);
        }
        for (int v = 0; v < 255; v++) {
            moments_add(&left, &bin[v]);
            struct moments right = {all.w - left.w, {all.s[0] - left.s[0], all.s[1] - left.s[1], all.s[2] - left.s[2]}};
            if (left.w <= 0 || right.w <= 0) {
                continue;
            }
            double gain = explained(&left) + explained(&right) - explained(&all);
            if (gain > b->gain * (1 + 1e-12)) {
                *b = (struct box){b->first, b->n, axis, v + 1, gain};
            }
        }
    }
}

/* Splits *b along its plane; the upper part becomes *upper. */
static void split_box(struct box *b, struct box *upper, struct point *points)
{
    size_t lo = b->first, hi = b->first + b->n;
    while (lo < hi) {
        if (points[lo].q[b->axis] < b->cut) {
            lo++;
        } else {
            struct point t = points[lo];
            points[lo] = points[--hi];
            points[hi] = t;
        }
    }
    *upper = (struct box){lo, b->first + b->n - lo, 0, 0, 0};
    b->n = lo - b->first;
    weigh_box(b, points);
    weigh_box(upper, points);
}

static void store_mean(uint8_t rgb[3], const struct moments *m)
{
    for (int k = 0; k < 3; k++) {
        rgb[k] = (uint8_t)lrint(m->s[k] / m->w);
    }
}

static void split_all(struct point *points, size_t n, int max, struct gif_palette *out)
{
    struct box box[256];
    int count = 1;
    box[0] = (struct box){0, n, 0, 0, 0};
    weigh_box(&box[0], points);
    while (count < max) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            best = box[i].gain > box[best].gain ? i : best;
        }
        if (box[best].gain <= 0) {
            break;
        }
        split_box(&box[best], &box[count], points);
        count++;
    }
    for (int i = 0; i < count; i++) {
        struct moments m = {0};
        for (size_t k = 0; k < box[i].n; k++) {
            const struct point *p = &points[box[i].first + k];
            moments_add(&m, &(struct moments){p->w, {p->w * p->c[0], p->w * p->c[1], p->w * p->c[2]}});
        }
        store_mean(out->rgb[i], &m);
    }
    out->n = count;
}

/* One round: every point to its nearest entry, every entry to the mean of its points; an entry without points goes to
 * the point that is worst off. Returns the weighted sum of squared errors before the move; *error: root mean square of
 * all pixels. */
static double refine(const struct point *points, size_t n, struct gif_nearest *nn, struct gif_palette *pal,
                     double *error)
{
    struct moments m[256] = {{0}};
    double total = 0, sum = 0, count = 0, worst = 0;
    size_t worst_at = 0;
    gif_nearest_set(nn, pal, 0);
    for (size_t i = 0; i < n; i++) {
        const struct point *p = &points[i];
        int32_t d2;
        int at = gif_nearest_find(nn, p->q, &d2);
        moments_add(&m[at], &(struct moments){p->w, {p->w * p->c[0], p->w * p->c[1], p->w * p->c[2]}});
        total += p->w * d2;
        sum += p->n * d2;
        count += p->n;
        if (p->w * d2 > worst) {
            worst = p->w * d2;
            worst_at = i;
        }
    }
    for (int i = 0; i < pal->n; i++) {
        if (m[i].w > 0) {
            store_mean(pal->rgb[i], &m[i]);
        } else if (worst > 0) {
            memcpy(pal->rgb[i], points[worst_at].q, 3);
            worst = 0; /* one a round */
        }
    }
    *error = sqrt(sum / count);
    return total;
}

static int by_brightness(const void *a, const void *b)
{
    const uint8_t *p = a, *q = b;
    int x = 299 * p[0] + 587 * p[1] + 114 * p[2], y = 299 * q[0] + 587 * q[1] + 114 * q[2];
    return x != y ? (x > y) - (x < y) : memcmp(p, q, 3);
}

/* Sorted, and equal entries become one. */
static void tidy(struct gif_palette *pal)
{
    qsort(pal->rgb, (size_t)pal->n, 3, by_brightness);
    int n = 1;
    for (int i = 1; i < pal->n; i++) {
        if (memcmp(pal->rgb[i], pal->rgb[n - 1], 3) != 0) {
            memmove(pal->rgb[n++], pal->rgb[i], 3);
        }
    }
    pal->n = n;
}

static limn_status quantise(const struct gif_histogram *h, int max_colours, struct gif_palette *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct gif_nearest nn = {0};
    struct gif_palette best = {0};
    struct point *points = collect(h, err);
    double least = INFINITY;
    if (!points) {
        return LIMN_ERR_NOMEM;
    }
    TRY(gif_nearest_init(&nn, err));
    split_all(points, h->n, max_colours, out);
    for (int round = 0; round <= ROUNDS; round++) {
        struct gif_palette now = *out;
        double total = refine(points, h->n, &nn, out, &now.error);
        bool enough = total > least * 0.998;
        if (total < least) {
            least = total;
            best = now;
        }
        if (enough) {
            break;
        }
    }
    *out = best;
out:
    gif_nearest_finish(&nn);
    mem_free(points);
    return st;
}

limn_status gif_palette_build(const struct gif_histogram *h, int max_colours, struct gif_palette *out, limn_error *err)
{
    struct gif_palette pal = {0};
    if (h->n <= (size_t)max_colours && !h->buckets) {
        for (size_t i = 0; i < h->n; i++) {
            uint32_t c = h->slot[h->used[i]].key - 1;
            memcpy(pal.rgb[pal.n++], (uint8_t[3]){(uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c}, 3);
        }
    } else {
        limn_status st = quantise(h, max_colours, &pal, err);
        if (st != LIMN_OK) {
            return st;
        }
    }
    tidy(&pal);
    *out = pal;
    return LIMN_OK;
}
