/* limn preview: a picture in the terminal. */
#include <errno.h>
#include <limn/gif.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ask.h"
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
    const int32_t most = w.ws_row > 1 ? w.ws_row - 1 : 1;
    p->rows = (int32_t)args_int(a, OPT_ROWS, most);
    if (p->caps.graphics != GRAPHICS_NONE && p->rows > most) {
        p->rows = most; /* what is above the screen cannot be drawn on */
    }
}

static int find_caps(const struct args *a, struct preview *p)
{
    const bool terminal = isatty(STDOUT_FILENO);
    const int code = screen_caps(a, &p->caps);
    p->play = terminal && p->caps.moves;
    p->caps.colours = terminal || args_has(a, OPT_COLORS) ? p->caps.colours : PICTURE_MONO;
    if (code == 0 && terminal) {
        struct answers answers;
        const char *why;
        const unsigned open = ~p->caps.chosen & (CAPS_COLOURS | CAPS_GRAPHICS);
        ask_cell_size(&p->caps);
        const bool needed = open != 0 || (p->caps.graphics != GRAPHICS_NONE && p->caps.cell_width == 0);
        if (needed && p->caps.colours > PICTURE_MONO && ask_terminal(&p->caps, &answers, &why)) {
            probe_apply(&answers, &p->caps);
        }
    }
    return code;
}

static const char *shown_by(const struct caps *caps)
{
    return caps->graphics == GRAPHICS_KITTY   ? "kitty's graphics"
           : caps->graphics == GRAPHICS_SIXEL ? "sixel graphics"
                                              : glyphs_name(caps->glyphs);
}

int preview_animation(const struct args *a, struct preview *p, const struct limn_animation *s, const char *name)
{
    fflush(stdout); /* what was said before the picture */
    p->animation = s;
    p->loops = (int32_t)args_int(a, OPT_LOOPS, s->loops);
    const int e = preview_show(p);
    say_more(1, "%s: %d x %d, %zu frame%s, %s, colours: %s", safe(name), s->width, s->height, s->n,
             s->n == 1 ? "" : "s", shown_by(&p->caps), colours_name(p->caps.colours));
    if (e != 0) {
        return say_error(EXIT_OUTPUT, "standard output: %s", strerror(e));
    }
    return signal_caught != 0 ? 128 + signal_caught : 0;
}

static int show(const struct args *a, const struct preview *as, const char *path)
{
    limn_error err = {0};
    struct limn_animation *animation = NULL;
    struct preview p = *as;
    if (preview_is_result(path)) {
        return preview_result(a, &p, path);
    }
    /* twice the finest sampling of a cell: more pixels would not be seen */
    const struct limn_animation_params params = {
        p.columns * 2 * GLYPH_COLUMNS, p.rows * 2 * GLYPH_ROWS, {.lenient = args_has(a, OPT_LENIENT)}};
    if (limn_animation_load(path, &params, &animation, &err) != LIMN_OK) {
        return say_status(&err);
    }
    const int code = preview_animation(a, &p, animation, path);
    limn_animation_free(&animation);
    return code;
}

static int run(const struct args *a)
{
    struct preview p = {.stop = &signal_caught};
    int code = find_caps(a, &p);
    size_t failed = 0;
    if (code != 0) {
        return code;
    }
    find_room(a, &p);
    for (size_t i = 0; i < a->n_pos && signal_caught == 0; i++) {
        const int one = show(a, &p, a->pos[i]);
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
    .text =
        "Draws PNG, JPEG, GIF and TIFF pictures: by sixel or kitty's graphics where the terminal answers that it has "
        "them, otherwise with coloured block characters, as finely as it can. "
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
