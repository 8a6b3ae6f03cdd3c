/* limn classify: the most probable classes of each picture. */
#include <string.h>

#include "edit.h"
#include "rows.h"

#define BAR_CELLS 24

struct sink {
    json_t *items; /* NULL: print for people */
    int top;
    size_t n_printed;
};

static void print_item(const struct run *r, struct sink *k, const limn_explanation *e, size_t i, const char *name)
{
    const float *prob = limn_explanation_probabilities(e, i);
    const int32_t *ranking = limn_explanation_ranking(e, i);
    struct table t;
    char label[200], bar[BAR_CELLS * 4];
    printf("%s%s\n", k->n_printed++ ? "\n" : "", name);
    table_begin(&t, "lrlrl", "", "", "", "", "");
    for (int j = 0; j < k->top && j < r->session->info.n_classes; j++) {
        int32_t c = ranking[j];
        table_cell(&t, "%s", "");
        table_cell(&t, "%d", c);
        table_cell(&t, "%.60s", class_name(r->session, c, label, sizeof(label)));
        table_cell(&t, "%.1f %%", 100.0 * (double)prob[c]);
        table_cell(&t, "%s", text_bar((double)prob[c], BAR_CELLS, bar, sizeof(bar)));
    }
    table_end(&t);
}

static void add_item(const struct run *r, struct sink *k, const limn_explanation *e, size_t i, const char *name)
{
    json_t *item = need(json_object()), *classes = need(json_array());
    for (int j = 0; j < k->top && j < r->session->info.n_classes; j++) {
        json_array_append_new(classes, json_class(r->session, e, i, limn_explanation_ranking(e, i)[j]));
    }
    json_object_set_new(item, "input", json_text(name));
    json_object_set_new(item, "classes", classes);
    json_array_append_new(k->items, item);
}

static int each(struct run *r, limn_explanation *e, const size_t *index)
{
    struct sink *k = r->user;
    char name[512];
    for (size_t i = 0; i < limn_explanation_count(e); i++) {
        inputs_name(r->inputs, index[i], name, sizeof(name));
        if (k->items != NULL) {
            add_item(r, k, e, i, name);
        } else {
            print_item(r, k, e, i, name);
        }
    }
    return 0;
}

static int run(const struct args *a)
{
    struct session s = {0};
    struct inputs in = {0};
    struct sink sink = {.items = args_has(a, OPT_JSON) ? need(json_array()) : NULL,
                        .top = (int)args_int(a, OPT_TOP, 5)};
    int code = session_open(&s, a);
    code = code ? code : edits_apply(&s, a, s.model, NULL);
    code = code ? code : inputs_open(&in, a, &s);
    code = code ? code : session_device(&s, a);
    if (code == 0) {
        struct run r = {.session = &s, .args = a, .inputs = &in, .each = each, .user = &sink};
        code = run_options(&r);
        code = code ? code : run_all(&r);
        code = code ? code : inputs_result(&in, r.n_done);
    }
    if (sink.items != NULL && (code == 0 || code == EXIT_SOME_FAILED)) {
        json_t *j = json_begin("classify");
        json_object_update_new(j, session_json(&s));
        json_object_set(j, "items", sink.items);
        json_object_set_new(j, "failed", json_integer((json_int_t)in.n_failed));
        json_end(j);
    }
    json_decref(sink.items);
    inputs_close(&in);
    session_close(&s);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    NUMBER(OPT_TOP, "top", 'k', "K", "5", TYPE_INT, 1, 100000, "classes to show"),
    ROW_EDIT,
    ROWS_INPUT,
    ROWS_VOLUME,
    ROWS_DEVICE,
    ROWS_MODEL,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_classify = {
    .name = "classify",
    .operands = "MODEL IMAGE...",
    .summary = "say what a network sees in pictures",
    .text =
        "Runs pictures (PNG, JPEG, GIF, TIFF), or volumes (.npy, NIfTI-1) where the network takes them, and lists the "
        "most probable classes of each.",
    .example = "limn classify squeezenet1_0 photo.jpg",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 2,
    .max_pos = (size_t)-1,
    .run = run,
};
