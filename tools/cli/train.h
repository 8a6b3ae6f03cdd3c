/* What the tasks of `limn train` and `limn test` share (cmd_train.c). */
#ifndef LIMN_CLI_TRAIN_H
#define LIMN_CLI_TRAIN_H

#include <limn/train.h>

#include "cli.h"

/* What `limn train TASK` shares between its tasks: data set (pos[1]), optimiser, schedule, augmentation, checkpoints. 0
 * or an exit code after a message. `reals` is memory for lists of numbers. */
#define TRAIN_REALS 1024
int train_params(const struct args *a, struct limn_train_params *p, double reals[TRAIN_REALS]);
void data_params(const struct args *a, const char *path, struct limn_data_params *p);
/* Reporting: a bar on a terminal, a line of JSON an epoch otherwise. */
struct train_report {
    bool json, bar, shown;
    double last; /* clock of the last drawing */
    bool decoder;
    int exit_code;
};
/* For whoever listens to events: device and seed. */
void train_provenance(limn_context *ctx, const struct limn_train_params *p);
void train_report_begin(struct train_report *r, const struct args *a, struct limn_train_params *p);
int train_report_end(struct train_report *r, limn_status st, const limn_error *err, const struct limn_train_params *p,
                     const struct limn_train_result *result);

#endif
