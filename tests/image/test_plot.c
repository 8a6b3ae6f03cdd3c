/* Plots: where lines and points land, ranges of data that have none, gaps; confusion matrices of any size. */
#include <stdlib.h>

#include "base/mem.h"
#include "image/plot.h"
#include "support/check.h"

static limn_error err;

static int colour_at(const struct image *im, int32_t x, int32_t y)
{
    const uint8_t *p = im->rgb + 3 * ((size_t)y * (size_t)im->width + (size_t)x);
    return p[0] << 16 | p[1] << 8 | p[2];
}

static size_t count(const struct image *im, struct rgb c)
{
    size_t n = 0;
    for (int32_t y = 0; y < im->height; y++) {
        for (int32_t x = 0; x < im->width; x++) {
            n += colour_at(im, x, y) == (c.r << 16 | c.g << 8 | c.b);
        }
    }
    return n;
}

static void test_curves(void)
{
    static const double up[] = {0, 1, 2, 3, 4}, flat[] = {2, 2, 2, 2, 2}, gap[] = {0, 4, NAN, 0, 4};
    const struct rgb red = {200, 0, 0}, green = {0, 150, 0};
    struct plot_curve c[2] = {{.name = "up", .y = up, .n = 5, .colour = red},
                              {.y = flat, .n = 5, .colour = green, .dots = true}};
    struct plot p = {.title = "t", .x_name = "x", .y_name = "y", .curve = c, .n_curve = 2, .width = 400, .height = 300};
    struct image im = {0};
    CHECK_OK(plot_draw(&p, &im, &err));
    CHECK_INT(im.width, 400);
    CHECK(count(&im, red) > 100 && count(&im, green) > 200);
    size_t rows = 0; /* the flat line lies in a few rows only, the rising one in most */
    for (int32_t y = 0; y < im.height; y++) {
        size_t in_row = 0;
        for (int32_t x = 70; x < im.width; x++) {
            in_row += colour_at(&im, x, y) == 0x009600;
        }
        rows += in_row > 0;
    }
    CHECK(rows >= 1 && rows <= 8);
    image_finish(&im);
    c[0].y = gap;
    c[0].name = NULL;
    p.n_curve = 1;
    CHECK_OK(plot_draw(&p, &im, &err));
    CHECK(count(&im, red) > 50);
    CHECK_INT(colour_at(&im, 230, 150) == 0xc80000, 0); /* nothing is drawn across the gap */
    image_finish(&im);
}

static void test_ranges(void)
{
    static const double one[] = {3}, none[] = {NAN, INFINITY}, huge[] = {1e30, -1e30};
    const struct {
        const double *y;
        size_t n;
    } set[] = {{one, 1}, {none, 2}, {huge, 2}, {one, 0}};
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        struct plot_curve c = {.name = "c", .y = set[i].y, .n = set[i].n};
        struct plot p = {.curve = &c, .n_curve = 1};
        struct image im = {0};
        CHECK_OK(plot_draw(&p, &im, &err));
        CHECK(im.width == 640 && im.height == 400 && count(&im, (struct rgb){255, 255, 255}) > 100000);
        image_finish(&im);
    }
    struct plot small = {.width = 20, .height = 20};
    struct image im = {0};
    CHECK_INT(plot_draw(&small, &im, &err), LIMN_ERR_ARG);
}

static void test_confusion(void)
{
    static const char *const names[] = {"cat", "dog", "a very long name of a class"};
    static const uint64_t three[] = {10, 0, 0, 5, 5, 0, 0, 0, 0};
    struct image im = {0};
    CHECK_OK(plot_confusion("title", three, 3, names, &im, &err));
    CHECK(count(&im, (struct rgb){31, 119, 180}) > 1000); /* a full cell; half full is lighter, empty white */
    image_finish(&im);
    uint64_t *many = mem_zalloc(300 * 300, sizeof *many);
    for (int32_t i = 0; i < 300; i++) {
        many[301 * i] = 1;
    }
    CHECK_OK(plot_confusion(NULL, many, 300, NULL, &im, &err));
    CHECK(im.width < 4000 && im.height < 4000);
    image_finish(&im);
    mem_free(many);
    CHECK_INT(plot_confusion(NULL, three, 0, NULL, &im, &err), LIMN_ERR_ARG);
    CHECK_INT(plot_confusion(NULL, three, 100000, NULL, &im, &err), LIMN_ERR_ARG);
}

int main(void)
{
    test_curves();
    test_ranges();
    test_confusion();
    return check_done();
}
