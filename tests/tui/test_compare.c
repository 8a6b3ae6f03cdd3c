/* Pins, and what Compare makes of them: maps of two values a side, whose agreement, difference and common scale are
 * worked out by hand; jobs that are forgotten; files that are broken. */
#include <stdlib.h>
#include <unistd.h>

#include "compare.h"
#include "marks.h"
#include "support/check.h"

static char work[] = "/tmp/limn-compare-XXXXXX";

static char *path_of(const char *name)
{
    static char path[6][100];
    static int turn;
    turn = (turn + 1) % 6;
    snprintf(path[turn], sizeof path[0], "%s/%s", work, name);
    return path[turn];
}

static void write_map(const char *name, float a, float b, float c, float d)
{
    const float v[4] = {a, b, c, d};
    FILE *f = fopen(path_of(name), "wb");
    CHECK(f != NULL);
    if (f != NULL) {
        fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f);
        fprintf(f, "%-117s\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }");
        CHECK(fwrite(v, sizeof v, 1, f) == 1);
        fclose(f);
    }
}

/* A pin as the viewer would make it; its texts are not of the heap. */
static struct pin map_pin(const char *name, int64_t job, const char *method)
{
    struct pin p = {.job = job,
                    .kind = RESULT_MAPS,
                    .path = path_of(name),
                    .source = (char *)"/photos/cat.png",
                    .title = (char *)"cat.png",
                    .cls = 281,
                    .p = 0.61,
                    .look = {.view = "heatmap", .colormap = "gray", .opacity = 0.5}};
    snprintf(p.method, sizeof p.method, "%s", method);
    snprintf(p.layer, sizeof p.layer, "features.12");
    snprintf(p.label, sizeof p.label, "tabby, tabby cat");
    return p;
}

static int corner(const struct compare_state *c, size_t i)
{
    const limn_image *image = compare_image(c, i);
    const int32_t n = limn_image_width(image) * limn_image_height(image);
    return image != NULL ? limn_image_rgb(image)[3 * (n - 1)] : -1;
}

static void test_maps(void)
{
    struct compare_state c;
    const struct pin pin[3] = {map_pin("a.npy", 1, "gradcam"), map_pin("b.npy", 1, "layercam"),
                               map_pin("none.npy", 2, "gradcam")};
    char name[300], origin[300];
    compare_init(&c);
    compare_set(&c, pin, 3, 5);
    compare_show(&c, false);
    CHECK_INT(corner(&c, 0), 255); /* each by its own scale */
    CHECK_INT(corner(&c, 1), 255);
    CHECK(c.item[1].agrees && !c.item[0].agrees && !c.item[2].agrees);
    CHECK_NEAR(c.item[1].agreement.pearson, 1, 1e-6); /* b = 3 a */
    CHECK(strstr(c.item[2].problem, "none.npy") != NULL);
    CHECK(compare_image(&c, 2) == NULL);
    compare_caption(&c, 1, name, origin, sizeof name);
    CHECK_STR(name, "LayerCAM");
    CHECK_STR(origin, "job 1");
    compare_common(&c, name, sizeof name);
    CHECK_STR(name, "cat.png · tabby 61.0 % · features.12");

    c.how.common = true; /* 4 of 12 */
    compare_show(&c, false);
    CHECK_NEAR(c.full, 12, 0);
    CHECK_INT(corner(&c, 0), 85);
    CHECK_INT(corner(&c, 1), 255);
    c.how.common = false;
    c.how.difference = true; /* other methods: parts of full scale, which are alike */
    compare_show(&c, false);
    CHECK_INT(corner(&c, 0), 255);
    CHECK_NEAR(c.item[1].scale.high, 0, 1e-6);
    c.how.difference = false;
    CHECK(compare_change_opacity(&c, 0.1));
    CHECK_NEAR(compare_map_look(&c, 1).opacity, 0.6, 1e-12);
    CHECK(compare_step_mode(&c));
    CHECK_STR(compare_map_look(&c, 0).view, "overlay");
    compare_show(&c, true); /* few colours: brightness */
    CHECK_STR(compare_map_look(&c, 0).view, "heatmap");

    const limn_image *image = compare_image(&c, 0);
    compare_set(&c, pin, 3, 5); /* the same: nothing is drawn again */
    compare_show(&c, true);
    CHECK(compare_image(&c, 0) == image);
    const limn_explanation *loaded = c.item[1].own.item[0].map->loaded; /* what stays is not loaded again */
    compare_set(&c, pin + 1, 1, 1);
    CHECK(c.item[0].own.item[0].map->loaded == loaded);
    compare_free(&c);
}

static void test_frames(void)
{
    struct compare_state c;
    limn_image *frame[4] = {NULL};
    limn_error err = {0};
    struct pin pin[2] = {
        {.job = 3, .kind = RESULT_ANIMATION, .path = path_of("4.gif"), .title = (char *)"4.gif", .cls = -1},
        {.job = 3, .kind = RESULT_ANIMATION, .path = path_of("2.gif"), .title = (char *)"2.gif", .cls = -1}};
    for (int i = 0; i < 4; i++) {
        const uint8_t rgb[3] = {(uint8_t)(60 * i), 0, 0};
        CHECK_OK(limn_image_create(1, 1, rgb, &frame[i], &err));
    }
    CHECK_OK(limn_gif_save((const limn_image *const *)frame, 4, NULL, pin[0].path, LIMN_SAVE_FORCE, NULL, &err));
    CHECK_OK(limn_gif_save((const limn_image *const *)frame, 2, NULL, pin[1].path, LIMN_SAVE_FORCE, NULL, &err));
    compare_init(&c);
    compare_set(&c, pin, 2, 2);
    compare_show(&c, false);
    CHECK_INT(compare_longest(&c)->n, 4);
    c.motion.frame = 3;
    CHECK_INT(compare_frame(&c, 0), 3);
    CHECK_INT(compare_frame(&c, 1), 1); /* in step: the second half */
    CHECK_INT(limn_image_rgb(compare_image(&c, 0))[0], 180);
    CHECK_INT(limn_image_rgb(compare_image(&c, 1))[0], 60);
    c.how.difference = true;
    compare_show(&c, false);
    CHECK_NEAR(c.item[1].scale.high, 120, 0); /* |60 - 180|, the most of any frame */
    CHECK(!compare_step_mode(&c));            /* no maps */
    compare_free(&c);
    for (int i = 0; i < 4; i++) {
        limn_image_destroy(&frame[i]);
    }
    unlink(pin[0].path);
    unlink(pin[1].path);
}

static void test_pins(void)
{
    struct marks m = {0};
    struct pin a = map_pin("a.npy", 1, "gradcam"), b = map_pin("b.npy", 2, "gradcam"), back = {0};
    CHECK(marks_pin(&m, &a) && marks_pin(&m, &b) && marks_toggle(&m, 2));
    CHECK_INT(m.n_pins, 2);
    a.look.opacity = 1;
    CHECK(marks_pin(&m, &a)); /* the same result, drawn otherwise: no longer pinned */
    CHECK_INT(m.n_pins, 1);
    CHECK_INT(marks_drop(&m, 2), 2); /* the job is gone: its mark and its pin */
    CHECK_INT(m.n + m.n_pins, 0);
    b.path = (char *)"/elsewhere/b.npy";
    for (int i = 0; i < PINS_MAX; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d.npy", i);
        a.path = path_of(number);
        CHECK(marks_pin(&m, &a));
    }
    CHECK(!marks_pin(&m, &b));
    marks_clear(&m);
    CHECK_INT(m.n_pins, 0);

    b.look.of_slice = true;
    b.look.slice = (struct limn_slice){2, 7};
    json_t *j = pin_json(&b);
    CHECK(j != NULL && pin_read(&back, j));
    CHECK(pin_same(&b, &back));
    CHECK_STR(back.label, b.label);
    CHECK_STR(back.look.view, "heatmap");
    CHECK_INT(back.look.slice.index, 7);
    CHECK_NEAR(back.p, 0.61, 1e-12);
    pin_free(&back);
    json_object_set_new(j, "kind", json_integer(77));
    CHECK(!pin_read(&back, j));
    json_decref(j);
    b.path = (char *)"/not/\xff/utf-8";
    CHECK(pin_json(&b) == NULL);
}

int main(void)
{
    CHECK(mkdtemp(work) != NULL);
    write_map("a.npy", 0, 1, 2, 4);
    write_map("b.npy", 0, 3, 6, 12);
    test_maps();
    test_frames();
    test_pins();
    unlink(path_of("a.npy"));
    unlink(path_of("b.npy"));
    CHECK(rmdir(work) == 0);
    return check_done();
}
