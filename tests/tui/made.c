/* See made.h. */
#include "made.h"

#include <math.h>
#include <stdlib.h>

#include "forms.h"

#define NOW 1700000000000

static char long_name[120] = "explain squeezenet1_0 a photograph with a very long name that does not fit.png: gradcam";

static struct limn_job job(int64_t id, enum limn_job_state state, const char *title)
{
    struct limn_job j = {.id = id, .state = state, .created = NOW - 4000000, .exit_code = -1, .left = -1, .rate = -1};
    snprintf(j.title, sizeof j.title, "%s", title);
    snprintf(j.command, sizeof j.command, "explain");
    return j;
}

static void fill_jobs(struct app *a, struct limn_job list[6], struct limn_job_detail *d, struct log_line line[3])
{
    list[0] = job(1206, LIMN_JOB_QUEUED, "explain squeezenet1_0 cat.png: gradcam");
    list[1] = job(1205, LIMN_JOB_RUNNING, "train classifier fashion: resnet20");
    list[1].started = NOW - 95000;
    list[1].part = 0.42;
    list[1].left = 131;
    list[1].rate = 812;
    snprintf(list[1].rate_unit, sizeof list[1].rate_unit, "samples");
    snprintf(list[1].stage, sizeof list[1].stage, "epoch 5/12");
    list[2] = job(1204, LIMN_JOB_DONE, long_name);
    list[3] = job(1203, LIMN_JOB_FAILED, "explain a\x1b]0;x\x07\u202eb \xc2\x9b.png: \xff");
    list[4] = job(1202, LIMN_JOB_CANCELLED, "compare mobilenet_v2 猫の写真.png");
    list[5] = job(1201, LIMN_JOB_INTERRUPTED, "train classifier fashion: lenet");
    for (int i = 2; i < 6; i++) {
        list[i].started = NOW - 4000000 * i;
        list[i].ended = list[i].started + 187000;
    }
    list[2].n_artifacts = 2;
    line[0] = (struct log_line){1, NOW - 95000, LIMN_LOG_NOTE, (char *)"resnet20: 272,474 parameters in 64 tensors"};
    line[1] =
        (struct log_line){2, NOW - 50000, LIMN_LOG_MORE, (char *)"epoch 4: loss 0.4131, validation 0.8712 of 6000"};
    line[2] = (struct log_line){3, NOW - 2000, LIMN_LOG_ERROR,
                                (char *)"a\x1b[31mred\r line that is long enough to be broken "
                                        "over more than one line of a narrow screen"};
    struct queue_state *q = &a->queue;
    q->job = list;
    q->n = q->total = 6;
    q->marked = 1;
    q->id = 1205;
    for (int i = 0; i < 6; i++) {
        q->count[list[i].state]++;
    }
    d->job = list[1];
    d->error = d->hint = d->model_hash = d->limn_version = (char *)"";
    d->device = (char *)"llvmpipe (LLVM 15.0.6, 256 bits)";
    q->detail = d;
    q->n_arguments = 2;
    snprintf(q->argument[0].name, sizeof q->argument[0].name, "task");
    snprintf(q->argument[0].value, sizeof q->argument[0].value, "classifier");
    snprintf(q->argument[1].name, sizeof q->argument[1].name, "epochs");
    snprintf(q->argument[1].value, sizeof q->argument[1].value, "12");
    q->line = line;
    q->n_lines = 3;
    q->log_job = 1205;
}

static struct form_command *command;
static size_t n_commands_made;

static void fill_new(struct app *a, struct file_entry file[4], struct limn_layer_info layer[3])
{
    static const char *const label[3] = {"tench", "goldfish", "great white \x1b[7mshark"};
    struct new_state *n = &a->new_job;
    n->form = form_create(command, n_commands_made, &n->n_forms);
    snprintf(n->folder[FOLDER_PICTURES], sizeof n->folder[0], "/data/photos");
    snprintf(file[0].name, sizeof file[0].name, "holidays");
    file[0].folder = true;
    snprintf(file[1].name, sizeof file[1].name, "cat.png");
    file[1].bytes = 90412;
    snprintf(file[2].name, sizeof file[2].name, "evil\x1b[2J\nname.jpg");
    file[2].bytes = 1234567;
    snprintf(file[3].name, sizeof file[3].name, "写真.png");
    n->file = file;
    n->n_files = 4;
    layer[0] = (struct limn_layer_info){"features.0", "conv2d", 4, {1, 96, 109, 109}, 14208, false};
    layer[1] = (struct limn_layer_info){"features.12", "combine", 4, {1, 512, 13, 13}, 0, true};
    layer[2] = (struct limn_layer_info){"classifier", "", 2, {1, 1000}, 0, false};
    n->layer = layer;
    n->n_layers = 3;
    n->label = label;
    n->n_classes = 3;
    n->info.default_layer = "features.12";
    n->info.channels = 3;
    value_add(&n->form[0].value[1], "/data/photos/cat.png");
}

static void fill_models(struct app *a, struct limn_model_entry model[4], struct model_fact fact[4])
{
    static const struct {
        const char *name, *title, *licence, *arch, *trained_on;
        uint64_t bytes;
        int32_t n_classes, channels, depth, size;
    } each[4] = {
        {"brain_3d", "ResNet-18 of volumes", "MIT", "resnet18_3d", "scans", 33000000, 2, 1, 96, 96},
        {"lenet_fashion", "LeNet on Fashion-MNIST", "MIT", "lenet", "Fashion-MNIST", 179000, 10, 1, 0, 28},
        {"lenet_fashion_ae", "Decoder on LeNet", "MIT", "lenet+decoder@pool2", "Fashion-MNIST", 410000, 0, 1, 0, 28},
        {"squeezenet1_0", "SqueezeNet 1.0 on ImageNet", "BSD-2-Clause", "squeezenet1_0", "ImageNet", 4990000, 1000, 3,
         0, 224},
    };
    memset(model, 0, 4 * sizeof *model);
    for (int i = 0; i < 4; i++) {
        snprintf(model[i].name, sizeof model[i].name, "%s", each[i].name);
        snprintf(model[i].title, sizeof model[i].title, "%s", each[i].title);
        snprintf(model[i].licence, sizeof model[i].licence, "%s", each[i].licence);
        model[i].bytes = each[i].bytes;
        fact[i] = (struct model_fact){.known = true,
                                      .n_classes = each[i].n_classes,
                                      .channels = each[i].channels,
                                      .depth = each[i].depth,
                                      .height = each[i].size,
                                      .width = each[i].size};
        snprintf(fact[i].arch, sizeof fact[i].arch, "%s", each[i].arch);
        snprintf(fact[i].trained_on, sizeof fact[i].trained_on, "%s", each[i].trained_on);
    }
    a->models.model = model;
    a->models.fact = fact;
    a->models.n_models = 4;
    a->models.n_trained = 1;
    a->models.trained[0] = (struct trained_model){.job = 1198};
    snprintf(a->models.trained[0].title, sizeof a->models.trained[0].title, "train classifier fashion");
    snprintf(a->models.trained[0].path, sizeof a->models.trained[0].path, "/state/results/1198/best.safetensors");
    a->models.n_devices = 1;
    struct device_row *d = &a->models.device[0];
    snprintf(d->name, sizeof d->name, "llvmpipe (LLVM 15.0.6, 256 bits)");
    snprintf(d->kind, sizeof d->kind, "cpu");
    snprintf(d->memory, sizeof d->memory, "4.1 GB");
    d->usable = true;
}

/* A picture that is black on the left and white on the right; frames are alike. */
static void fill_viewer(struct app *a, limn_image *frame[2], struct limn_animation *animation)
{
    static double seconds[2] = {0.1, 0.1};
    static char *path[2] = {(char *)"/results/7/cat.gradcam.gif", (char *)"/results/7/cat.\x1b]52;c;x\x07.png"};
    uint8_t rgb[16 * 8 * 3];
    for (int i = 0; i < 16 * 8; i++) {
        memset(rgb + 3 * i, i % 16 < 8 ? 0 : 255, 3);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(limn_image_create(16, 8, rgb, &frame[i], NULL) == LIMN_OK);
    }
    *animation = (struct limn_animation){.frame = frame, .seconds = seconds, .n = 2, .width = 16, .height = 8};
    struct results *r = &a->viewer.results;
    r->job = 7;
    r->n = 2;
    r->item = calloc(2, sizeof *r->item);
    for (int i = 0; i < 2; i++) {
        r->item[i].kind = i == 0 ? RESULT_ANIMATION : RESULT_PICTURE;
        r->item[i].path = strdup(path[i]);
        r->item[i].title = strdup(path_base(path[i]));
        r->item[i].shown = animation;
    }
}

/* Two results that play in step, and one that cannot be read. */
static void fill_compare(struct app *a, struct limn_animation *animation)
{
    struct compare_state *c = &a->compare;
    c->n = 3;
    c->all = 5;
    for (int i = 0; i < 3; i++) {
        struct compare_item *x = &c->item[i];
        x->pin = (struct pin){.job = 7 + i,
                              .kind = RESULT_ANIMATION,
                              .p = -1,
                              .path = strdup("/results/cat.gif"),
                              .title = strdup("cat.\x1b[31mshift.gif")};
        x->own.item = calloc(1, sizeof *x->own.item);
        x->own.n = 1;
        x->own.item[0].shown = i < 2 ? animation : NULL;
    }
    snprintf(c->item[2].problem, sizeof c->item[2].problem, "cat.\x1b[0m.png: cannot open: No such file");
}

/* Each way a file can stand, with a hostile name. */
static void fill_export(struct app *a, struct export_file file[7])
{
    static const struct export_file each[7] = {
        {.name = "cat.gradcam.png"},
        {.name = "cat.gradcam.npy", .exists = true},
        {.name = "cat.layercam.png", .renamed = "cat.layercam-2.png", .exists = true, .rule = RULE_RENAME},
        {.name = "cat.layercam.npy", .exists = true, .rule = RULE_REPLACE},
        {.name = "b\x1b]0;owned\x07\xc2\x9b.png"},
        {.name = "done.png", .asked = true, .written = "done-2.png", .end = EXPORT_WRITTEN},
        {.name = "bad.png", .asked = true, .end = EXPORT_FAILED, .problem = "/out/bad.png: No space left on device"}};
    memcpy(file, each, sizeof each);
    a->export.file = file;
    a->export.n = 7;
    snprintf(a->export.folder, sizeof a->export.folder, "/data/results of the week");
    a->export.folder_new = true;
    a->export.what = EXPORT_JOB;
    snprintf(a->export.drawn, sizeof a->export.drawn, "overlay, jet, opacity 50 %%");
    snprintf(a->export.missing, sizeof a->export.missing, "This job has no results yet.");
}

static struct {
    struct export_file export[7];
    struct limn_job list[6];
    struct limn_job_detail detail;
    struct log_line line[3];
    struct file_entry file[4];
    struct limn_layer_info layer[3];
    struct limn_model_entry model[4];
    struct model_fact fact[4];
    limn_image *frame[2];
    struct limn_animation animation;
} made;

/* As if the first two were maps of one picture by two methods. */
static void make_maps(struct app *a)
{
    struct compare_state *c = &a->compare;
    static const char *const method[2] = {"gradcam", "guided-backprop"};
    c->n = c->all = 2;
    c->of = COMPARE_METHODS;
    for (int i = 0; i < 2; i++) {
        struct compare_item *x = &c->item[i];
        x->own.item[0].shown = NULL;
        x->pin.kind = RESULT_MAPS;
        x->pin.job = 7;
        x->pin.cls = 281;
        x->pin.p = 0.61;
        snprintf(x->pin.method, sizeof x->pin.method, "%s", method[i]);
        snprintf(x->pin.layer, sizeof x->pin.layer, "%s", i == 0 ? "features.\x1b[2J12" : "");
        snprintf(x->pin.label, sizeof x->pin.label, "tabby, tabby cat");
        x->scale = (struct limn_scale){0, 1.5, false, "jet", "score"};
        CHECK(limn_image_create(16, 8, limn_image_rgb(made.frame[0]), &x->image, NULL) == LIMN_OK);
    }
    c->item[1].agrees = true;
    c->item[1].agreement = (struct limn_agreement){0.54, 0.68, NAN};
}

struct app *make(void)
{
    struct app *a = calloc(1, sizeof *a);
    const struct caps caps = {
        .colours = PICTURE_TRUE, .glyphs = PICTURE_HALF, .utf8 = true, .moves = true, .sync = true};
    app_init(a, &caps);
    command = forms_make(&n_commands_made);
    a->now = NOW;
    memset(&made, 0, sizeof made);
    fill_jobs(a, made.list, &made.detail, made.line);
    fill_new(a, made.file, made.layer);
    fill_models(a, made.model, made.fact);
    fill_viewer(a, made.frame, &made.animation);
    fill_compare(a, &made.animation);
    fill_export(a, made.export);
    new_filter(a);
    return a;
}

void unmake(struct app *a)
{
    free(a->new_job.shown);
    form_destroy(&a->new_job.form, a->new_job.n_forms);
    forms_free(command, n_commands_made);
    for (int i = 0; i < 2; i++) {
        a->viewer.results.item[i].shown = NULL; /* not of the heap */
        limn_image_destroy(&made.frame[i]);
    }
    for (int i = 0; i < 3; i++) {
        a->compare.item[i].own.item[0].shown = NULL; /* not of the heap */
    }
    compare_free(&a->compare);
    marks_clear(&a->marks);
    viewer_free(&a->viewer);
    free(a);
}

/* "@" first: nothing is marked, and there are no results. */
void type(struct app *a, const char *keys)
{
    bool pasting = false;
    if (keys[0] == '@') {
        a->compare.n = a->export.n = 0;
        keys++;
    } else if (keys[0] == '#') {
        make_maps(a);
        keys++;
    }
    size_t n = strlen(keys);
    while (n > 0) {
        struct key_event ev;
        const size_t took = key_parse((const unsigned char *)keys, n, true, &pasting, &ev);
        app_key(a, &ev);
        keys += took;
        n -= took;
    }
}

static size_t grid_to_text(const struct grid *g, char *out)
{
    size_t n = 0;
    for (int32_t y = 0; y < g->height; y++) {
        size_t end = n;
        for (int32_t x = 0; x < g->width; x++) {
            const struct cell *c = grid_at(g, x, y);
            char one[5];
            if (c->ch != 0) {
                const size_t k = (size_t)utf8_put(c->ch, one);
                memcpy(out + n, one, k);
                n += k;
                end = c->ch != ' ' ? n : end;
            }
        }
        n = end;
        out[n++] = '\n';
    }
    out[n] = '\0';
    return n;
}

void check_screen(const struct app *a, const char *name, int32_t w, int32_t h)
{
    static char is[200 * 60 * 4 + 100], want[200 * 60 * 4 + 100];
    char path[600];
    struct grid g;
    CHECK(grid_init(&g, w, h));
    app_draw(a, &g);
    const size_t n = grid_to_text(&g, is);
    grid_finish(&g);
    snprintf(path, sizeof path, "%s/tui/screens/%s.%dx%d.txt", LIMN_TEST_DATA, name, (int)w, (int)h);
    const bool rewrite = getenv("LIMN_REWRITE_SCREENS") != NULL;
    FILE *f = fopen(path, rewrite ? "w" : "r");
    CHECK(f != NULL);
    if (f != NULL && rewrite) {
        CHECK(fwrite(is, 1, n, f) == n);
    } else if (f != NULL) {
        want[fread(want, 1, sizeof want - 1, f)] = '\0';
        if (strcmp(is, want) != 0) {
            fprintf(stderr, "%s differs; it is now:\n%s", path, is);
        }
        CHECK(strcmp(is, want) == 0);
    }
    if (f != NULL) {
        fclose(f);
    }
}

struct cell themed(enum ui_role role, enum picture_colours colours, bool light)
{
    const struct style s = ui_style(role, colours);
    struct cell c = {' ', s.fg, s.bg, s.attr};
    struct grid one = {.width = 1, .height = 1, .cell = &c};
    ui_theme(&one, colours, light);
    return c;
}

/* Nothing but text and our own signs on any screen at any size, and the frame around the views stays whole. */
void check_cells(const struct app *a, const struct grid *g, const char *name)
{
    int bad = 0, foreign = 0;
    for (int32_t y = 0; y < g->height; y++) {
        for (int32_t x = 0; x < g->width; x++) {
            const struct cell *c = grid_at(g, x, y);
            bad +=
                (c->ch < ' ' && c->ch != 0) || (c->ch >= 0x7f && c->ch < 0xa0) || (c->ch >= 0x202a && c->ch <= 0x202e);
            bad += c->ch == 0 && (x == 0 || ch_width(c[-1].ch) != 2);
            foreign += !a->caps.utf8 && c->ch > 0x7e;
        }
    }
    if (g->width >= 40 && g->height >= 10 && a->overlay == OVERLAY_NONE) {
        bad += grid_at(g, 0, 0)->bg != themed(UI_BAR, a->caps.colours, a->caps.light).bg;
        for (int32_t y = 1; y < g->height; y++) { /* the margins */
            bad += grid_at(g, 0, y)->ch != ' ' || grid_at(g, g->width - 1, y)->ch != ' ';
        }
    }
    if (bad + foreign > 0) {
        fprintf(stderr, "%s at %dx%d: %d bad cells, %d not ASCII\n", name, (int)g->width, (int)g->height, bad, foreign);
    }
    CHECK(bad + foreign == 0);
}

void check_sizes(struct app *a, const char *name, int32_t least_w, int32_t least_h)
{
    for (int32_t h = least_h; h <= 60; h += h < 26 ? 1 : 9) {
        for (int32_t w = least_w; w <= 200; w += w < 44 || (w > 73 && w < 82) || (w > 106 && w < 122) ? 1 : 11) {
            struct grid g;
            a->width = w;
            a->height = h;
            a->caps.utf8 = (w + h) % 2 == 0;
            CHECK(grid_init(&g, w, h));
            app_draw(a, &g);
            check_cells(a, &g, name);
            grid_finish(&g);
        }
    }
}
