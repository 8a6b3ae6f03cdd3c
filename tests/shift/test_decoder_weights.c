/* Starting a decoder: the encoder's weights come from a classifier's checkpoint, plain or as a detector's backbone,
 * whatever else that holds; only the decoder is drawn, and only it is trained. */
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "support/check.h"
#include "support/sparse.h"
#include "train/decoder.h"

static void backbone(const char *name, char out[256])
{
    snprintf(out, 256, "backbone.body.%s", name);
}

static void check_start(void (*rename)(const char *, char[256]), const char *extra)
{
    limn_error err = {0};
    struct weights *w = NULL;
    struct arch_graph g = {0};
    struct train_task *t = NULL;
    char path[64];
    snprintf(path, sizeof path, "decoder-weights-%d.safetensors", (int)getpid());
    CHECK_OK(weights_recipe(1, &w, &err));
    CHECK_OK(arch_build(arch_find("resnet50"), w, SHAPE(1, 3, 64, 64), false, &g, &err));
    CHECK(sparse_write(path, g.graph, &(struct sparse_edit){.rename = rename, .batches = true, .extra = {extra}}));
    struct decoder_options o = {.arch = arch_find("resnet50_ae"),
                                .channels = 3,
                                .height = 64,
                                .width = 64,
                                .std = {1, 1, 1, 1},
                                .range = 1,
                                .start = path};
    CHECK_OK(decoder_create(&o, &t, &err));
    size_t n = 0, encoder = 0;
    const char *const *frozen = t != NULL ? decoder_frozen(t, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        CHECK(!str_starts(frozen[i], "uplayer") && !str_starts(frozen[i], "conv1_1"));
        encoder += str_starts(frozen[i], "layer") || str_starts(frozen[i], "conv1.") || str_starts(frozen[i], "bn1.");
    }
    CHECK_INT(encoder, n);
    CHECK_INT(n, 53 * 3); /* a weight for each convolution, two for each BatchNorm */
    decoder_destroy(&t);
    o.arch = arch_find("resnetae50"); /* another encoder: its weights are not there */
    CHECK_INT(decoder_create(&o, &t, &err), LIMN_ERR_FORMAT);
    arch_graph_finish(&g);
    weights_close(&w);
    unlink(path);
}

int main(void)
{
    check_start(NULL, "further.weight");
    check_start(backbone, "rpn.head.conv.weight");
    return check_done();
}
