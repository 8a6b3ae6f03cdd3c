/* The job of every form, with nothing but what it needs and with every option given, is one that `limn submit` takes:
 * the real program checks it. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "made.h"

static char folder[] = "/tmp/limn-documents-XXXXXX";

/* Exit code of `limn submit --dry-run`. */
static int submit(const char *document)
{
    char path[200], command[900];
    snprintf(path, sizeof path, "%s/job.json", folder);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(document, f) >= 0 && fclose(f) == 0);
    snprintf(command, sizeof command, "'%s/tools/limn' submit --dry-run '%s' >/dev/null", LIMN_BINARY_DIR, path);
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Something that the field can hold. */
static const char *sample(const struct field *x, char out[300])
{
    const struct form_option *o = x->option;
    switch (x->kind) {
    case FIELD_CHOICE:
        return x->choice(0);
    case FIELD_FLAG:
        return "yes";
    case FIELD_FILE:
        return LIMN_SOURCE_DIR "/assets/photos/sneaker.png";
    case FIELD_METHODS:
        return "gradcam";
    case FIELD_LAYERS:
    case FIELD_LAYER:
        return "conv2";
    case FIELD_CLASSES:
    case FIELD_CLASS:
        return "3";
    case FIELD_TEXT:
        break;
    default:
        return NULL;
    }
    switch (o->type) {
    case FORM_INT:
    case FORM_REAL:
        snprintf(out, 300, "%.10g", o->min);
        return out;
    case FORM_SIZE:
        return "28";
    case FORM_BYTES:
        return "64M";
    case FORM_REALS:
        return "0.5";
    case FORM_FOLDER:
        return folder;
    default: /* texts that have a form of their own are left alone */
        return strcmp(x->key, "device") == 0 ? "cpu" : strcmp(x->key, "output") == 0 ? folder : NULL;
    }
}

static void give_needed(struct app *a)
{
    struct form *f = new_form(a);
    for (int32_t i = 0; i < f->n; i++) {
        const enum field_kind kind = f->field[i].kind;
        value_set(&f->value[i], kind == FIELD_PICTURES || kind == FIELD_PICTURE ? LIMN_SOURCE_DIR
                                    "/assets/photos/sneaker.png"
                                : kind == FIELD_DATA        ? LIMN_SOURCE_DIR "/assets/photos"
                                : kind == FIELD_CLASSIFIER  ? "lenet_fashion"
                                : kind == FIELD_AUTOENCODER ? "lenet_fashion_ae"
                                                            : NULL);
    }
}

static void check(struct app *a, const char *how)
{
    char *text = document_text(a);
    const int code = text != NULL ? submit(text) : -1;
    if (code != 0) {
        fprintf(stderr, "%s %s: exit code %d for %s\n", new_form(a)->task->title, how, code, text ? text : "nothing");
    }
    CHECK_INT(code, 0);
    free(text);
}

static void write_session(const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/tui.json", folder);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* What is remembered from one time to the next, and what is not; a file that is wrong does no harm. */
static void test_session(void)
{
    static const char *const wrong[] = {"", "[]", "{\"task\": 3, \"forms\": []}",
                                        "{\"forms\": {\"explain\": {\"model\": \"x\", \"method\": [1, {}]}}}",
                                        "{\"forms\": {\"train classifier\": {\"epochs\": [\"-4\"]}}}"};
    struct app *a = make();
    char path[200];
    for (int32_t t = 0; t < a->new_job.n_forms; t++) {
        a->new_job.task = t;
        give_needed(a);
    }
    struct form *f = &a->new_job.form[3];
    CHECK_STR(f->task->title, "train classifier");
    value_set(&f->value[form_find(f, "epochs")], "7");
    value_set(&f->value[form_find(f, "output")], "/tmp/once");
    value_set(&f->value[form_find(f, "seed")], "5");
    a->new_job.task = 2;
    snprintf(a->new_job.folder[FOLDER_DATA], sizeof a->new_job.folder[0], "/data sets");
    session_save(a, folder);
    unmake(a);
    a = make();
    session_load(a, folder);
    f = &a->new_job.form[3];
    CHECK_INT(a->new_job.task, 2);
    CHECK_STR(a->new_job.folder[FOLDER_DATA], "/data sets");
    CHECK_STR(new_value(a, form_find(new_form(a), "autoencoder")), "lenet_fashion_ae");
    CHECK_INT(a->new_job.form[2].value[1].n, 0); /* pictures are of one time */
    CHECK(f->value[form_find(f, "epochs")].n == 1 && strcmp(f->value[form_find(f, "epochs")].text[0], "7") == 0);
    CHECK_INT(f->value[form_find(f, "output")].n, 0); /* so is a folder for results, and what is far down */
    CHECK_INT(f->value[form_find(f, "seed")].n, 0);
    unmake(a);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        a = make();
        write_session(wrong[i]);
        session_load(a, folder);
        f = &a->new_job.form[3];
        CHECK(a->new_job.task < a->new_job.n_forms);
        CHECK_INT(f->value[form_find(f, "epochs")].n, 0);
        unmake(a);
    }
    snprintf(path, sizeof path, "%s/tui.json", folder);
    CHECK(unlink(path) == 0);
}

int main(void)
{
    char out[300];
    CHECK(mkdtemp(folder) != NULL);
    setenv("LIMN_MODELS", LIMN_SOURCE_DIR "/assets/models", 1);
    setenv("LIMN_STATE", folder, 1);
    struct app *a = make();
    for (int32_t t = 0; t < a->new_job.n_forms; t++) {
        a->new_job.task = t;
        struct form *f = new_form(a);
        give_needed(a);
        check(a, "as it is");
        for (int32_t i = 0; i < f->n; i++) {
            const char *text = sample(&f->field[i], out);
            char why[200];
            if (text != NULL) {
                CHECK(field_check(&f->field[i], text, why, sizeof why));
                value_set(&f->value[i], text);
            }
        }
        check(a, "with every option");
    }
    a->new_job.task = 0; /* many pictures: more than a pipe holds */
    give_needed(a);
    char *few = document_text(a);
    for (int i = 0; i < 3000; i++) {
        snprintf(out, sizeof out, "%s/photos/%0150d.png", folder, i);
        value_add(&new_form(a)->value[1], out);
    }
    char *many = document_text(a);
    CHECK(few != NULL && many != NULL && strlen(many) > 400000);
    free(few);
    free(many);
    give_needed(a);
    setenv("HOME", "/home/somebody", 1);
    value_set(&new_form(a)->value[form_find(new_form(a), "output")], "~/maps of cats");
    few = document_text(a);
    CHECK(few != NULL && strstr(few, "\"output\":\"/home/somebody/maps of cats\"") != NULL);
    free(few);
    value_set(&new_form(a)->value[1], "/tmp/\xff.png"); /* cannot be said in JSON */
    CHECK(document_text(a) == NULL);
    unmake(a);
    test_session();
    char path[200];
    snprintf(path, sizeof path, "%s/job.json", folder);
    unlink(path);
    CHECK(rmdir(folder) == 0);
    return check_done();
}
