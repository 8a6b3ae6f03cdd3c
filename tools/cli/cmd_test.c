/* limn test: a classifier on a data set: accuracy, a table of the classes, the confusion matrix. */
#include <string.h>

#include "events.h"
#include "rows.h"
#include "train.h"

struct of_class { /* counts of one class */
    uint64_t truth, answers, hits;
};

static struct of_class count_class(const struct limn_test *t, int32_t k)
{
    struct of_class c = {.hits = t->confusion[k * t->n_classes + k]};
    for (int32_t i = 0; i < t->n_classes; i++) {
        c.truth += t->confusion[k * t->n_classes + i];
        c.answers += t->confusion[i * t->n_classes + k];
    }
    return c;
}

static double part(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : 0;
}

static double f1(const struct of_class *c)
{
    return part(2 * c->hits, c->truth + c->answers);
}

static void print_matrix(const struct limn_test *t)
{
    enum { MOST = 20 };
    if (t->n_classes > MOST) {
        return;
    }
    printf("\nconfusion matrix (rows: truth, columns: answer)\n%*s", 24, "");
    for (int32_t k = 0; k < t->n_classes; k++) {
        printf("%6d", k);
    }
    putchar('\n');
    for (int32_t i = 0; i < t->n_classes; i++) {
        printf("%3d %-20.20s", i, t->name[i]);
        for (int32_t k = 0; k < t->n_classes; k++) {
            printf("%6llu", (unsigned long long)t->confusion[i * t->n_classes + k]);
        }
        putchar('\n');
    }
}

static void print_test(const struct limn_test *t)
{
    struct table table;
    printf("%llu samples of the %s split: accuracy %.2f %%", (unsigned long long)t->n, t->split, 100 * t->accuracy);
    if (t->top5 >= 0) {
        printf(", top 5 %.2f %%", 100 * t->top5);
    }
    printf(", loss %.4f\n\n", t->loss);
    table_begin(&table, "rlrrrr", "", "CLASS", "SAMPLES", "RECALL", "PRECISION", "F1");
    for (int32_t k = 0; k < t->n_classes; k++) {
        struct of_class c = count_class(t, k);
        table_cell(&table, "%d", k);
        table_cell(&table, "%s", t->name[k]);
        table_cell(&table, "%llu", (unsigned long long)c.truth);
        table_cell(&table, "%.2f %%", 100 * part(c.hits, c.truth));
        table_cell(&table, "%.2f %%", 100 * part(c.hits, c.answers));
        table_cell(&table, "%.4f", f1(&c));
    }
    table_end(&table);
    print_matrix(t);
}

static json_t *classes_json(const struct limn_test *t)
{
    json_t *list = need(json_array());
    for (int32_t k = 0; k < t->n_classes; k++) {
        struct of_class c = count_class(t, k);
        json_t *o = need(json_object());
        json_object_set_new(o, "index", json_integer(k));
        json_object_set_new(o, "label", json_text(t->name[k]));
        json_object_set_new(o, "samples", json_integer((json_int_t)c.truth));
        json_object_set_new(o, "recall", json_real(part(c.hits, c.truth)));
        json_object_set_new(o, "precision", json_real(part(c.hits, c.answers)));
        json_object_set_new(o, "f1", json_real(f1(&c)));
        json_array_append_new(list, o);
    }
    return list;
}

static void print_json(const struct session *s, const struct limn_test *t)
{
    json_t *j = json_begin("test"), *matrix = need(json_array());
    json_object_update_new(j, session_json(s));
    json_object_set_new(j, "split", json_text(t->split));
    json_object_set_new(j, "samples", json_integer((json_int_t)t->n));
    json_object_set_new(j, "accuracy", json_real(t->accuracy));
    json_object_set_new(j, "top5", t->top5 < 0 ? json_null() : json_real(t->top5));
    json_object_set_new(j, "loss", json_real(t->loss));
    json_object_set_new(j, "seconds", json_real(t->seconds));
    json_object_set_new(j, "classes", classes_json(t));
    for (int32_t i = 0; i < t->n_classes; i++) {
        json_t *row = need(json_array());
        for (int32_t k = 0; k < t->n_classes; k++) {
            json_array_append_new(row, json_integer((json_int_t)t->confusion[i * t->n_classes + k]));
        }
        json_array_append_new(matrix, row);
    }
    json_object_set_new(j, "confusion", matrix);
    json_end(j);
}

static int save_picture(const struct args *a, const struct limn_test *t, limn_error *err)
{
    const char *path = args_text(a, OPT_CONFUSION, NULL);
    limn_image *im = NULL;
    if (!path) {
        return 0;
    }
    limn_status st = limn_test_picture(t, &im, err);
    st = st == LIMN_OK ? limn_image_save(im, path, save_flags(a), err) : st;
    limn_image_destroy(&im);
    if (st == LIMN_OK) {
        event_artifact("png", path);
    }
    return st == LIMN_OK ? 0 : say_status(err);
}

static int run(const struct args *a)
{
    struct session s = {0};
    struct limn_test *t = NULL;
    struct progress progress = {.width = 1, .title = "test"};
    struct limn_test_params p = {.split = args_text(a, OPT_SPLIT, NULL),
                                 .batch = (int32_t)args_int(a, OPT_BATCH, 0),
                                 .step = progress_step,
                                 .user = &progress};
    const char *picture = args_text(a, OPT_CONFUSION, NULL);
    struct inputs in = {.path = a->pos, .n = 2};
    int code = picture ? output_check(a, &in, picture) : 0;
    if (code) {
        return code;
    }
    data_params(a, a->pos[1], &p.data);
    code = session_open(&s, a);
    code = code ? code : session_device(&s, a);
    if (code == 0 && limn_test_classifier(s.model, &p, &t, &s.err) != LIMN_OK) {
        progress_clear(&progress);
        code = say_status(&s.err);
    }
    progress_clear(&progress);
    if (code == 0) {
        session_note_software(&s);
        if (args_has(a, OPT_JSON)) {
            print_json(&s, t);
        } else {
            print_test(t);
        }
        code = save_picture(a, t, &s.err);
    }
    limn_test_free(&t);
    session_close(&s);
    return code;
}

static const char *choice_split(size_t i)
{
    static const char *const names[] = {"test", "val", "train"};
    return i < 3 ? names[i] : NULL;
}

/* clang-format off */
static const struct option options[] = {
    CHOICE(OPT_SPLIT, "split", 0, "SPLIT", NULL, TYPE_CHOICE, choice_split,
           "default: test, or val, or train where those are empty"),
    VALUE(OPT_CONFUSION, "confusion", 0, "FILE.png", NULL, TYPE_FILE, "confusion matrix as a picture"),
    FLAG(OPT_FORCE, "force", 'f', "replace existing files"),
    ROWS_DATA,
    ROWS_DEVICE,
    ROW_ARCH,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_test = {
    .name = "test",
    .operands = "MODEL DATASET",
    .summary = "measure a classifier on a data set",
    .text = "Runs a classifier on a split of a data set: accuracy, recall and precision of every class, and the "
            "confusion matrix as text, with --json as JSON and with --confusion as a picture.",
    .example = "limn test lenet_fashion /usr/share/datasets/fashion-mnist --confusion fashion.png",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 2,
    .max_pos = 2,
    .run = run,
};
