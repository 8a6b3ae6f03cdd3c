/* The viewer over stored maps: what is seen is, pixel for pixel, what `limn explain` writes; its keys; its screens at
 * three sizes; names and labels of a stranger; files that are broken or gone. */
#include <limn/shift.h>
#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "made.h"

enum { SIDE = 32, FRAMES = 5, FILES_MAX = 40 };
static char folder[] = ".", made_folder[] = "/tmp/limn-viewer-XXXXXX"; /* where the test then is */
static char made_path[FILES_MAX][160];
static size_t n_made;
static limn_error err;

static const char *file(const char *name)
{
    for (size_t i = 0; i < n_made; i++) {
        if (strcmp(path_base(made_path[i]), name) == 0) {
            return made_path[i];
        }
    }
    CHECK(n_made < FILES_MAX);
    snprintf(made_path[n_made], sizeof made_path[0], "%s/%s", folder, name);
    return made_path[n_made++];
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(file(name), "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* ---- the results of made-up jobs ---- */

static limn_image *picture(int phase)
{
    uint8_t rgb[SIDE * SIDE * 3];
    limn_image *image = NULL;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int x = i % SIDE, y = i / SIDE;
        rgb[3 * i] = (uint8_t)(8 * x);
        rgb[3 * i + 1] = (uint8_t)(8 * y);
        rgb[3 * i + 2] = (uint8_t)((x - 16) * (x - 16) + (y - 16) * (y - 16) < 20 * phase ? 255 : 0);
    }
    CHECK_OK(limn_image_create(SIDE, SIDE, rgb, &image, &err));
    return image;
}

static void save_array(const char *name, int32_t rank, const int32_t *dim, double phase)
{
    static float v[16384];
    struct limn_tensor t = {.rank = rank, .data = v};
    size_t n = 1;
    for (int32_t i = 0; i < rank; i++) {
        t.dim[i] = dim[i];
        n *= (size_t)dim[i];
    }
    for (size_t i = 0; i < n; i++) {
        v[i] = (float)sin(0.7 * (double)i + phase);
    }
    CHECK_OK(limn_tensor_save(&t, file(name), LIMN_SAVE_FORCE, &err));
}

/* A picture with the maps of two methods, two classes and two layers; one map is no map, one is not there. */
static void make_explained(void)
{
    static const int32_t cam[] = {4, 4}, gradient[] = {3, SIDE, SIDE};
    limn_image *p = picture(5);
    CHECK_OK(limn_image_save(p, file("cat.input.png"), LIMN_SAVE_FORCE, &err));
    limn_image_destroy(&p);
    save_array("cat.gradcam.281.npy", 2, cam, 0);
    save_array("cat.gradcam.7.npy", 2, cam, 2);
    save_array("cat.gradient.281.npy", 3, gradient, 0);
    write_text("cat.gradient.7.npy", "no array\n");
    write_text(
        "explain.json",
        "{\"command\": \"explain\", \"model\": {\"classes\": 1000}, \"items\": [{\"input\": "
        "\"/photos/c\\u001b[2Jat.png\", "
        "\"layers\": \"features.12\", \"classes\": [{\"index\": 7, \"label\": \"evil\\u001b]52;c;eA==\\u0007 label\", "
        "\"probability\": 0.25}, {\"index\": 281, \"label\": \"tabby, tabby cat\", \"probability\": 0.5}], "
        "\"outputs\": ["
        "{\"method\": \"input\", \"class\": -1, \"kind\": \"input\", \"path\": \"cat.input.png\"},"
        "{\"method\": \"gradcam\", \"class\": 281, \"kind\": \"npy\", \"path\": \"cat.gradcam.281.npy\"},"
        "{\"method\": \"gradcam\", \"class\": 7, \"kind\": \"npy\", \"path\": \"cat.gradcam.7.npy\"},"
        "{\"method\": \"gradient\", \"class\": 281, \"kind\": \"npy\", \"path\": \"cat.gradient.281.npy\"},"
        "{\"method\": \"gradient\", \"class\": 7, \"kind\": \"npy\", \"path\": \"cat.gradient.7.npy\"},"
        "{\"method\": \"guided-gradcam\", \"class\": 7, \"kind\": \"npy\", \"path\": \"gone.npy\"}]}]}");
}

static void make_shifted(void)
{
    limn_image *frame[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        frame[i] = picture(2 + 2 * i);
    }
    const struct limn_gif_params p = {.preset = LIMN_GIF_EXACT, .ping_pong = true};
    CHECK_OK(
        limn_gif_save((const limn_image *const *)frame, FRAMES, &p, file("x.shift.gif"), LIMN_SAVE_FORCE, NULL, &err));
    for (int i = 0; i < FRAMES; i++) {
        limn_image_destroy(&frame[i]);
    }
    write_text(
        "shift.json",
        "{\"command\": \"shift\", \"items\": [{\"input\": \"/photos/x.png\", \"from\": {\"index\": 1, \"label\": "
        "\"Sandal\"}, \"to\": {\"index\": 2, \"label\": null}, \"outputs\": [{\"method\": \"shift\", \"kind\": "
        "\"gif\", "
        "\"class\": -1, \"path\": \"x.shift.gif\"}], \"frames\": ["
        "{\"lambda\": -1, \"change\": 0.1, \"p_from\": 1, \"p_to\": 0},{\"lambda\": 0, \"change\": 0, \"p_from\": 0.9, "
        "\"p_to\": 0.1},{\"lambda\": 1, \"change\": 0.2, \"p_from\": 0.5, \"p_to\": 0.5},{\"lambda\": 2, \"change\": "
        "0.3, "
        "\"p_from\": 0.25, \"p_to\": 0.75},{\"lambda\": 3, \"change\": 0.4, \"p_from\": 0, \"p_to\": 1}]}]}");
}

static void make_others(void)
{
    static const int32_t volume[] = {1, 8, 12, 10}, low[] = {4, 6, 5};
    limn_image *p = picture(3);
    CHECK_OK(limn_image_save(p, file("loss.png"), LIMN_SAVE_FORCE, &err));
    limn_image_destroy(&p);
    write_text("log.jsonl", "{\"epoch\":1,\"train_loss\":3.12909,\"val_loss\":1.05623,\"best\":true}\n"
                            "{\"epoch\":2,\"train_loss\":0.5,\"val_loss\":null,\"best\":false}\n");
    write_text("table.csv", "name,\"value, in all\"\na\tb,1\n\"x\x1b[31m\",22\n");
    save_array("brain.input.npy", 4, volume, 1);
    save_array("brain.gradcam.npy", 3, low, 1);
    save_array("numbers.npy", 2, low, 0.3);
    write_text(
        "volume.json",
        "{\"command\": \"explain\", \"items\": [{\"input\": \"/v/brain.nii\", \"layers\": \"conv3\", \"classes\": "
        "[{\"index\": 1, \"label\": null, \"probability\": 0.75}], \"outputs\": [{\"method\": \"input\", \"class\": "
        "-1, "
        "\"kind\": \"input\", \"path\": \"brain.input.npy\"}, {\"method\": \"gradcam\", \"class\": 1, \"kind\": "
        "\"npy\", "
        "\"path\": \"brain.gradcam.npy\"}]}]}");
}

/* A job with that result.json among its files, given as names in the folder. */
static void show_job(struct app *a, int64_t id, const char *json, const char *const *name, size_t n)
{
    static char result[200];
    struct limn_artifact artifact[16] = {0};
    struct limn_job_detail d = {.job = {.id = id, .state = LIMN_JOB_DONE}, .folder = folder, .artifact = artifact};
    d.document = (char *)"{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"m\", \"image\": "
                         "[\"/photos/cat.png\"]}}";
    snprintf(result, sizeof result, "%s/result.json", folder);
    unlink(result);
    if (json != NULL) {
        CHECK(symlink(file(json), result) == 0);
        snprintf(artifact[d.n_artifacts].kind, sizeof artifact[0].kind, "json");
        artifact[d.n_artifacts++].path = result;
    }
    for (size_t i = 0; i < n; i++) {
        artifact[d.n_artifacts++].path = (char *)file(name[i]);
    }
    viewer_free(&a->viewer);
    viewer_init(&a->viewer);
    CHECK(results_read(&a->viewer.results, &d));
    CHECK(!results_read(&a->viewer.results, &d)); /* nothing new */
    viewer_begin(&a->viewer);
    a->view = VIEW_VIEWER;
}

/* What the client does. */
static void serve(struct app *a)
{
    struct viewer_state *v = &a->viewer;
    if (a->want & WANT_LAYERS) {
        (void)viewer_step_layer(v, v->layer_step);
    }
    a->want = 0;
    viewer_show(v, a->caps.colours < PICTURE_256);
}

static struct app *at_job(int64_t id, const char *json, const char *const *name, size_t n, const char *keys)
{
    struct app *a = make();
    for (size_t i = 0; i < a->viewer.results.n; i++) {
        a->viewer.results.item[i].shown = NULL; /* those of make() */
    }
    show_job(a, id, json, name, n);
    serve(a);
    for (; *keys != '\0'; keys++) {
        type(a, (const char[]){*keys, '\0'});
        serve(a);
    }
    return a;
}

static void done(struct app *a)
{
    struct results none = {.item = calloc(2, sizeof(struct result)), .n = 2}; /* what unmake looks at */
    viewer_free(&a->viewer);
    a->viewer.results = none;
    unmake(a);
}

/* ---- screens ---- */

static const char *const cat_files[] = {"cat.input.png", "cat.gradcam.281.npy", "table.csv"};
static const char *const train_files[] = {"loss.png", "log.jsonl"};
static const char *const odd_files[] = {"numbers.npy", "table.csv"};
static const struct {
    const char *name, *json;
    const char *const *file;
    size_t n, sizes;
    const char *keys;
    enum picture_colours colours;
} screen[] = {
    {"viewer-overlay", "explain.json", cat_files, 3, 3, "", PICTURE_TRUE},
    {"viewer-difference", "explain.json", cat_files, 3, 3, ">d", PICTURE_TRUE},
    {"viewer-frames", "shift.json", NULL, 0, 3, " ,,", PICTURE_TRUE},
    {"viewer-frame-difference", "shift.json", NULL, 0, 3, " ..d", PICTURE_TRUE},
    {"viewer-few-colours", "explain.json", cat_files, 3, 1, "", PICTURE_8},
    {"viewer-broken", "explain.json", cat_files, 3, 1, ">M", PICTURE_TRUE},
    {"viewer-missing", "explain.json", cat_files, 3, 1, ">m<", PICTURE_TRUE},
    {"viewer-epochs", NULL, train_files, 2, 2, "", PICTURE_TRUE},
    {"viewer-table", NULL, odd_files, 2, 1, "n", PICTURE_TRUE},
    {"viewer-array", NULL, odd_files, 2, 1, "", PICTURE_TRUE},
    {"viewer-volume", "volume.json", NULL, 0, 1, "..a", PICTURE_TRUE},
};
enum { SCREENS = sizeof screen / sizeof screen[0] };

static void test_screens(void)
{
    static const int32_t size[3][2] = {{80, 24}, {120, 40}, {200, 60}};
    for (int i = 0; i < SCREENS; i++) {
        struct app *a = at_job(7, screen[i].json, screen[i].file, screen[i].n, screen[i].keys);
        a->caps.colours = screen[i].colours;
        serve(a);
        for (size_t k = 0; k < screen[i].sizes; k++) {
            a->width = size[k][0];
            a->height = size[k][1];
            check_screen(a, screen[i].name, a->width, a->height);
        }
        check_sizes(a, screen[i].name, 40, 10);
        done(a);
    }
}

/* ---- keys ---- */

static void key(struct app *a, const char *keys)
{
    type(a, keys);
    serve(a);
}

static void test_maps(void)
{
    struct app *a = at_job(7, "explain.json", cat_files, 3, "");
    struct viewer_state *v = &a->viewer;
    struct result *x = viewer_item(v);
    CHECK_INT(v->results.n, 3); /* the maps, and what is no map */
    CHECK_INT(x->n_map, 5);
    CHECK_INT(x->n_cls, 2);
    CHECK_INT(x->cls[0].index, 281); /* the most probable one first */
    CHECK_INT(v->name.cls, 281);
    CHECK_STR(v->name.layer, "features.12");
    CHECK(v->image != NULL && strcmp(v->scale.colormap, "jet") == 0);
    const limn_image *first = v->image;
    viewer_show(v, false);
    CHECK(v->image == first); /* nothing changed: nothing is drawn anew */
    key(a, "O");
    CHECK_NEAR(v->opacity, 0.6, 1e-9);
    key(a, "oooooooooooo");
    CHECK_NEAR(v->opacity, 0.05, 1e-9);
    key(a, "t");
    CHECK(strcmp(v->scale.colormap, "jet") == 0);
    key(a, "t");
    CHECK_STR(v->scale.colormap, "viridis");
    key(a, "v");
    CHECK_STR(viewer_shown_mode(v, false)->name, "heat map");
    key(a, "v");
    CHECK(v->scale.diverging && strcmp(v->scale.unit, "score") == 0);
    key(a, "o");
    CHECK(strstr(a->message, "no opacity") != NULL);
    key(a, ">");
    CHECK_INT(v->name.cls, 7);
    key(a, "d");
    CHECK(v->minus != NULL && v->minus->cls == 281 && v->scale.diverging);
    key(a, "d<");
    CHECK(v->minus == NULL && v->name.cls == 281);
    CHECK(!views[VIEW_VIEWER]->click(a, 1, 1)); /* the second class */
    CHECK_INT(v->name.cls, 7);
    key(a, "<");
    CHECK(unlink(file("cat.gradcam.7.npy")) == 0); /* seen once: not needed any more */
    key(a, ">");
    CHECK(v->image != NULL && v->problem[0] == '\0');
    key(a, "<M");
    CHECK_STR(v->name.method, "gradient");
    key(a, "]");
    CHECK(strstr(a->message, "no layer") != NULL);
    key(a, ">");
    CHECK(v->image == NULL && strstr(v->problem, "cat.gradient.7.npy") != NULL && strchr(v->problem, '\n') == NULL);
    key(a, "M");
    CHECK(strstr(v->problem, "gone.npy") != NULL);
    type(a, "y");
    CHECK(a->want & WANT_COPY && strstr(a->copy, "gone.npy") != NULL);
    done(a);
    make_explained();
}

/* Layers of the model: one without a map offers to make it, and another job's maps are taken in. */
static void test_layers(void)
{
    struct app *a = at_job(7, "explain.json", cat_files, 3, "");
    struct viewer_state *v = &a->viewer;
    v->layer = calloc(3, sizeof *v->layer);
    v->layer[0] = strdup("features.9");
    v->layer[1] = strdup("features.12");
    v->n_layer = 2;
    key(a, "[");
    CHECK_STR(v->name.layer, "features.9");
    CHECK(v->map == NULL && v->image == NULL);
    char *text = results_request(&v->results, viewer_item(v), v->name.method, v->name.layer, v->name.cls);
    CHECK(text != NULL && strstr(text, "\"layer\":[\"features.9\"]") != NULL && strstr(text, "\"maps\":true") != NULL &&
          strstr(text, "\"class\":[\"281\",\"top5\"]") != NULL && strstr(text, "\"model\":\"m\"") != NULL);
    free(text);
    type(a, "\r");
    CHECK(a->want & WANT_MAP);
    static const int32_t cam[] = {4, 4};
    save_array("more.npy", 2, cam, 1);
    write_text("result.json",
               "{\"command\": \"explain\", \"items\": [{\"input\": \"/photos/c\\u001b[2Jat.png\", \"layers\": "
               "\"features.9\", \"outputs\": [{\"method\": \"gradcam\", \"class\": 281, \"kind\": \"npy\", "
               "\"path\": \"more.npy\"}]}]}");
    struct limn_artifact artifact = {"json", (char *)file("result.json")};
    struct limn_job_detail d = {.job = {.id = 8, .state = LIMN_JOB_DONE}, .folder = folder, .artifact = &artifact};
    d.n_artifacts = 1;
    d.document =
        (char *)"{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"m\", \"layer\": [\"features.9\"]}}";
    CHECK_INT(results_add(&v->results, &d), 1);
    CHECK_INT(results_add(&v->results, &d), 0); /* known by now */
    d.document = (char *)"{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"another\"}}";
    CHECK_INT(results_add(&v->results, &d), 0);
    serve(a);
    CHECK(v->image != NULL && v->map->job == 8);
    key(a, "[");
    CHECK_STR(v->name.layer, "features.9"); /* there is none before */
    done(a);
}

static void test_frames(void)
{
    struct app *a = at_job(7, "shift.json", NULL, 0, "");
    struct viewer_state *v = &a->viewer;
    CHECK(viewer_plays(v) && v->motion.playing);
    CHECK_INT(viewer_item(v)->shown->n, 2 * FRAMES - 2);
    key(a, " ");
    CHECK(!v->motion.playing);
    key(a, "......");
    CHECK_INT(v->motion.frame, 6);
    CHECK_INT(viewer_frame_at(v), 2); /* on the way back */
    CHECK(viewer_frame(v)->lambda == 1);
    key(a, "d");
    CHECK(v->image != NULL && v->scale.high == 255);
    key(a, "....."); /* to the one that is not shifted */
    CHECK(viewer_frame(v)->lambda == 1 || viewer_frame(v)->lambda == 2 || v->motion.frame < 8);
    while (viewer_frame(v)->lambda != 0) {
        key(a, ".");
    }
    const uint8_t *p = limn_image_rgb(v->image), *q = p + 3;
    CHECK(memcmp(p, q, 3 * (SIDE * SIDE - 1)) == 0); /* nothing differs anywhere */
    key(a, "+");
    CHECK(v->motion.speed > 1 && v->look.zoom == 1);
    key(a, "z");
    CHECK(v->look.zoom > 1);
    key(a, "b");
    CHECK(v->motion.ping_pong);
    done(a);
}

static void test_others(void)
{
    struct app *a = at_job(7, NULL, odd_files, 2, "");
    struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    CHECK_INT(x->kind, RESULT_ARRAY);
    CHECK(x->n_line == 5 && strstr(x->line[0], "4 × 6") != NULL && v->image != NULL);
    key(a, "n");
    x = viewer_item(v);
    CHECK_INT(x->n_line, 3);
    CHECK(strstr(x->line[0], "value, in all") != NULL && strstr(x->line[1], "a b") != NULL);
    key(a, "j");
    CHECK_INT(v->top, 1);
    key(a, " ");
    CHECK(strstr(a->message, "nothing plays") != NULL);
    done(a);
    a = at_job(7, "volume.json", NULL, 0, "");
    v = &a->viewer;
    CHECK(v->size[0] == 8 && v->size[1] == 12 && v->size[2] == 10);
    const int32_t at = v->slice.index;
    key(a, ".");
    CHECK_INT(v->slice.index, (at + 1) % 8);
    key(a, ",,");
    CHECK_INT(v->slice.index, (at + 7) % 8);
    key(a, "a");
    CHECK(v->slice.axis == 1 && v->slice.index == 6 && v->image != NULL);
    key(a, "n."); /* a text has no slices */
    CHECK(v->at == 1 && v->size[0] == 0 && strstr(a->message, "nothing plays") != NULL);
    done(a);
}

/* Keys and clicks at random over every kind of result: no crash, and what is looked at stays within its lists. */
static void test_random(void)
{
    static const char keys[] = "oO<>[],.mMvvdtab+-zZ0npy \rhjkl\t";
    static const struct {
        const char *json;
        const char *const *file;
        size_t n;
    } each[] = {{"explain.json", cat_files, 3},
                {"shift.json", NULL, 0},
                {"volume.json", NULL, 0},
                {NULL, odd_files, 2},
                {NULL, train_files, 2}};
    uint32_t seed = 7;
    struct grid g;
    CHECK(grid_init(&g, 90, 26));
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        struct app *a = at_job(7, each[i].json, each[i].file, each[i].n, "");
        const struct viewer_state *v = &a->viewer;
        for (int k = 0; k < 1500; k++) {
            seed = seed * 1664525 + 1013904223;
            a->now += 30;
            viewer_tick(a);
            if (seed >> 28 == 0) {
                (void)views[VIEW_VIEWER]->click(a, (int32_t)(seed >> 27 & 1), seed >> 16 & 7);
            } else {
                type(a, (const char[]){keys[(seed >> 16) % (sizeof keys - 1)], '\0'});
            }
            a->view = VIEW_VIEWER;
            serve(a);
            CHECK(v->at < v->results.n && (v->size[0] == 0 || v->slice.index < v->size[v->slice.axis]));
            if (k % 20 == 0) {
                app_draw(a, &g);
                check_cells(a, &g, "random");
            }
        }
        done(a);
    }
    grid_finish(&g);
}

/* ---- the same pixels as the command line writes ---- */

static bool run_explain(const char *out)
{
    static const char photo[] = LIMN_SOURCE_DIR "/assets/photos/digit7.png";
    char command[1000];
    snprintf(command, sizeof command,
             LIMN_BINARY_DIR
             "/tools/limn explain recipe:lenet " LIMN_SOURCE_DIR
             "/assets/photos/digit7.png --device reference --class top2 --method gradcam,gradient,layercam "
             "--maps -o %s --json >%s/result.json",
             out, out);
    CHECK(access(photo, R_OK) == 0);
    const int status = system(command);
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_pixels(void)
{
    char out[100], command[200];
    snprintf(out, sizeof out, "%s/out", made_folder);
    CHECK_OK(limn_folder_create(out, &err));
    CHECK(run_explain(out));
    char path[200];
    snprintf(path, sizeof path, "%s/result.json", out);
    struct limn_artifact artifact = {"json", path};
    struct limn_job_detail d = {.job = {.id = 1, .state = LIMN_JOB_DONE}, .folder = out, .artifact = &artifact};
    d.n_artifacts = 1;
    d.document = (char *)"{\"command\": \"explain\", \"args\": {}}";
    struct viewer_state v;
    viewer_init(&v);
    CHECK(results_read(&v.results, &d));
    viewer_begin(&v);
    const struct result *x = viewer_item(&v);
    CHECK(x != NULL && x->n_map == 6);
    for (size_t i = 0; x != NULL && i < x->n_map; i++) {
        const struct result_map *m = &x->map[i];
        limn_image *written = NULL;
        snprintf(v.name.method, sizeof v.name.method, "%s", m->method);
        snprintf(v.name.layer, sizeof v.name.layer, "%s", m->layer);
        v.name.cls = m->cls;
        v.mode = strcmp(m->method, "gradient") == 0; /* the first that fits */
        viewer_show(&v, false);
        CHECK_STR(v.problem, "");
        CHECK_OK(limn_image_load(m->picture, NULL, &written, &err));
        const int32_t w = limn_image_width(written), h = limn_image_height(written);
        CHECK(v.image != NULL && limn_image_width(v.image) == w && limn_image_height(v.image) == h);
        CHECK(v.image != NULL &&
              memcmp(limn_image_rgb(v.image), limn_image_rgb(written), 3 * (size_t)w * (size_t)h) == 0);
        limn_image_destroy(&written);
    }
    viewer_free(&v);
    snprintf(command, sizeof command, "rm -r %s", out);
    CHECK(system(command) == 0);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    CHECK(mkdtemp(made_folder) != NULL && chdir(made_folder) == 0);
    make_explained();
    make_shifted();
    make_others();
    test_screens();
    test_maps();
    test_layers();
    test_frames();
    test_others();
    test_random();
    test_pixels();
    for (size_t i = 0; i < n_made; i++) {
        unlink(made_path[i]);
    }
    char result[200];
    snprintf(result, sizeof result, "%s/result.json", folder);
    unlink(result);
    CHECK(chdir("/") == 0 && rmdir(made_folder) == 0);
    return check_done();
}
