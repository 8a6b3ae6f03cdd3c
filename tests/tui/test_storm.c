/* TIMEOUT: 900
 * Random input for the views and the client behind them, in this process: a store, models and pictures with hostile
 * names, programs that answer anything, screens of all sizes. What is drawn is painted, and every byte of it is judged.
 *
 *   test_storm [SECONDS [SEED]]   3 s */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* the stage needs what looks at terminals */
}
#else
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "forms.h"
#include "hostile.h"
#include "paint.h"
#include "storm.h"
#include "stream.h"
#include "support/check.h"
#include "support/pty.h"

enum { PIECES = 3000 };

struct stage {
    struct app *app;
    struct client client;
    struct grid grid;
    struct hits hits;
    struct paint paint;
    struct stream stream;
    unsigned char input[512];
    size_t n_input;
    bool pasting, painting;
};

/* This program in limn's place: says something, sometimes what limn would. */
static int answer(void)
{
    static const char *const text[] = {"",
                                       "{}",
                                       "{\"id\": 7, \"title\": \"x\"}\n",
                                       "{\"devices\": [{\"name\": \"\\u001b[31m\", \"memory_bytes\": -1}]}",
                                       "{\"items\": [{\"classes\": [{\"index\": 99999, \"label\": \"\\u009b\"}]}]}",
                                       "[1, 2",
                                       "limn: \x1b]0;no\x07\n"};
    const struct timespec moment = {.tv_nsec = 3000000};
    const int i = (int)(getpid() % 7);
    nanosleep(&moment, NULL);
    fputs(text[i], stdout);
    fputs(text[(i + 3) % 7], stderr);
    return i % 3 == 0 ? 0 : i;
}

static bool draw(struct stage *s)
{
    struct app *a = s->app;
    if (s->grid.width != a->width || s->grid.height != a->height) {
        grid_finish(&s->grid);
        if (s->painting) {
            paint_finish(&s->paint);
        }
        s->painting =
            grid_init(&s->grid, a->width, a->height) && paint_init(&s->paint, a->width, a->height, PICTURE_TRUE, 4);
    }
    if (!s->painting) {
        return false;
    }
    app_draw(a, &s->grid);
    paint_frame(&s->paint, &s->grid);
    stream_feed(&s->stream, s->paint.out.data != NULL ? s->paint.out.data : "", s->paint.out.n);
    bytes_clear(&s->paint.out);
    return true;
}

static void take_keys(struct stage *s, bool last)
{
    size_t at = 0;
    while (at < s->n_input) {
        struct key_event ev;
        const size_t n = key_parse(s->input + at, s->n_input - at, last, &s->pasting, &ev);
        if (n == 0) {
            break;
        }
        at += n;
        app_key(s->app, &ev);
        client_serve(&s->client);
        s->app->want = 0; /* leaving and sleeping too: asked for, and not done */
    }
    s->n_input -= at;
    memmove(s->input, s->input + at, s->n_input);
}

static void pass_time(struct stage *s, struct storm *storm)
{
    s->app->now += storm_below(storm, 400);
    client_look(&s->client);
    client_children(&s->client);
    client_serve(&s->client);
    client_idle(&s->client);
    client_serve(&s->client);
    viewer_tick(s->app);
    compare_tick(s->app);
    s->app->want = 0;
}

static void set_size(struct stage *s, struct storm *storm)
{
    const uint32_t kind = storm_below(storm, 4);
    s->app->width = 1 + (int32_t)storm_below(storm, kind == 0 ? 40 : kind == 1 ? 400 : 140);
    s->app->height = 1 + (int32_t)storm_below(storm, kind == 0 ? 12 : kind == 1 ? 120 : 50);
}

static size_t run(uint64_t seed, double until)
{
    struct storm storm;
    struct stage *s = calloc(1, sizeof *s);
    struct app *a = calloc(1, sizeof *a);
    size_t n_forms = 0, pieces = 0;
    struct form_command *forms = forms_make(&n_forms);
    if (s == NULL || a == NULL || forms == NULL) {
        exit(1);
    }
    storm_init(&storm, seed);
    struct caps caps = {.colours = (enum picture_colours)storm_below(&storm, 5),
                        .glyphs = (enum picture_glyphs)storm_below(&storm, 5),
                        .utf8 = storm_below(&storm, 4) > 0,
                        .moves = true};
    app_init(a, &caps);
    a->new_job.form = form_create(forms, n_forms, &a->new_job.n_forms);
    a->hits = &s->hits;
    a->width = 100;
    a->height = 30;
    a->now = 1700000000000;
    s->app = a;
    client_open(&s->client, a);
    for (; pieces < PIECES && pty_clock() < until; pieces++) {
        s->n_input += storm_next(&storm, s->input + s->n_input);
        take_keys(s, s->n_input + STORM_MOST > sizeof s->input || storm_below(&storm, 3) == 0);
        if (storm_below(&storm, 50) == 0) {
            set_size(s, &storm);
        }
        if (storm_below(&storm, 6) == 0) {
            pass_time(s, &storm);
        }
        if (pieces % 3 == 0 && !draw(s)) {
            break;
        }
    }
    if (s->stream.n_bad > 0) {
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, s->stream.bad);
    }
    CHECK_INT(s->stream.n_bad, 0);
    CHECK(s->painting);
    client_close(&s->client);
    form_destroy(&a->new_job.form, a->new_job.n_forms);
    forms_free(forms, n_forms);
    grid_finish(&s->grid);
    paint_finish(&s->paint);
    free(a);
    free(s);
    return pieces;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[0], "limn") == 0) {
        return answer();
    }
    const double from = pty_clock(), until = from + (argc > 1 ? strtod(argv[1], NULL) : 3);
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    size_t pieces = 0;
    if (!hostile_as_nobody()) { /* nothing of ours can be written over */
        return 77;
    }
    hostile_stage();
    CHECK(chdir(hostile_folder()) == 0);
    while (pty_clock() < until && check_failed == 0) {
        pieces += run(seed++, until);
    }
    fprintf(stderr, "%zu pieces of input, %.0f s, up to seed %llu\n", pieces, pty_clock() - from,
            (unsigned long long)seed - 1);
    hostile_end();
    return check_done();
}
#endif
