/* Every screen, drawn from a made-up state without a terminal: as text against tests/tui/screens/ at three sizes
 * (LIMN_REWRITE_SCREENS=1 writes them anew), and at all sizes without drawing outside or into the lines of others. */
#include <stdlib.h>
#include <time.h>

#include "made.h"

/* The screens by name. */
static const struct {
    const char *name, *keys; /* typed one after the other from the queue on */
} screen[] = {{"queue", ""},          {"viewer", "3"},        {"compare", "4"},      {"export", "5"},
              {"compare-maps", "#4"}, {"compare-none", "@4"}, {"export-none", "@5"}, {"models", "6"},
              {"log", "7"},           {"help", "?"},          {"commands", "2:fil"}};
enum { SCREENS = sizeof screen / sizeof screen[0] };

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

/* A job that is done: where its results are, and the first picture among them. */
static void test_done(void)
{
    static const int32_t size[3][2] = {{80, 24}, {120, 40}, {200, 60}};
    struct limn_artifact artifact[2] = {{"overlay", (char *)"/home/me/runs/cat.gradcam.png"},
                                        {"json", (char *)"/home/me/runs/result.json"}};
    for (int k = 0; k < 3; k++) {
        struct app *a = make();
        struct queue_state *q = &a->queue;
        a->width = size[k][0];
        a->height = size[k][1];
        type(a, "j");
        q->detail->job = *queue_job(q);
        q->detail->artifact = artifact;
        q->detail->n_artifacts = 2;
        q->picture = a->viewer.results.item[0].shown->frame[0]; /* stays the viewer's */
        q->picture_job = q->id;
        check_screen(a, "queue-done", a->width, a->height);
        unmake(a);
    }
}

static double luminance(uint32_t rgb)
{
    static const double weight[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        const double v = (double)(rgb >> (16 - 8 * k) & 255) / 255;
        sum += weight[k] * (v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(uint32_t a, uint32_t b)
{
    const double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

/* Text can be read on white and on black, and on the colours that are laid under it. */
static void test_themes(void)
{
    for (int light = 0; light < 2; light++) {
        for (int role = UI_TEXT; role <= UI_BAR; role++) {
            const struct cell c = themed((enum ui_role)role, PICTURE_TRUE, light);
            const uint32_t bg = c.bg == COLOUR_DEFAULT ? (light ? 0xffffff : 0x000000) : c.bg;
            CHECK(c.fg == COLOUR_DEFAULT || contrast(c.fg, bg) >= 4.5);
            CHECK((c.fg <= COLOUR_DEFAULT) && (c.bg <= COLOUR_DEFAULT));
            for (int depth = PICTURE_MONO; depth < PICTURE_256; depth++) {
                const struct cell few = themed((enum ui_role)role, (enum picture_colours)depth, light);
                CHECK(few.bg == COLOUR_DEFAULT && few.fg <= COLOUR_DEFAULT);
            }
        }
    }
}

static void test_sizes(void)
{
    for (int i = 0; i < SCREENS; i++) {
        struct app *a = make();
        a->width = 100;
        type(a, screen[i].keys);
        check_sizes(a, screen[i].name, 20, 5);
        unmake(a);
    }
}

static void test_actions(void)
{
    struct app *a = make();
    type(a, "c"); /* runs and cannot go on later: asks */
    CHECK_INT(a->want & WANT_CANCEL, 0);
    CHECK_INT(a->overlay, OVERLAY_PROMPT);
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
    type(a, "3 ");
    CHECK(a->viewer.motion.playing);
    a->now += 2000;
    CHECK(viewer_tick(a) >= 0);
    a->now += 120;
    viewer_tick(a);
    CHECK_INT(a->viewer.motion.frame, 1);
    type(a, "?without asking\r");
    CHECK(a->want & WANT_QUIT);
    unmake(a);
}

/* Keys in an empty log move nowhere, so that the lines that come are all there. */
static void test_empty_log(void)
{
    struct app *a = make();
    struct grid g;
    CHECK(grid_init(&g, 80, 24));
    type(a, "7");
    a->queue.n_lines = 0;
    type(a, "Gjkg");
    CHECK_INT(a->log_back, 0);
    a->queue.n_lines = 3;
    app_draw(a, &g);
    check_cells(a, &g, "log");
    grid_finish(&g);
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
    type(a, "k "); /* all of them under other names */
    CHECK_INT(a->export.rule, RULE_RENAME);
    CHECK_STR(export_name(&a->export.file[2]), "cat.layercam-2.png");
    type(a, "jjj "); /* the second file is replaced */
    CHECK_INT(a->export.file[1].rule, RULE_REPLACE);
    CHECK_INT(a->export.file[3].rule, RULE_RENAME);
    type(a, "gjj\r\025/tmp/new q\r"); /* the folder, typed */
    CHECK_STR(a->export.folder, "/tmp/new q");
    a->want = 0;
    type(a, "wj");
    CHECK(a->want & WANT_WRITE && a->want & WANT_PREVIEW);
    type(a, "Gy"); /* the path of the file on the line */
    CHECK(a->want & WANT_COPY);
    CHECK_STR(a->copy, "/tmp/new q/bad.png");
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
    test_done();
    test_themes();
    test_sizes();
    test_actions();
    test_picking();
    test_empty_log();
    test_keys();
    test_parse();
    test_random();
    return check_done();
}
