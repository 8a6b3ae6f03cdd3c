/* Every screen, drawn from a made-up state without a terminal: as text against tests/tui/screens/ at three sizes
 * (LIMN_REWRITE_SCREENS=1 writes them anew), and at all sizes without drawing outside or into the lines of others. */
#include <stdlib.h>
#include <time.h>

#include "app.h"
#include "support/check.h"

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

static void fill_new(struct app *a, struct file_entry file[4], struct limn_layer_info layer[3])
{
    static const char *const label[3] = {"tench", "goldfish", "great white \x1b[7mshark"};
    struct new_state *n = &a->new_job;
    snprintf(n->folder, sizeof n->folder, "/data/photos");
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
    snprintf(n->model, sizeof n->model, "squeezenet1_0");
    snprintf(n->picture, sizeof n->picture, "/data/photos/cat.png");
}

static void fill_models(struct app *a, struct limn_model_entry model[2])
{
    memset(model, 0, 2 * sizeof *model);
    snprintf(model[0].name, sizeof model[0].name, "lenet_fashion");
    snprintf(model[0].title, sizeof model[0].title, "LeNet on Fashion-MNIST");
    snprintf(model[0].licence, sizeof model[0].licence, "MIT");
    model[0].bytes = 179000;
    snprintf(model[1].name, sizeof model[1].name, "squeezenet1_0");
    snprintf(model[1].title, sizeof model[1].title, "SqueezeNet 1.0 on ImageNet");
    snprintf(model[1].licence, sizeof model[1].licence, "BSD-2-Clause");
    model[1].bytes = 4990000;
    a->models.model = model;
    a->models.n_models = 2;
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
    a->viewer.shown = animation;
    a->viewer.path = path;
    a->viewer.n = 2;
    a->viewer.job = 7;
}

/* Two results that play in step, and one that cannot be read. */
static void fill_compare(struct app *a, struct limn_animation *animation)
{
    struct compare_state *c = &a->compare;
    c->n = 3;
    c->all = 5;
    for (int i = 0; i < 3; i++) {
        c->item[i].job = 7 + i;
        snprintf(c->item[i].path, sizeof c->item[i].path, "/results/%d/cat.\x1b[31mgradcam.png", 7 + i);
        c->item[i].shown = i < 2 ? animation : NULL;
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
}

static struct {
    struct export_file export[7];
    struct limn_job list[6];
    struct limn_job_detail detail;
    struct log_line line[3];
    struct file_entry file[4];
    struct limn_layer_info layer[3];
    struct limn_model_entry model[2];
    limn_image *frame[2];
    struct limn_animation animation;
} made;

static struct app *make(void)
{
    struct app *a = calloc(1, sizeof *a);
    const struct caps caps = {
        .colours = PICTURE_TRUE, .glyphs = PICTURE_HALF, .utf8 = true, .moves = true, .sync = true};
    app_init(a, &caps);
    a->now = NOW;
    memset(&made, 0, sizeof made);
    fill_jobs(a, made.list, &made.detail, made.line);
    fill_new(a, made.file, made.layer);
    fill_models(a, made.model);
    fill_viewer(a, made.frame, &made.animation);
    fill_compare(a, &made.animation);
    fill_export(a, made.export);
    new_filter(a);
    return a;
}

static void unmake(struct app *a)
{
    free(a->new_job.shown);
    for (int i = 0; i < 2; i++) {
        limn_image_destroy(&made.frame[i]);
    }
    free(a);
}

/* The screens by name. */
static const struct {
    const char *name, *keys; /* typed one after the other from the queue on */
} screen[] = {{"queue", ""},
              {"new-picture", "2"},
              {"new-layer", "2\t\t\t"},
              {"new-class", "2\t\t\t\t"},
              {"new-run", "2\t\t\t\t\t"},
              {"viewer", "3"},
              {"compare", "4"},
              {"export", "5"},
              {"compare-none", "@4"},
              {"export-none", "@5"},
              {"models", "6"},
              {"log", "7"},
              {"help", "?"},
              {"commands", "2:fil"}};
enum { SCREENS = sizeof screen / sizeof screen[0] };

/* "@" first: nothing is marked, and there are no results. */
static void type(struct app *a, const char *keys)
{
    bool pasting = false;
    if (keys[0] == '@') {
        a->compare.n = a->export.n = 0;
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

static void check_screen(const struct app *a, const char *name, int32_t w, int32_t h)
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

static void test_golden(void)
{
    static const int32_t size[3][2] = {{80, 24}, {120, 40}, {200, 60}};
    for (int i = 0; i < SCREENS; i++) {
        for (int k = 0; k < 3; k++) {
            struct app *a = make();
            a->width = size[k][0];
            a->height = size[k][1];
            type(a, screen[i].keys);
            check_screen(a, screen[i].name, a->width, a->height);
            unmake(a);
        }
    }
}

/* Nothing but text and our own signs on any screen at any size, and the frame around the views stays whole. */
static void check_cells(const struct app *a, const struct grid *g, const char *name)
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
        const struct style bar = ui_style(UI_BAR, a->caps.colours);
        bad += grid_at(g, 0, 0)->bg != bar.bg;
        for (int32_t y = 1; y < g->height; y++) { /* the margins */
            bad += grid_at(g, 0, y)->ch != ' ' || grid_at(g, g->width - 1, y)->ch != ' ';
        }
    }
    if (bad + foreign > 0) {
        fprintf(stderr, "%s at %dx%d: %d bad cells, %d not ASCII\n", name, (int)g->width, (int)g->height, bad, foreign);
    }
    CHECK(bad + foreign == 0);
}

static void test_sizes(void)
{
    for (int i = 0; i < SCREENS; i++) {
        struct app *a = make();
        a->width = 100;
        type(a, screen[i].keys);
        for (int32_t h = 5; h <= 60; h += h < 26 ? 1 : 7) {
            for (int32_t w = 20; w <= 200; w += w < 42 || (w > 74 && w < 82) || (w > 115 && w < 122) ? 1 : 9) {
                struct grid g;
                a->width = w;
                a->height = h;
                a->caps.utf8 = (w + h) % 2 == 0;
                CHECK(grid_init(&g, w, h));
                app_draw(a, &g);
                check_cells(a, &g, screen[i].name);
                grid_finish(&g);
            }
        }
        unmake(a);
    }
}

static void test_actions(void)
{
    struct app *a = make();
    type(a, "c");
    CHECK(a->want & WANT_CANCEL);
    a->want = 0;
    type(a, "jc"); /* the job that is done */
    CHECK_INT(a->want & WANT_CANCEL, 0);
    CHECK(strstr(a->message, "over") != NULL);
    CHECK_INT(a->queue.id, 1204);
    type(a, "r");
    CHECK_INT(a->want & WANT_RETRY, 0);
    type(a, "jr");
    CHECK(a->want & WANT_RETRY);
    type(a, "2");
    CHECK_INT(a->view, VIEW_NEW);
    type(a, "jj\r"); /* the third file */
    CHECK_STR(a->new_job.picture, "/data/photos/evil\x1b[2J\nname.jpg");
    CHECK_INT(a->new_job.field, FIELD_MODEL);
    type(a, "\t\tG\r"); /* a layer without positions */
    CHECK_INT(a->new_job.layer_at, -1);
    CHECK(strstr(a->message, "no positions") != NULL);
    type(a, "k\r");
    CHECK_INT(a->new_job.layer_at, 1);
    CHECK_INT(a->new_job.field, FIELD_CLASS);
    type(a, "/SHARK\r");
    CHECK_INT(a->new_job.class_at, 2);
    type(a, "\r");
    CHECK(a->want & WANT_SUBMIT);
    a->new_job.picture[0] = '\0';
    a->want = 0;
    type(a, "a");
    CHECK_INT(a->want & WANT_SUBMIT, 0);
    type(a, "3 ");
    CHECK(a->viewer.motion.playing);
    a->now += 2000;
    CHECK(viewer_tick(a) >= 0);
    a->now += 120;
    viewer_tick(a);
    CHECK_INT(a->viewer.motion.frame, 1);
    type(a, "?leave; jobs\r");
    CHECK(a->want & WANT_QUIT);
    unmake(a);
}

static void test_picking(void)
{
    struct app *a = make();
    type(a, "g  "); /* marks two, and goes down */
    CHECK_INT(a->marks.n, 2);
    CHECK(marks_has(&a->marks, 1206) && marks_has(&a->marks, 1205));
    CHECK_INT(a->queue.id, 1204);
    type(a, "k ");
    CHECK_INT(a->marks.n, 1);
    type(a, "e");
    CHECK_INT(a->view, VIEW_EXPORT);
    CHECK_INT(a->export.what, EXPORT_MARKED);
    CHECK(a->want & WANT_EXPORT);
    CHECK_INT(export_count(&a->export), 6);
    type(a, "jj "); /* all of them under other names */
    CHECK_INT(a->export.rule, RULE_RENAME);
    CHECK_STR(export_name(&made.export[2]), "cat.layercam-2.png");
    type(a, "jjj "); /* the second file is replaced */
    CHECK_INT(made.export[1].rule, RULE_REPLACE);
    CHECK_INT(made.export[3].rule, RULE_RENAME);
    type(a, "gj\r\025/tmp/new q\r"); /* the folder, typed */
    CHECK_STR(a->export.folder, "/tmp/new q");
    type(a, "w");
    CHECK(a->want & WANT_WRITE);
    type(a, "u1");
    CHECK_INT(a->marks.n, 0);
    type(a, "4+");
    CHECK(a->compare.look.zoom > 1 && a->want & WANT_COMPARE);
    a->compare.motion.playing = false;
    type(a, ".");
    CHECK_INT(a->compare.motion.frame, 1);
    unmake(a);
}

static void test_keys(void)
{
    struct keymap m;
    char err[200] = "", text[16];
    keymap_default(&m);
    for (int i = 1; i < ACT_COUNT; i++) { /* each row's keys have names, and reach an action where it applies */
        const struct action_info *info = action_info((enum action)i);
        CHECK(m.key[i][0] != KEY_NONE);
        for (int k = 0; k < KEYS_PER_ACTION && m.key[i][k] != KEY_NONE; k++) {
            key_text(m.key[i][k], text);
            CHECK_INT(key_named(text, strlen(text)), m.key[i][k]);
            CHECK(keymap_find(&m, info->where, m.key[i][k]) != ACT_NONE);
        }
    }
    CHECK(keymap_read(&m, "# mine\nquit Q\ncancel C-k F7 # both\n\nhelp\n", err, sizeof err));
    CHECK_INT(keymap_find(&m, IN_QUEUE, 'q'), ACT_NONE);
    CHECK_INT(keymap_find(&m, IN_QUEUE, 'Q'), ACT_QUIT);
    CHECK_INT(keymap_find(&m, IN_QUEUE, 11), ACT_CANCEL);
    CHECK_INT(keymap_find(&m, IN_QUEUE, '?'), ACT_NONE);
    CHECK(!keymap_read(&m, "quit q\nfly C-x\n", err, sizeof err));
    CHECK_STR(err, "line 2: unknown action \"fly\"");
    CHECK_INT(keymap_find(&m, IN_QUEUE, 'Q'), ACT_QUIT); /* nothing of a wrong file counts */
    CHECK(!keymap_read(&m, "quit Ctrl-q\n", err, sizeof err));
}

static void test_parse(void)
{
    static const struct {
        const char *bytes;
        int32_t key;
    } each[] = {{"\033[A", KEY_ARROW_UP},
                {"\033OB", KEY_ARROW_DOWN},
                {"\033[1;5C", KEY_ARROW_RIGHT},
                {"\033[5~", KEY_PAGE_UP},
                {"\033[Z", KEY_BACK_TAB},
                {"\033[[A", KEY_F1},
                {"\033[15~", KEY_F1 + 4},
                {"ä", 0xe4},
                {"\033", KEY_ESCAPE},
                {"\r", KEY_RETURN},
                {"\177", KEY_BACK},
                {"\xff", KEY_NONE}};
    struct key_event ev;
    bool pasting = false;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        const size_t n = strlen(each[i].bytes);
        CHECK_INT(key_parse((const unsigned char *)each[i].bytes, n, true, &pasting, &ev), n);
        CHECK_INT(ev.key, each[i].key);
    }
    CHECK_INT(key_parse((const unsigned char *)"\033[1", 3, false, &pasting, &ev), 0);
    CHECK_INT(key_parse((const unsigned char *)"\033[<0;12;3M", 10, false, &pasting, &ev), 10);
    CHECK_INT(ev.key, KEY_MOUSE_CLICK);
    CHECK_INT(ev.x, 11);
    struct app *a = make();
    type(a, "\033[200~q4c\033[201~"); /* pasted: no keys */
    CHECK_INT(a->want & (WANT_QUIT | WANT_CANCEL), 0);
    CHECK_INT(a->view, VIEW_QUEUE);
    unmake(a);
}

/* Keys at random: no crash, and marks stay within their lists. */
static void test_random(void)
{
    static const unsigned char alphabet[] =
        "\033[A\033[B\t\r jkgGnpq?/:1234567acrxsbl+-0<>.euw,\177\004\025hmZ~\xc3\xa4\xff";
    uint32_t seed = 1;
    struct app *a = make();
    struct grid g;
    CHECK(grid_init(&g, 90, 26));
    for (int i = 0; i < 20000; i++) {
        char keys[5] = "";
        for (int k = 0; k < 4; k++) {
            seed = seed * 1664525 + 1013904223;
            keys[k] = (char)alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        type(a, keys);
        a->now += 10;
        viewer_tick(a);
        a->want = 0;
        if (i % 50 == 0) {
            app_draw(a, &g);
            check_cells(a, &g, "random");
        }
        CHECK(a->queue.marked >= 0 && a->queue.marked < 6 && a->viewer.motion.frame < 2);
    }
    grid_finish(&g);
    unmake(a);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    test_golden();
    test_sizes();
    test_actions();
    test_picking();
    test_keys();
    test_parse();
    test_random();
    return check_done();
}
