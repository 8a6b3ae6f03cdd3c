/* Option parsing from tables. Every check that needs no file or device happens here, so that a mistyped command ends
 * with exit code 2 before anything is read: unknown options (with a suggestion), numbers out of range, unknown choices.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

const struct option option_help_row = FLAG(OPT_HELP, "help", 'h', "this text");

const char *choice_method(size_t i)
{
    struct limn_method_info m;
    if (i == limn_method_count()) {
        return "all";
    }
    return limn_method_info(i, &m, NULL) == LIMN_OK ? m.name : NULL;
}

const char *choice_colormap(size_t i)
{
    struct limn_colormap_info c;
    return limn_colormap_info(i, &c, NULL) == LIMN_OK ? c.name : NULL;
}

const char *choice_axes(size_t i)
{
    return i < 2 ? (const char *[]){"xyz", "zyx"}[i] : NULL;
}

const char *choice_view(size_t i)
{
    struct limn_view_info v;
    if (i == limn_view_count()) {
        return "none";
    }
    return limn_view_info(i, &v, NULL) == LIMN_OK ? v.name : NULL;
}

/* ---- values ---- */

static int bad_value(const struct option *o, const char *text, const char *expected)
{
    return say_error(EXIT_USAGE, "--%s: bad value (found \"%s\", expected %s)", o->name, safe(text), expected);
}

static int check_choice(const struct option *o, const char *text)
{
    const char *names[64];
    size_t n = 0;
    for (const char *c; n < 64 && (c = o->choice(n)) != NULL; n++) {
        if (strcmp(c, text) == 0) {
            return 0;
        }
        names[n] = c;
    }
    const char *near = limn_text_closest(text, names, n);
    char list[400];
    size_t at = 0;
    for (size_t i = 0; i < n && at < sizeof(list); i++) {
        at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", names[i]);
    }
    return near ? say_error(EXIT_USAGE, "--%s: unknown value \"%s\"; did you mean %s?", o->name, safe(text), near)
                : say_error(EXIT_USAGE, "--%s: unknown value (found \"%s\", expected one of %s)", o->name, safe(text),
                            list);
}

static bool parse_real(const char *text, double *out)
{
    char *end = NULL;
    errno = 0;
    double v = strtod(text, &end); /* the program never leaves the C locale for numbers */
    if (end == text || *end != '\0' || errno != 0 || !isfinite(v)) {
        return false;
    }
    *out = v;
    return true;
}

static bool parse_bytes(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (end == text || errno != 0 || text[0] == '-' || text[0] == ' ' || text[0] == '+') {
        return false;
    }
    const char *units = "KMGT";
    const char *u = *end ? strchr(units, *end & ~0x20) : NULL;
    unsigned shift = u ? 10U * (unsigned)(u - units + 1) : 0;
    end += u ? 1 : 0;
    if (u && (strcmp(end, "iB") == 0 || strcmp(end, "B") == 0)) {
        end = strchr(end, '\0');
    }
    if (*end != '\0' || v > (UINT64_MAX >> shift)) {
        return false;
    }
    *out = (uint64_t)v << shift;
    return true;
}

/* "N", "HxW" or "DxHxW" to depth, height, width; depth 0 when it is not named. */
static bool parse_size(const char *text, double min, double max, int32_t size[3])
{
    int32_t v[3] = {0};
    size_t n = 0;
    for (const char *at = text; n < 3; at++) {
        char *end = NULL;
        long x = strtol(at, &end, 10);
        if (end == at || (double)x < min || (double)x > max) {
            return false;
        }
        v[n++] = (int32_t)x;
        if (*end == '\0') {
            size[0] = n == 3 ? v[0] : 0;
            size[1] = n == 3 ? v[1] : v[0];
            size[2] = v[n - 1];
            return true;
        }
        if (*end != 'x') {
            return false;
        }
        at = end;
    }
    return false;
}

static bool parse_reals(const char *text, float *v, size_t max, size_t *n)
{
    char copy[256];
    if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy)) {
        return false;
    }
    size_t count = 0;
    char *save = NULL;
    for (char *part = strtok_r(copy, ",", &save); part != NULL; part = strtok_r(NULL, ",", &save)) {
        double x = 0.0;
        if (count == max || !parse_real(part, &x)) {
            return false;
        }
        v[count++] = (float)x;
    }
    *n = count;
    return count > 0;
}

static int check_number(const struct option *o, const char *text)
{
    double v = 0.0;
    char range[80];
    snprintf(range, sizeof(range), "%s from %.10g to %.10g", o->type == TYPE_INT ? "a whole number" : "a number",
             o->min, o->max);
    bool ok = parse_real(text, &v) && v >= o->min && v <= o->max &&
              (o->type != TYPE_INT || (v == floor(v) && strspn(text, "+-0123456789") == strlen(text)));
    return ok ? 0 : bad_value(o, text, range);
}

static int check_value(const struct option *o, const char *text)
{
    uint64_t bytes = 0;
    int32_t size[3];
    float v[4];
    size_t n = 0;
    switch (o->type) {
    case TYPE_INT:
    case TYPE_REAL:
        return check_number(o, text);
    case TYPE_BYTES:
        return parse_bytes(text, &bytes) ? 0 : bad_value(o, text, "bytes such as 512M or 2G");
    case TYPE_SIZE:
        return parse_size(text, o->min, o->max, size) ? 0 : bad_value(o, text, "N, HxW or DxHxW");
    case TYPE_REALS:
        return parse_reals(text, v, 4, &n) ? 0 : bad_value(o, text, "up to four numbers separated by commas");
    case TYPE_CHOICE:
    case TYPE_CHOICES:
        return check_choice(o, text);
    default:
        return text[0] != '\0' ? 0 : bad_value(o, text, "some text");
    }
}

/* ---- parsing ---- */

static int add_value(struct args *a, const struct option *o, const char *text)
{
    struct option_values *v = &a->opt[o->id];
    bool list = o->type == TYPE_CHOICES || o->id == OPT_LAYER;
    if (!list) {
        int code = o->arg ? check_value(o, text) : 0;
        if (code != 0) {
            return code;
        }
        if (v->n == OPTION_VALUES_MAX) {
            return say_error(EXIT_USAGE, "--%s: given more than %d times", o->name, OPTION_VALUES_MAX);
        }
        v->v[v->n++] = text;
        return 0;
    }
    if (a->n_split == OPTION_VALUES_MAX) {
        return say_error(EXIT_USAGE, "--%s: given more than %d times", o->name, OPTION_VALUES_MAX);
    }
    char *copy = need(strdup(text)), *save = NULL;
    a->split[a->n_split++] = copy;
    size_t before = v->n;
    for (char *part = strtok_r(copy, ",", &save); part != NULL; part = strtok_r(NULL, ",", &save)) {
        int code = check_value(o, part);
        if (code != 0) {
            return code;
        }
        if (v->n == OPTION_VALUES_MAX) {
            return say_error(EXIT_USAGE, "--%s: more than %d values", o->name, OPTION_VALUES_MAX);
        }
        v->v[v->n++] = part;
    }
    return v->n > before ? 0 : bad_value(o, text, "a list separated by commas");
}

const struct option *option_find(const struct command *c, const char *name, size_t length)
{
    if (length == 4 && strncmp(name, "help", 4) == 0) {
        return &option_help_row;
    }
    for (size_t i = 0; i < c->n_options; i++) {
        if (strlen(c->options[i].name) == length && strncmp(c->options[i].name, name, length) == 0) {
            return &c->options[i];
        }
    }
    return NULL;
}

static const struct option *find_letter(const struct command *c, char letter)
{
    if (letter == option_help_row.letter) {
        return &option_help_row;
    }
    for (size_t i = 0; i < c->n_options; i++) {
        if (c->options[i].letter == letter) {
            return &c->options[i];
        }
    }
    return NULL;
}

static int unknown_option(const struct command *c, const char *word)
{
    const char *names[64];
    size_t n = 0;
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (; n < c->n_options && n < 64; n++) {
        names[n] = c->options[n].name;
    }
    const char *near = limn_text_closest(name, names, n);
    return near ? say_error(EXIT_USAGE, "%s: unknown option --%s; did you mean --%s?", c->name, safe(name), near)
                : say_error(EXIT_USAGE, "%s: unknown option --%s; see limn %s --help", c->name, safe(name), c->name);
}

struct words { /* what is left of the command line */
    int argc, at;
    char **argv;
};

static int missing_value(const struct option *o)
{
    return say_error(EXIT_USAGE, "--%s: needs a value (%s)", o->name, o->arg);
}

static int parse_long(struct args *a, struct words *w, const char *word)
{
    size_t length = strcspn(word + 2, "=");
    const struct option *o = option_find(a->command, word + 2, length);
    if (o == NULL) {
        return unknown_option(a->command, word);
    }
    const char *value = word[2 + length] == '=' ? word + 3 + length : NULL;
    if (o->arg == NULL) {
        return value ? say_error(EXIT_USAGE, "--%s: takes no value (found \"%s\")", o->name, safe(value))
                     : add_value(a, o, "");
    }
    if (value == NULL) {
        if (w->at >= w->argc) {
            return missing_value(o);
        }
        value = w->argv[w->at++];
    }
    return add_value(a, o, value);
}

static int parse_letters(struct args *a, struct words *w, const char *word)
{
    for (const char *p = word + 1; *p != '\0'; p++) {
        const struct option *o = find_letter(a->command, *p);
        if (o == NULL) {
            char one[2] = {*p, '\0'};
            return say_error(EXIT_USAGE, "%s: unknown option -%s; see limn %s --help", a->command->name, safe(one),
                             a->command->name);
        }
        if (o->arg == NULL) {
            int code = add_value(a, o, "");
            if (code != 0) {
                return code;
            }
            continue;
        }
        if (p[1] != '\0') {
            return add_value(a, o, p + 1);
        }
        return w->at < w->argc ? add_value(a, o, w->argv[w->at++]) : missing_value(o);
    }
    return 0;
}

static int check_count(const struct args *a)
{
    const struct command *c = a->command;
    if (a->n_pos < c->min_pos && !(a->opt[OPT_TENSOR].n > 0 && a->n_pos + 1 >= c->min_pos)) {
        return say_error(EXIT_USAGE, "%s: missing operand (found %zu, expected %s); see limn %s --help", c->name,
                         a->n_pos, c->operands, c->name);
    }
    if (a->n_pos > c->max_pos) {
        return say_error(EXIT_USAGE, "%s: too many operands (found \"%s\", expected %s)", c->name,
                         safe(a->pos[c->max_pos]), c->operands[0] ? c->operands : "none");
    }
    return 0;
}

int args_parse(struct args *a, const struct command *command, int argc, char **argv, bool *help)
{
    memset(a, 0, sizeof(*a));
    a->command = command;
    a->pos = need(calloc((size_t)argc + 1, sizeof(*a->pos)));
    struct words w = {argc, 0, argv};
    bool only_operands = false;
    *help = false;
    while (w.at < w.argc) {
        const char *word = w.argv[w.at++];
        int code = 0;
        if (only_operands || word[0] != '-' || word[1] == '\0' || (command->passes && a->n_pos > 0)) {
            a->pos[a->n_pos++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else {
            code = word[1] == '-' ? parse_long(a, &w, word) : parse_letters(a, &w, word);
        }
        if (code != 0) {
            return code;
        }
        if (a->opt[OPT_HELP].n > 0) {
            *help = true;
            return 0;
        }
    }
    out_set_level((int)a->opt[OPT_QUIET].n, (int)a->opt[OPT_VERBOSE].n);
    return check_count(a);
}

void args_finish(struct args *a)
{
    for (size_t i = 0; i < a->n_split; i++) {
        free(a->split[i]);
    }
    free(a->pos);
}

/* ---- access; values were checked when parsed ---- */

bool args_has(const struct args *a, enum option_id id)
{
    return a->opt[id].n > 0;
}

const char *args_text(const struct args *a, enum option_id id, const char *otherwise)
{
    return args_has(a, id) ? a->opt[id].v[a->opt[id].n - 1] : otherwise;
}

long long args_int(const struct args *a, enum option_id id, long long otherwise)
{
    return args_has(a, id) ? strtoll(args_text(a, id, "0"), NULL, 10) : otherwise;
}

double args_real(const struct args *a, enum option_id id, double otherwise)
{
    double v = otherwise;
    if (args_has(a, id)) {
        (void)parse_real(args_text(a, id, "0"), &v);
    }
    return v;
}

uint64_t args_bytes(const struct args *a, enum option_id id, uint64_t otherwise)
{
    uint64_t v = otherwise;
    if (args_has(a, id)) {
        (void)parse_bytes(args_text(a, id, "0"), &v);
    }
    return v;
}

void args_size(const struct args *a, enum option_id id, int32_t size[3])
{
    size[0] = size[1] = size[2] = 0;
    if (args_has(a, id)) {
        (void)parse_size(args_text(a, id, "0"), 1, INT32_MAX, size);
    }
}

size_t args_reals(const struct args *a, enum option_id id, float *v, size_t max)
{
    size_t n = 0;
    if (args_has(a, id)) {
        (void)parse_reals(args_text(a, id, ""), v, max, &n);
    }
    return n;
}
