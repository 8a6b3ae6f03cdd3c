/* limn: finished files: labelled sheets of pictures, pictures that say where they come from, texts. The rules of
 * <limn/limn.h> hold here too. */
#ifndef LIMN_SHEET_H
#define LIMN_SHEET_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct limn_sheet_cell {
    const limn_image *image;
    const char *title, *caption; /* above and below it, one line each; NULL: none */
    const char *colormap;        /* a colour bar below it, from `low` to `high`; NULL: none */
    double low, high;
};
/* Pictures in rows of `columns`, each fitted into a square of cell_px pixels (16 to 4096; 0: the longest side of all,
 * at least 224), white around them. `title` may be NULL. Quick. */
LIMN_API limn_status limn_sheet(const char *title, const struct limn_sheet_cell *cells, size_t n, int32_t columns,
                                int32_t cell_px, limn_image **out, limn_error *err);

struct limn_text { /* of a PNG file: a key of 1 to 79 letters and signs of ASCII, a value in UTF-8 */
    const char *key, *value;
};
/* limn_image_save with text chunks. File. */
LIMN_API limn_status limn_image_save_text(const limn_image *picture, const char *path, const struct limn_text *text,
                                          size_t n, unsigned flags, limn_error *err);

/* Writes a text; an existing path is LIMN_ERR_IO without LIMN_SAVE_FORCE. The file appears whole or not at all. File.
 */
LIMN_API limn_status limn_text_save(const char *text, const char *path, unsigned flags, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
