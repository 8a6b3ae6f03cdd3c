/* Finished files: sheets, pictures with text, texts and copies; nothing is overwritten unasked, failures leave nothing.
 */
#include <limn/sheet.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "support/check.h"

static limn_error err;
static char work[] = "/tmp/limn-sheet-XXXXXX";

static char *in_work(const char *name)
{
    static char path[4][200];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", work, name);
    return path[at];
}

static limn_image *plain(int32_t w, int32_t h, int value)
{
    limn_image *image = NULL;
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3);
    memset(rgb, value, (size_t)w * (size_t)h * 3);
    CHECK_OK(limn_image_create(w, h, rgb, &image, &err));
    free(rgb);
    return image;
}

static const uint8_t *pixel(const limn_image *image, int32_t x, int32_t y)
{
    return limn_image_rgb(image) + 3 * ((size_t)y * (size_t)limn_image_width(image) + (size_t)x);
}

static void check_sheet(void)
{
    limn_image *dark = plain(224, 224, 10), *light = plain(224, 112, 200), *sheet = NULL;
    const struct limn_sheet_cell cells[2] = {{.image = dark, .title = "a"},
                                             {.image = light, .title = "b", .colormap = "jet", .high = 1}};
    CHECK_OK(limn_sheet(NULL, cells, 2, 2, 0, &sheet, &err));
    const int32_t w = limn_image_width(sheet), h = limn_image_height(sheet), margin = 14; /* a sixteenth of 224 */
    CHECK_INT(w, 2 * 224 + 3 * margin);
    CHECK(h > 224 + 2 * margin);
    int dark_pixels = 0, light_pixels = 0;
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++) {
            dark_pixels += pixel(sheet, x, y)[0] == 10 && x < w / 2;
            light_pixels += pixel(sheet, x, y)[0] == 200 && pixel(sheet, x, y)[1] == 200 && x > w / 2;
        }
    }
    CHECK_INT(dark_pixels, 224 * 224); /* at full size, so pixel for pixel */
    CHECK_INT(light_pixels, 224 * 112);
    limn_image_destroy(&sheet);
    const struct limn_sheet_cell bad[1] = {{.image = dark, .colormap = "no-such-map"}};
    CHECK_INT(limn_sheet(NULL, bad, 1, 1, 0, &sheet, &err), LIMN_ERR_NOT_FOUND);
    CHECK_INT(limn_sheet(NULL, cells, 0, 1, 0, &sheet, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_sheet(NULL, NULL, 1, 1, 0, &sheet, &err), LIMN_ERR_ARG);
    CHECK_INT(limn_sheet(NULL, cells, 2, 2, 8, &sheet, &err), LIMN_ERR_ARG);
    CHECK(sheet == NULL);
    bool failed = true;
    for (unsigned long k = 1; failed; k++) { /* every allocation fails once */
        inject_arm(INJECT_ALLOC, k, false);
        failed = limn_sheet("title", cells, 2, 1, 0, &sheet, &err) != LIMN_OK;
        CHECK(!failed || (sheet == NULL && err.code == LIMN_ERR_NOMEM));
        CHECK(k > 2 || failed);
    }
    inject_arm(INJECT_ALLOC, 0, false);
    limn_image_destroy(&sheet);
    limn_image_destroy(&dark);
    limn_image_destroy(&light);
}

static bool holds(const char *path, const char *text)
{
    void *data = NULL;
    size_t n = 0;
    CHECK_OK(file_read_all(path, 1 << 20, &data, &n, &err));
    const bool found = data != NULL && memmem(data, n, text, strlen(text)) != NULL;
    mem_free(data);
    return found;
}

static void check_files(void)
{
    limn_image *image = plain(5, 3, 77), *again = NULL;
    const struct limn_text text[2] = {{"limn:method", "gradcam"}, {"limn:class", "löwe \x1b[31m"}};
    const struct limn_text bad[1] = {{"", "x"}};
    CHECK_OK(limn_image_save_text(image, in_work("a.png"), text, 2, 0, &err));
    CHECK(holds(in_work("a.png"), "gradcam"));
    CHECK(holds(in_work("a.png"), "löwe"));
    CHECK_OK(limn_image_load(in_work("a.png"), NULL, &again, &err));
    CHECK(again != NULL && memcmp(limn_image_rgb(again), limn_image_rgb(image), 45) == 0);
    limn_image_destroy(&again);
    CHECK_INT(limn_image_save_text(image, in_work("a.png"), text, 2, 0, &err), LIMN_ERR_IO); /* exists */
    CHECK(strchr(err.text, '\n') == NULL);
    CHECK_OK(limn_image_save_text(image, in_work("a.png"), NULL, 0, LIMN_SAVE_FORCE, &err));
    CHECK(!holds(in_work("a.png"), "gradcam"));
    CHECK_INT(limn_image_save_text(image, in_work("b.png"), bad, 1, 0, &err), LIMN_ERR_ARG);
    CHECK(!file_exists(in_work("b.png")));

    CHECK_OK(limn_text_save("one\n", in_work("t.json"), 0, &err));
    CHECK_INT(limn_text_save("two\n", in_work("t.json"), 0, &err), LIMN_ERR_IO);
    CHECK(holds(in_work("t.json"), "one"));
    CHECK_OK(limn_text_save("two\n", in_work("t.json"), LIMN_SAVE_FORCE, &err));
    CHECK(holds(in_work("t.json"), "two"));
    CHECK_INT(limn_text_save("x", in_work("t.json/below"), 0, &err), LIMN_ERR_IO);

    CHECK_OK(limn_file_copy(in_work("t.json"), in_work("copy"), 0, &err));
    CHECK(holds(in_work("copy"), "two"));
    CHECK_INT(limn_file_copy(in_work("a.png"), in_work("copy"), 0, &err), LIMN_ERR_IO);
    CHECK(holds(in_work("copy"), "two"));
    CHECK_OK(limn_file_copy(in_work("a.png"), in_work("copy"), LIMN_SAVE_FORCE, &err));
    CHECK(holds(in_work("copy"), "PNG"));
    CHECK_OK(limn_file_copy(in_work("copy"), in_work("copy"), LIMN_SAVE_FORCE, &err)); /* onto itself */
    CHECK(holds(in_work("copy"), "PNG"));
    CHECK_INT(limn_file_copy(work, in_work("folder"), 0, &err), LIMN_ERR_READ);
    CHECK(!file_exists(in_work("folder")));
    limn_image_destroy(&image);
}

int main(void)
{
    CHECK(mkdtemp(work) != NULL);
    check_sheet();
    check_files();
    static const char *const made[] = {"a.png", "t.json", "copy"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        CHECK(unlink(in_work(made[i])) == 0);
    }
    CHECK(rmdir(work) == 0); /* nothing else was left there */
    return check_done();
}
