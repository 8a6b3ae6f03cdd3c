/* CORPUS: job. A job document: its form, then as a command line against the option tables, and back into a document.
 * LINK: cli */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct document_line line = {0};
    struct args a;
    bool help = false;
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (document_line(text, &line) == 0) {
        if (args_parse(&a, line.command, line.argc, line.argv, &help) == 0) {
            char title[200] = "";
            int code = 0;
            json_t *again = document_make(&a, title, sizeof(title), &code);
            if (again != NULL) { /* what was accepted is accepted again */
                char *dump = json_dumps(again, JSON_COMPACT);
                struct document_line second = {0};
                if (help || code != 0 || dump == NULL || document_line(dump, &second) != 0) {
                    abort();
                }
                document_line_finish(&second);
                free(dump);
                json_decref(again);
            }
        }
        args_finish(&a);
    }
    document_line_finish(&line);
    free(text);
    return 0;
}
