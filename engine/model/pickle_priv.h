/* Shared by the files of the pickle machine: its state, and what an opcode is made of. */
#ifndef LIMN_MODEL_PICKLE_PRIV_H
#define LIMN_MODEL_PICKLE_PRIV_H

#include "model/pickle.h"

struct pickle_machine {
    const uint8_t *data;
    size_t size, at, op_at; /* op_at: where the current opcode stands */
    uint8_t op;
    struct arena *arena;
    struct pickle_value **stack, **memo;
    size_t n_stack, stack_cap, n_memo, memo_cap;
    size_t n_values, n_pushes;
    const struct pickle_storage *storages;
    bool cut, stopped;
    limn_error *err;
};

/* LIMN_ERR_FORMAT with the opcode, where it stands and what is wrong. */
limn_status pickle_bad(struct pickle_machine *m, const char *what);
limn_status pickle_bad_kind(struct pickle_machine *m, const char *what, const struct pickle_value *found,
                            const char *expected);
/* The stack; a popped value is never NULL. *out of push_new may be NULL. */
limn_status pickle_push(struct pickle_machine *m, struct pickle_value *v);
limn_status pickle_push_new(struct pickle_machine *m, enum pickle_kind kind, int64_t i, struct pickle_value **out);
limn_status pickle_pop(struct pickle_machine *m, struct pickle_value **out);
limn_status pickle_top(struct pickle_machine *m, struct pickle_value **out);
/* The text up to the next newline, as opcodes of protocol 0 write it. */
limn_status pickle_line(struct pickle_machine *m, char buf[128]);
/* pickle_build.c: the opcodes that name, call and fill. */
limn_status pickle_op_global(struct pickle_machine *m);
limn_status pickle_op_persid(struct pickle_machine *m);
limn_status pickle_op_reduce(struct pickle_machine *m);
limn_status pickle_op_build(struct pickle_machine *m);

#endif
