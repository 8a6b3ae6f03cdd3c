/* One node by both executors. */
#include "support/run_node.h"

#include "exec/exec.h"
#include "ir/graph.h"
#include "support/check.h"

bool run_node(struct vk_device *dev, const struct op *op, const void *attrs, int n_in, const float *const *in, size_t n,
              float *expected, float *found)
{
    struct graph *g = NULL;
    limn_error err = {0};
    value_id x[3], y;
    struct exec *e[2] = {NULL, NULL};
    CHECK(n_in <= 3);
    CHECK_OK(graph_create(&g, &err));
    for (int i = 0; i < n_in; i++) {
        CHECK_OK(graph_input(g, NULL, SHAPE((int32_t)n), &x[i], &err));
    }
    CHECK_OK(graph_node(g, op, "y", attrs, n_in, x, &y, &err));
    g->value[y].flags |= VALUE_OUTPUT;
    size_t n_out = shape_elems(&g->value[y].shape);
    CHECK_OK(exec_ref_create(g, &e[0], &err));
    CHECK_OK(exec_vk_create(dev, g, &(struct exec_params){0}, &e[1], &err));
    bool ok = e[0] && e[1];
    for (int k = 0; k < 2 && ok; k++) {
        for (int i = 0; i < n_in && ok; i++) {
            ok = exec_set(e[k], x[i], in[i], n, &err) == LIMN_OK;
        }
        ok = ok && exec_run(e[k], 0, 1, &err) == LIMN_OK &&
             exec_get(e[k], y, k == 0 ? expected : found, n_out, &err) == LIMN_OK;
    }
    CHECK(ok);
    exec_destroy(&e[0]);
    exec_destroy(&e[1]);
    graph_destroy(&g);
    return ok;
}
