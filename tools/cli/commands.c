/* The table of commands. */
#include <string.h>

#include "cli.h"

#define COMMAND(name) &command_##name,
const struct command *const commands[] = {
#include "commands.def"
};
#undef COMMAND
const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < n_commands; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}
