/* AlexNet: Krizhevsky 2014 ("One weird trick"), as in torchvision. */
#include "model/arch.h"

value_id arch_alexnet(struct net *n, value_id x, int32_t variant)
{
    static const struct {
        struct net_conv conv;
        bool pool;
    } plan[] = {{{.out = 64, .size = 11, .stride = 4, .pad = 2, .bias = true}, true},
                {{.out = 192, .size = 5, .pad = 2, .bias = true}, true},
                {{.out = 384, .size = 3, .pad = 1, .bias = true}, false},
                {{.out = 256, .size = 3, .pad = 1, .bias = true}, false},
                {{.out = 256, .size = 3, .pad = 1, .bias = true}, true}};
    int32_t at = 0; /* index within `features` */
    (void)variant;
    for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++) {
        x = net_conv(n, net_name(n, "features.%d", at++), x, plan[i].conv);
        x = net_relu(n, net_name(n, "features.%d", at++), x);
        x = plan[i].pool ? net_max_pool(n, net_name(n, "features.%d", at++), x, 3, 2, 0, false) : x;
    }
    net_module(n, "features", x);
    x = net_flatten(n, net_adaptive_pool(n, "avgpool", x, 6));
    x = net_dropout(n, "classifier.0", x, 0.5f);
    x = net_relu(n, "classifier.2", net_linear(n, "classifier.1", x, 4096));
    x = net_dropout(n, "classifier.3", x, 0.5f);
    x = net_relu(n, "classifier.5", net_linear(n, "classifier.4", x, 4096));
    x = net_linear(n, "classifier.6", x, n->classes);
    return net_module(n, "classifier", x);
}
