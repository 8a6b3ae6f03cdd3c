/* CORPUS: coco. Any annotation file is read or refused; what is read keeps its promises. */
#include <stdlib.h>

#include "data/pictures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct coco c = {0};
    limn_error err = {0};
    if (coco_parse("fuzz", (const char *)data, size, &c, &err) != LIMN_OK) {
        if (!err.text[0]) {
            abort();
        }
        return 0;
    }
    size_t counted = 0;
    for (size_t i = 0; i < c.n_images; i++) {
        counted += c.image[i].n;
        if (!is_inner_path(c.image[i].file) || (c.image[i].n && c.image[i].first + c.image[i].n > c.n_boxes)) {
            abort();
        }
    }
    for (size_t i = 0; i < c.n_boxes; i++) {
        const struct coco_box *b = &c.box[i];
        if (b->image >= c.n_images || b->label < 0 || b->label >= c.n_classes || !(b->side > 0 && b->side <= 8192) ||
            !(b->x >= 0 && b->x < 1e7 && b->y >= 0 && b->y < 1e7)) {
            abort();
        }
    }
    if (counted != c.n_boxes) {
        abort();
    }
    coco_finish(&c);
    return 0;
}
