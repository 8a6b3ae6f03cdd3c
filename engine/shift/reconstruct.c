/* x -> D(E(x)) as pictures in [0,1]. */
#include "pass/pass.h"
#include "shift/shift.h"

limn_status shift_reconstruct(struct model *autoencoder, struct vk_device *dev, const struct exec_params *ep,
                              const float *x, struct tensor *original, struct tensor *picture, limn_error *err)
{
    struct autoencoder_graph a = {0};
    struct exec *e = NULL;
    struct tensor from = {0}, to = {0};
    limn_status st = LIMN_OK;
    TRY(model_build_autoencoder(autoencoder, 1, &a, err));
    struct builder b = {.g = a.graph, .err = err};
    const struct model_card *card = model_get_card(autoencoder);
    value_id in = bridge_to_picture(&b, card, a.input), out = bridge_to_picture(&b, card, a.picture);
    TRY(b.status);
    struct shape s = a.graph->value[a.input].shape;
    if (!shape_equal(&s, &a.graph->value[out].shape)) { /* compared at the size of what comes out */
        const int32_t *to_size = a.graph->value[out].shape.dim;
        struct resize_attrs r = {.mode = RESIZE_MODE_LINEAR,
                                 .coord = RESIZE_TORCH,
                                 .antialias = 1,
                                 .exclude_outside = 1,
                                 .size = {1, to_size[2], to_size[3]}};
        in = build(&b, &op_resize, NULL, &r, in);
        TRY(b.status);
    }
    a.graph->value[a.picture].flags &= ~(uint32_t)VALUE_OUTPUT;
    a.graph->value[in].flags |= VALUE_OUTPUT;
    a.graph->value[out].flags |= VALUE_OUTPUT;
    for (size_t i = 0; i < a.graph->n_value; i++) {
        a.graph->value[i].flags &= ~(uint32_t)VALUE_PARAM;
    }
    TRY(graph_optimise(a.graph, OPTIMISE_ALL | OPTIMISE_ACTIVATION, err));
    TRY(dev ? exec_vk_create(dev, a.graph, ep, &e, err) : exec_ref_create(a.graph, &e, err));
    TRY(exec_set(e, a.input, x, shape_elems(&s), err));
    TRY(exec_run(e, 0, 0, err));
    TRY(tensor_init(&from, a.graph->value[in].shape, err));
    TRY(tensor_init(&to, a.graph->value[out].shape, err));
    TRY(exec_get(e, in, from.data, shape_elems(&from.shape), err));
    TRY(exec_get(e, out, to.data, shape_elems(&to.shape), err));
    *original = from;
    *picture = to;
    from = to = (struct tensor){0};
out:
    exec_destroy(&e);
    graph_destroy(&a.graph);
    tensor_finish(&from);
    tensor_finish(&to);
    return st;
}
