/* limn bench: how long forward and forward + backward take here, and the memory they need. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "events.h"
#include "rows.h"

struct measure {
    const char *name;
    const char *method;        /* NULL: forward only */
    double median, best, plan; /* ms */
    struct limn_stats stats;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool keep_on(void *user, double done, const char *what)
{
    const struct measure *m = user;
    (void)done;
    (void)what;
    event_progress(-1, m->name, -1, NULL, -1);
    return signal_caught == 0;
}

static int measure(struct session *s, struct measure *m, const struct limn_tensor *input, int runs)
{
    double ms[1000];
    const char *const cls = "0";
    struct limn_explain_params p = {.tensor = input,
                                    .methods = &m->method,
                                    .n_methods = m->method ? 1 : 0,
                                    .classes = &cls,
                                    .n_classes = 1,
                                    .batch = input->dim[0],
                                    .step = keep_on,
                                    .user = m};
    for (int i = -1; i < runs; i++) { /* the first run warms caches and is not counted */
        limn_explanation *e = NULL;
        if (limn_explain(s->model, &p, &e, &s->err) != LIMN_OK) {
            return signal_caught ? 128 + signal_caught : say_status(&s->err);
        }
        limn_status st = limn_explanation_stats(e, &m->stats, &s->err);
        limn_explanation_destroy(&e);
        if (st != LIMN_OK) {
            return say_status(&s->err);
        }
        if (i < 0) {
            m->plan = m->stats.plan_ms;
        } else {
            ms[i] = m->stats.forward_ms + m->stats.backward_ms;
        }
    }
    qsort(ms, (size_t)runs, sizeof(*ms), by_value);
    m->median = runs % 2 ? ms[runs / 2] : (ms[runs / 2 - 1] + ms[runs / 2]) / 2.0;
    m->best = ms[0];
    return 0;
}

static uint64_t peak_rss(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (uint64_t)u.ru_maxrss * 1024 : 0;
}

static void print_table(const struct session *s, const struct measure *m, size_t n, int32_t batch)
{
    struct table t;
    char act[16], weights[16];
    printf("%s on %s, batch %d\n\n", safe(s->info.name), s->device->name, batch);
    table_begin(&t, "lrrrrrrr", "PASS", "MEDIAN ms", "BEST ms", "GFLOP/s", "PLAN ms", "ACTIVATIONS", "WEIGHTS",
                "DISPATCHES");
    for (size_t i = 0; i < n; i++) {
        table_cell(&t, "%s", m[i].name);
        table_cell(&t, "%.1f", m[i].median);
        table_cell(&t, "%.1f", m[i].best);
        table_cell(&t, "%.1f", m[i].median > 0.0 ? m[i].stats.flops / m[i].median * 1e-6 : 0.0);
        table_cell(&t, "%.0f", m[i].plan);
        table_cell(&t, "%s", text_bytes(m[i].stats.activation_bytes, act));
        table_cell(&t, "%s", text_bytes(m[i].stats.weight_bytes, weights));
        table_cell(&t, "%u", m[i].stats.n_dispatch);
    }
    table_end(&t);
    printf("\nforward + backward / forward  %.2f\npeak memory of the process    %s\n",
           m[0].median > 0.0 ? m[1].median / m[0].median : 0.0, text_bytes(peak_rss(), act));
}

static void print_json(const struct session *s, const struct measure *m, size_t n, int32_t batch, int runs)
{
    json_t *j = json_begin("bench"), *all = need(json_array());
    json_object_update_new(j, session_json(s));
    json_object_set_new(j, "batch", json_integer(batch));
    json_object_set_new(j, "runs", json_integer(runs));
    for (size_t i = 0; i < n; i++) {
        json_t *o = need(json_object());
        json_object_set_new(o, "pass", json_text(m[i].name));
        json_object_set_new(o, "median_ms", json_real(m[i].median));
        json_object_set_new(o, "best_ms", json_real(m[i].best));
        json_object_set_new(o, "plan_ms", json_real(m[i].plan));
        json_object_set_new(o, "device_ms", json_real(m[i].stats.device_ms));
        json_object_set_new(o, "flops", json_real(m[i].stats.flops));
        json_object_set_new(o, "activation_bytes", json_integer((json_int_t)m[i].stats.activation_bytes));
        json_object_set_new(o, "weight_bytes", json_integer((json_int_t)m[i].stats.weight_bytes));
        json_object_set_new(o, "dispatches", json_integer(m[i].stats.n_dispatch));
        json_array_append_new(all, o);
    }
    json_object_set_new(j, "passes", all);
    json_object_set_new(j, "ratio", json_real(m[0].median > 0.0 ? m[1].median / m[0].median : 0.0));
    json_object_set_new(j, "peak_rss_bytes", json_integer((json_int_t)peak_rss()));
    json_end(j);
}

/* Numbers in [-1,1) from a linear congruential generator: the values do not matter, but they must not be denormal. */
static float *make_input(const struct limn_model_info *m, int32_t batch, size_t *n)
{
    size_t depth = m->depth > 0 ? (size_t)m->depth : 1;
    *n = (size_t)batch * (size_t)m->channels * depth * (size_t)m->height * (size_t)m->width;
    float *v = need(malloc(*n * sizeof(*v)));
    uint32_t x = 1;
    for (size_t i = 0; i < *n; i++) {
        x = x * 1664525U + 1013904223U;
        v[i] = (float)(x >> 8) / 8388608.0f - 1.0f;
    }
    return v;
}

static int run(const struct args *a)
{
    struct session s = {0};
    struct measure m[] = {{.name = "forward"},
                          {.name = "forward + gradient", .method = "gradient"},
                          {.name = "forward + Grad-CAM", .method = "gradcam"}};
    const size_t n = sizeof(m) / sizeof(m[0]);
    int32_t batch = (int32_t)args_int(a, OPT_BATCH, 1);
    int runs = (int)args_int(a, OPT_RUNS, 5);
    int code = session_open(&s, a);
    code = code ? code : session_device(&s, a);
    if (code == 0) {
        size_t n_input = 0;
        float *data = make_input(&s.info, batch, &n_input);
        struct limn_tensor input = {4, {batch, s.info.channels, s.info.height, s.info.width}, data};
        if (s.info.depth > 0) {
            input = (struct limn_tensor){5, {batch, s.info.channels, s.info.depth, s.info.height, s.info.width}, data};
        }
        for (size_t i = 0; i < n && code == 0; i++) {
            code = measure(&s, &m[i], &input, runs);
        }
        free(data);
    }
    if (code == 0) {
        session_note_software(&s);
        if (args_has(a, OPT_JSON)) {
            print_json(&s, m, n, batch, runs);
        } else {
            print_table(&s, m, n, batch);
        }
    }
    session_close(&s);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    NUMBER(OPT_RUNS, "runs", 'n', "N", "5", TYPE_INT, 1, 1000, "timed runs of each pass"),
    ROWS_DEVICE,
    ROWS_MODEL,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_bench = {
    .name = "bench",
    .operands = "MODEL",
    .summary = "measure forward and backward passes",
    .text =
        "Measures the forward pass, forward with input gradient, and forward with Grad-CAM at the default layer on "
        "made-up "
        "input, after one run that is not counted. PLAN is the time to build, upload and compile before the first run.",
    .example = "limn bench squeezenet1_0 --batch 4 --json",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 1,
    .max_pos = 1,
    .run = run,
};
