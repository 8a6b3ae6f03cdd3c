/* limn preview: a picture in the terminal. */
#include <errno.h>
#include <limn/gif.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "preview_result.h"
#include "screen.h"

/* A number from 1 to 9999 in an environment variable. */
static int environment_number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    const long v = text != NULL ? strtol(text, NULL, 10) : 0;
    return v > 0 && v < 10000 ? (int)v : otherwise;
}

/* The terminal's size, else what the environment says, else 80 x 24; a line is left for the prompt. */
static void find_room(const struct args *a, struct preview *p)
{
    struct winsize w = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0 || w.ws_row == 0) {
        w.ws_col = (unsigned short)environment_number("COLUMNS", 80);
        w.ws_row = (unsigned short)environment_number("LINES", 24);
    }
    p->columns = (int32_t)args_int(a, OPT_COLUMNS, w.ws_col);
    p->rows = (int32_t)args_int(a, OPT_ROWS, w.ws_row > 1 ? w.ws_row - 1 : 1);
}

static int find_caps(const struct args *a, struct preview *p)
{
    const bool terminal = isatty(STDOUT_FILENO);
    const int code = screen_caps(a, &p->caps);
    p->play = terminal && p->caps.moves;
    p->caps.colours = terminal || args_has(a, OPT_COLORS) ? p->caps.colours : PICTURE_MONO;
    return code;
}

int preview_animation(const struct args *a, struct preview *p, const struct limn_animation *s, const char *name)
{
    fflush(stdout); /* what was said before the picture */
    p->animation = s;
    p->loops = (int32_t)args_int(a, OPT_LOOPS, s->loops);
    const int e = preview_show(p);
    say_more(1, "%s: %d x %d, %zu frame%s, %s glyphs, colours: %s", safe(name), s->width, s->height, s->n,
             s->n == 1 ? "" : "s", glyphs_name(p->caps.glyphs), colours_name(p->caps.colours));
    if (e != 0) {
        return say_error(EXIT_OUTPUT, "standard output: %s", strerror(e));
    }
    return signal_caught != 0 ? 128 + signal_caught : 0;
}

static int show(const struct args *a, const char *path)
{
    limn_error err = {0};
    struct limn_animation *animation = NULL;
    struct preview p = {.stop = &signal_caught};
    find_room(a, &p);
    int code = find_caps(a, &p);
    if (code != 0) {
        return code;
    }
    if (preview_is_result(path)) {
        return preview_result(a, &p, path);
    }
    /* twice the finest sampling of a cell: more pixels would not be seen */
    const struct limn_animation_params params = {
        p.columns * 2 * GLYPH_COLUMNS, p.rows * 2 * GLYPH_ROWS, {.lenient = args_has(a, OPT_LENIENT)}};
    if (limn_animation_load(path, &params, &animation, &err) != LIMN_OK) {
        return say_status(&err);
    }
    code = preview_animation(a, &p, animation, path);
    limn_animation_free(&animation);
    return code;
}

static int run(const struct args *a)
{
    int code = 0;
    size_t failed = 0;
    for (size_t i = 0; i < a->n_pos && signal_caught == 0; i++) {
        const int one = show(a, a->pos[i]);
        code = one != 0 ? one : code;
        failed += one != 0;
    }
    return failed > 0 && failed < a->n_pos && signal_caught == 0 ? EXIT_SOME_FAILED : code;
}

/* clang-format off */
static const struct option options[] = {
    ROW_COLORS("what the terminal has; mono when it is none"),
    ROW_GRAPHICS,
    NUMBER(OPT_COLUMNS, "columns", 0, "N", "the terminal's", TYPE_INT, 1, 2000, "width in cells, at most"),
    NUMBER(OPT_ROWS, "rows", 0, "N", "the terminal's", TYPE_INT, 1, 1000, "height in cells, at most"),
    NUMBER(OPT_LOOPS, "loops", 0, "N", "the file's; 0: for ever", TYPE_INT, 0, 100000, "times an animation plays"),
    FLAG(OPT_LENIENT, "lenient", 0, "accept truncated files"),
    FLAG(OPT_VERBOSE, "verbose", 'v', "say more on stderr; repeat for even more"),
    FLAG(OPT_QUIET, "quiet", 'q', "errors only on stderr"),
};
/* clang-format on */

const struct command command_preview = {
    .name = "preview",
    .operands = "FILE...",
    .summary = "show pictures and results in the terminal",
    .text = "Draws PNG, JPEG, GIF and TIFF pictures with coloured block characters, as finely as the terminal can. "
            "Animations play in place: q ends, space pauses, . and , step, + and - change the speed.\n\n"
            "Of results: a raw map (STEM.METHOD.npy) is drawn over the picture beside it (STEM.input.png, as --maps of "
            "limn "
            "explain leaves it), other arrays in colours with their numbers; volumes play slice by slice. What "
            "limn explain, compare or shift --json wrote shows the maps of the most probable class, or the pictures, "
            "that it names.\n\n"
            "Without a terminal the first frame is written as plain text. The colours and characters follow TERM, "
            "COLORTERM, NO_COLOR and the locale; over some SSH links COLORTERM is lost, then --colors true helps.",
    .example = "limn preview out/cat.gradcam.png",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 1,
    .max_pos = 1000,
    .run = run,
};
