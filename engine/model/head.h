/* The head of a network: from the output that a file names to one score per class, and what the scores mean.
 *
 * A network that ends in softmax, log_softmax or sigmoid gives probabilities; explanations usually want the scores
 * before that (pre_activation). One output (K = 1) is a yes/no network: it becomes two classes, 0 "no" and 1 "yes". */
#ifndef LIMN_MODEL_HEAD_H
#define LIMN_MODEL_HEAD_H

#include "ops/ops.h"

enum score_kind {                    /* the probability of class k by its score s */
                  SCORE_SOFTMAX,     /* softmax of all scores: one class of several */
                  SCORE_SIGMOID,     /* sigmoid(s): each class by itself (several labels, or yes/no) */
                  SCORE_PROBABILITY, /* s: the network ends in softmax or sigmoid */
                  SCORE_LOG          /* exp(s): it ends in log_softmax */
};
enum head_classes { HEAD_AUTO, HEAD_SOFTMAX, HEAD_SIGMOID }; /* what the card says; auto: by the last activation */
enum head_pool { HEAD_MEAN, HEAD_SUM };                      /* scores of an output with positions, [N,K,h,w] */

struct head_rule {
    enum head_classes classes;
    enum head_pool pool;
    bool pre_activation; /* scores before a final softmax, log_softmax or sigmoid */
};

/* Appends what is needed to turn `output` into scores [batch, classes]. Takes [N], [N,K], [N,K,1,1(,1)] and, pooled
 * over the positions, [N,K,(d,)h,w]; with one image also [K] and a scalar. Classes are K, or two when K is 1: scores
 * (-s, s), or (1-p, p) when the network ends in a sigmoid that counts. The flag VALUE_OUTPUT moves from output to
 * scores. */
struct head {
    value_id scores; /* [batch, classes] */
    enum score_kind kind;
    bool single; /* the network has one score, the classes are "no" and "yes" */
};
limn_status head_attach(struct graph *g, value_id output, int32_t batch, const struct head_rule *rule, struct head *out,
                        limn_error *err);

/* Probabilities of n scores. */
void head_probabilities(enum score_kind kind, const float *score, size_t n, float *prob);

#endif
