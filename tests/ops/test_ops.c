/* Walks every operator of ops.def and its cases: shapes, reference, vjp against central differences of the reference in
 * double precision, shaders (of the operator and of its vjp) against the reference, twice with the same bytes.
 * Options: --op=PART of a name, --list, --seed=N, --device=NAME (none: reference only), -v.
 * TIMEOUT: 900 */
#include <stdlib.h>

#include "base/str.h"
#include "ops_cases.h"
#include "support/check.h"
#include "support/op_subject.h"

#define OP(name) extern const struct op_case_list cases_##name;
#include "ops/ops.def"
#undef OP

static const struct op_case_list *const lists[] = {
#define OP(name) &cases_##name,
#include "ops/ops.def"
#undef OP
    NULL,
};

struct options {
    const char *op, *device;
    uint64_t seed;
    bool list, verbose;
};

static void fail(const struct op *op, const struct op_case *cs, const limn_error *err)
{
    check_failed++;
    fprintf(stderr, "%s, \"%s\": %s\n", op->name, cs->name, err->text);
}

static void run_good(const struct op *op, const struct op_case *cs, const struct options *opt, bool *differentiated)
{
    struct op_subject s;
    limn_error err = {0};
    double worst = 0;
    check_count++;
    bool ok = subject_create(&s, op, cs, opt->seed, &err) == LIMN_OK;
    if (ok && op->vjp && !(cs->flags & FORWARD_ONLY)) {
        *differentiated = true;
        ok = subject_add_vjp(&s, &err) == LIMN_OK && subject_eval(&s, &err) && subject_check_vjp(&s, 1e-6, &worst, &err);
    } else if (ok) {
        ok = subject_eval(&s, &err);
    }
    if (!ok) {
        fail(op, cs, &err);
    } else if (opt->verbose) {
        fprintf(stderr, "%s, \"%s\": vjp differs by %.2g\n", op->name, cs->name, worst);
    }
    subject_finish(&s);
}

/* Shapes that do not fit are refused with a text, and nothing is appended. */
static void run_bad(const struct op *op, const struct op_case *cs, const struct options *opt)
{
    struct op_subject s;
    limn_error err = {0};
    check_count++;
    limn_status st = subject_create(&s, op, cs, opt->seed, &err);
    if ((st != LIMN_ERR_SHAPE && st != LIMN_ERR_ARG) || err.text[0] == '\0') {
        check_failed++;
        fprintf(stderr, "%s, bad case \"%s\": status %d, text \"%s\" (expected a refusal)\n", op->name, cs->name, (int)st,
                err.text);
    } else if (opt->verbose) {
        fprintf(stderr, "%s, bad case \"%s\": %s\n", op->name, cs->name, err.text);
    }
    subject_finish(&s);
}

static void run_op(const struct op *op, const struct op_case_list *list, const struct options *opt)
{
    bool differentiated = false;
    CHECK_STR(list->op, op->name);
    CHECK(list->n_good > 0);
    CHECK(op->plan || op->flags & OP_VIEW);
    for (size_t i = 0; i < list->n_good; i++) {
        run_good(op, &list->good[i], opt, &differentiated);
    }
    for (size_t i = 0; i < list->n_bad; i++) {
        run_bad(op, &list->bad[i], opt);
    }
    if (op->vjp && !differentiated) {
        check_failed++;
        fprintf(stderr, "%s: differentiable, but no case checks its gradient\n", op->name);
    }
}

static void list_op(const struct op *op, const struct op_case_list *list)
{
    printf("%s: %s\n", op->name, op->doc);
    for (size_t i = 0; i < list->n_good; i++) {
        printf("    %s\n", list->good[i].name);
    }
}

static bool parse(int argc, char **argv, struct options *opt)
{
    for (int i = 1; i < argc; i++) {
        int64_t seed;
        if (str_starts(argv[i], "--op=")) {
            opt->op = argv[i] + 5;
        } else if (str_starts(argv[i], "--device=")) {
            opt->device = argv[i] + 9;
        } else if (str_starts(argv[i], "--seed=") && str_to_i64(argv[i] + 7, 0, INT64_MAX, &seed)) {
            opt->seed = (uint64_t)seed;
        } else if (strcmp(argv[i], "--list") == 0) {
            opt->list = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            opt->verbose = true;
        } else {
            fprintf(stderr, "usage: test_ops [--op=PART] [--list] [--seed=N] [--device=NAME|none] [-v]\n");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options opt = {.seed = 1};
    size_t seen = 0;
    if (!parse(argc, argv, &opt)) {
        return 2;
    }
    fprintf(stderr, "seed %llu\n", (unsigned long long)opt.seed);
    for (size_t i = 0; i < op_count(); i++) {
        if (opt.op && !strstr(op_at(i)->name, opt.op)) {
            continue;
        }
        seen++;
        if (opt.list) {
            list_op(op_at(i), lists[i]);
        } else {
            run_op(op_at(i), lists[i], &opt);
        }
    }
    CHECK(seen > 0);
    return check_done();
}
