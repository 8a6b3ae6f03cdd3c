/* --help, the man page and bash completion, all printed from the option tables, so they cannot disagree. */
#include <string.h>

#include "cli.h"
#include "keys.h"

#define WRAP 100

static void wrapped(FILE *to, const char *text, int indent, int at)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        if (at > indent && at + 1 + (int)word > WRAP) {
            fprintf(to, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', to);
            at++;
        }
        fprintf(to, "%.*s", (int)word, text);
        at += (int)word;
        text += word;
        if (*text == '\n') { /* a paragraph ends */
            fprintf(to, "\n%*s", indent, "");
            at = indent;
        }
        text += *text != '\0';
    }
    fputc('\n', to);
}

void doc_overview(FILE *to)
{
    fprintf(to, "limn %s shows why a convolutional network decided what it decided.\n\nUsage: limn COMMAND ...\n\n",
            limn_version());
    for (size_t i = 0; i < n_commands; i++) {
        if (!commands[i]->hidden) {
            fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
        }
    }
    fputs("\nlimn COMMAND --help explains a command; limn --version prints the version.\n", to);
}

static void help_option(FILE *to, const struct option *o)
{
    char head[80];
    char letter[8] = "    ";
    if (o->letter) {
        snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    }
    int n = snprintf(head, sizeof(head), "  %s--%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    fputs(head, to);
    if (n > 29) {
        fputc('\n', to);
        n = 0;
    }
    fprintf(to, "%*s", 31 - n, "");
    char text[600];
    snprintf(text, sizeof(text), "%s%s%s%s", o->help, o->def ? " (default: " : "", o->def ? o->def : "",
             o->def ? ")" : "");
    wrapped(to, text, 31, 31);
    if (o->choice) {
        char list[600];
        size_t at = 0;
        for (size_t i = 0; o->choice(i) && at < sizeof(list) - 40; i++) {
            at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? " " : "", o->choice(i));
        }
        fprintf(to, "%31s", "");
        wrapped(to, list, 31, 31);
    }
}

void doc_command(FILE *to, const struct command *c)
{
    fprintf(to, "Usage: limn %s%s%s [OPTION...]\n\n", c->name, c->operands[0] ? " " : "", c->operands);
    wrapped(to, c->text, 0, 0);
    fputs("\nOptions:\n", to);
    for (size_t i = 0; i < c->n_options; i++) {
        if (!c->options[i].hidden) {
            help_option(to, &c->options[i]);
        }
    }
    help_option(to, &option_help_row);
    if (c->example) {
        fprintf(to, "\nExample: %s\n", c->example);
    }
}

/* ---- man page ---- */

/* roff: backslashes and hyphens escaped, a line never starts with a control character. */
static void roff(FILE *to, const char *text)
{
    bool start = true;
    for (; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\'')) {
            fputs("\\&", to);
        }
        start = *text == '\n';
        if (*text == '\\') {
            fputs("\\e", to);
        } else if (*text == '-') {
            fputs("\\-", to);
        } else if (*text == '\n') {
            fputs("\n.PP\n", to);
        } else {
            fputc(*text, to);
        }
    }
}

static void man_option(FILE *to, const struct option *o)
{
    fputs(".TP\n", to);
    if (o->letter) {
        fprintf(to, "\\fB\\-%c\\fR, ", o->letter);
    }
    fputs("\\fB\\-\\-", to);
    roff(to, o->name);
    fputs("\\fR", to);
    if (o->arg) {
        fputs(" \\fI", to);
        roff(to, o->arg);
        fputs("\\fR", to);
    }
    fputc('\n', to);
    roff(to, o->help);
    if (o->def) {
        fputs(" (default: ", to);
        roff(to, o->def);
        fputc(')', to);
    }
    fputs(".\n", to);
    if (o->choice) {
        fputs("One of ", to);
        for (size_t i = 0; o->choice(i); i++) {
            fputs(i ? ", \\fB" : "\\fB", to);
            roff(to, o->choice(i));
            fputs("\\fR", to);
        }
        fputs(".\n", to);
    }
}

static void man_tables(FILE *to)
{
    fputs(".SH METHODS\n", to);
    for (size_t i = 0; i < limn_method_count(); i++) {
        struct limn_method_info m;
        if (limn_method_info(i, &m, NULL) == LIMN_OK) {
            fputs(".TP\n.B ", to);
            roff(to, m.name);
            fputc('\n', to);
            roff(to, m.doc);
            fputc('\n', to);
        }
    }
    fputs(".SH VIEWS\n", to);
    for (size_t i = 0; i < limn_view_count(); i++) {
        struct limn_view_info v;
        if (limn_view_info(i, &v, NULL) == LIMN_OK) {
            fprintf(to, ".TP\n.B %s\n", v.name);
            roff(to, v.doc);
            fputs(".\n", to);
        }
    }
}

/* Names of actions are what a keymap file begins its lines with. */
static void man_keys(FILE *to)
{
    fputs(".SH KEYS\nOf \\fBlimn tui\\fR, by the name of the action.\n", to);
    for (int i = 1; i < ACT_COUNT; i++) {
        const struct action_info *a = action_info((enum action)i);
        fputs(".TP\n\\fB", to);
        roff(to, a->name);
        fputs("\\fR (", to);
        roff(to, a->keys);
        fputs(")\n", to);
        roff(to, a->help);
        fputs(".\n", to);
    }
}

static const char man_end[] = ".SH OUTPUT\n"
                              "Results (paths, tables, or one JSON object with \"schema\": 1) go to standard output, "
                              "messages and progress bars to\n"
                              "standard error. Nothing is overwritten without \\fB\\-\\-force\\fR. Pictures carry text "
                              "chunks that say where they come\n"
                              "from; \\fB\\-\\-strip\\fR leaves them out.\n"
                              ".SH EXIT STATUS\n"
                              ".TP\n.B 0\nok\n.TP\n.B 1\nsome items failed\n.TP\n.B 2\nusage\n.TP\n.B 3\nbad "
                              "input\n.TP\n.B 4\noutput could not be\n"
                              "written\n.TP\n.B 5\nno usable GPU, or it failed\n.TP\n.B 6\nnot a number where there "
                              "must be one\n.TP\n.B 7\nout of\n"
                              "memory\n.TP\n.B 128+N\nended by signal N\n"
                              ".SH ENVIRONMENT\n"
                              ".TP\n.B LIMN_MODELS\nfolder that is searched first for installed models\n"
                              ".TP\n.B XDG_CACHE_HOME\nholds the pipeline cache, in limn/\n"
                              ".TP\n.B LIMN_STATE\nfolder of the jobs and their results (default: limn/ in "
                              "XDG_STATE_HOME, or ~/.local/state/limn)\n"
                              ".TP\n.B NO_COLOR\nno bold headings\n";

void doc_man(FILE *to)
{
    fprintf(to, ".TH LIMN 1 \"\" \"limn %s\" \"User Commands\"\n.SH NAME\n", limn_version());
    fputs("limn \\- show why a convolutional network decided what it decided\n.SH SYNOPSIS\n", to);
    for (size_t i = 0; i < n_commands; i++) {
        if (!commands[i]->hidden) {
            fprintf(to, "%s.B limn %s\n", i ? ".br\n" : "", commands[i]->name);
            if (commands[i]->operands[0]) {
                fprintf(to, "\\fI%s\\fR\n", commands[i]->operands);
            }
            fputs("[\\fIOPTION\\fR...]\n", to);
        }
    }
    fputs(
        ".SH DESCRIPTION\n"
        "limn runs a trained network forward and backward on any Vulkan device and draws what its decision rests on.\n"
        "A \\fIMODEL\\fR is the path of a .safetensors file or a PyTorch checkpoint (.pth), or the name of an\n"
        "installed model (\\fBlimn models\\fR).\n"
        ".SH COMMANDS\n",
        to);
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = commands[i];
        if (c->hidden) {
            continue;
        }
        fprintf(to, ".SS limn %s %s\n", c->name, c->operands);
        roff(to, c->text);
        fputc('\n', to);
        for (size_t j = 0; j < c->n_options; j++) {
            if (!c->options[j].hidden) {
                man_option(to, &c->options[j]);
            }
        }
        if (c->example) {
            fputs(".PP\nExample:\n.PP\n.nf\n.RS\n", to);
            roff(to, c->example);
            fputs("\n.RE\n.fi\n", to);
        }
    }
    man_tables(to);
    man_keys(to);
    fputs(man_end, to);
}

/* ---- bash completion ---- */

static void bash_choices(FILE *to, const struct option *o)
{
    fprintf(to, "        %s:--%s) COMPREPLY=($(compgen -W '", "*", o->name);
    for (size_t i = 0; o->choice(i); i++) {
        fprintf(to, "%s%s", i ? " " : "", o->choice(i));
    }
    fputs("' -- \"$cur\")); return ;;\n", to);
}

/* Each valued option once, however many commands have it. */
static void bash_values(FILE *to)
{
    bool seen[OPT_COUNT] = {false};
    for (size_t i = 0; i < n_commands; i++) {
        for (size_t j = 0; j < commands[i]->n_options; j++) {
            const struct option *o = &commands[i]->options[j];
            if (o->arg == NULL || seen[o->id]) {
                continue;
            }
            seen[o->id] = true;
            if (o->choice) {
                bash_choices(to, o);
            } else if (o->type == TYPE_FOLDER) {
                fprintf(to, "        *:--%s) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", o->name);
            } else if (o->type == TYPE_FILE || o->id == OPT_OUTPUT) {
                fprintf(to, "        *:--%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", o->name);
            } else {
                fprintf(to, "        *:--%s) return ;;\n", o->name);
            }
        }
    }
}

void doc_bash(FILE *to)
{
    fputs("# bash completion for limn; generated from its option tables\n"
          "_limn()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options=\n"
          "    COMPREPLY=()\n"
          "    if [[ $COMP_CWORD -eq 1 ]]; then\n        COMPREPLY=($(compgen -W '",
          to);
    for (size_t i = 0; i < n_commands; i++) {
        fprintf(to, "%s%s", commands[i]->hidden ? "" : commands[i]->name, commands[i]->hidden ? "" : " ");
    }
    fputs("--help --version' -- \"$cur\"))\n        return\n    fi\n    case $command:$prev in\n", to);
    bash_values(to);
    fputs("    esac\n    case $command in\n", to);
    for (size_t i = 0; i < n_commands; i++) {
        const struct command *c = commands[i];
        if (!c->hidden) {
            fprintf(to, "        %s) options='", c->name);
            for (size_t j = 0; j < c->n_options; j++) {
                fprintf(to, "%s%s%s", c->options[j].hidden ? "" : "--", c->options[j].hidden ? "" : c->options[j].name,
                        c->options[j].hidden ? "" : " ");
            }
            fputs("--help' ;;\n", to);
        }
    }
    fputs("    esac\n"
          "    if [[ $cur == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
          "    elif [[ $COMP_CWORD -eq 2 && $command != devices && $command != doctor && $command != models ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$(limn models --names 2>/dev/null)\" -- \"$cur\") $(compgen -f -- "
          "\"$cur\"))\n"
          "    else\n"
          "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
          "    fi\n}\n"
          "complete -o filenames -F _limn limn\n",
          to);
}
