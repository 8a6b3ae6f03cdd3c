/* The option tables of the commands that can be jobs, as the front end's forms read them. */
#include <stdlib.h>

#include "forms.h"

static enum form_type type_of(enum option_type t)
{
    static const enum form_type type[] = {
        [TYPE_FLAG] = FORM_FLAG,     [TYPE_TEXT] = FORM_TEXT,       [TYPE_FILE] = FORM_FILE,
        [TYPE_FOLDER] = FORM_FOLDER, [TYPE_INT] = FORM_INT,         [TYPE_REAL] = FORM_REAL,
        [TYPE_BYTES] = FORM_BYTES,   [TYPE_SIZE] = FORM_SIZE,       [TYPE_REALS] = FORM_REALS,
        [TYPE_CHOICE] = FORM_CHOICE, [TYPE_CHOICES] = FORM_CHOICES,
    };
    return type[t];
}

static void fill(struct form_command *to, const struct command *c)
{
    struct form_option *o = need(calloc(c->n_options, sizeof *o));
    *to = (struct form_command){.name = c->name, .option = o};
    for (size_t i = 0; i < c->n_options; i++) {
        const struct option *from = &c->options[i];
        if (!from->hidden) { /* a file that is written is typed, not picked */
            const enum form_type type = from->id == OPT_CONFUSION ? FORM_TEXT : type_of(from->type);
            o[to->n++] = (struct form_option){.name = from->name,
                                              .arg = from->arg,
                                              .def = from->def,
                                              .help = from->help,
                                              .type = type,
                                              .min = from->min,
                                              .max = from->max,
                                              .choice = from->choice};
        }
    }
}

struct form_command *forms_make(size_t *n)
{
    struct form_command *all = need(calloc(n_commands, sizeof *all));
    *n = 0;
    for (size_t i = 0; i < n_commands; i++) {
        if (option_find(commands[i], "submit", 6) != NULL) {
            fill(&all[(*n)++], commands[i]);
        }
    }
    return all;
}

void forms_free(struct form_command *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)all[i].option);
    }
    free(all);
}
