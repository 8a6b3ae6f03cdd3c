/* The order of the rewrites, and dead code: a node is live when an output or tap depends on it. */
#include "pass/optimise.h"

#include "pass/pass.h"

limn_status optimise_dead(struct graph *g, limn_error *err)
{
    bool *live = mem_alloc(g->n_value, sizeof(*live));
    if (live == NULL) {
        return err_nomem(err, g->n_value, "dead code removal");
    }
    for (size_t i = 0; i < g->n_value; i++) {
        live[i] = (g->value[i].flags & (VALUE_OUTPUT | VALUE_TAP)) != 0;
    }
    for (size_t i = g->n_node; i-- > 0;) {
        struct node *n = &g->node[i];
        bool used = false;
        for (int32_t k = 0; k < n->n_out; k++) {
            used = used || live[n->out[k]];
        }
        n->dead = n->dead || !used;
        for (int32_t k = 0; !n->dead && k < n->n_in; k++) {
            if (n->in[k] != VALUE_NONE) {
                live[n->in[k]] = true;
            }
        }
    }
    mem_free(live);
    return LIMN_OK;
}

limn_status graph_optimise(struct graph *g, unsigned flags, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (flags & OPTIMISE_DEAD) {
        TRY(optimise_dead(g, err)); /* first: a dead reader must not keep a value from being fused */
    }
    if (flags & OPTIMISE_ACTIVATION) {
        TRY(optimise_activation(g, err));
    }
    if (flags & OPTIMISE_BN) {
        TRY(optimise_bn(g, err));
    }
    if (flags & OPTIMISE_SAME) {
        TRY(optimise_same(g, err));
    }
    if (flags & OPTIMISE_EPILOGUE) {
        TRY(optimise_gate(g, err));
        TRY(optimise_epilogue(g, err));
    }
    if (flags & OPTIMISE_DEAD) {
        TRY(optimise_dead(g, err));
    }
out:
    return st;
}
