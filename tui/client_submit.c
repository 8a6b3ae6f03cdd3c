/* New jobs on their way into the queue: `limn submit` checks the document and starts a worker. */
#include "client.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

void client_submit(struct client *c)
{
    struct app *a = c->app;
    char *document = document_text(a);
    if (c->submit.pid == 0 && document != NULL &&
        child_start(&c->submit, (const char *const[]){NULL, "submit", "--json", "-", NULL}, document)) {
        a->new_job.sending = true;
        app_say(a, UI_NOTE, "on its way into the queue");
    } else {
        app_say(a, UI_BAD, "the job could not be handed over");
    }
    free(document);
}

void client_submit_answer(struct client *c)
{
    struct app *a = c->app;
    char text[400];
    json_t *j = child_code(&c->submit) == 0 ? json_loads(c->submit.text[0] ? c->submit.text[0] : "", 0, NULL) : NULL;
    const json_int_t id = json_integer_value(json_object_get(j, "id"));
    a->new_job.sending = false;
    child_last_line(c->submit.text[1], text, sizeof text);
    if (id > 0) {
        if (a->view == VIEW_NEW) {
            app_go(a, VIEW_QUEUE);
        }
        new_go_field(a, 0);
        a->queue.marked = a->queue.show = a->queue.order = 0; /* where it is seen */
        a->queue.text[0] = '\0';
        a->queue.id = id;
        app_say(a, UI_GOOD, "job %lld is in the queue", (long long)id);
        client_jobs(c);
    } else {
        new_refused(a, text[0] ? text : "the job was not taken");
    }
    json_decref(j);
}
