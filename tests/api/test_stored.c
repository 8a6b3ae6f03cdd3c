/* Stored maps: an explanation that was saved and loaded is drawn to the same pixels by every view, of pictures and of
 * volumes; the numbers beside the colours; differences; and files that are broken or belong to something else. */
#include <limn/map.h>
#include <limn/shift.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

static limn_error err;
static char folder[] = "/tmp/limn-stored-XXXXXX";
static const char *const views[] = {"auto", "overlay", "blend", "classic", "heatmap", "signed", "multiply", "picture"};
static const char *const methods[] = {"gradcam", "gradient", "guided-gradcam"};
enum { VIEWS = 8, METHODS = 3, SIDE = 32 };

static char *path_of(const char *name)
{
    static char path[4][100];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[0], "%s/%s", folder, name);
    return path[turn];
}

static bool same(const limn_image *a, const limn_image *b)
{
    const int32_t w = limn_image_width(a), h = limn_image_height(a);
    return w == limn_image_width(b) && h == limn_image_height(b) &&
           memcmp(limn_image_rgb(a), limn_image_rgb(b), 3 * (size_t)w * (size_t)h) == 0;
}

static const uint8_t *make_rgb(void)
{
    static uint8_t rgb[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        rgb[i] = (uint8_t)(i * 7 + i / 96 * 5);
    }
    return rgb;
}

static limn_explanation *explain(limn_model *m, bool volume)
{
    static float x[8 * 12 * 10];
    limn_image *image = NULL;
    limn_explanation *e = NULL;
    for (int i = 0; i < 8 * 12 * 10; i++) {
        x[i] = (float)sin(0.1 * i);
    }
    CHECK_OK(limn_image_create(SIDE, SIDE, make_rgb(), &image, &err));
    const struct limn_tensor t = {.rank = 5, .dim = {1, 1, 8, 12, 10}, .data = x};
    struct limn_explain_params p = {.images = (const limn_image *const *)&image,
                                    .n_images = !volume,
                                    .tensor = volume ? &t : NULL,
                                    .methods = methods,
                                    .n_methods = METHODS,
                                    .classes = (const char *[]){"0", "1"},
                                    .n_classes = 2};
    const char *const layer[] = {"features.2"};
    if (volume) {
        p.layers = layer;
        p.n_layers = 1;
    }
    CHECK_OK(limn_explain(m, &p, &e, &err));
    limn_image_destroy(&image);
    return e;
}

static limn_explanation *store(const limn_explanation *e, size_t cls, size_t method, const char *input)
{
    limn_explanation *back = NULL;
    const char *map = path_of("map.npy");
    const struct limn_stored_map p = {.map = map, .input = input, .method = methods[method], .cls = (int32_t)cls};
    CHECK_OK(limn_explanation_save_npy(e, (struct limn_which){0, cls, method}, map, LIMN_SAVE_FORCE, &err));
    CHECK_OK(limn_explanation_load(&p, &back, &err));
    return back;
}

static void test_pixels(limn_model *m, bool volume)
{
    limn_explanation *e = explain(m, volume);
    const struct limn_slice slice = {1, 4};
    const char *input = path_of(volume ? "x.input.npy" : "x.input.png");
    CHECK_OK(limn_explanation_save_input(e, 0, input, LIMN_SAVE_FORCE, &err));
    for (size_t method = 0; method < METHODS; method++) {
        limn_explanation *back = store(e, 1, method, input);
        for (size_t v = 0; v < VIEWS && back != NULL; v++) {
            struct limn_drawing d = {.render = {.view = views[v], .opacity = 0.3}};
            limn_image *a = NULL, *b = NULL;
            CHECK_OK(limn_render(e, (struct limn_which){0, 1, method}, &d.render, &a, &err));
            CHECK_OK(limn_draw(back, (struct limn_which){0}, &d, &b, NULL, &err));
            CHECK(same(a, b));
            limn_image_destroy(&a);
            limn_image_destroy(&b);
            if (volume) {
                d.slice = &slice;
                CHECK_OK(limn_render_slice(e, (struct limn_which){0, 1, method}, slice, &d.render, &a, &err));
                CHECK_OK(limn_draw(back, (struct limn_which){0}, &d, &b, NULL, &err));
                CHECK(same(a, b));
                limn_image_destroy(&a);
                limn_image_destroy(&b);
            }
        }
        limn_explanation_destroy(&back);
    }
    if (!volume) { /* without the stored picture: made anew of the source */
        limn_image *source = NULL, *seen = NULL;
        const limn_image *was = limn_explanation_picture(e, 0);
        CHECK_OK(limn_image_create(SIDE, SIDE, make_rgb(), &source, &err));
        CHECK_OK(limn_model_picture(m, source, &seen, &err));
        CHECK(same(seen, was));
        const struct limn_stored_map p = {.map = path_of("map.npy"), .picture = seen, .method = methods[METHODS - 1]};
        limn_explanation *back = NULL;
        CHECK_OK(limn_explanation_load(&p, &back, &err));
        CHECK(same(limn_explanation_picture(back, 0), was));
        limn_explanation_destroy(&back);
        limn_image_destroy(&source);
        limn_image_destroy(&seen);
    }
    limn_explanation_destroy(&e);
}

/* A map of 2 x 2 that is known: 0, 1, 2, -4. */
static void test_scale(void)
{
    static const float v[4] = {0, 1, 2, -4};
    const struct limn_tensor t = {.rank = 2, .dim = {2, 2}, .data = v};
    limn_explanation *a = NULL;
    limn_image *image = NULL;
    struct limn_scale s;
    const char *path = path_of("known.npy");
    CHECK_OK(limn_tensor_save(&t, path, LIMN_SAVE_FORCE, &err));
    CHECK_OK(limn_explanation_load(&(struct limn_stored_map){.map = path, .method = "gradcam"}, &a, &err));
    struct limn_drawing d = {.render = {.view = "heatmap"}, .bare = true};
    CHECK_OK(limn_draw(a, (struct limn_which){0}, &d, &image, &s, &err));
    CHECK(s.low == 0 && s.high == 2 && !s.diverging && strcmp(s.colormap, "jet") == 0 && strcmp(s.unit, "score") == 0);
    const uint8_t *p = limn_image_rgb(image);
    uint8_t rgb[3];
    CHECK_OK(limn_colormap_colour("jet", 1.0, rgb, &err));
    const int32_t w = limn_image_width(image), h = limn_image_height(image);
    CHECK(memcmp(p + 3 * (size_t)w * (size_t)(h - 1), rgb, 3) == 0); /* 2: bottom left */
    limn_image_destroy(&image);
    d.render.view = "signed";
    CHECK_OK(limn_draw(a, (struct limn_which){0}, &d, &image, &s, &err));
    CHECK(s.low == -4 && s.high == 4 && s.diverging);
    CHECK_INT(limn_image_width(image), w); /* no frame */
    limn_image_destroy(&image);
    d.render.view = "panel";
    CHECK_INT(limn_draw(a, (struct limn_which){0}, &d, &image, &s, &err), LIMN_ERR_ARG);
    limn_explanation_destroy(&a);
}

static void test_difference(limn_model *m)
{
    limn_explanation *e = explain(m, false), *a = NULL, *b = NULL, *c = NULL;
    const char *input = path_of("x.input.png");
    struct limn_scale s;
    limn_image *image = NULL;
    CHECK_OK(limn_explanation_save_input(e, 0, input, LIMN_SAVE_FORCE, &err));
    a = store(e, 0, 0, input);
    b = store(e, 1, 0, input);
    c = store(e, 0, 1, input);
    const struct limn_which w = {0};
    CHECK_OK(limn_draw_difference(a, w, b, w, NULL, &image, &s, &err));
    CHECK(s.diverging && s.low == -s.high && s.high > 0 && strcmp(s.unit, "score") == 0);
    limn_image_destroy(&image);
    CHECK_OK(limn_draw_difference(a, w, a, w, NULL, &image, &s, &err)); /* nothing: white */
    CHECK(s.high == 0 && limn_image_rgb(image)[0] == 255 && limn_image_rgb(image)[100] == 255);
    limn_image_destroy(&image);
    CHECK_OK(limn_draw_difference(a, w, c, w, NULL, &image, &s, &err));
    CHECK(strcmp(s.unit, "of full scale") == 0 && s.high <= 1);
    limn_image_destroy(&image);
    const uint8_t black[12] = {0}, grey[12] = {0, 0, 0, 0, 100, 0, 7, 3, 2, 0, 0, 50};
    limn_image *p = NULL, *q = NULL, *r = NULL;
    CHECK_OK(limn_image_create(2, 2, black, &p, &err));
    CHECK_OK(limn_image_create(2, 2, grey, &q, &err));
    CHECK_OK(limn_image_create(4, 1, grey, &r, &err));
    CHECK_OK(limn_image_difference(p, q, 0, "gray", &image, &s, &err));
    CHECK(s.high == 100 && limn_image_rgb(image)[0] == 0 && limn_image_rgb(image)[3] == 255);
    CHECK(limn_image_rgb(image)[9] == 128); /* 50 of 100 */
    limn_image_destroy(&image);
    CHECK_INT(limn_image_difference(p, r, 0, NULL, &image, &s, &err), LIMN_ERR_SHAPE);
    limn_image_destroy(&p);
    limn_image_destroy(&q);
    limn_image_destroy(&r);
    limn_explanation_destroy(&a);
    limn_explanation_destroy(&b);
    limn_explanation_destroy(&c);
    limn_explanation_destroy(&e);
}

static void test_wrong(void)
{
    static float v[24] = {1, NAN, INFINITY, -1};
    limn_explanation *e = NULL;
    const char *path = path_of("odd.npy");
    struct limn_stored_map p = {.map = path, .method = "gradient"};
    struct limn_tensor t = {.rank = 2, .dim = {2, 2}, .data = v}, map;
    CHECK_OK(limn_tensor_save(&t, path, LIMN_SAVE_FORCE, &err));
    CHECK_INT(limn_explanation_load(&p, &e, &err), LIMN_ERR_SHAPE); /* a gradient has channels */
    CHECK(strstr(err.text, "odd.npy") != NULL && strchr(err.text, '\n') == NULL);
    p.method = "no-such";
    CHECK_INT(limn_explanation_load(&p, &e, &err), LIMN_ERR_NOT_FOUND);
    p.method = NULL;
    CHECK_OK(limn_explanation_load(&p, &e, &err));
    CHECK_OK(limn_explanation_map(e, (struct limn_which){0}, &map, &err));
    CHECK(map.data[0] == 1 && map.data[1] == 0 && map.data[2] == 0 && map.data[3] == -1);
    CHECK(limn_explanation_probabilities(e, 0) == NULL && limn_explanation_class_count(e, 0) == 1);
    limn_explanation_destroy(&e);
    t.rank = 1;
    t.dim[0] = 24;
    CHECK_OK(limn_tensor_save(&t, path, LIMN_SAVE_FORCE, &err));
    CHECK_INT(limn_explanation_load(&p, &e, &err), LIMN_ERR_SHAPE);
    p.input = "/nonexistent.png";
    t = (struct limn_tensor){.rank = 3, .dim = {4, 3, 2}, .data = v};
    CHECK_OK(limn_tensor_save(&t, path, LIMN_SAVE_FORCE, &err));
    CHECK(limn_explanation_load(&p, &e, &err) != LIMN_OK);
    p.input = NULL;
    CHECK_OK(limn_explanation_load(&p, &e, &err)); /* a volume's: four slices */
    int32_t size[3];
    limn_explanation_volume_size(e, 0, size);
    CHECK(size[0] == 4 && size[1] == 3 && size[2] == 2);
    limn_explanation_destroy(&e);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fwrite("\x93NUMPY\x01\0\x06\0{'des}", 1, 16, f) == 16 && fclose(f) == 0);
    CHECK_INT(limn_explanation_load(&p, &e, &err), LIMN_ERR_FORMAT);
    CHECK(e == NULL);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    limn_context *ctx = NULL;
    limn_model *m = NULL, *v = NULL;
    CHECK_OK(limn_context_create(&(struct limn_context_params){.reference = true}, &ctx, &err));
    CHECK_OK(limn_model_open(ctx, "recipe:lenet", NULL, &m, &err));
    const struct limn_model_params deep = {.depth = 8, .height = 12, .width = 10};
    CHECK_OK(limn_model_open(ctx, "recipe:stack3d", &deep, &v, &err));
    if (m != NULL && v != NULL) {
        test_pixels(m, false);
        test_pixels(v, true);
        test_difference(m);
    }
    test_scale();
    test_wrong();
    limn_model_close(&m);
    limn_model_close(&v);
    limn_context_destroy(&ctx);
    const char *const made[] = {"map.npy", "x.input.png", "x.input.npy", "known.npy", "odd.npy"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        unlink(path_of(made[i]));
    }
    rmdir(folder);
    return check_done();
}
