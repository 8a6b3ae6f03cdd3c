/* Sparse maps along axes: building and transposing them, applying them by reference, kernel calls. A map travels to the
 * device as a table: begin[n_out + 1], then (index, weight) pairs. */
#include "ops/axis_map.h"

#include <string.h>

#include "ops/copy.h"
#include "ops/elementwise.h"
#include "push/axis_map.h"
#include "shaders_gen.h"

#define MAP_MAX (1 << 28) /* weights of a table */

struct axis_map_push {
    PUSH_AXIS_MAP
};

limn_status axis_map_init(struct axis_map *m, int32_t n_in, int32_t n_out, limn_error *err)
{
    *m = (struct axis_map){.n_in = n_in, .n_out = n_out};
    m->begin = mem_zalloc((size_t)n_out + 1, sizeof(*m->begin));
    return m->begin ? LIMN_OK : err_nomem(err, ((size_t)n_out + 1) * sizeof(*m->begin), "a table");
}

limn_status axis_map_add(struct axis_map *m, int32_t index, double weight, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (m->n > (size_t)m->begin[m->row] && m->index[m->n - 1] == index) {
        m->weight[m->n - 1] += weight;
        return LIMN_OK;
    }
    if (m->n >= MAP_MAX) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "a table of more than %d weights", MAP_MAX);
    }
    TRY(mem_grow(&m->index, &m->cap_index, m->n + 1, sizeof(*m->index), err));
    TRY(mem_grow(&m->weight, &m->cap_weight, m->n + 1, sizeof(*m->weight), err));
    m->index[m->n] = index;
    m->weight[m->n++] = weight;
out:
    return st;
}

void axis_map_next(struct axis_map *m)
{
    m->begin[++m->row] = (int32_t)m->n;
}

/* Counting sort by index: within an index the outputs ascend. */
limn_status axis_map_transpose(struct axis_map *m, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct axis_map t = {0};
    TRY(axis_map_init(&t, m->n_out, m->n_in, err));
    t.row = t.n_out;
    TRY(mem_grow(&t.index, &t.cap_index, m->n + 1, sizeof(*t.index), err));
    TRY(mem_grow(&t.weight, &t.cap_weight, m->n + 1, sizeof(*t.weight), err));
    for (size_t e = 0; e < m->n; e++) {
        t.begin[m->index[e] + 1]++;
    }
    for (int32_t q = 0; q < t.n_out; q++) {
        t.begin[q + 1] += t.begin[q];
    }
    for (int32_t q = m->n_out - 1; q >= 0; q--) { /* from the back, each takes the last free place of its index */
        for (int32_t e = m->begin[q + 1] - 1; e >= m->begin[q]; e--) {
            int32_t at = --t.begin[m->index[e] + 1];
            t.index[at] = q;
            t.weight[at] = m->weight[e];
        }
    }
    for (int32_t q = 0; q < t.n_out; q++) { /* each begin now stands one place to the right */
        t.begin[q] = t.begin[q + 1];
    }
    t.n = m->n;
    t.begin[t.n_out] = (int32_t)t.n;
    axis_map_finish(m);
    *m = t;
    return LIMN_OK;
out:
    axis_map_finish(&t);
    return st;
}

bool axis_map_identity(const struct axis_map *m)
{
    bool same = m->n_in == m->n_out && m->n == (size_t)m->n_out;
    for (int32_t q = 0; q < m->n_out && same; q++) {
        same = m->begin[q] == q && m->index[q] == q && m->weight[q] == 1;
    }
    return same;
}

void axis_map_finish(struct axis_map *m)
{
    mem_free(m->begin);
    mem_free(m->index);
    mem_free(m->weight);
    memset(m, 0, sizeof(*m));
}

/* --- passes --- */

void axis_passes_add(struct axis_passes *p, int32_t axis, struct axis_map *m)
{
    if (axis_map_identity(m)) {
        axis_map_finish(m);
        return;
    }
    p->pass[p->n++] = (struct axis_pass){axis, *m};
}

limn_status axis_passes_transpose(struct axis_passes *p, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (int32_t i = 0; i < p->n && st == LIMN_OK; i++) {
        st = axis_map_transpose(&p->pass[i].map, err);
    }
    return st;
}

void axis_passes_finish(struct axis_passes *p)
{
    for (int32_t i = 0; i < p->n; i++) {
        axis_map_finish(&p->pass[i].map);
    }
    p->n = 0;
}

/* The one that shrinks most first: nothing between is larger than both x and the result. */
static void sort_passes(struct axis_passes *p)
{
    for (int32_t i = 1; i < p->n; i++) {
        for (int32_t k = i; k > 0; k--) {
            const struct axis_map *a = &p->pass[k - 1].map, *b = &p->pass[k].map;
            if ((int64_t)a->n_out * b->n_in <= (int64_t)b->n_out * a->n_in) {
                break;
            }
            struct axis_pass t = p->pass[k];
            p->pass[k] = p->pass[k - 1];
            p->pass[k - 1] = t;
        }
    }
}

static void apply(const struct axis_map *m, size_t outer, size_t inner, const double *x, double *y)
{
    memset(y, 0, outer * (size_t)m->n_out * inner * sizeof(*y));
    for (size_t o = 0; o < outer; o++) {
        for (int32_t q = 0; q < m->n_out; q++) {
            double *to = y + (o * (size_t)m->n_out + (size_t)q) * inner;
            for (int32_t e = m->begin[q]; e < m->begin[q + 1]; e++) {
                const double *from = x + (o * (size_t)m->n_in + (size_t)m->index[e]) * inner;
                for (size_t r = 0; r < inner; r++) {
                    to[r] += m->weight[e] * from[r];
                }
            }
        }
    }
}

void axis_passes_ref(struct axis_passes *p, const struct shape *x, const double *in, double *out)
{
    struct shape s = *x;
    double *kept = NULL;
    sort_passes(p);
    if (p->n == 0) {
        memcpy(out, in, shape_elems(x) * sizeof(*out));
    }
    for (int32_t i = 0; i < p->n; i++) {
        const struct axis_pass *pass = &p->pass[i];
        struct shape_rows rows = shape_around(&s, pass->axis);
        s.dim[pass->axis] = pass->map.n_out;
        double *to = i == p->n - 1 ? out : mem_alloc(shape_elems(&s), sizeof(*to));
        if (!to) {
            break;
        }
        apply(&pass->map, rows.outer, rows.inner, kept ? kept : in, to);
        mem_free(kept);
        kept = to == out ? NULL : to;
    }
    mem_free(kept);
}

/* --- plan --- */

struct buffer {
    enum bind_space space;
    int index;
};

static limn_status add_table(const struct axis_map *m, struct kernel_list *l, int *index, limn_error *err)
{
    size_t head = (size_t)m->n_out + 1, words = head + 2 * m->n;
    uint32_t *t = mem_alloc(words, sizeof(*t));
    if (!t) {
        return err_nomem(err, words * sizeof(*t), "a table");
    }
    memcpy(t, m->begin, head * sizeof(*t));
    for (size_t e = 0; e < m->n; e++) {
        float w = (float)m->weight[e];
        t[head + 2 * e] = (uint32_t)m->index[e];
        memcpy(&t[head + 2 * e + 1], &w, sizeof(w));
    }
    *index = kernel_table(l, t, words * sizeof(*t));
    mem_free(t);
    return *index < 0 ? err_nomem(err, words * sizeof(*t), "a table") : LIMN_OK;
}

static limn_status pass_calls(const struct op_call *c, const struct axis_pass *pass, const struct shape *s,
                              struct buffer from, struct buffer to, const struct device_caps *caps,
                              struct kernel_list *l, limn_error *err)
{
    const struct axis_map *m = &pass->map;
    struct shape_rows rows = shape_around(s, pass->axis);
    int table = -1;
    size_t outer = rows.outer, inner = rows.inner;
    size_t row_in = (size_t)m->n_in * inner, row_out = (size_t)m->n_out * inner;
    size_t step = window_rows(c, caps, outer, row_in > row_out ? row_in : row_out, err);
    if (step == 0) {
        return LIMN_ERR_UNSUPPORTED;
    }
    bool texel = caps->cpu && step == outer && outer * row_in <= caps->max_texel_elements;
    limn_status st = add_table(m, l, &table, err);
    for (size_t o = 0; o < outer && st == LIMN_OK; o += step) {
        size_t n = outer - o < step ? outer - o : step;
        struct axis_map_push p = {.n = (uint32_t)(n * row_out),
                                  .n_in = (uint32_t)m->n_in,
                                  .n_out = (uint32_t)m->n_out,
                                  .inner = (uint32_t)inner};
        uint32_t local = caps->cpu ? 32 : local_1d(caps);
        struct kernel_call *k = kernel_add(l, texel ? SHADER_AXIS_MAP_TEXEL : SHADER_AXIS_MAP, local, 1, 1);
        if (!k) {
            return err_nomem(err, sizeof(*k), "a kernel call");
        }
        p.base_x = bind_read(k, caps, from.space, from.index, texel, o * row_in, n * row_in);
        kernel_bind(k, BIND_SCRATCH, table, ACCESS_READ);
        p.base_y = bind_slice(k, caps, to.space, to.index, ACCESS_WRITE, o * row_out, n * row_out);
        push_div_set(p.by_mul, &p.by_shift, 0, p.inner);
        push_div_set(p.by_mul, &p.by_shift, 1, p.n_out);
        kernel_push(k, &p, sizeof(p));
        kernel_grid_1d(k, caps, p.n, local);
        k->flops = 2.0 * (double)(n * inner) * (double)m->n;
    }
    return st;
}

limn_status axis_passes_plan(const struct op_call *c, struct axis_passes *p, const struct device_caps *caps,
                             struct kernel_list *out, limn_error *err)
{
    struct shape s = c->in[0];
    struct buffer from = {BIND_IN, 0};
    limn_status st = LIMN_OK;
    sort_passes(p);
    if (p->n == 0) {
        struct copy_region all = {.rank = 1, .dim = {(int32_t)shape_elems(&s)}, .sx = {1}, .sy = {1}, .scale = 1};
        return copy_plan(&all, 0, caps, out, err);
    }
    for (int32_t i = 0; i < p->n && st == LIMN_OK; i++) {
        struct shape next = s;
        struct buffer to = {BIND_OUT, 0};
        next.dim[p->pass[i].axis] = p->pass[i].map.n_out;
        if (i < p->n - 1) {
            to = (struct buffer){BIND_SCRATCH, kernel_scratch(out, 4 * (uint64_t)shape_elems(&next), false)};
            if (to.index < 0) {
                return err_nomem(err, sizeof(struct kernel_scratch), "a scratch buffer");
            }
        }
        st = pass_calls(c, &p->pass[i], &s, from, to, caps, out, err);
        s = next;
        from = to;
    }
    return st;
}
