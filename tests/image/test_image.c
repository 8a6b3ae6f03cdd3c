/* image: resampling against PIL's numbers, crop, blur, colour maps, overlays and panels against hand-computed values.
 */
#include "image/image.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "support/check.h"

static limn_error err;

/* A 7x5 picture: byte i is 37 i mod 256. The expected bytes come from PIL 10's Image.resize on the same picture. */
static void test_resize_pil(void)
{
    static const uint8_t bilinear[18] = {104, 86,  123, 146, 123, 100, 123, 160, 142,
                                         105, 104, 141, 145, 122, 118, 141, 161, 131};
    static const uint8_t bicubic[48] = {55, 85,  122, 167, 62, 103, 127, 168, 63, 108, 145, 175, 66,  96,  133, 178,
                                        73, 114, 138, 179, 74, 119, 156, 186, 78, 108, 145, 194, 85,  126, 150, 195,
                                        85, 131, 168, 202, 83, 119, 156, 86,  99, 137, 164, 87,  104, 142, 173, 94};
    static const uint8_t enlarged[27] = {0,   37,  74,  74, 111, 148, 160, 84, 121, 190, 28,  65,  77, 114,
                                         151, 163, 200, 38, 107, 144, 68,  80, 117, 154, 154, 191, 228};
    struct image in = {0}, out = {0};
    CHECK_OK(image_init(&in, 7, 5, &err));
    for (int i = 0; i < 7 * 5 * 3; i++) {
        in.rgb[i] = (uint8_t)(i * 37);
    }
    CHECK_OK(image_resize(&in, 3, 2, RESIZE_BILINEAR, true, &out, &err));
    CHECK(memcmp(out.rgb, bilinear, sizeof(bilinear)) == 0);
    image_finish(&out);
    CHECK_OK(image_resize(&in, 4, 4, RESIZE_BICUBIC, true, &out, &err));
    CHECK(memcmp(out.rgb, bicubic, sizeof(bicubic)) == 0);
    image_finish(&out);
    CHECK_OK(image_resize(&in, 9, 6, RESIZE_BILINEAR, true, &out, &err));
    CHECK(memcmp(out.rgb, enlarged, sizeof(enlarged)) == 0);
    image_finish(&out);
    CHECK_OK(image_resize(&in, 7, 5, RESIZE_BICUBIC, true, &out, &err));
    CHECK(memcmp(out.rgb, in.rgb, 105) == 0);
    image_finish(&out);
    CHECK(image_resize(&in, 0, 5, RESIZE_BICUBIC, true, &out, &err) == LIMN_ERR_ARG);
    image_finish(&in);
}

/* Half-pixel centres with clamped edges: 2 -> 4 samples at -0.25, 0.25, 0.75, 1.25. */
static void test_resize_plane(void)
{
    struct plane in = {0}, out = {0};
    CHECK_OK(plane_init(&in, 2, 1, &err));
    in.v[0] = 0;
    in.v[1] = 4;
    CHECK_OK(plane_resize(&in, 4, 1, RESIZE_BILINEAR, false, &out, &err));
    CHECK_NEAR(out.v[0], 0, 1e-6);
    CHECK_NEAR(out.v[1], 1, 1e-6);
    CHECK_NEAR(out.v[2], 3, 1e-6);
    CHECK_NEAR(out.v[3], 4, 1e-6);
    plane_finish(&out);
    CHECK_OK(plane_resize(&in, 4, 1, RESIZE_NEAREST, false, &out, &err));
    CHECK(out.v[0] == 0 && out.v[1] == 0 && out.v[2] == 4 && out.v[3] == 4);
    plane_finish(&out);
    /* Bicubic a = -0.75 at 0.25: weights -0.1055, 0.8789, 0.2617, -0.0352; the outer taps fold onto the edges. */
    CHECK_OK(plane_resize(&in, 4, 1, RESIZE_BICUBIC, false, &out, &err));
    CHECK_NEAR(out.v[1], 4 * (0.26171875 - 0.03515625), 1e-6);
    plane_finish(&out);
    plane_finish(&in);
}

static void test_crop_blur(void)
{
    struct image in = {0}, out = {0};
    struct plane p = {0}, q = {0};
    CHECK_OK(image_init(&in, 5, 3, &err));
    for (int i = 0; i < 15; i++) {
        in.rgb[3 * i] = (uint8_t)i;
    }
    CHECK_OK(image_center_crop(&in, 2, 1, &out, &err)); /* left = round(1.5) = 2, to even */
    CHECK(out.rgb[0] == 7 && out.rgb[3] == 8);
    image_finish(&out);
    CHECK_OK(image_center_crop(&in, 7, 3, &out, &err));
    CHECK(out.rgb[0] == 0 && out.rgb[3] == 0 && out.rgb[6] == 1 && out.rgb[15] == 4);
    image_finish(&out);
    CHECK_OK(image_center_crop(&in, 8, 1, &out, &err)); /* padding of 3: 1 before, 2 after; row 1 */
    CHECK(out.rgb[0] == 0 && out.rgb[3] == 5 && out.rgb[15] == 9 && out.rgb[18] == 0);
    image_finish(&out);
    image_finish(&in);

    CHECK_OK(plane_init(&p, 3, 1, &err));
    p.v[0] = 0;
    p.v[1] = 3;
    p.v[2] = 6;
    CHECK_OK(plane_box_blur(&p, 3, &q, &err)); /* reflect without repeating the edge: 3 0 3 | 0 3 6 | 3 6 3 */
    CHECK_NEAR(q.v[0], 2, 1e-6);
    CHECK_NEAR(q.v[1], 3, 1e-6);
    CHECK_NEAR(q.v[2], 4, 1e-6);
    plane_finish(&q);
    CHECK_OK(plane_box_blur(&p, 2, &q, &err)); /* an even box reaches left: 3 0 | 0 3 | 3 6 */
    CHECK_NEAR(q.v[0], 1.5, 1e-6);
    CHECK_NEAR(q.v[2], 4.5, 1e-6);
    plane_finish(&q);
    CHECK_OK(plane_box_blur(&p, 7, &q, &err)); /* wider than the map: 3 6 3 0 3 6 3 around the first */
    CHECK_NEAR(q.v[0], 24.0 / 7, 1e-6);
    plane_finish(&q);
    CHECK(plane_box_blur(&p, 0, &q, &err) == LIMN_ERR_ARG);
    plane_finish(&p);
}

static void check_colour(const char *name, double t, int r, int g, int b)
{
    uint8_t rgb[3];
    const struct colormap *m = colormap_find(name);
    CHECK(m != NULL);
    if (m) {
        m->at(t, rgb);
        CHECK_INT(rgb[0], r);
        CHECK_INT(rgb[1], g);
        CHECK_INT(rgb[2], b);
    }
}

/* Entry 128 of the published tables of 256, which lies between two of the colours that limn keeps. */
static void test_perceptual_maps(void)
{
    static const struct {
        const char *name;
        int rgb[3];
    } published[] = {{"viridis", {33, 145, 140}}, {"magma", {183, 55, 121}}, {"inferno", {188, 55, 84}}};
    for (size_t i = 0; i < 3; i++) {
        uint8_t rgb[3];
        colormap_find(published[i].name)->at(128 / 255.0, rgb);
        for (int c = 0; c < 3; c++) {
            CHECK_NEAR(rgb[c], published[i].rgb[c], 1);
        }
    }
}

static void test_colormaps(void)
{
    check_colour("jet", 0, 0, 0, 128);
    check_colour("jet", 1, 128, 0, 0);
    check_colour("jet", 0.5, 128, 255, 128);
    check_colour("bwr", 0, 0, 0, 255);
    check_colour("bwr", 0.5, 255, 255, 255);
    check_colour("bwr", 1, 255, 0, 0);
    check_colour("gray", 0.5, 128, 128, 128);
    check_colour("viridis", 0, 68, 1, 84);
    check_colour("viridis", 1, 253, 231, 37);
    check_colour("magma", 2, 252, 253, 191);
    check_colour("magma", NAN, 0, 0, 4);
    CHECK(colormap_find("nope") == NULL && colormap_count() >= 5);
}

static void test_scaling(void)
{
    struct plane p = {0};
    CHECK_OK(plane_init(&p, 2, 2, &err));
    float in[4] = {-1, 1, 2, 3};
    memcpy(p.v, in, sizeof(in));
    plane_scale_cam(&p); /* ReLU gives 0 1 2 3; minus 0; over 3 + 1e-7 */
    CHECK_NEAR(p.v[0], 0, 0);
    CHECK_NEAR(p.v[1], 1.0 / 3, 1e-6);
    CHECK_NEAR(p.v[3], 1, 1e-6);
    p.v[0] = p.v[1] = p.v[2] = p.v[3] = 5; /* a constant map carries no place: all zero */
    plane_scale_cam(&p);
    CHECK(p.v[0] == 0 && p.v[3] == 0);
    memcpy(p.v, in, sizeof(in));
    plane_scale_signed(&p);
    CHECK_NEAR(p.v[0], -1.0 / 3, 1e-6);
    memcpy(p.v, in, sizeof(in));
    plane_scale_minmax(&p);
    CHECK_NEAR(p.v[1], 0.5, 1e-6);
    plane_finish(&p);
}

/* One hot and one cold pixel over mid grey. */
static void test_overlays(void)
{
    struct image im = {0}, out = {0};
    struct plane heat = {0};
    const struct colormap *gray = colormap_find("gray");
    CHECK_OK(image_init(&im, 2, 1, &err));
    CHECK_OK(plane_init(&heat, 2, 1, &err));
    memset(im.rgb, 100, 6);
    heat.v[1] = 1;
    CHECK_OK(overlay_cam(&im, &heat, gray, 0.5, &out, &err));
    /* sums 50/255 and 177.5/255; divided by the largest: 71.83 -> 71, 255 */
    CHECK_INT(out.rgb[0], 71);
    CHECK_INT(out.rgb[3], 255);
    image_finish(&out);
    CHECK_OK(overlay_blend(&im, &heat, gray, 0.25, &out, &err));
    CHECK_INT(out.rgb[0], 75);
    CHECK_INT(out.rgb[3], 139); /* 75 + 63.75 = 138.75 */
    image_finish(&out);
    CHECK_OK(overlay_multiply(&im, &heat, &out, &err));
    CHECK(out.rgb[0] == 0 && out.rgb[5] == 100);
    image_finish(&out);
    CHECK_OK(overlay_classic(&im, &heat, 0, &out, &err)); /* jet(0) = 0,0,128; jet(1) = 128,0,0; halved and added */
    CHECK(out.rgb[0] == 100 && out.rgb[2] == 164 && out.rgb[3] == 164 && out.rgb[5] == 100);
    image_finish(&out);
    heat.v[0] = -1;
    CHECK_OK(plane_render(&heat, colormap_find("bwr"), true, &out, &err));
    CHECK(out.rgb[0] == 0 && out.rgb[2] == 255 && out.rgb[3] == 255 && out.rgb[5] == 0);
    image_finish(&out);
    heat.width = 1;
    CHECK(overlay_cam(&im, &heat, gray, 0.5, &out, &err) == LIMN_ERR_SHAPE);
    float g[6] = {1, -1, 1, -1, 1, -1}; /* [3,1,2]: mean 0, std 1: 0.5 +- 0.1 */
    CHECK_OK(gradient_deprocess(g, 3, 1, 2, &out, &err));
    CHECK_INT(out.rgb[0], 152);
    CHECK_INT(out.rgb[3], 102);
    image_finish(&out);
    CHECK(gradient_deprocess(g, 2, 1, 3, &out, &err) == LIMN_ERR_SHAPE);
    heat.width = 2;
    plane_finish(&heat);
    image_finish(&im);
}

static void test_panel(void)
{
    struct image im = {0}, out = {0};
    CHECK_OK(image_init(&im, 32, 16, &err));
    memset(im.rgb, 77, 32 * 16 * 3);
    struct panel_cell cells[3] = {{.image = &im, .title = "one"},
                                  {.image = &im, .title = "a very long title that must be cut somewhere"},
                                  {.image = &im, .bar = colormap_find("jet"), .bar_max = 1}};
    CHECK_OK(panel_compose("sheet", cells, 3, 2, 64, &out, &err));
    CHECK_INT(out.width, 64 * 2 + 3 * 6);
    int grey = 0;
    for (int i = 0; i < out.width * out.height; i++) {
        grey += out.rgb[3 * i] == 77 && out.rgb[3 * i + 1] == 77;
    }
    CHECK_INT(grey, 3 * 64 * 32); /* each picture fills its cell's width and keeps its proportions */
    image_finish(&out);
    CHECK(panel_compose(NULL, cells, 0, 2, 64, &out, &err) == LIMN_ERR_ARG);
    CHECK_INT(text_width("ab", 2), 22);
    CHECK_INT(text_width("\xc3\xa9", 1), 5); /* one character, two bytes */
    image_finish(&im);
}

static limn_status round_trip(const char *path)
{
    struct image im = {0}, back = {0}, over = {0};
    struct plane heat = {0};
    struct png_text text = {"Software", "limn \xc3\xa9"};
    limn_status st = LIMN_OK;
    TRY(image_load(LIMN_TEST_DATA "/corpus/image/accept/pngsuite-basn2c08.png", NULL, &im, &err));
    TRY(plane_init(&heat, im.width, im.height, &err));
    TRY(overlay_cam(&im, &heat, colormap_find("jet"), 0.5, &over, &err));
    TRY(image_save_png(path, &im, &text, 1, true, &err));
    TRY(image_load(path, NULL, &back, &err));
    CHECK(back.width == im.width && memcmp(back.rgb, im.rgb, 3 * (size_t)im.width * (size_t)im.height) == 0);
out:
    image_finish(&im);
    image_finish(&back);
    image_finish(&over);
    plane_finish(&heat);
    return st;
}

/* The text lands in an iTXt chunk: keyword, 0, not compressed, no language, no translation, UTF-8. */
static void test_png_text(void)
{
    static const char chunk[] = "iTXtSoftware\0\0\0\0\0limn \xc3\xa9";
    char path[] = "/tmp/limn-text-XXXXXX";
    struct image im = {0};
    struct png_text text = {"Software", "limn \xc3\xa9"};
    void *data = NULL;
    size_t size = 0, found = 0;
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    CHECK_OK(image_init(&im, 3, 2, &err));
    CHECK(image_save_png(path, &im, &text, 1, false, &err) != LIMN_OK); /* exists */
    CHECK_OK(image_save_png(path, &im, &text, 1, true, &err));
    CHECK_OK(file_read_all(path, 1 << 20, &data, &size, &err));
    for (size_t i = 0; i + sizeof(chunk) - 1 <= size; i++) {
        found += memcmp((const char *)data + i, chunk, sizeof(chunk) - 1) == 0;
    }
    CHECK_INT(found, 1);
    mem_free(data);
    image_finish(&im);
    unlink(path);
}

/* Every k-th failing allocation: an error or success, never a crash; and success once the fault lies beyond the work.
 */
static void test_faults(void)
{
    char path[] = "/tmp/limn-image-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    CHECK_OK(round_trip(path));
    bool done = false;
    for (unsigned long k = 1; k < 400 && !done; k++) {
        inject_arm(INJECT_ALLOC, k, false);
        limn_status st = round_trip(path);
        done = inject_seen(INJECT_ALLOC) < k;
        inject_arm(INJECT_ALLOC, 0, false);
        CHECK(st == LIMN_OK || st == LIMN_ERR_NOMEM || st == LIMN_ERR_FORMAT || st == LIMN_ERR_INTERNAL);
    }
    CHECK(done);
    unlink(path);
}

int main(void)
{
    test_resize_pil();
    test_resize_plane();
    test_crop_blur();
    test_colormaps();
    test_perceptual_maps();
    test_scaling();
    test_overlays();
    test_panel();
    test_png_text();
    test_faults();
    return check_done();
}
