/* Job documents and command lines. There is no second list of options: a document's keys are the names in the command's
 * option table and the operands of its usage line, and it is checked by turning it into a command line and parsing
 * that. Paths become absolute here, names of installed models the paths of their files, because a worker runs elsewhere
 * and later; inputs that are not there are refused now rather than when their turn comes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jobs.h"

/* ---- operands ---- */

/* Of "classifier DATASET | decoder ENCODER DATASET" the way that begins with the task, else the first. */
static const char *way_of(const struct command *c, const char *task)
{
    size_t n = task != NULL ? strlen(task) : 0;
    for (const char *at = c->operands; n > 0 && at != NULL; at = strstr(at, " | ")) {
        at += strncmp(at, " | ", 3) == 0 ? 3 : 0;
        if (strncmp(at, task, n) == 0 && (at[n] == ' ' || at[n] == '\0')) {
            return at;
        }
    }
    return c->operands;
}

bool operand_name(const struct command *c, const char *task, size_t i, char name[32], bool *list)
{
    const char *at = way_of(c, task), *stop = strstr(at, " | ");
    stop = stop != NULL ? stop : at + strlen(at);
    for (size_t k = 0; at < stop; k++) {
        const char *end = at + strcspn(at, " ");
        bool last = end >= stop, word = islower((unsigned char)*at) != 0; /* a word is written as it is: a task */
        *list = end - at > 3 && strncmp(end - 3 - (end[-1] == ']'), "...", 3) == 0;
        if (k == i || (last && *list && i > k)) {
            size_t n = 0;
            for (at += *at == '['; !word && isupper((unsigned char)*at) && n + 1 < 32; at++) {
                name[n++] = (char)tolower((unsigned char)*at);
            }
            name[n] = '\0';
            if (word) {
                snprintf(name, 32, "task");
            }
            return true;
        }
        at = last ? stop : end + 1;
    }
    return false;
}

static bool names_model(const char *operand)
{
    const char *const names[] = {"model", "classifier", "autoencoder", "encoder", "decoder"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(operand, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- paths ---- */

static char *absolute(const char *path)
{
    char here[4096];
    while (path[0] == '.' && path[1] == '/') {
        path += 2 + strspn(path + 2, "/");
    }
    if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL) {
        return need(strdup(path));
    }
    size_t n = strlen(here) + strlen(path) + 2;
    char *out = need(malloc(n));
    snprintf(out, n, "%s%s%s", here, here[1] != '\0' ? "/" : "", path);
    return out;
}

static int check_readable(const char *path)
{
    struct stat info;
    if (access(path, R_OK) != 0 || stat(path, &info) != 0) {
        return say_error(EXIT_INPUT, "%s: cannot be read: %s", safe(path), strerror(errno));
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        return say_error(EXIT_INPUT, "%s: neither a file nor a folder", safe(path));
    }
    return 0;
}

/* The file of an installed model; a path; or a name that needs no file. The engine says what is wrong with others. */
static int resolve_model(const char *name, bool classifier, char **out)
{
    struct limn_model_entry *list = NULL;
    limn_context *ctx = NULL;
    limn_model *m = NULL;
    size_t n = 0;
    limn_error err = {0};
    bool file = access(name, F_OK) == 0;
    if (!file && limn_model_list(&list, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    *out = file ? absolute(name) : NULL;
    for (size_t i = 0; i < n && *out == NULL; i++) {
        if (strcmp(list[i].name, name) == 0) {
            *out = absolute(list[i].path);
        }
    }
    limn_model_list_free(&list);
    *out = *out != NULL ? *out : need(strdup(name));
    if (!classifier && (file || strncmp(name, "recipe:", 7) == 0)) {
        return file ? check_readable(*out) : 0;
    }
    limn_status st = limn_context_create(NULL, &ctx, &err);
    st = st == LIMN_OK ? limn_model_open(ctx, *out, NULL, &m, &err) : st;
    limn_model_close(&m);
    limn_context_destroy(&ctx);
    bool bad = st == LIMN_ERR_NOT_FOUND || st == LIMN_ERR_READ || st == LIMN_ERR_FORMAT;
    return bad ? say_status(&err) : 0; /* of others an option (--arch, --size) may be what it lacks */
}

static bool is_output(const struct option *o)
{
    return o->id == OPT_OUTPUT || o->id == OPT_CONFUSION || o->type == TYPE_FOLDER;
}

/* ---- to a document ---- */

static int text_value(const char *name, const char *text, json_t **out)
{
    *out = json_string(text);
    return *out != NULL
               ? 0
               : say_error(EXIT_USAGE, "%s: \"%s\" is not UTF-8, so it cannot be part of a job", name, safe(text));
}

static int option_value(const struct option *o, const char *text, json_t **out)
{
    bool at_file = o->id == OPT_CLASS_EACH && text[0] == '@';
    if (o->type != TYPE_FILE && !is_output(o) && !at_file) {
        return text_value(o->name, text, out);
    }
    char *path = absolute(text + at_file);
    int code = is_output(o) ? 0 : check_readable(path);
    if (at_file) {
        path = need(realloc(path, strlen(path) + 2));
        memmove(path + 1, path, strlen(path) + 1);
        path[0] = '@';
    }
    code = code ? code : text_value(o->name, path, out);
    free(path);
    return code;
}

static bool is_for_now(const struct option *o) /* says how this run talks, not what is done */
{
    return o->id == OPT_SUBMIT || o->id == OPT_PROGRESS || o->id == OPT_JSON;
}

static int add_option(const struct args *a, const struct option *o, json_t *to)
{
    const struct option_values *v = &a->opt[o->id];
    json_t *value = NULL;
    if (v->n == 0 || is_for_now(o)) {
        return 0;
    }
    if (o->arg == NULL) {
        json_object_set_new(to, o->name, v->n == 1 ? json_true() : json_integer((json_int_t)v->n));
        return 0;
    }
    if (v->n == 1) {
        int code = option_value(o, v->v[0], &value);
        json_object_set_new(to, o->name, value);
        return code;
    }
    json_t *list = need(json_array());
    json_object_set_new(to, o->name, list);
    for (size_t i = 0; i < v->n; i++) {
        int code = option_value(o, v->v[i], &value);
        if (code != 0) {
            return code;
        }
        json_array_append_new(list, value);
    }
    return 0;
}

static int add_operand(const struct args *a, size_t i, json_t *to)
{
    char name[32], *path = NULL;
    const char *text = a->pos[i];
    bool list = false;
    json_t *value = NULL;
    if (!operand_name(a->command, a->pos[0], i, name, &list)) {
        return say_error(EXIT_USAGE, "%s: too many operands (found \"%s\")", a->command->name, safe(text));
    }
    bool model = names_model(name), task = strcmp(name, "task") == 0;
    int code = 0;
    if (task && strncmp(way_of(a->command, text), text, strlen(text)) != 0) {
        return say_error(EXIT_USAGE, "%s: nothing called \"%s\" (expected %s)", a->command->name, safe(text),
                         a->command->operands);
    }
    if (model) {
        code = resolve_model(text, strcmp(name, "model") == 0 || strcmp(name, "classifier") == 0, &path);
    } else if (!task) {
        path = absolute(text);
        code = check_readable(path);
    }
    code = code ? code : text_value(name, task ? text : path, &value);
    free(path);
    if (code != 0) {
        return code;
    }
    if (!list) {
        json_object_set_new(to, name, value);
        return 0;
    }
    if (json_object_get(to, name) == NULL) {
        json_object_set_new(to, name, need(json_array()));
    }
    json_array_append_new(json_object_get(to, name), value);
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* "explain squeezenet1_0 cat.png +3: gradcam,gradient" */
static void make_title(const struct args *a, char *title, size_t size)
{
    enum { SHOWN = 2 };
    size_t at = (size_t)snprintf(title, size, "%s", a->command->name);
    for (size_t i = 0; i < a->n_pos && i < SHOWN && at < size; i++) {
        at += (size_t)snprintf(title + at, size - at, " %.60s", base_name(a->pos[i]));
    }
    if (a->n_pos > SHOWN && at < size) {
        at += (size_t)snprintf(title + at, size - at, " +%zu", a->n_pos - SHOWN);
    }
    const struct option_values *v = &a->opt[OPT_METHOD];
    for (size_t i = 0; i < v->n && at < size; i++) {
        at += (size_t)snprintf(title + at, size - at, "%s%s", i == 0 ? ": " : ",", v->v[i]);
    }
}

json_t *document_make(const struct args *a, char *title, size_t size, int *code)
{
    const struct command *c = a->command;
    json_t *args = need(json_object());
    *code = 0;
    for (size_t i = 0; i < a->n_pos && *code == 0; i++) {
        *code = add_operand(a, i, args);
    }
    for (size_t i = 0; i < c->n_options && *code == 0; i++) {
        *code = add_option(a, &c->options[i], args);
    }
    if (*code != 0) {
        json_decref(args);
        return NULL;
    }
    make_title(a, title, size);
    return need(json_pack("{s:i, s:s, s:o}", "schema", 1, "command", c->name, "args", args));
}

/* ---- from a document ---- */

static void push(struct document_line *l, char *word)
{
    l->argv = need(realloc(l->argv, ((size_t)l->argc + 2) * sizeof(*l->argv)));
    l->argv[l->argc++] = word;
    l->argv[l->argc] = NULL;
}

/* Text or number as a word. */
static char *word_of(const char *before, const json_t *v)
{
    char number[40] = "";
    const char *text = json_is_string(v) ? json_string_value(v) : number;
    if (json_is_integer(v)) {
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    } else if (json_is_real(v)) {
        snprintf(number, sizeof(number), "%.17g", json_real_value(v));
    }
    size_t n = strlen(before) + strlen(text) + 1;
    char *out = need(malloc(n));
    snprintf(out, n, "%s%s", before, text);
    return out;
}

static int push_option(struct document_line *l, const char *key, const json_t *v)
{
    char head[80];
    const struct option *o = option_find(l->command, key, strlen(key));
    snprintf(head, sizeof(head), "--%s", key);
    if (o != NULL && (o->id == OPT_HELP || is_for_now(o)) && o->id != OPT_JSON) {
        return say_error(EXIT_USAGE, "job: %s: not part of what a job does", key);
    }
    if (json_is_boolean(v) || (o != NULL && o->arg == NULL && json_is_integer(v))) {
        if (o != NULL && o->arg != NULL) {
            return say_error(EXIT_USAGE, "job: %s: found true or false, expected a value (%s)", key, o->arg);
        }
        json_int_t times = json_is_boolean(v) ? json_is_true(v) : json_integer_value(v);
        for (json_int_t i = 0; i < times && i < 9; i++) {
            push(l, need(strdup(head)));
        }
        return 0;
    }
    snprintf(head, sizeof(head), "--%s=", key);
    for (size_t i = 0; i < json_array_size(v); i++) {
        push(l, word_of(head, json_array_get(v, i)));
    }
    if (!json_is_array(v)) {
        push(l, word_of(head, v));
    }
    return 0;
}

static bool is_operand(const struct command *c, const char *task, const char *key)
{
    char name[32];
    bool list = false;
    for (size_t i = 0; operand_name(c, task, i, name, &list); i++) {
        if (strcmp(name, key) == 0) {
            return true;
        }
        if (list) {
            break;
        }
    }
    return false;
}

static int push_operands(struct document_line *l, const json_t *args)
{
    char name[32];
    bool list = false, gap = false;
    const char *task = json_string_value(json_object_get(args, "task"));
    for (size_t i = 0; operand_name(l->command, task, i, name, &list); i++) {
        const json_t *v = json_object_get(args, name);
        size_t n = json_is_array(v) ? json_array_size(v) : v != NULL;
        if (n > 0 && gap) {
            return say_error(EXIT_USAGE, "job: %s: an operand before \"%s\" is missing", l->command->name, name);
        }
        gap = n == 0;
        if (json_is_boolean(v) || (json_is_array(v) && !list)) {
            return say_error(EXIT_USAGE, "job: %s: expected %s", name, list ? "a list of texts" : "text");
        }
        for (size_t k = 0; k < json_array_size(v); k++) {
            push(l, word_of("", json_array_get(v, k)));
        }
        if (v != NULL && !json_is_array(v)) {
            push(l, word_of("", v));
        }
        if (list) {
            break;
        }
    }
    return 0;
}

int document_line(const char *text, struct document_line *out)
{
    const char *key;
    limn_error err = {0};
    struct document_line l = {0};
    int code = 0;
    if (limn_job_check(text, &err) != LIMN_OK) {
        return say_status(&err);
    }
    json_t *root = need(json_loads(text, JSON_REJECT_DUPLICATES, NULL)), *v;
    json_t *args = json_object_get(root, "args");
    const char *name = json_string_value(json_object_get(root, "command"));
    const char *task = json_string_value(json_object_get(args, "task"));
    l.command = command_find(name);
    if (l.command == NULL || option_find(l.command, "submit", 6) == NULL) {
        code = say_error(EXIT_USAGE, "job: \"%s\" is not a command that a job can run", safe(name));
    }
    if (code == 0) {
        json_object_foreach (args, key, v) {
            code = code ? code : is_operand(l.command, task, key) ? 0 : push_option(&l, key, v);
        }
        push(&l, need(strdup("--")));
        code = code ? code : push_operands(&l, args);
    }
    json_decref(root);
    if (code != 0) {
        document_line_finish(&l);
        return code;
    }
    *out = l;
    return 0;
}

void document_line_finish(struct document_line *l)
{
    for (int i = 0; i < l->argc; i++) {
        free(l->argv[i]);
    }
    free(l->argv);
    memset(l, 0, sizeof(*l));
}

void document_line_add(struct document_line *l, const char *fmt, ...)
{
    char word[4096 + 64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(word, sizeof(word), fmt, ap);
    va_end(ap);
    push(l, NULL);
    memmove(l->argv + 1, l->argv, (size_t)(l->argc - 1) * sizeof(*l->argv));
    l->argv[0] = need(strdup(word));
}

/* Index of --OPTION or --OPTION=..., -1 without. */
static int find_word(const struct document_line *l, const char *option)
{
    size_t n = strlen(option);
    for (int i = 0; i < l->argc && strcmp(l->argv[i], "--") != 0; i++) {
        const char *w = l->argv[i] + 2;
        if (strncmp(w, option, n) == 0 && (w[n] == '\0' || w[n] == '=')) {
            return i;
        }
    }
    return -1;
}

bool document_line_has(const struct document_line *l, const char *option)
{
    return find_word(l, option) >= 0;
}

void document_line_remove(struct document_line *l, const char *option)
{
    for (int i; (i = find_word(l, option)) >= 0;) {
        free(l->argv[i]);
        l->argc--;
        memmove(l->argv + i, l->argv + i + 1, (size_t)(l->argc - i + 1) * sizeof(*l->argv));
    }
}
