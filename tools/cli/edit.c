/* --edit LAYER:add|scale|replace:FACTOR[*FACTOR...][:STRENGTH], where FACTOR is a .npy file, a number or
 * gradient[=CLASS]. The rest of a text is read from its end, because layers and classes may have colons. */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

enum { FACTORS_MAX = 8 };

struct parsed {
    char *text; /* cut into the parts below */
    struct limn_edit edit;
    struct limn_edit_factor factor[FACTORS_MAX];
    struct limn_tensor tensor[FACTORS_MAX];
};

static int bad(const char *text, const char *expected)
{
    return say_error(EXIT_USAGE, "--edit: bad value (found \"%s\", expected %s)", safe(text), expected);
}

static bool number(const char *text, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out - *out == 0;
}

static int parse_factor(struct session *s, struct parsed *p, char *text, limn_model *classifier)
{
    size_t i = p->edit.n_factors++;
    struct limn_edit_factor *f = &p->factor[i];
    if (strcmp(text, "gradient") == 0 || strncmp(text, "gradient=", 9) == 0) {
        f->gradient = true;
        f->of = classifier;
        f->cls = text[8] == '=' ? text + 9 : NULL;
        return 0;
    }
    if (number(text, &f->number)) {
        return 0;
    }
    if (limn_tensor_load(text, &p->tensor[i], &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    f->tensor = &p->tensor[i];
    return 0;
}

/* The operator in the text: ":add:", ":scale:" or ":replace:". */
static char *find_kind(char *text, int *kind, size_t *length)
{
    static const char *const names[] = {":add:", ":scale:", ":replace:"};
    for (int k = 0; k < 3; k++) {
        char *at = strstr(text, names[k]);
        if (at) {
            *kind = k;
            *length = strlen(names[k]);
            return at;
        }
    }
    return NULL;
}

static int parse(struct session *s, const char *text, struct parsed *p, limn_model *classifier)
{
    size_t length = 0;
    p->text = need(strdup(text));
    char *at = find_kind(p->text, &p->edit.kind, &length), *save = NULL;
    if (!at || at == p->text) {
        return bad(text, "LAYER:add|scale|replace:FACTOR[*FACTOR...][:STRENGTH]");
    }
    *at = '\0';
    p->edit.layer = p->text;
    p->edit.strength = 1;
    p->edit.factors = p->factor;
    char *factors = at + length, *colon = strrchr(factors, ':');
    if (colon && number(colon + 1, &p->edit.strength)) {
        *colon = '\0';
    } else {
        p->edit.strength = 1;
    }
    int code = 0;
    for (char *f = strtok_r(factors, "*", &save); f && code == 0; f = strtok_r(NULL, "*", &save)) {
        code = p->edit.n_factors < FACTORS_MAX ? parse_factor(s, p, f, classifier) : bad(text, "at most 8 factors");
    }
    return code ? code : p->edit.n_factors > 0 ? 0 : bad(text, "a FACTOR: a .npy file, a number or gradient");
}

int edits_apply(struct session *s, const struct args *a, limn_model *m, limn_model *classifier)
{
    const struct option_values *v = &a->opt[OPT_EDIT];
    struct parsed *p = need(calloc(v->n + 1, sizeof(*p)));
    struct limn_edit *edit = need(calloc(v->n + 1, sizeof(*edit)));
    int code = 0;
    for (size_t i = 0; i < v->n && code == 0; i++) {
        code = parse(s, v->v[i], &p[i], classifier);
        edit[i] = p[i].edit;
    }
    if (code == 0 && v->n > 0 && limn_model_edit(m, edit, v->n, &s->err) != LIMN_OK) {
        code = say_status(&s->err);
    }
    for (size_t i = 0; i < v->n; i++) {
        for (size_t k = 0; k < FACTORS_MAX; k++) {
            limn_tensor_free(&p[i].tensor[k]);
        }
        free(p[i].text);
    }
    free(p);
    free(edit);
    return code;
}
