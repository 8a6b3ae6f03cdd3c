/* Everything that reaches the user: one-line messages on stderr, aligned tables and JSON on stdout. Text from files is
 * escaped before it is printed.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "events.h"

static int level_quiet, level_verbose;

void out_set_level(int quiet, int verbose)
{
    level_quiet = quiet;
    level_verbose = verbose;
}

/* A line on stderr, or to the program that listens. */
static void say(int level, const char *fmt, va_list ap)
{
    if (events_on()) {
        event_log(level, fmt, ap);
        return;
    }
    fputs("limn: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

int say_error(int exit_code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(0, fmt, ap);
    va_end(ap);
    return exit_code;
}

int say_status(const limn_error *err)
{
    return say_error(limn_status_exit_code(err->code), "%s", err->text[0] ? err->text : limn_status_text(err->code));
}

void say_note(const char *fmt, ...)
{
    if (level_quiet == 0) {
        va_list ap;
        va_start(ap, fmt);
        say(1, fmt, ap);
        va_end(ap);
    }
}

void say_more(int level, const char *fmt, ...)
{
    if (level_verbose >= level) {
        va_list ap;
        va_start(ap, fmt);
        say(2, fmt, ap);
        va_end(ap);
    }
}

const char *safe(const char *text)
{
    static char buffer[8][512];
    static unsigned turn;
    return limn_text_escape(buffer[turn++ % 8], sizeof(buffer[0]), text);
}

void *need(void *p)
{
    if (p == NULL) {
        exit(say_error(EXIT_MEMORY, "out of memory"));
    }
    return p;
}

bool term_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- tables ---- */

/* Counts characters; good enough for labels and names. */
int text_cells(const char *s)
{
    int n = 0;
    for (; *s != '\0'; s++) {
        n += ((unsigned char)*s & 0xc0) != 0x80;
    }
    return n;
}

static void push_cell(struct table *t, char *text)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cell = need(realloc(t->cell, t->cap * sizeof(*t->cell)));
    }
    t->cell[t->n++] = text;
}

void table_begin(struct table *t, const char *align, ...)
{
    memset(t, 0, sizeof(*t));
    t->align = align;
    t->columns = strlen(align);
    va_list ap;
    va_start(ap, align);
    for (size_t i = 0; i < t->columns; i++) {
        push_cell(t, need(strdup(va_arg(ap, const char *))));
    }
    va_end(ap);
}

void table_cell(struct table *t, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);
    push_cell(t, need(strdup(buf)));
}

void table_end(struct table *t)
{
    int width[TABLE_MAX_COLUMNS] = {0};
    bool bold = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    bool headings = false;
    for (size_t i = 0; i < t->n; i++) {
        int w = text_cells(t->cell[i]);
        width[i % t->columns] = w > width[i % t->columns] ? w : width[i % t->columns];
        headings = headings || (i < t->columns && w > 0);
    }
    for (size_t row = headings ? 0 : 1; row < t->n / t->columns; row++) {
        int gap = 0; /* spaces owed: none are printed at the end of a line */
        fputs(bold && row == 0 ? "\033[1m" : "", stdout);
        for (size_t c = 0; c < t->columns; c++) {
            const char *text = t->cell[row * t->columns + c];
            int pad = width[c] - text_cells(text);
            gap += t->align[c] == 'r' ? pad : 0;
            if (text[0] != '\0') {
                printf("%*s%s", gap, "", text);
                gap = 0;
            }
            gap += (t->align[c] == 'r' ? 0 : pad) + 2;
        }
        puts(bold && row == 0 ? "\033[0m" : "");
    }
    for (size_t i = 0; i < t->n; i++) {
        free(t->cell[i]);
    }
    free(t->cell);
    memset(t, 0, sizeof(*t));
}

char *text_bytes(uint64_t bytes, char buf[16])
{
    const char *unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double v = (double)bytes;
    size_t u = 0;
    while (v >= 1000.0 && u < 4) {
        v /= 1024.0;
        u++;
    }
    snprintf(buf, 16, u == 0 || v >= 100.0 ? "%.0f %s" : "%.1f %s", v, unit[u]);
    return buf;
}

char *text_count(uint64_t n, char buf[16])
{
    double v = (double)n;
    if (n < 10000) {
        snprintf(buf, 16, "%llu", (unsigned long long)n);
    } else if (n < 1000000) {
        snprintf(buf, 16, "%.1fk", v / 1e3);
    } else {
        snprintf(buf, 16, v < 1e9 ? "%.1fM" : "%.2fG", v / (v < 1e9 ? 1e6 : 1e9));
    }
    return buf;
}

char *text_shape(int32_t rank, const int32_t *dim, char buf[64])
{
    size_t at = 0;
    buf[0] = '\0';
    for (int32_t i = 0; i < rank && at < 50; i++) {
        at += (size_t)snprintf(buf + at, 64 - at, "%s%d", i ? "x" : "", dim[i]);
    }
    return buf;
}

char *text_bar(double part, int width, char *buf, size_t size)
{
    static const char *const eighth[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    part = part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part;
    bool fine = term_utf8();
    int units = (int)(part * width * (fine ? 8 : 1) + 0.5);
    int whole = fine ? units / 8 : units;
    size_t at = 0;
    buf[0] = '\0';
    for (int i = 0; i < whole && at + 4 < size; i++) {
        at += (size_t)snprintf(buf + at, size - at, "%s", fine ? "█" : "#");
    }
    if (fine && at + 4 < size) {
        snprintf(buf + at, size - at, "%s", eighth[units % 8]);
    }
    return buf;
}

/* ---- JSON ---- */

json_t *json_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    json_t *j = json_string(text);
    return j ? j : need(json_string(safe(text)));
}

json_t *json_begin(const char *command)
{
    json_t *j = need(json_object());
    json_object_set_new(j, "schema", json_integer(1));
    json_object_set_new(j, "limn", json_text(limn_version()));
    json_object_set_new(j, "command", json_text(command));
    return j;
}

void json_end(json_t *object)
{
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    fputc('\n', stdout);
    json_decref(object);
}

json_t *json_shape(int32_t rank, const int32_t *dim)
{
    json_t *j = need(json_array());
    for (int32_t i = 0; i < rank; i++) {
        json_array_append_new(j, json_integer(dim[i]));
    }
    return j;
}
