/* ir: building graphs, names and aliases, refusals, dumps, kernel grids. */
#include "ir/graph.h"

#include "base/inject.h"
#include "ops/ops.h"
#include "support/check.h"

static void test_build(void)
{
    limn_error err = {0};
    struct graph *g = NULL;
    value_id x = VALUE_NONE, w = VALUE_NONE;
    float data[3] = {1, 2, 3}, back[3] = {0};
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "input", SHAPE(2, 3), &x, &err));
    CHECK_OK(graph_const_data(g, "scale", SHAPE(3), data, &w, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id sum = build(&b, &op_add, "layer1.add", NULL, x, w);
    value_id relu = build(&b, &op_relu, "layer1.relu", NULL, sum);
    CHECK_OK(b.status);
    CHECK_OK(graph_alias(g, "layer1", relu, &err));
    CHECK(graph_find(g, "layer1") == relu && graph_find(g, "layer1.relu") == relu);
    CHECK(graph_find(g, "layer2") == VALUE_NONE);
    CHECK_INT(build_shape(&b, relu)->dim[1], 3);
    CHECK_OK(const_read(&g->value[w], back, 3, &err));
    CHECK(back[0] == 1 && back[2] == 3);
    CHECK(const_read(&g->value[w], back, 2, &err) == LIMN_ERR_INTERNAL);
    CHECK(const_read(&g->value[x], back, 3, &err) == LIMN_ERR_INTERNAL);

    int32_t uses[16];
    g->value[relu].flags = VALUE_OUTPUT;
    graph_count_uses(g, uses);
    CHECK(uses[x] == 1 && uses[w] == 1 && uses[sum] == 1 && uses[relu] == 1);
    graph_replace_uses(g, sum, x);
    graph_count_uses(g, uses);
    CHECK(uses[sum] == 0 && uses[x] == 2);

    char *text = NULL;
    CHECK_OK(graph_dump_text(g, &text, &err));
    CHECK(text && strstr(text, "layer1.add 2x3 = add(input, scale)\n") && strstr(text, "= relu(input) [output]"));
    mem_free(text);
    text = NULL;
    CHECK_OK(graph_dump_dot(g, &text, &err));
    CHECK(text && strstr(text, "digraph limn {") == text && strstr(text, "layer1.relu\\nrelu\\n2x3"));
    mem_free(text);
    graph_destroy(&g);
    graph_destroy(&g);
}

static void test_refusals(void)
{
    limn_error err = {0};
    struct graph *g = NULL;
    value_id x = VALUE_NONE, y = VALUE_NONE;
    CHECK_OK(graph_create(&g, &err));
    CHECK(graph_input(g, "big", SHAPE(65536, 65536), &x, &err) == LIMN_ERR_SHAPE);
    CHECK(strstr(err.text, "big: shape 65536x65536") != NULL);
    CHECK(graph_input(g, "zero", SHAPE(1, 0, 4), &x, &err) == LIMN_ERR_SHAPE);
    CHECK_OK(graph_input(g, "x", SHAPE(2, 3), &x, &err));
    CHECK_OK(graph_input(g, "y", SHAPE(4), &y, &err));
    struct builder b = {g, LIMN_OK, &err};
    CHECK(build(&b, &op_add, "bad", NULL, x, y) == VALUE_NONE && b.status == LIMN_ERR_SHAPE);
    CHECK(strstr(err.text, "bad (add)") && strstr(err.text, "2x3") && strstr(err.text, "4"));
    CHECK(build(&b, &op_relu, "after", NULL, x) == VALUE_NONE); /* the first error stays */
    CHECK(strstr(err.text, "bad (add)") != NULL);
    b.status = LIMN_OK;
    CHECK(build(&b, &op_relu, NULL, NULL, 77) == VALUE_NONE && b.status == LIMN_ERR_INTERNAL);
    b.status = LIMN_OK;
    CHECK(build(&b, &op_add, NULL, NULL, x) == VALUE_NONE && b.status == LIMN_ERR_SHAPE);
    graph_destroy(&g);
}

/* Every k-th failing allocation while a small graph is made: a clean error, nothing leaks. */
static void test_faults(void)
{
    limn_error err = {0};
    for (unsigned long k = 1; k < 100; k++) {
        struct graph *g = NULL;
        value_id x = VALUE_NONE;
        inject_arm(INJECT_ALLOC, k, true);
        limn_status st = graph_create(&g, &err);
        if (st == LIMN_OK) {
            st = graph_input(g, "x", SHAPE(2, 3), &x, &err);
        }
        struct builder b = {g, st, &err};
        for (int i = 0; i < 20; i++) {
            x = build(&b, &op_relu, NULL, NULL, x);
        }
        inject_arm(INJECT_ALLOC, 0, false);
        graph_destroy(&g);
        if (b.status == LIMN_OK) {
            CHECK(k > 5);
            return;
        }
        CHECK_INT(b.status, LIMN_ERR_NOMEM);
    }
    CHECK(!"building must succeed once the fault lies beyond it");
}

static void test_grid(void)
{
    struct device_caps caps = {.max_groups = {10, 10, 65535}};
    struct kernel_list l = {0};
    struct kernel_call *c = kernel_add(&l, 0, 64, 1, 1);
    CHECK(c != NULL);
    kernel_grid_1d(c, &caps, 640, 64);
    CHECK(c->groups[0] == 10 && c->groups[1] == 1 && c->groups[2] == 1);
    kernel_grid_1d(c, &caps, 641, 64);
    CHECK(c->groups[0] == 10 && c->groups[1] == 2);
    kernel_grid_1d(c, &caps, 64 * 1001, 64);
    CHECK(c->groups[0] * c->groups[1] * c->groups[2] >= 1001 && c->groups[1] <= 10);
    CHECK_INT(kernel_scratch(&l, 100, true), 0);
    CHECK_INT(kernel_scratch(&l, 100, false), 1);
    CHECK_INT(kernel_table(&l, "abc", 4), 2);
    CHECK(l.scratch[1].data == NULL && l.scratch[2].bytes == 4 && memcmp(l.scratch[2].data, "abc", 4) == 0);
    kernel_list_finish(&l);
}

int main(void)
{
    test_build();
    test_refusals();
    test_faults();
    test_grid();
    return check_done();
}
