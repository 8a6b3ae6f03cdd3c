/* The pieces of ui.h. */
#include "ui.h"

#include <stdio.h>
#include <string.h>

enum theme_colour { DIM, ACCENT, GOOD, BAD, NOTE, ON_COLOUR, SELECTED, MARKED, BAR_TEXT, BAR, THEME_COLOURS };
#define THEME(i) (COLOUR_THEME + (i))

struct style ui_style(enum ui_role role, enum picture_colours colours)
{
    static const struct style style[] = {
        [UI_TEXT] = {COLOUR_DEFAULT, COLOUR_DEFAULT, 0},    [UI_STRONG] = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_BOLD},
        [UI_DIM] = {THEME(DIM), COLOUR_DEFAULT, 0},         [UI_ACCENT] = {THEME(ACCENT), COLOUR_DEFAULT, 0},
        [UI_GOOD] = {THEME(GOOD), COLOUR_DEFAULT, 0},       [UI_BAD] = {THEME(BAD), COLOUR_DEFAULT, 0},
        [UI_NOTE] = {THEME(NOTE), COLOUR_DEFAULT, 0},       [UI_SELECTED] = {THEME(ON_COLOUR), THEME(SELECTED), 0},
        [UI_MARKED] = {THEME(ON_COLOUR), THEME(MARKED), 0}, [UI_BAR] = {THEME(BAR_TEXT), THEME(BAR), 0},
    };
    static const uint32_t mono[] = {
        [UI_STRONG] = CELL_BOLD,      [UI_ACCENT] = CELL_BOLD,      [UI_BAD] = CELL_BOLD,
        [UI_SELECTED] = CELL_REVERSE, [UI_MARKED] = CELL_UNDERLINE, [UI_BAR] = CELL_REVERSE,
    };
    static const struct style few[] = {
        [UI_TEXT] = {COLOUR_DEFAULT, COLOUR_DEFAULT, 0},
        [UI_STRONG] = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_BOLD},
        [UI_DIM] = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_DIM},
        [UI_ACCENT] = {THEME(ACCENT), COLOUR_DEFAULT, 0},
        [UI_GOOD] = {THEME(GOOD), COLOUR_DEFAULT, 0},
        [UI_BAD] = {THEME(BAD), COLOUR_DEFAULT, CELL_BOLD},
        [UI_NOTE] = {THEME(NOTE), COLOUR_DEFAULT, 0},
        [UI_SELECTED] = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_REVERSE},
        [UI_MARKED] = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_UNDERLINE},
        [UI_BAR] = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_REVERSE},
    };
    if (colours == PICTURE_MONO) {
        const uint32_t attr = (size_t)role < sizeof mono / sizeof mono[0] ? mono[role] : 0;
        return (struct style){COLOUR_DEFAULT, COLOUR_DEFAULT, attr};
    }
    return colours < PICTURE_256 ? few[role] : style[role];
}

/* Each is at least 4.5 : 1 against white or near-black, as WCAG 2 asks of text. Of the first eight colours, whatever a
 * terminal makes of them, those that are meant to be read on such a background. */
static uint32_t theme_colour(uint32_t i, enum picture_colours colours, bool light)
{
    static const uint32_t dark[] = {
        [DIM] = 0x8b949e,       [ACCENT] = 0x58a6ff,   [GOOD] = 0x3fb950,   [BAD] = 0xff6b66,      [NOTE] = 0xd9a132,
        [ON_COLOUR] = 0xffffff, [SELECTED] = 0x1f6fd1, [MARKED] = 0x57606a, [BAR_TEXT] = 0xffffff, [BAR] = 0x33465c};
    static const uint32_t bright[] = {
        [DIM] = 0x646c76,       [ACCENT] = 0x0b5cc4,   [GOOD] = 0x1a7f37,   [BAD] = 0xc4232c,      [NOTE] = 0x8f5a00,
        [ON_COLOUR] = 0xffffff, [SELECTED] = 0x1f6fd1, [MARKED] = 0x6c757d, [BAR_TEXT] = 0x24292f, [BAR] = 0xd5dce4};
    static const uint32_t few_dark[] = {[ACCENT] = 0x00cdcd, [GOOD] = 0x00cd00, [BAD] = 0xcd0000, [NOTE] = 0xcdcd00};
    static const uint32_t few_bright[] = {[ACCENT] = 0x0000ee, [GOOD] = 0x00cd00, [BAD] = 0xcd0000, [NOTE] = 0xcd00cd};
    if (colours >= PICTURE_256) {
        return light ? bright[i] : dark[i];
    }
    return i <= NOTE ? (light ? few_bright[i] : few_dark[i]) : COLOUR_DEFAULT;
}

void ui_theme(struct grid *g, enum picture_colours colours, bool light)
{
    for (int32_t i = 0; i < g->width * g->height; i++) {
        struct cell *c = &g->cell[i];
        if (c->fg >= COLOUR_THEME && c->fg < THEME(THEME_COLOURS)) {
            c->fg = theme_colour(c->fg - COLOUR_THEME, colours, light);
        }
        if (c->bg >= COLOUR_THEME && c->bg < THEME(THEME_COLOURS)) {
            c->bg = theme_colour(c->bg - COLOUR_THEME, colours, light);
        }
    }
}

static void note(const struct ui *u, struct hit h)
{
    if (u->hits != NULL && u->hits->n < HITS_MAX && h.r.w > 0 && h.r.h > 0) {
        u->hits->hit[u->hits->n++] = h;
    }
}

void ui_hit(const struct ui *u, struct rect r, enum hit_kind kind, int64_t index)
{
    note(u, (struct hit){.r = r, .kind = kind, .index = index});
}

void ui_hit_row(const struct ui *u, struct rect r, int32_t list, int64_t index)
{
    note(u, (struct hit){.r = r, .kind = HIT_ROW, .list = list, .index = index});
}

int32_t ui_columns(const char *text)
{
    char safe[1024];
    int32_t n = 0;
    const char *p = limn_text_escape(safe, sizeof safe, text);
    for (uint32_t ch; (ch = utf8_next(&p)) != 0;) {
        n += ch_width(ch);
    }
    return n;
}

static struct rect field(struct rect r, int32_t x, int32_t y, int32_t w)
{
    return rect_clip(r, (struct rect){x, y, w > 0 ? w : 0, 1});
}

int32_t ui_text(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, enum ui_role role, const char *text)
{
    const int32_t n = ui_columns(text);
    struct rect f = field(r, x, y, w);
    if (f.w < 1 || f.h < 1) {
        return 0;
    }
    const struct style s = ui_style(role, u->colours);
    const bool cut = n > f.w;
    struct rect body = f;
    body.w -= cut;
    grid_text(u->grid, body, x, y, s, text);
    if (cut) {
        grid_text(u->grid, f, f.x + f.w - 1, y, s, "…");
    }
    return n < f.w ? n : f.w;
}

void ui_right(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, enum ui_role role, const char *text)
{
    const int32_t n = ui_columns(text);
    ui_text(u, r, n < w ? x + w - n : x, y, n < w ? n : w, role, text);
}

void ui_path(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, enum ui_role role, const char *text)
{
    char safe[1024];
    const char *p = limn_text_escape(safe, sizeof safe, text);
    int32_t n = ui_columns(p);
    if (n > w && w > 1) {
        const struct style s = ui_style(role, u->colours);
        for (uint32_t ch; n > w - 1 && (ch = utf8_next(&p)) != 0;) {
            n -= ch_width(ch);
        }
        grid_text(u->grid, field(r, x, y, 1), x, y, s, "…");
        grid_text(u->grid, field(r, x + 1, y, w - 1), x + 1, y, s, p);
        return;
    }
    ui_text(u, r, x, y, w, role, p);
}

int32_t ui_wrap(const struct ui *u, struct rect r, enum ui_role role, const char *text, bool draw)
{
    char safe[2048], line[1024];
    int32_t lines = 0;
    const char *p = limn_text_escape(safe, sizeof safe, text);
    if (r.w < 1) {
        return 0;
    }
    while (*p != '\0') {
        const char *end = p, *blank = NULL, *q = p;
        int32_t n = 0;
        for (uint32_t ch; (ch = utf8_next(&q)) != 0;) {
            n += ch_width(ch);
            if (n > r.w) {
                break;
            }
            if (ch == ' ') {
                blank = q - 1;
            }
            end = q;
        }
        const bool rest = *end != '\0';
        const char *stop = rest && *end != ' ' && blank != NULL && blank > p ? blank : end;
        if (stop == p) {
            break; /* a wide character in one column */
        }
        const size_t bytes = (size_t)(stop - p) < sizeof line ? (size_t)(stop - p) : sizeof line - 1;
        memcpy(line, p, bytes);
        line[bytes] = '\0';
        if (draw) {
            ui_text(u, r, r.x, r.y + lines, r.w, role, line);
        }
        lines++;
        p = stop + strspn(stop, " ");
    }
    return lines;
}

struct rect ui_title(const struct ui *u, struct rect r, bool active, const char *title, const char *note)
{
    if (r.w < 1 || r.h < 1) {
        return (struct rect){r.x, r.y, 0, 0};
    }
    struct style s = ui_style(active ? UI_ACCENT : UI_STRONG, u->colours);
    s.attr |= CELL_BOLD;
    const struct rect top = {r.x, r.y, r.w, 1};
    int32_t x = grid_text(u->grid, top, r.x, r.y, s, title) + 1;
    if (note != NULL && note[0] != '\0' && x < r.x + r.w) {
        x += ui_text(u, top, x, r.y, r.x + r.w - x, UI_DIM, note) + 1;
    }
    const struct style rule = ui_style(UI_DIM, u->colours);
    grid_fill(u->grid, rect_clip(top, (struct rect){x, r.y, r.x + r.w - x, 1}), 0x2500, rule);
    return (struct rect){r.x, r.y + 1, r.w, r.h - 1};
}

void ui_bar(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, double part, enum ui_role role)
{
    part = part > 0 ? part < 1 ? part : 1 : 0;
    const int32_t full = (int32_t)(part * w + 0.5);
    const enum ui_role rest = role == UI_SELECTED ? role : UI_DIM; /* on a marked line its colours go through */
    grid_fill(u->grid, field(r, x + full, y, w - full), 0x2500, ui_style(rest, u->colours));
    grid_fill(u->grid, field(r, x, y, full), 0x2501, ui_style(role, u->colours));
}

struct rect ui_left(struct rect *r, int32_t n, int32_t gap)
{
    n = n < 0 ? 0 : n > r->w ? r->w : n;
    const struct rect cut = {r->x, r->y, n, r->h};
    const int32_t gone = n + gap > r->w ? r->w : n + gap;
    r->x += gone;
    r->w -= gone;
    return cut;
}

struct rect ui_top(struct rect *r, int32_t n, int32_t gap)
{
    n = n < 0 ? 0 : n > r->h ? r->h : n;
    const struct rect cut = {r->x, r->y, r->w, n};
    const int32_t gone = n + gap > r->h ? r->h : n + gap;
    r->y += gone;
    r->h -= gone;
    return cut;
}

int64_t ui_first(int64_t n, int64_t marked, int32_t h)
{
    const int64_t most = n > h ? n - h : 0, first = marked - h / 2;
    return first < 0 ? 0 : first > most ? most : first;
}

void ui_scroll(const struct ui *u, struct rect r, int64_t n, int64_t first)
{
    if (n <= r.h || r.h < 2 || r.w < 1) {
        return;
    }
    const struct style dim = ui_style(UI_DIM, u->colours);
    const int32_t size = r.h * r.h / n < 1 ? 1 : (int32_t)(r.h * r.h / n);
    const int32_t at = (int32_t)((r.h - size) * first / (n - r.h));
    grid_fill(u->grid, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, 0x2502, dim);
    grid_fill(u->grid, (struct rect){r.x + r.w - 1, r.y + at, 1, size}, 0x2503, ui_style(UI_ACCENT, u->colours));
}

struct rect ui_image(const struct ui *u, struct rect r, const limn_image *image, struct caps caps)
{
    const int32_t w = limn_image_width(image), h = limn_image_height(image);
    const struct picture_source src = {limn_image_rgb(image), w, h, 0, 0, w, h};
    struct rect where = caps_fit(&caps, w, h, r);
    where.y = r.y;
    picture_draw(u->grid, where, &src, (struct picture_style){caps.colours, caps.glyphs, caps.light});
    return where;
}

void ui_centre(const struct ui *u, struct rect r, const char *const *line, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const int32_t w = ui_columns(line[i]);
        const int32_t x = w < r.w ? r.x + (r.w - w) / 2 : r.x;
        ui_text(u, r, x, r.y + (r.h - n) / 2 + i, r.w, i == 0 ? UI_STRONG : UI_DIM, line[i]);
    }
}

struct rect ui_box(const struct ui *u, struct rect r, const char *title)
{
    if (r.w < 4 || r.h < 3) {
        return (struct rect){r.x, r.y, 0, 0};
    }
    const struct style s = ui_style(UI_ACCENT, u->colours);
    const int32_t x1 = r.x + r.w - 1, y1 = r.y + r.h - 1;
    grid_fill(u->grid, r, ' ', STYLE_PLAIN);
    grid_fill(u->grid, (struct rect){r.x, r.y, r.w, 1}, 0x2500, s);
    grid_fill(u->grid, (struct rect){r.x, y1, r.w, 1}, 0x2500, s);
    grid_fill(u->grid, (struct rect){r.x, r.y, 1, r.h}, 0x2502, s);
    grid_fill(u->grid, (struct rect){x1, r.y, 1, r.h}, 0x2502, s);
    grid_fill(u->grid, (struct rect){r.x, r.y, 1, 1}, 0x256d, s);
    grid_fill(u->grid, (struct rect){x1, r.y, 1, 1}, 0x256e, s);
    grid_fill(u->grid, (struct rect){r.x, y1, 1, 1}, 0x2570, s);
    grid_fill(u->grid, (struct rect){x1, y1, 1, 1}, 0x256f, s);
    char head[80];
    snprintf(head, sizeof head, " %.70s ", title);
    ui_text(u, r, r.x + 2, r.y, r.w - 4, UI_ACCENT, head);
    return (struct rect){r.x + 2, r.y + 1, r.w - 4, r.h - 2};
}

void grid_ascii(struct grid *g)
{
    static const struct {
        uint32_t ch;
        char ascii;
    } map[] = {{0x2500, '-'}, {0x2501, '='}, {0x2502, '|'}, {0x2503, '#'}, {0x256d, '+'}, {0x256e, '+'},
               {0x256f, '+'}, {0x2570, '+'}, {0x2026, '~'}, {0x25cf, '*'}, {0x25cb, 'o'}, {0x2713, '+'},
               {0x2717, 'x'}, {0x2013, '-'}, {0x00b7, '.'}, {0x00d7, 'x'}, {0x25b8, '>'}, {0x2588, '#'},
               {0x2014, '-'}, {0x2502, '|'}, {0x2190, '<'}, {0x2192, '>'}, {0x25b6, '>'}, {0x2759, '|'}};
    for (size_t i = 0; i < (size_t)g->width * (size_t)g->height; i++) {
        struct cell *c = &g->cell[i];
        if (c->ch < 0x7f && c->ch != 0) {
            continue;
        }
        char ascii = c->ch == 0 ? ' ' : '?';
        for (size_t k = 0; k < sizeof map / sizeof map[0]; k++) {
            ascii = map[k].ch == c->ch ? map[k].ascii : ascii;
        }
        c->ch = (uint32_t)ascii;
    }
}

char *ui_bytes(uint64_t n, char out[16])
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)n;
    size_t k = 0;
    for (; v >= 999.5 && k < 4; k++) {
        v /= 1000;
    }
    snprintf(out, 16, k > 0 && v < 9.95 ? "%.1f %s" : "%.0f %s", v, unit[k]);
    return out;
}

char *ui_duration(double seconds, char out[24])
{
    const int s = seconds > 0 ? seconds < 1e9 ? (int)(seconds + 0.5) : 1000000000 : 0;
    if (s < 60) {
        snprintf(out, 24, "%d s", s);
    } else if (s < 3600) {
        snprintf(out, 24, "%d:%02d", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(out, 24, "%d h %02d", s / 3600, s / 60 % 60);
    } else {
        snprintf(out, 24, "%d d %d h", s / 86400, s / 3600 % 24);
    }
    return out;
}

char *ui_ago(double seconds, char out[24])
{
    if (seconds < 60) {
        snprintf(out, 24, "just now");
    } else if (seconds < 5400) {
        snprintf(out, 24, "%d min ago", (int)(seconds / 60 + 0.5));
    } else if (seconds < 2 * 86400) {
        snprintf(out, 24, "%d h ago", (int)(seconds / 3600 + 0.5));
    } else {
        snprintf(out, 24, "%d days ago", seconds < 1e9 ? (int)(seconds / 86400) : 9999);
    }
    return out;
}
