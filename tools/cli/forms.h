/* The commands that can be jobs, for the forms of `limn tui`. */
#ifndef LIMN_CLI_FORMS_H
#define LIMN_CLI_FORMS_H

#include "cli.h"
#include "form.h"

struct form_command *forms_make(size_t *n);
void forms_free(struct form_command *all, size_t n);

#endif
