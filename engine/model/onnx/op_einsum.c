/* Einsum: operands are joined two by two, each time a batched matrix product. Of two operands, the letters that both
 * have and that are still needed are the batch, those that both have and nobody needs any more are summed by the
 * product, the others are rows and columns. "..." stands for letters of its own, aligned at the right. */
#include <ctype.h>
#include <string.h>

#include "model/onnx/import.h"

enum { LETTERS = 64, FIRST_OF_DOTS = 52 }; /* a-z, A-Z, then the dimensions of "..." */

struct term {
    int32_t n;
    int8_t letter[ONNX_MAX_RANK];
};

struct einsum {
    struct onnx_call *c;
    int64_t size[LETTERS];
    struct term out;
};

static int letter_of(char ch)
{
    return islower((unsigned char)ch) ? ch - 'a' : isupper((unsigned char)ch) ? 26 + ch - 'A' : -1;
}

/* Reads one term up to ',', '-' or the end; rank < 0: an output, whose "..." has `dots` dimensions. */
static const char *read_term(struct einsum *e, const char *p, int32_t rank, int32_t dots, struct term *t)
{
    int32_t letters = 0;
    for (const char *q = p; *q != '\0' && *q != ',' && *q != '-'; q++) {
        letters += letter_of(*q) >= 0;
    }
    int32_t n_dots = rank >= 0 ? rank - letters : dots;
    t->n = 0;
    for (; *p != '\0' && *p != ',' && *p != '-'; p++) {
        bool dot = strncmp(p, "...", 3) == 0;
        int32_t more = dot ? n_dots : letter_of(*p) >= 0 ? 1 : 0;
        if (more < 0 || t->n + more > ONNX_MAX_RANK || (more == 0 && !dot && *p != ' ')) {
            call_fail(e->c, LIMN_ERR_FORMAT, "attribute equation does not fit the inputs at \"%.40s\"", p);
            return p;
        }
        for (int32_t i = 0; i < more; i++) {
            t->letter[t->n++] = (int8_t)(dot ? FIRST_OF_DOTS + ONNX_MAX_RANK - n_dots + i : letter_of(*p));
        }
        p += dot ? 2 : 0;
    }
    if (rank >= 0 && t->n != rank) {
        call_fail(e->c, LIMN_ERR_FORMAT, "attribute equation has %d letters for a tensor of rank %d", (int)t->n,
                  (int)rank);
    }
    return p;
}

static bool has(const struct term *t, int8_t letter)
{
    return memchr(t->letter, letter, (size_t)t->n) != NULL;
}

/* A letter that stands twice in one term: the diagonal, by positions. */
static struct onnx_val *diagonal(struct einsum *e, struct onnx_val *x, struct term *t)
{
    struct term once = {0};
    int64_t stride[ONNX_MAX_RANK] = {0}, dim[ONNX_MAX_RANK], step = 1, at[ONNX_MAX_RANK] = {0};
    size_t n = 0;
    for (int32_t i = 0; i < t->n; i++) {
        if (!has(&once, t->letter[i])) {
            dim[once.n] = x->dim[i];
            once.letter[once.n++] = t->letter[i];
        }
    }
    if (once.n == t->n || !dims_count(e->c, once.n, dim, &n) || n > e->c->m->room) {
        return x;
    }
    for (int32_t i = t->n - 1; i >= 0; i--) {
        int32_t k = (int32_t)((const int8_t *)memchr(once.letter, t->letter[i], (size_t)once.n) - once.letter);
        stride[k] += step;
        step *= x->dim[i];
    }
    int64_t *from = arena_alloc(&e->c->m->arena, n + 1, sizeof *from);
    e->c->m->room -= n;
    for (size_t i = 0; from != NULL && i < n; i++) {
        for (int32_t k = 0; k < once.n; k++) {
            from[i] += at[k] * stride[k];
        }
        for (int32_t k = once.n - 1; k >= 0 && ++at[k] == dim[k]; k--) {
            at[k] = 0;
        }
    }
    *t = once;
    return from != NULL ? move_pick(e->c, x, once.n, dim, from, 0) : NULL;
}

/* Sums the letters that nobody else needs. */
static struct onnx_val *sum_alone(struct einsum *e, struct onnx_val *x, struct term *t, const bool *needed)
{
    struct term rest = {0};
    uint32_t axes = 0;
    for (int32_t i = 0; i < t->n; i++) {
        if (needed[t->letter[i]]) {
            rest.letter[rest.n++] = t->letter[i];
        } else {
            axes |= 1u << i;
        }
    }
    *t = rest;
    return make_reduce(e->c, &op_reduce_sum, x, axes, false);
}

/* x transposed to the letters of `to`, as a matrix batch of the sizes given. */
static struct onnx_val *arranged(struct einsum *e, struct onnx_val *x, const struct term *t, const struct term *to,
                                 const int64_t dim[3])
{
    int32_t perm[ONNX_MAX_RANK];
    for (int32_t i = 0; i < to->n; i++) {
        perm[i] = (int32_t)((const int8_t *)memchr(t->letter, to->letter[i], (size_t)t->n) - t->letter);
    }
    return move_view(e->c, move_transpose(e->c, x, perm), 3, dim);
}

static void append(struct term *to, const struct term *from)
{
    memcpy(to->letter + to->n, from->letter, (size_t)from->n);
    to->n += from->n;
}

static int64_t volume(const struct einsum *e, const struct term *t)
{
    int64_t n = 1;
    for (int32_t i = 0; i < t->n; i++) {
        n *= e->size[t->letter[i]];
    }
    return n;
}

/* Joins b into a; `needed`: letters that the output or later operands have. */
static struct onnx_val *join(struct einsum *e, struct onnx_val *a, struct term *ta, struct onnx_val *b,
                             const struct term *tb, const bool *needed)
{
    struct term batch = {0}, sum = {0}, rows = {0}, columns = {0};
    struct matmul_attrs plain = {0};
    int64_t dim[ONNX_MAX_RANK];
    for (int32_t i = 0; i < ta->n; i++) {
        int8_t l = ta->letter[i];
        struct term *to = !has(tb, l) ? &rows : needed[l] ? &batch : &sum;
        to->letter[to->n++] = l;
    }
    for (int32_t i = 0; i < tb->n; i++) {
        if (!has(ta, tb->letter[i])) {
            columns.letter[columns.n++] = tb->letter[i];
        }
    }
    struct term left = batch, right = batch, made = batch;
    if (batch.n + rows.n + columns.n > ONNX_MAX_RANK || batch.n + sum.n + columns.n > ONNX_MAX_RANK) {
        call_fail(e->c, LIMN_ERR_UNSUPPORTED, "a product of rank above 8");
        return NULL;
    }
    append(&left, &rows);
    append(&left, &sum);
    append(&right, &sum);
    append(&right, &columns);
    append(&made, &rows);
    append(&made, &columns);
    int64_t nb = volume(e, &batch), nr = volume(e, &rows), ns = volume(e, &sum), nc = volume(e, &columns);
    struct onnx_val *pair[2] = {arranged(e, a, ta, &left, (int64_t[]){nb, nr, ns}),
                                arranged(e, b, tb, &right, (int64_t[]){nb, ns, nc})};
    *ta = made;
    for (int32_t i = 0; i < made.n; i++) {
        dim[i] = e->size[made.letter[i]];
    }
    return pair[0] != NULL && pair[1] != NULL
               ? move_view(e->c, make_node(e->c, a->type, &op_matmul, &plain, 2, pair), made.n, dim)
               : NULL;
}

/* The sizes of the letters; an operand's dimension of 1 under "..." is repeated. */
static struct onnx_val *fit(struct einsum *e, struct onnx_val *x, const struct term *t)
{
    int64_t dim[ONNX_MAX_RANK];
    for (int32_t i = 0; i < t->n; i++) {
        dim[i] = e->size[t->letter[i]];
        if (x->dim[i] != dim[i] && !(x->dim[i] == 1 && t->letter[i] >= FIRST_OF_DOTS)) {
            call_fail(e->c, LIMN_ERR_SHAPE, "a letter stands for %lld and %lld elements", (long long)x->dim[i],
                      (long long)dim[i]);
            return NULL;
        }
    }
    return move_expand(e->c, x, t->n, dim);
}

/* Without an arrow the output has the letters that stand once, in order, after "...". */
static void implicit_output(struct einsum *e, const struct term *t, int32_t dots)
{
    int count[LETTERS] = {0};
    for (size_t i = 0; i < e->c->n_in; i++) {
        for (int32_t k = 0; k < t[i].n; k++) {
            count[t[i].letter[k]]++;
        }
    }
    for (int i = 0; i < LETTERS; i++) {
        int l = i < dots ? FIRST_OF_DOTS + ONNX_MAX_RANK - dots + i : i - dots;
        bool take = i < dots || (l < FIRST_OF_DOTS && (l < 26 ? count[l + 26] : count[l - 26]) == 1);
        l = i >= dots ? (l < 26 ? l + 26 : l - 26) : l; /* capitals come first, as in NumPy */
        if (take && e->out.n < ONNX_MAX_RANK) {
            e->out.letter[e->out.n++] = (int8_t)l;
        }
    }
}

static bool read_equation(struct einsum *e, const char *p, struct term *t)
{
    int32_t dots = 0;
    for (size_t i = 0; i < e->c->n_in && call_ok(e->c); i++) {
        struct onnx_val *x = e->c->in[i];
        p = read_term(e, p, x->rank, 0, &t[i]);
        for (int32_t k = 0, d = 0; k < t[i].n && call_ok(e->c); k++) {
            int64_t *size = &e->size[t[i].letter[k]];
            d += t[i].letter[k] >= FIRST_OF_DOTS;
            dots = d > dots ? d : dots;
            *size = x->dim[k] > *size ? x->dim[k] : *size;
        }
        if (call_ok(e->c) && (*p == ',') != (i + 1 < e->c->n_in)) {
            call_fail(e->c, LIMN_ERR_FORMAT, "attribute equation is not of %zu inputs", e->c->n_in);
        }
        p += *p == ',';
    }
    if (!call_ok(e->c)) {
        return false;
    }
    if (p[0] == '-' && p[1] == '>') {
        p = read_term(e, p + 2, -1, dots, &e->out);
    } else {
        implicit_output(e, t, dots);
    }
    return call_ok(e->c) && *p == '\0';
}

void onnx_einsum(struct onnx_call *c)
{
    struct einsum e = {.c = c};
    const struct onnx_attr *a = attr_find(c, "equation", ONNX_ATTR_STRING);
    struct term *t = arena_alloc(&c->m->arena, c->n_in, sizeof *t), made;
    int32_t perm[ONNX_MAX_RANK];
    if (a == NULL || t == NULL || !read_equation(&e, a->s, t)) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute equation is absent or goes on behind its output");
        return;
    }
    struct onnx_val *y = NULL;
    for (size_t i = 0; i < c->n_in && call_ok(c); i++) {
        bool needed[LETTERS] = {false};
        for (size_t k = i + 1; k <= c->n_in; k++) {
            const struct term *later = k < c->n_in ? &t[k] : &e.out;
            for (int32_t j = 0; j < later->n; j++) {
                needed[later->letter[j]] = true;
            }
        }
        struct onnx_val *x = fit(&e, c->in[i], &t[i]);
        x = x != NULL ? diagonal(&e, x, &t[i]) : NULL;
        if (i == 0) {
            made = t[0];
            y = x;
        } else {
            y = x != NULL && y != NULL ? join(&e, y, &made, x, &t[i], needed) : NULL;
        }
        y = y != NULL ? sum_alone(&e, y, &made, needed) : NULL;
    }
    for (int32_t i = 0; i < e.out.n && call_ok(c); i++) {
        const int8_t *at = memchr(made.letter, e.out.letter[i], (size_t)made.n);
        if (at == NULL || made.n != e.out.n) {
            call_fail(c, LIMN_ERR_FORMAT, "the output has a letter that no input has");
            return;
        }
        perm[i] = (int32_t)(at - made.letter);
    }
    c->out[0] = move_transpose(c, y, perm);
}
