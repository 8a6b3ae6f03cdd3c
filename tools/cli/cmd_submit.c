/* limn submit: a command line or a job document into the queue. A document becomes a command line first, so that both
 * go through the same checks, and what is stored is always what a parsed command line says.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jobs.h"
#include "rows.h"

#define DOCUMENT_MAX ((size_t)16 << 20)

int device_key(const char *device, char key[40])
{
    limn_context *ctx = NULL;
    const struct limn_device_info *info = NULL;
    limn_error err = {0};
    if (device != NULL && strcmp(device, "reference") == 0) {
        snprintf(key, 40, "reference");
        return 0;
    }
    limn_status st = limn_context_create(&(struct limn_context_params){.device = device}, &ctx, &err);
    st = st == LIMN_OK ? limn_context_device(ctx, &info, &err) : st;
    if (st == LIMN_OK) {
        snprintf(key, 40, "%s", info->uuid);
    }
    limn_context_destroy(&ctx);
    return st == LIMN_OK ? 0 : say_status(&err);
}

static void print_submitted(const struct submit_options *o, int64_t id, const char *title)
{
    if (o->json) {
        json_t *j = json_begin("submit");
        json_object_set_new(j, "id", json_integer(id));
        json_object_set_new(j, "title", json_text(title));
        json_end(j);
    } else {
        printf("%lld\n", (long long)id);
        say_note("job %lld: %s; see limn jobs", (long long)id, safe(title));
    }
}

static int put(const char *document, const char *title, const char *key, bool resumable, const struct submit_options *o)
{
    limn_jobs *store = NULL;
    limn_error err = {0};
    int64_t id = 0;
    struct limn_job_params p = {.document = document, .title = title, .device = key, .resumable = resumable};
    if (limn_jobs_open(o->store, &store, &err) != LIMN_OK || limn_jobs_submit(store, &p, &id, &err) != LIMN_OK) {
        limn_jobs_close(&store);
        return say_status(&err);
    }
    print_submitted(o, id, title);
    if (o->start && limn_jobs_start_worker(store, NULL, key, &err) != LIMN_OK) {
        say_note("job %lld waits: %s", (long long)id, err.text);
    }
    limn_jobs_close(&store);
    return 0;
}

int submit_args(const struct args *a, const struct submit_options *o)
{
    char title[200], key[40];
    int code = 0;
    const char *out = args_text(a, OPT_OUTPUT, NULL);
    bool resumable = option_find(a->command, "resume", 6) != NULL;
    if (resumable && out != NULL && !args_has(a, OPT_FORCE) && !args_has(a, OPT_RESUME)) {
        char log[4096];
        snprintf(log, sizeof(log), "%s/log.jsonl", out);
        if (access(log, F_OK) == 0) {
            return say_error(EXIT_OUTPUT, "%s: holds a training; --resume goes on with it, --force replaces it",
                             safe(out));
        }
    }
    json_t *document = document_make(a, title, sizeof(title), &code);
    code = code ? code : device_key(args_text(a, OPT_DEVICE, NULL), key);
    if (code == 0) {
        char *text = need(json_dumps(document, (o->dry ? JSON_INDENT(1) : JSON_COMPACT) | JSON_REAL_PRECISION(17)));
        if (o->dry) {
            puts(text);
        } else {
            code = put(text, title, key, resumable, o);
        }
        free(text);
    }
    json_decref(document);
    return code;
}

/* ---- the command ---- */

static int read_document(const char *path, char **out)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "r");
    char *text = need(malloc(DOCUMENT_MAX + 1));
    size_t n = f != NULL ? fread(text, 1, DOCUMENT_MAX + 1, f) : 0;
    bool bad = f == NULL || ferror(f), large = n > DOCUMENT_MAX;
    if (f != NULL && !standard) {
        fclose(f);
    }
    if (bad || large || memchr(text, '\0', n) != NULL) {
        free(text);
        return say_error(EXIT_INPUT, "%s: %s", standard ? "standard input" : safe(path),
                         bad     ? "cannot be read"
                         : large ? "larger than 16 MB"
                                 : "not a job document: it holds a zero byte");
    }
    text[n] = '\0';
    *out = text;
    return 0;
}

/* Parses the words of a command and submits it. */
static int submit_words(const struct command *c, int argc, char **argv, const struct submit_options *o)
{
    struct args with;
    bool help = false;
    int code = args_parse(&with, c, argc, argv, &help);
    if (code == 0 && help) {
        doc_command(stdout, c);
    } else if (code == 0) {
        code = submit_args(&with, o);
    }
    args_finish(&with);
    return code;
}

static int submit_document(const char *path, const struct submit_options *o)
{
    struct document_line line = {0};
    char *text = NULL;
    int code = read_document(path, &text);
    code = code ? code : document_line(text, &line);
    code = code ? code : submit_words(line.command, line.argc, line.argv, o);
    document_line_finish(&line);
    free(text);
    return code;
}

static int run(const struct args *a)
{
    struct submit_options o = {.store = args_text(a, OPT_STORE, NULL),
                               .json = args_has(a, OPT_JSON),
                               .start = !args_has(a, OPT_NO_WORKER),
                               .dry = args_has(a, OPT_DRY_RUN)};
    const char *what = a->pos[0];
    const struct command *c = command_find(what);
    if (c == NULL) {
        if (a->n_pos > 1) {
            return say_error(EXIT_USAGE, "submit: unknown command \"%s\"; see limn --help", safe(what));
        }
        return submit_document(what, &o);
    }
    if (option_find(c, "submit", 6) == NULL) {
        return say_error(EXIT_USAGE, "submit: limn %s cannot be a job: it takes no time", c->name);
    }
    return submit_words(c, (int)a->n_pos - 1, (char **)a->pos + 1, &o);
}

/* clang-format off */
static const struct option options[] = {
    FLAG(OPT_DRY_RUN, "dry-run", 0, "only check it, and print the job as a JSON file has it"),
    FLAG(OPT_NO_WORKER, "no-worker", 0, "do not start a worker: the job waits for one"),
    ROW_STORE,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_submit = {
    .name = "submit",
    .operands = "JOB.json|COMMAND ...",
    .summary = "put a command into the queue of jobs",
    .text =
        "Puts a command with all its options, or the job in a JSON file (- for standard input), into the queue and "
        "prints its number; options of submit come before it. The command is checked and its inputs looked at now; a "
        "worker, started when none runs for the device, does it in a session of its own, so that closing the terminal "
        "ends nothing. Results go where the command's options say, or into results/NUMBER beside the queue.\n"
        "A job file is {\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"lenet_fashion\", \"image\": "
        "[\"a.png\"], \"method\": [\"gradcam\"], \"force\": true}}: args are the long options, and the operands in "
        "lower case.",
    .example = "limn submit explain squeezenet1_0 cat.jpg --method gradcam,guided-backprop",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 1,
    .max_pos = (size_t)-1,
    .run = run,
    .passes = true,
};
