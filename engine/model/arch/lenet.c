/* LeNet for 28 x 28 grey images: LeCun et al. 1998 with ReLU and max pooling, no padding. */
#include "model/arch.h"

value_id arch_lenet(struct net *n, value_id x, int32_t variant)
{
    (void)variant;
    x = net_conv(n, "conv1", x, (struct net_conv){.out = 6, .size = 5, .bias = true});
    x = net_relu(n, "relu1", x);
    x = net_max_pool(n, "pool1", x, 2, 2, 0, false);
    x = net_conv(n, "conv2", x, (struct net_conv){.out = 16, .size = 5, .bias = true});
    x = net_relu(n, "relu2", x);
    x = net_max_pool(n, "pool2", x, 2, 2, 0, false);
    x = net_flatten(n, x);
    x = net_relu(n, "relu3", net_linear(n, "fc1", x, 120));
    x = net_relu(n, "relu4", net_linear(n, "fc2", x, 84));
    return net_linear(n, "fc3", x, n->classes);
}
