/* Leaving, cancelling and the mouse, without a terminal: what is asked and when, what can be taken back, and that what
 * is drawn does what it says when it is clicked. */
#include <stdlib.h>
#include <time.h>

#include "made.h"

static void test_screens(void)
{
    static const int32_t size[][2] = {{80, 24}, {120, 40}, {200, 60}, {40, 10}};
    for (int k = 0; k < 4; k++) {
        struct app *a = make();
        a->width = size[k][0];
        a->height = size[k][1];
        type(a, "q");
        check_screen(a, "quit", a->width, a->height);
        type(a, "\033c");
        check_screen(a, "stop", a->width, a->height);
        unmake(a);
    }
}

static void test_leaving(void)
{
    static const struct {
        const char *keys;
        unsigned want;
    } each[] = {{"q\r", WANT_QUIT},
                {"qq", WANT_QUIT},
                {"\003d", WANT_QUIT},
                {"qc", WANT_CANCEL_ALL},
                {"qj\r", WANT_CANCEL_ALL},
                {"q\t\r", WANT_CANCEL_ALL},
                {"q\033", 0},
                {"q\003", 0},
                {"qjj\r", 0},
                {"Q", WANT_QUIT},
                {"2q\r", WANT_QUIT},
                {"\033[21~\r", WANT_QUIT}};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        struct app *a = make();
        type(a, each[i].keys);
        CHECK_INT(a->want & (WANT_QUIT | WANT_CANCEL_ALL), each[i].want);
        CHECK_INT(a->overlay, OVERLAY_NONE);
        unmake(a);
    }
    struct app *a = make();
    memset(a->queue.count, 0, sizeof a->queue.count);
    type(a, "q"); /* nothing runs: nothing to ask */
    CHECK(a->want & WANT_QUIT);
    unmake(a);
    a = make();
    a->width = 20;
    type(a, "q"); /* nor where no question has room */
    CHECK(a->want & WANT_QUIT);
    unmake(a);
}

static void test_cancelling(void)
{
    struct app *a = make();
    type(a, "c\r"); /* runs, and what it did would be lost */
    CHECK(a->want & WANT_CANCEL);
    a->want = 0;
    type(a, "c\033");
    CHECK_INT(a->want & WANT_CANCEL, 0);
    a->queue.job[1].resumable = true;
    type(a, "c");
    CHECK(a->want & WANT_CANCEL && a->overlay == OVERLAY_NONE);
    a->want = 0;
    a->queue.job[1].cancelling = true;
    type(a, "c");
    CHECK_INT(a->want & WANT_CANCEL, 0);
    type(a, "kc"); /* waits */
    CHECK(a->want & WANT_CANCEL && a->overlay == OVERLAY_NONE);
    a->want = 0;
    a->undo = 1206;
    a->undo_until = a->now + 5000;
    type(a, "u");
    CHECK(a->want & WANT_UNDO);
    a->want = 0;
    a->now += 5001;
    type(a, "u");
    CHECK_INT(a->want & WANT_UNDO, 0);
    unmake(a);
}

static void test_finding(void)
{
    struct app *a = make();
    type(a, "/Cat");
    CHECK(a->queue.typing && a->want & WANT_JOBS);
    CHECK_STR(queue_query(&a->queue).text, "Cat");
    type(a, "q\177\r"); /* text, not keys */
    CHECK_STR(a->queue.text, "Cat");
    CHECK_INT(a->overlay, OVERLAY_NONE);
    type(a, "f");
    CHECK(queue_query(&a->queue).states & LIMN_JOB_BIT(LIMN_JOB_RUNNING));
    type(a, "ff");
    CHECK_INT(queue_query(&a->queue).states, LIMN_JOB_BIT(LIMN_JOB_CANCELLED));
    type(a, "s");
    CHECK_INT(queue_query(&a->queue).order, LIMN_JOBS_OLDEST);
    a->queue.n = a->queue.total = 0;
    a->width = 80;
    a->height = 24;
    check_screen(a, "queue-none", 80, 24);
    type(a, "\033");
    CHECK(!queue_filtered(&a->queue));
    type(a, "/x\033");
    CHECK_STR(a->queue.text, "");
    unmake(a);
}

/* ---- the mouse ---- */

static struct hits seen;

static void look(struct app *a)
{
    struct grid g;
    a->hits = &seen;
    CHECK(grid_init(&g, a->width, a->height));
    app_draw(a, &g);
    grid_finish(&g);
}

static void click_at(struct app *a, int32_t x, int32_t y)
{
    char report[40];
    look(a);
    snprintf(report, sizeof report, "\033[<0;%d;%dM", (int)x + 1, (int)y + 1);
    type(a, report);
    look(a);
}

/* The n-th place that means this. */
static void click_on(struct app *a, enum hit_kind kind, int32_t list, int64_t index)
{
    look(a);
    for (size_t i = 0; i < seen.n; i++) {
        const struct hit h = seen.hit[i];
        if (h.kind == kind && h.list == list && h.index == index) {
            click_at(a, h.r.x + h.r.w / 2, h.r.y);
            return;
        }
    }
    CHECK(!"drawn");
}

static void test_clicks(void)
{
    struct app *a = make();
    click_on(a, HIT_ROW, 0, 2);
    CHECK_INT(a->queue.id, 1204);
    CHECK_INT(a->view, VIEW_QUEUE);
    click_on(a, HIT_ROW, 0, 2); /* again: opens */
    CHECK_INT(a->view, VIEW_VIEWER);
    const double before = a->viewer.look.zoom;
    type(a, "\033[<64;20;10M");
    CHECK(a->viewer.look.zoom > before);
    click_on(a, HIT_ACTION, 0, ACT_VIEW_NEW);
    CHECK_INT(a->view, VIEW_NEW);
    click_on(a, HIT_ROW, NEW_LIST, 2);
    CHECK_INT(a->new_job.task, 0);
    click_on(a, HIT_ROW, NEW_LIST, 2);
    CHECK_STR(new_form(a)->task->title, "shift");
    const int32_t frames = form_find(new_form(a), "frames");
    click_on(a, HIT_ROW, NEW_FIELDS, frames);
    CHECK_INT(a->new_job.at, frames);
    click_on(a, HIT_ROW, NEW_FIELDS, frames); /* again: is typed */
    CHECK(a->new_job.editing);
    type(a, "8");
    click_on(a, HIT_ACTION, 0, ACT_TAKE_TEXT); /* the hint */
    CHECK_INT(new_form(a)->value[frames].n, 1);
    click_on(a, HIT_ACTION, 0, ACT_HELP);
    CHECK_INT(a->overlay, OVERLAY_HELP);
    click_on(a, HIT_HELP, 0, 1);
    CHECK_INT(a->overlay_marked, 1);
    type(a, "\033[<65;20;10M"); /* the wheel, in the help */
    CHECK(a->overlay_marked > 1);
    type(a, "\033");
    click_on(a, HIT_ACTION, 0, ACT_QUIT);
    CHECK_INT(a->overlay, OVERLAY_PROMPT);
    click_on(a, HIT_ACTION, 0, ACT_STAY);
    CHECK_INT(a->overlay, OVERLAY_NONE);
    CHECK_INT(a->want & WANT_QUIT, 0);
    unmake(a);
}

/* Every place that can be clicked lies on the screen, and clicks at random do no harm. */
static void test_everywhere(void)
{
    uint32_t seed = 1;
    struct app *a = make();
    for (int i = 0; i < 1500; i++) {
        seed = seed * 1664525 + 1013904223;
        a->width = 40 + (int32_t)(seed >> 8 & 127);
        a->height = 10 + (int32_t)(seed >> 16 & 31);
        look(a);
        for (size_t k = 0; k < seen.n; k++) {
            const struct rect r = seen.hit[k].r;
            CHECK(r.x >= 0 && r.y >= 0 && r.x + r.w <= a->width && r.y + r.h <= a->height);
        }
        seed = seed * 1664525 + 1013904223;
        click_at(a, (int32_t)(seed >> 8) % a->width, (int32_t)(seed >> 20) % a->height);
        a->want = 0;
    }
    unmake(a);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    test_screens();
    test_leaving();
    test_cancelling();
    test_finding();
    test_clicks();
    test_everywhere();
    return check_done();
}
