/* Stacks of Conv3d - BatchNorm3d - ReLU - MaxPool3d with Linear layers at the end, as people write them with
 * nn.Sequential: 3-D networks have no zoo whose names could be known.
 *
 * A state dict names the modules that have weights; the numbers of a Sequential tell how many stand between them, and
 * the usual order tells which: ReLU, then MaxPool3d(2), then Dropout; before the first Linear a global average when it
 * takes as many features as there are channels, else Flatten. Where numbers say nothing (the end of a section, Linear
 * layers that are not numbered), the block before decides. Kernels are odd and padded to keep the size, stride 1; when
 * only padding 0, or no pooling at the end, makes the first Linear's features come out of the given input size, that is
 * what is meant. */
#include "model/arch/stack3d.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { PARTS_MAX = 64, SIDE_MAX = 512 };

enum part_kind { PART_CONV, PART_BN, PART_LINEAR };
struct part { /* a module with weights */
    enum part_kind kind;
    char section[96]; /* path up to the number; the whole path when there is none */
    int32_t index;    /* -1: not numbered */
    bool in_features; /* its section has convolutions */
    struct shape w;
};

enum step_kind { STEP_CONV, STEP_BN, STEP_RELU, STEP_POOL, STEP_NOTHING, STEP_AVERAGE, STEP_FLATTEN, STEP_LINEAR };
struct step {
    enum step_kind kind;
    char name[112]; /* "": a function */
    struct shape w;
    bool guessed; /* a pooling that may not be there */
};

struct stack {
    struct part part[PARTS_MAX];
    size_t n_part;
    struct step step[STACK3D_STEPS_MAX];
    size_t n_step;
    bool failed; /* not such a stack */
};

/* Text with numbers by their value: "block2" before "block10". */
static int natural_order(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            char *end_a, *end_b;
            unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);
            if (x != y) {
                return x < y ? -1 : 1;
            }
            a = end_a;
            b = end_b;
        } else if (*a != *b) {
            return *a < *b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a > *b) - (*a < *b);
}

static int part_order(const void *pa, const void *pb)
{
    const struct part *a = pa, *b = pb;
    if (a->in_features != b->in_features) {
        return a->in_features ? -1 : 1;
    }
    int by_name = natural_order(a->section, b->section);
    return by_name != 0 ? by_name : (a->index > b->index) - (a->index < b->index);
}

/* "features.4.weight" with a 5-dimensional weight is a convolution at features, 4. */
static void add_part(struct stack *s, const struct weights *w, const char *name)
{
    static const char *const ends[] = {".weight", ".running_mean"};
    struct part p = {.index = -1};
    size_t end = 0;
    while (end < 2 && !str_ends(name, ends[end])) {
        end++;
    }
    if (end == 2 || !weights_shape(w, name, &p.w) || (end == 0 && p.w.rank != 5 && p.w.rank != 2)) {
        return; /* what nothing asks for is found when the weights are compared */
    }
    size_t n = strlen(name) - strlen(ends[end]), dot = n;
    if (s->n_part == PARTS_MAX || n >= sizeof(p.section)) {
        s->failed = true;
        return;
    }
    p.kind = end == 1 ? PART_BN : p.w.rank == 5 ? PART_CONV : PART_LINEAR;
    while (dot > 0 && name[dot - 1] >= '0' && name[dot - 1] <= '9') {
        dot--;
    }
    bool numbered = dot < n && n - dot <= 4 && (dot == 0 || name[dot - 1] == '.');
    p.index = numbered ? (int32_t)strtol(name + dot, NULL, 10) : -1;
    snprintf(p.section, sizeof(p.section), "%.*s", (int)(numbered ? (dot > 0 ? dot - 1 : 0) : n), name);
    s->part[s->n_part++] = p;
}

static void find_parts(struct stack *s, const struct weights *w)
{
    const struct tensor_file *f = weights_file(w);
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const char *name = tensor_file_at(f, i)->name;
        add_part(s, w, str_starts(name, "module.") ? name + strlen("module.") : name);
    }
    for (size_t i = 0; i < s->n_part; i++) {
        for (size_t k = 0; k < s->n_part; k++) {
            bool same = strcmp(s->part[i].section, s->part[k].section) == 0;
            s->part[i].in_features = s->part[i].in_features || (same && s->part[k].kind == PART_CONV);
        }
    }
    if (s->n_part > 0) {
        qsort(s->part, s->n_part, sizeof(s->part[0]), part_order);
    }
}

static void add_step(struct stack *s, enum step_kind kind, const struct part *at, int32_t after)
{
    if (s->n_step == STACK3D_STEPS_MAX) {
        s->failed = true;
        return;
    }
    struct step *t = &s->step[s->n_step++];
    *t = (struct step){.kind = kind, .w = at->w};
    if (at->index < 0) {
        snprintf(t->name, sizeof(t->name), "%s", after == 0 ? at->section : "");
    } else {
        snprintf(t->name, sizeof(t->name), "%s%s%d", at->section, at->section[0] != '\0' ? "." : "", at->index + after);
    }
}

/* The `hidden` modules without weights after `at`: ReLU, MaxPool3d when there may be one, whatever does nothing. */
static void add_hidden(struct stack *s, const struct part *at, int32_t hidden, bool pool, bool guessed)
{
    for (int32_t k = 1; k <= hidden && !s->failed; k++) {
        add_step(s, k == 1 ? STEP_RELU : k == 2 && pool ? STEP_POOL : STEP_NOTHING, at, k);
        s->step[s->n_step - 1].guessed = guessed && k == 2;
    }
}

/* What stands between a block of features and the first Linear. */
static void add_bridge(struct stack *s, const struct part *at, const struct part *linear, int32_t between,
                       int32_t usual)
{
    int32_t channels = s->step[0].w.dim[0];
    for (size_t i = 0; i < s->n_step; i++) {
        channels = s->step[i].kind == STEP_CONV ? s->step[i].w.dim[0] : channels;
    }
    bool average = linear->w.dim[1] == channels;
    if (between < 0) { /* another section */
        add_hidden(s, at, usual, true, true);
    } else {
        int32_t own = average ? 2 : 1, hidden = between - own > 0 ? between - own : between > 1; /* without Flatten */
        add_hidden(s, at, hidden, true, false);
    }
    add_step(s, average ? STEP_AVERAGE : STEP_FLATTEN, &(struct part){.index = -1}, 0); /* a function */
}

static void find_steps(struct stack *s)
{
    int32_t usual = 2; /* ReLU and pooling */
    for (size_t i = 0; i < s->n_part && !s->failed; i++) {
        const struct part *p = &s->part[i], *next = i + 1 < s->n_part ? p + 1 : NULL;
        bool together = next != NULL && p->index >= 0 && strcmp(p->section, next->section) == 0;
        int32_t between = together ? next->index - p->index - 1 : -1;
        add_step(s, p->kind == PART_CONV ? STEP_CONV : p->kind == PART_BN ? STEP_BN : STEP_LINEAR, p, 0);
        if (next == NULL) {
            s->failed = s->failed || p->kind != PART_LINEAR;
        } else if (p->kind == PART_LINEAR) {
            s->failed = s->failed || next->kind != PART_LINEAR;
            add_hidden(s, p, between < 0 ? 1 : between, false, false);
        } else if (next->kind == PART_BN) {
            s->failed = s->failed || between != 0 || p->kind == PART_BN;
        } else if (next->kind == PART_LINEAR) {
            add_bridge(s, p, next, between, usual);
        } else {
            usual = between < 0 ? usual : between;
            add_hidden(s, p, usual, true, false);
        }
    }
    s->failed = s->failed || s->n_part < 2 || s->part[0].kind != PART_CONV;
}

/* The stack of recipe:stack3d. */
static void published(struct stack *s)
{
    static const int32_t channels[] = {STACK3D_CHANNELS, 8, 16, 32};
    for (int32_t i = 0; i < 3; i++) {
        struct part conv = {.section = "features", .index = 4 * i, .in_features = true};
        struct part bn = {.kind = PART_BN, .section = "features", .index = 4 * i + 1, .in_features = true};
        conv.w = SHAPE(channels[i + 1], channels[i], 3, 3, 3);
        bn.w = SHAPE(channels[i + 1]);
        s->part[s->n_part++] = conv;
        s->part[s->n_part++] = bn;
    }
    struct part fc = {.kind = PART_LINEAR, .section = "classifier", .index = -1};
    fc.w = SHAPE(STACK3D_CLASSES, channels[3]);
    s->part[s->n_part++] = fc;
}

static void read_stack(struct stack *s, const struct weights *w)
{
    *s = (struct stack){0};
    if (weights_file(w) == NULL) {
        published(s);
    } else {
        find_parts(s, w);
    }
    find_steps(s);
}

/* --- sizes --- */

struct reading { /* what the weights leave open */
    bool pad, last_pool;
};
static const struct reading readings[] = {{true, true}, {true, false}, {false, true}, {false, false}};

/* Size after the features; false when nothing is left. */
static bool size_after(const struct stack *s, struct reading r, int32_t size[3])
{
    for (size_t i = 0; i < s->n_step; i++) {
        const struct step *t = &s->step[i];
        for (int k = 0; k < 3; k++) {
            if (t->kind == STEP_CONV && !(r.pad && t->w.dim[k + 2] % 2 == 1)) {
                size[k] -= t->w.dim[k + 2] - 1;
            } else if (t->kind == STEP_POOL && (!t->guessed || r.last_pool)) {
                size[k] /= 2;
            }
            if (size[k] < 1) {
                return false;
            }
        }
    }
    return true;
}

/* Positions that the first Linear takes for each channel; 0: any number (a global average). */
static int64_t positions(const struct stack *s)
{
    int32_t channels = 1;
    for (size_t i = 0; i < s->n_step; i++) {
        const struct step *t = &s->step[i];
        channels = t->kind == STEP_CONV ? t->w.dim[0] : channels;
        if (t->kind == STEP_AVERAGE) {
            return 0;
        }
        if (t->kind == STEP_LINEAR) {
            return t->w.dim[1] / channels;
        }
    }
    return 0;
}

/* The first reading under which the features of this size fit. */
static struct reading choose(const struct stack *s, const int32_t size[3])
{
    int64_t want = positions(s);
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        int32_t out[3] = {size[0], size[1], size[2]};
        if (size_after(s, readings[i], out) && (want == 0 || (int64_t)out[0] * out[1] * out[2] == want)) {
            return readings[i];
        }
    }
    return readings[0];
}

/* An input that fits when the card names none: padded, pooled, as near to a cube as the positions divide. */
static void usual_size(const struct stack *s, int32_t size[3])
{
    int64_t want = positions(s), left = want;
    for (int k = 0; k < 3; k++) {
        size[k] = STACK3D_SIZE;
    }
    for (int k = 0; k < 3 && want > 0; k++) {
        int32_t side = 1;
        for (int32_t i = 2; i <= SIDE_MAX; i++) { /* the largest divisor that leaves as much to each axis after it */
            int64_t power = k == 0 ? (int64_t)i * i * i : k == 1 ? (int64_t)i * i : i;
            side = power <= left && left % i == 0 ? i : side;
        }
        left /= side;
        size[k] = side;
        for (size_t i = 0; i < s->n_step; i++) {
            size[k] *= s->step[i].kind == STEP_POOL && size[k] <= SIDE_MAX ? 2 : 1;
        }
    }
}

bool arch_stack3d_facts(const struct weights *w, struct arch_facts *out)
{
    struct stack s;
    read_stack(&s, w);
    if (s.failed) {
        return false;
    }
    struct arch_facts f = {.channels = s.step[0].w.dim[1], .classes = s.part[s.n_part - 1].w.dim[0]};
    int32_t size[3];
    usual_size(&s, size);
    f.depth = size[0];
    f.height = size[1];
    f.width = size[2];
    for (size_t i = 0; i < s.n_step && s.step[i].kind != STEP_LINEAR; i++) {
        enum step_kind k = s.step[i].kind;
        if (k == STEP_CONV || k == STEP_BN || k == STEP_RELU) { /* the last features before pooling */
            snprintf(f.layer, sizeof(f.layer), "%s", s.step[i].name);
        }
    }
    *out = f;
    return true;
}

static value_id make_conv(struct net *n, const struct step *t, value_id x, bool pad)
{
    int32_t size[3] = {t->w.dim[2], t->w.dim[3], t->w.dim[4]}, around[3];
    struct shape bias;
    char name[128];
    for (int k = 0; k < 3; k++) {
        around[k] = pad && size[k] % 2 == 1 ? size[k] / 2 : 0;
    }
    snprintf(name, sizeof(name), "%s.bias", t->name);
    bool has_bias = weights_file(n->weights) == NULL || weights_shape(n->weights, name, &bias);
    return net_conv3d(n, t->name, x, t->w.dim[0], size, around, has_bias);
}

value_id arch_stack3d(struct net *n, value_id x, int32_t variant)
{
    struct stack s;
    (void)variant;
    read_stack(&s, n->weights);
    if (s.failed) {
        n->b.status = err_set(n->b.err, LIMN_ERR_FORMAT, "weights do not fit stack3d: not a numbered stack of Conv3d");
        return VALUE_NONE;
    }
    struct reading r = choose(&s, build_shape(&n->b, x)->dim + 2);
    for (size_t i = 0; i < s.n_step && n->b.status == LIMN_OK; i++) {
        const struct step *t = &s.step[i];
        const char *name = t->name[0] != '\0' ? t->name : NULL;
        if (t->kind == STEP_CONV) {
            x = make_conv(n, t, x, r.pad);
        } else if (t->kind == STEP_BN) {
            x = net_bn(n, name, x);
        } else if (t->kind == STEP_RELU) {
            x = net_relu(n, name, x);
        } else if (t->kind == STEP_POOL) {
            x = t->guessed && !r.last_pool ? x : net_max_pool3d(n, name, x, 2);
        } else if (t->kind == STEP_AVERAGE) {
            x = net_flatten(n, net_global_pool(n, x));
        } else if (t->kind == STEP_FLATTEN) {
            x = net_flatten(n, x);
        } else if (t->kind == STEP_LINEAR) {
            x = net_linear(n, name, x, t->w.dim[0]);
        } else if (name != NULL) {
            x = net_module(n, name, x);
        }
    }
    return x;
}
