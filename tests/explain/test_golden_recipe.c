/* Goldens of the large architectures, with weights computed from names.
 * LABELS: golden gpu slow
 * TIMEOUT: 1200 */
#include "support/golden.h"

int main(void)
{
    static const struct golden_row rows[] = {
        {GOLDEN_HERE, "recipe:densenet121", "recipe_densenet121"},
        {GOLDEN_HERE, "recipe:resnet50", "recipe_resnet50"},
        {GOLDEN_HERE, "recipe:efficientnet_b0", "recipe_efficientnet_b0"},
        {GOLDEN_HERE, "recipe:convnext_tiny", "recipe_convnext_tiny"},
        {GOLDEN_PACK, "recipe:resnet18", "recipe_resnet18"},
        {GOLDEN_PACK, "recipe:resnet50", "recipe_resnet50"},
        {GOLDEN_PACK, "recipe:vgg16", "recipe_vgg16"},
    };
    return golden_main(rows, sizeof(rows) / sizeof(rows[0]));
}
