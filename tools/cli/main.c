/* limn: the command line. Finds the command, parses its options, runs it, and makes sure that what was printed arrived:
 * a full disk or a closed stdout is exit code 4, a reader that went away ends the program like SIGPIPE would.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "events.h"
#include "jobs.h"

static int unknown_command(const char *name)
{
    const char *names[32];
    size_t n = 0;
    for (; n < n_commands && n < 32; n++) {
        names[n] = commands[n]->name;
    }
    const char *near = limn_text_closest(name, names, n);
    return near ? say_error(EXIT_USAGE, "unknown command \"%s\"; did you mean %s?", safe(name), near)
                : say_error(EXIT_USAGE, "unknown command \"%s\"; see limn --help", safe(name));
}

/* A closed standard stream must not become the descriptor of the next file that is opened. Reading ends are put there,
 * so that writing to a closed stdout still fails. */
static void guard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            int got = open("/dev/null", fd == 1 ? O_RDONLY : O_RDWR);
            if (got > 2) {
                close(got);
            }
        }
    }
}

static int run_command(const struct command *c, int argc, char **argv)
{
    struct args a;
    bool help = false;
    int code = args_parse(&a, c, argc, argv, &help);
    if (code == 0) {
        if (help) {
            doc_command(stdout, c);
        } else if (args_has(&a, OPT_SUBMIT)) {
            code = submit_args(&a, &(struct submit_options){.start = true});
        } else {
            code = events_open(args_text(&a, OPT_PROGRESS, "bar"));
            code = code ? code : c->run(&a);
        }
    }
    args_finish(&a);
    return code;
}

static int flush_stdout(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return code;
    }
    if (errno == EPIPE) {
        return 128 + SIGPIPE;
    }
    return say_error(EXIT_OUTPUT, "stdout: cannot write (found %s)",
                     errno ? strerror(errno) : "an earlier write error");
}

int main(int argc, char **argv)
{
    guard_streams();
    setlocale(LC_CTYPE, "");
    signals_install();
    int code = 0;
    if (argc < 2 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        code = run_command(&command_tui, 0, argv + 1);
    } else if (argc < 2) {
        doc_overview(stderr);
        code = EXIT_USAGE;
    } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        doc_overview(stdout);
    } else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("limn %s\n", limn_version());
    } else {
        const struct command *c = command_find(argv[1]);
        code = c ? run_command(c, argc - 2, argv + 2) : unknown_command(argv[1]);
    }
    code = flush_stdout(code);
    code = signal_caught ? 128 + signal_caught : code;
    event_end(code);
    return code;
}
