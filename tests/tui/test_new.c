/* New job without a terminal: the form of every command at three sizes (LIMN_REWRITE_SCREENS=1 writes the screens anew)
 * and at all others, what keys choose, mark, type and refuse, and values that fit together. */
#include <stdlib.h>
#include <time.h>

#include "client.h"
#include "made.h"

static const struct {
    const char *name, *keys; /* typed from New job on */
} screen[] = {{"new-task", ""},
              {"new-explain", "\r"},
              {"new-model", "\r\t"},
              {"new-method", "\r\t\t  "},
              {"new-layer", "\r\t\t\t"},
              {"new-class", "\r\t\t\t\t"},
              {"", /* changes with every option of the command line */
               "\r\t\t\t\t\t"},
              {"new-run", "\r\t\t\t\t\t\t"},
              {"new-compare", "j\r"},
              {"new-shift", "jj\r\t\t"},
              {"new-number", "jj\r\t\t\t\t\t\r2"},
              {"new-train", "jjj\r\t"},
              {"new-decoder", "jjjj\r\t\t"},
              {"new-test", "jjjjj\r\t\t"},
              {"new-reconstruct", "jjjjjj\r\t"},
              {"new-classify", "jjjjjjj\r"},
              {"new-measure", "G\r"}};
enum { SCREENS = sizeof screen / sizeof screen[0] };

static struct app *make_new(const char *keys)
{
    struct app *a = make();
    type(a, "2");
    type(a, keys);
    return a;
}

static void test_golden(void)
{
    static const int32_t size[][2] = {{80, 24}, {120, 40}, {200, 60}, {40, 10}};
    for (int i = 0; i < SCREENS; i++) {
        for (int k = 0; k < 4 && screen[i].name[0] != '\0'; k++) {
            struct app *a = make_new(screen[i].keys);
            a->width = size[k][0];
            a->height = size[k][1];
            check_screen(a, screen[i].name, a->width, a->height);
            unmake(a);
        }
    }
}

static void test_sizes(void)
{
    for (int i = 0; i < SCREENS; i++) {
        struct app *a = make_new(screen[i].keys);
        check_sizes(a, screen[i].name, 40, 10);
        unmake(a);
    }
}

static const char *value(const struct app *a, const char *key)
{
    const struct form *f = new_form(a);
    static char all[2000];
    const int32_t i = form_find(f, key);
    CHECK(i >= 0);
    all[0] = '\0';
    for (size_t k = 0; i >= 0 && k < f->value[i].n; k++) {
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", k > 0 ? "|" : "", f->value[i].text[k]);
    }
    return all;
}

static const char *here(const struct app *a)
{
    return new_form(a)->field[a->new_job.at].key;
}

static void test_choosing(void)
{
    struct app *a = make_new("\r");
    CHECK_STR(here(a), "image");
    type(a, "gjj\r"); /* the third file */
    CHECK_STR(value(a, "image"), "/data/photos/evil\x1b[2J\nname.jpg");
    CHECK_STR(here(a), "model");
    type(a, "/_ae\r"); /* gives pictures */
    CHECK_STR(value(a, "model"), "");
    CHECK(strstr(a->message, "autoencoder") != NULL);
    type(a, "\033/squeeze\r");
    CHECK_STR(value(a, "model"), "squeezenet1_0");
    type(a, "G k \r"); /* two methods by Space */
    CHECK_INT(new_form(a)->value[form_find(new_form(a), "method")].n, 2);
    CHECK_STR(here(a), "layer");
    type(a, "G\r"); /* without positions */
    CHECK_STR(value(a, "layer"), "");
    CHECK(strstr(a->message, "no positions") != NULL);
    type(a, "k\r");
    CHECK_STR(value(a, "layer"), "features.12");
    type(a, "/SHARK\r");
    CHECK_STR(value(a, "class"), "2");
    type(a, "\033[Z\033[Z\033[Z\033[Z/lenet_fash\r"); /* another model: layers and classes are not its own */
    CHECK_STR(value(a, "model"), "lenet_fashion");
    CHECK_STR(value(a, "layer"), "");
    CHECK_STR(value(a, "class"), "");
    a->want = 0;
    type(a, "a");
    CHECK(a->want & WANT_SUBMIT);
    unmake(a);
}

/* A folder of many thousand pictures is marked, and unmarked, in no time worth speaking of. */
static void test_many(void)
{
    enum { MANY = 20000 };
    struct app *a = make_new("\r");
    struct file_entry *was = a->new_job.file, *file = calloc(MANY, sizeof *file);
    for (int i = 0; i < MANY; i++) {
        snprintf(file[i].name, sizeof file[i].name, "a rather long name of a picture %05d.png", i);
    }
    a->new_job.file = file;
    a->new_job.n_files = MANY;
    new_filter(a);
    value_set(&new_form(a)->value[1], NULL);
    type(a, "*");
    CHECK_INT(new_form(a)->value[1].n, MANY);
    type(a, "G ");
    CHECK_INT(new_form(a)->value[1].n, MANY - 1);
    type(a, "**");
    CHECK_INT(new_form(a)->value[1].n, 0);
    a->new_job.file = was;
    a->new_job.n_files = 4;
    free(file);
    unmake(a);
}

static void test_marking(void)
{
    struct app *a = make_new("\r*");
    CHECK_INT(new_form(a)->value[1].n, 3); /* all files, not the folder */
    type(a, "*");
    CHECK_INT(new_form(a)->value[1].n, 0);
    type(a, "gj  ");
    CHECK_INT(new_form(a)->value[1].n, 2);
    type(a, "\033[Z\033[Zj"); /* Compare takes one */
    new_go_field(a, 0);
    type(a, "gj\r");
    CHECK_STR(new_form(a)->task->title, "compare");
    CHECK_INT(new_form(a)->value[1].n, 1);
    type(a, " ");
    CHECK(strstr(a->message, "one only") != NULL);
    unmake(a);
}

/* Typed values: what is wrong is said at once, and nothing wrong gets into the form. */
static void test_typing(void)
{
    struct app *a = make_new("jjj\r\t\t");
    CHECK_STR(here(a), "epochs");
    type(a, "\r12x");
    CHECK(a->new_job.editing && a->new_job.edit_problem[0] != '\0');
    type(a, "\r");
    CHECK_STR(value(a, "epochs"), "");
    type(a, "\177\r");
    CHECK_STR(value(a, "epochs"), "12");
    CHECK_STR(here(a), "batch");
    type(a, "\r0\r");
    CHECK(a->new_job.editing); /* below its least */
    type(a, "\033");
    CHECK_STR(value(a, "batch"), "");
    type(a, "q4"); /* keys again, not text */
    CHECK(a->view == VIEW_COMPARE || a->want & WANT_QUIT || a->overlay != OVERLAY_NONE);
    unmake(a);
    static const struct {
        const char *key, *good, *bad;
    } each[] = {{"size", "64x64", "64x"},     {"size", "3x4x5", "1x2x3x4"}, {"mean", "0.1,0.2,0.3", "0.1,,2"},
                {"max-memory", "512M", "2Q"}, {"opacity", "0.3", "0"},      {"blur", "4", "4.5"},
                {"seed", "7", "-1"},          {"opacity", "1", "nan"}};
    char why[200];
    a = make_new("\r");
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        const struct field *f = &new_form(a)->field[form_find(new_form(a), each[i].key)];
        CHECK(field_check(f, each[i].good, why, sizeof why));
        CHECK(!field_check(f, each[i].bad, why, sizeof why) && why[0] != '\0');
    }
    unmake(a);
}

/* Further options are found by name in the list, and come back to it. */
static void test_more(void)
{
    struct app *a = make_new("\r");
    new_go_field(a, new_form(a)->more);
    type(a, "/colorm\r");
    CHECK_STR(here(a), "colormap");
    type(a, "/viri\r");
    CHECK_STR(value(a, "colormap"), "viridis");
    CHECK_INT(a->new_job.at, new_form(a)->more);
    type(a, "/strict\r/yes\r");
    CHECK_STR(value(a, "strict"), "yes");
    new_go_field(a, form_find(new_form(a), "strict"));
    type(a, "x");
    CHECK_STR(value(a, "strict"), "");
    unmake(a);
}

/* Models that go together by themselves. */
static void test_models(void)
{
    struct app *a = make_new("");
    CHECK_STR(new_model(a), "squeezenet1_0"); /* the most classes; volumes are not meant */
    value_set(&new_form(a)->value[1], "/data/scan.nii.gz");
    CHECK_STR(new_model(a), "brain_3d"); /* unless they are */
    value_set(&new_form(a)->value[1], "/data/photos/cat.png");
    type(a, "gjj\r");
    const struct form *f = new_form(a);
    CHECK_STR(new_value(a, form_find(f, "classifier")), "lenet_fashion");
    CHECK_STR(new_value(a, form_find(f, "autoencoder")), "lenet_fashion_ae");
    new_go_field(a, form_find(f, "classifier"));
    type(a, "/squ\r");
    CHECK_STR(new_value(a, form_find(f, "autoencoder")), "");
    type(a, "a");
    CHECK_STR(here(a), "autoencoder"); /* where the reason is */
    CHECK(strstr(a->message, "train a decoder") != NULL);
    new_go_field(a, form_find(f, "classifier"));
    type(a, "/job 1198\r"); /* what a job has trained */
    CHECK_STR(value(a, "classifier"), "/state/results/1198/best.safetensors");
    a->models.marked = 2;
    app_go(a, VIEW_MODELS);
    type(a, "\r"); /* an autoencoder from the list of models: to a form that takes it */
    CHECK_INT(a->view, VIEW_NEW);
    CHECK_STR(value(a, "autoencoder"), "lenet_fashion_ae");
    unmake(a);
}

/* What the program refuses is shown at the field that it speaks of. */
static void test_refused(void)
{
    struct app *a = make_new("\r");
    new_refused(a, "explain: --opacity: found \"3\"");
    CHECK_STR(here(a), "opacity");
    new_refused(a, "/data/photos/cat.png: cannot be read");
    CHECK_STR(here(a), "image");
    char text[400];
    CHECK(new_field_problem(a, a->new_job.at, text, sizeof text) != NULL);
    a->want = 0;
    type(a, "a"); /* tried again all the same: the file may be there now */
    CHECK(a->want & WANT_SUBMIT);
    unmake(a);
}

static void test_command_line(void)
{
    char text[2000];
    struct app *a = make_new("gjj\r");
    value_add(&new_form(a)->value[1], "/data/photos/a b.png");
    new_command_line(a, text, sizeof text);
    CHECK_STR(text, "limn shift lenet_fashion lenet_fashion_ae cat.png \"a b.png\"");
    unmake(a);
}

static bool document_has(const struct app *a, const char *part)
{
    char *text = document_text(a);
    const bool has = text != NULL && strstr(text, part) != NULL;
    if (!has) {
        fprintf(stderr, "%s\nhas no %s\n", text ? text : "no document", part);
    }
    free(text);
    return has;
}

/* What the viewer draws from is kept without being asked for. */
static void test_document(void)
{
    struct app *a = make_new("");
    struct form *f = new_form(a);
    CHECK_STR(f->task->command, "explain");
    CHECK(document_has(a, "\"maps\":true") && document_has(a, "\"class\":[\"top3\"]")); /* of three classes */
    value_add(&f->value[form_find(f, "class")], "1");
    CHECK(document_has(a, "\"class\":[\"1\",\"top3\"]"));
    a->new_job.n_classes = 1000;
    CHECK(document_has(a, "\"class\":[\"1\",\"top5\"]"));
    for (int i = 0; i < 20; i++) {
        char path[32];
        snprintf(path, sizeof path, "/data/%d.png", i);
        value_add(&f->value[form_find(f, "image")], path);
    }
    CHECK(document_has(a, "\"class\":[\"1\"]") && document_has(a, "\"maps\":true"));
    unmake(a);
    a = make_new("gjj\r");
    CHECK_STR(new_form(a)->task->command, "shift");
    CHECK(document_has(a, "\"npy\":true"));
    unmake(a);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    test_golden();
    test_sizes();
    test_choosing();
    test_marking();
    test_many();
    test_typing();
    test_more();
    test_models();
    test_refused();
    test_command_line();
    test_document();
    return check_done();
}
