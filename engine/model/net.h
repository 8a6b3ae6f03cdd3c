/* Building blocks of the architectures: layers by torchvision's module paths, weights looked up by the same names.
 *
 * Names. A module's output value carries the module's path ("layer1.0.conv1"); a container or a module that does
 * nothing at inference (Dropout) is an alias of its last value. A module that torchvision calls several times, ResNet's
 * "relu", names its outputs "layer1.0.relu", "layer1.0.relu:2", ... in the order of the calls. Values of functions that
 * are no modules (the addition of a residual block, a flatten) have generated names.
 *
 * The first failure sticks in net.b; later calls do nothing and return VALUE_NONE. */
#ifndef LIMN_MODEL_NET_H
#define LIMN_MODEL_NET_H

#include "model/weights.h"
#include "ops/ops.h"

struct net_layer {
    const char *name;
    value_id value;
};

struct net {
    struct builder b;
    struct weights *weights;
    struct net_layer *layer; /* modules in the order of their outputs */
    size_t n_layer, cap_layer;
    int32_t classes;
};

/* A name in the graph's memory; "" once the net failed. */
const char *net_name(struct net *n, const char *fmt, ...) LIMN_PRINTF(2, 3);

struct net_conv { /* zero: 1 for size, stride and groups */
    int32_t out, size, stride, pad, groups;
    bool bias;
};
value_id net_conv(struct net *n, const char *name, value_id x, struct net_conv c);
value_id net_bn(struct net *n, const char *name, value_id x); /* eps 1e-5 */
value_id net_linear(struct net *n, const char *name, value_id x, int32_t out);
value_id net_relu(struct net *n, const char *name, value_id x); /* name NULL: a function, not a module */
value_id net_relu6(struct net *n, const char *name, value_id x);
value_id net_max_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride, int32_t pad,
                      bool ceil);
value_id net_avg_pool(struct net *n, const char *name, value_id x, int32_t size, int32_t stride);
/* Adaptive average to size x size; an alias of x when it has that size already. */
value_id net_adaptive_pool(struct net *n, const char *name, value_id x, int32_t size);
value_id net_flatten(struct net *n, value_id x); /* [N, everything else] */
value_id net_add(struct net *n, const char *name, value_id x, value_id y);
value_id net_concat(struct net *n, const char *name, value_id x, value_id y); /* channels */
/* Declares a container or identity module whose output is x; returns x. */
value_id net_module(struct net *n, const char *name, value_id x);

#endif
