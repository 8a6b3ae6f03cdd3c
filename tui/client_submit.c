/* New jobs on their way into the queue: `limn submit` checks the document and starts a worker. */
#include "client.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

bool client_send(struct child *by, const char *document)
{
    return by->pid == 0 && document != NULL &&
           child_start(by, (const char *const[]){NULL, "submit", "--json", "-", NULL}, document);
}

int64_t client_sent(const struct child *by, char *why, size_t size)
{
    json_t *j = child_code(by) == 0 ? json_loads(by->text[0] ? by->text[0] : "", 0, NULL) : NULL;
    const json_int_t id = json_integer_value(json_object_get(j, "id"));
    child_last_line(by->text[1], why, size);
    if (why[0] == '\0') {
        snprintf(why, size, "the job was not taken");
    }
    json_decref(j);
    return id > 0 ? (int64_t)id : 0;
}

void client_submit(struct client *c)
{
    struct app *a = c->app;
    char *document = document_text(a);
    if (client_send(&c->submit, document)) {
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
    const int64_t id = client_sent(&c->submit, text, sizeof text);
    a->new_job.sending = false;
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
        new_refused(a, text);
    }
}
