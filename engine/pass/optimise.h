/* The rewrites behind graph_optimise; each leaves a graph that computes the same outputs and taps. */
#ifndef LIMN_PASS_OPTIMISE_H
#define LIMN_PASS_OPTIMISE_H

#include "ir/graph.h"

limn_status optimise_dead(struct graph *g, limn_error *err);
limn_status optimise_activation(struct graph *g, limn_error *err);
limn_status optimise_bn(struct graph *g, limn_error *err);
limn_status optimise_same(struct graph *g, limn_error *err);
limn_status optimise_gate(struct graph *g, limn_error *err);
limn_status optimise_epilogue(struct graph *g, limn_error *err);

#endif
