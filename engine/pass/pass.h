/* Graph to graph: differentiation and rewrites. */
#ifndef LIMN_PASS_PASS_H
#define LIMN_PASS_PASS_H

#include "ir/graph.h"

/* --- autodiff.c: reverse mode. Backward rules of explanation methods are a table handed in here, so methods never
 * touch operators and operators never know methods. --- */
struct vjp_rule {
    const struct op *op; /* the operator whose vjp is replaced */
    vjp_fn vjp;
};
struct autodiff {
    const struct vjp_rule *rules; /* NULL: the mathematical derivative everywhere */
    size_t n_rules;
    const void *user; /* handed to the rules */
};
/* Emits the nodes that compute d <seed, y> / d wrt[i] for each i, and returns them in grad[i] (a zero constant when y
 * does not depend on wrt[i]). Only nodes between wrt and y are visited. seed has y's shape. Works on graphs that
 * already hold gradients. */
limn_status autodiff(struct graph *g, const struct autodiff *opt, value_id y, value_id seed, const value_id *wrt,
                     size_t n, value_id *grad, limn_error *err);

/* --- optimise*.c: rewrites that respect outputs, taps and names: dead code, BatchNorm into convolution weights,
 * epilogues (bias, add, activation; in backward the gate and the gradient add), nodes that compute the same thing.
 * BN is for a forward graph before autodiff, so that the backward uses the folded weights too; EPILOGUE comes after
 * autodiff. ACTIVATION, before autodiff as well, makes one operator of activations that a file spells out (x
 * sigmoid(x), x (1 + erf(x / sqrt 2)) / 2, ...), so that backward rules see what they are. --- */
enum optimise_flag {
    OPTIMISE_DEAD = 1,
    OPTIMISE_BN = 2,
    OPTIMISE_EPILOGUE = 4,
    OPTIMISE_SAME = 8,
    OPTIMISE_ALL = 15,
    OPTIMISE_ACTIVATION = 16,
};
limn_status graph_optimise(struct graph *g, unsigned flags, limn_error *err);

/* --- split.c: convolutions whose weight, or one sample, is larger than the device binds (caps->max_storage_range)
 * become convolutions of parts of the channels. After BN, before autodiff. caps NULL: nothing is too large. --- */
limn_status graph_split(struct graph *g, const struct device_caps *caps, limn_error *err);

/* --- memplan.c: lifetimes to offsets in one arena --- */
struct memplan_item { /* one buffer */
    uint64_t bytes;
    int32_t first, last; /* steps in which it is live, inclusive */
    uint64_t offset;     /* result */
};
/* Greedy by size, best fit; offsets are multiples of align; no item crosses a multiple of block_bytes (0: no blocks).
 * Returns the arena size in *total. LIMN_ERR_NOMEM when an item is larger than a block. */
limn_status memplan(struct memplan_item *items, size_t n, uint64_t align, uint64_t block_bytes, uint64_t *total,
                    limn_error *err);

#endif
