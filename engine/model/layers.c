/* The layers of a model for people: a list in the order of torch's named_modules (a container before its parts), and
 * the name that a user meant. */
#include <string.h>

#include "base/str.h"
#include "model/model_priv.h"

/* Trainable elements of the constants below a module path; NULL: all. */
static uint64_t params_below(const struct graph *g, const char *path)
{
    uint64_t n = 0;
    size_t length = path != NULL ? strlen(path) : 0;
    for (size_t i = 0; i < g->n_value; i++) {
        const struct value *v = &g->value[i];
        bool below = path == NULL || (strncmp(v->name, path, length) == 0 && v->name[length] == '.');
        n += (v->flags & VALUE_PARAM) != 0 && below ? shape_elems(&v->shape) : 0;
    }
    return n;
}

uint64_t model_params(const struct model *m)
{
    uint64_t n = 0;
    if (m->arch != NULL) {
        return params_below(m->probe.graph, NULL);
    }
    for (size_t i = 0; i < tensor_file_count(weights_file(m->weights)); i++) {
        n += tensor_file_at(weights_file(m->weights), i)->elems;
    }
    return n;
}

/* The operator that computes v, which a change of shape may follow (a Linear on more than two dimensions). */
static const char *op_behind(const struct graph *g, const struct value *v)
{
    const struct node *n = &g->node[v->producer];
    const struct value *from = (n->op->flags & OP_VIEW) != 0 ? &g->value[n->in[0]] : v;
    return from->producer >= 0 ? g->node[from->producer].op->name : n->op->name;
}

/* Appends layer i unless it is there already; first the containers around it. */
static void list_add(struct model *m, bool *done, size_t i)
{
    const struct arch_graph *p = &m->probe;
    const char *name = p->layer[i].name;
    const char *first = m->onnx == NULL ? strchr(name, '.') : NULL; /* the importer lists containers first */
    for (const char *dot = first; dot != NULL; dot = strchr(dot + 1, '.')) {
        size_t length = (size_t)(dot - name);
        for (size_t k = i; k < p->n_layer; k++) { /* a container is recorded after its parts */
            if (!done[k] && strncmp(p->layer[k].name, name, length) == 0 && p->layer[k].name[length] == '\0') {
                list_add(m, done, k);
            }
        }
    }
    if (done[i]) {
        return;
    }
    done[i] = true;
    const struct value *v = &p->graph->value[p->layer[i].value];
    const struct net_layer *l = &p->layer[i];
    bool own = strcmp(v->name, name) == 0 && v->producer >= 0;
    m->layers[m->n_layers++] = (struct model_layer){.name = name,
                                                    .op = l->op != NULL ? l->op
                                                          : own         ? op_behind(p->graph, v)
                                                                        : "",
                                                    .shape = v->shape,
                                                    .params = l->op != NULL ? l->params : params_below(p->graph, name),
                                                    .is_default = strcmp(name, m->card.default_layer) == 0};
}

static limn_status list_modules(struct model *m, limn_error *err)
{
    size_t n = m->probe.n_layer;
    bool *done = mem_zalloc(n, sizeof *done);
    m->layers = mem_zalloc(n, sizeof *m->layers);
    if (done == NULL || m->layers == NULL) {
        mem_free(done);
        mem_free(m->layers);
        m->layers = NULL;
        return err_nomem(err, n * sizeof *m->layers, "a list of layers");
    }
    for (size_t i = 0; i < n; i++) {
        list_add(m, done, i);
    }
    mem_free(done);
    return LIMN_OK;
}

static limn_status list_tensors(struct model *m, limn_error *err)
{
    const struct tensor_file *s = weights_file(m->weights);
    size_t n = tensor_file_count(s);
    m->layers = mem_zalloc(n, sizeof *m->layers);
    if (m->layers == NULL) {
        return err_nomem(err, n * sizeof *m->layers, "a list of tensors");
    }
    for (size_t i = 0; i < n; i++) {
        const struct st_tensor *t = tensor_file_at(s, i);
        m->layers[i] = (struct model_layer){.name = t->name, .op = dtype_name(t->dtype), .params = t->elems};
        st_tensor_shape(t, &m->layers[i].shape); /* stays a scalar when limn cannot hold it */
    }
    m->n_layers = n;
    return LIMN_OK;
}

limn_status model_layers(struct model *m, const struct model_layer **list, size_t *n, limn_error *err)
{
    if (m->layers == NULL) {
        limn_status st = m->arch != NULL ? list_modules(m, err) : list_tensors(m, err);
        if (st != LIMN_OK) {
            return st;
        }
    }
    *list = m->layers;
    *n = m->n_layers;
    return LIMN_OK;
}

limn_status model_resolve_layer(struct model *m, const char *name, const char **out, limn_error *err)
{
    const char *wanted = name == NULL || strcmp(name, "auto") == 0 ? m->card.default_layer : name;
    for (size_t i = 0; i < m->probe.n_layer; i++) {
        if (strcmp(m->probe.layer[i].name, wanted) == 0) {
            *out = m->probe.layer[i].name;
            return LIMN_OK;
        }
    }
    value_id v = m->onnx != NULL ? graph_find(m->probe.graph, wanted) : VALUE_NONE; /* names of values and nodes */
    if (v != VALUE_NONE && m->probe.graph->value[v].kind == VALUE_RESULT) {
        *out = m->probe.graph->value[v].name;
        return LIMN_OK;
    }
    const char **names = mem_alloc(m->probe.n_layer, sizeof *names);
    if (names == NULL) {
        return err_nomem(err, m->probe.n_layer * sizeof *names, "layer names");
    }
    for (size_t i = 0; i < m->probe.n_layer; i++) {
        names[i] = m->probe.layer[i].name;
    }
    const char *close = str_closest(wanted, names, m->probe.n_layer);
    limn_status st = close != NULL
                         ? err_set(err, LIMN_ERR_NOT_FOUND, "no layer \"%.100s\" (did you mean \"%s\"?)", wanted, close)
                         : err_set(err, LIMN_ERR_NOT_FOUND, "no layer \"%.100s\" among %zu (limn inspect lists them)",
                                   wanted, m->probe.n_layer);
    mem_free(names);
    return st;
}
