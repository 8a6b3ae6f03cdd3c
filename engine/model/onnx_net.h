/* A network that comes as an ONNX graph: what it is fed with, and the graph for one batch. */
#ifndef LIMN_MODEL_ONNX_NET_H
#define LIMN_MODEL_ONNX_NET_H

#include "model/arch.h"

struct onnx_net;

/* Names every operator that limn lacks. strict: as for weights_open. */
limn_status onnx_net_open(const char *path, bool strict, struct onnx_net **out, limn_error *err);
void onnx_net_close(struct onnx_net **n); /* NULL-safe */
/* Channels and size of the one input, 0 where the file leaves the size open; classes and layer are not known yet. */
limn_status onnx_net_facts(const struct onnx_net *n, struct arch_facts *out, limn_error *err);
/* Builds for input [batch, channels, (depth,) height, width]; a size that the file fixes otherwise is LIMN_ERR_ARG. The
 * net must outlive the graph. */
limn_status onnx_net_build(struct onnx_net *n, struct shape input, struct arch_graph *out, limn_error *err);
/* Default Grad-CAM layer for g->logits: the last one with positions, pooling apart; "" when there is none. */
const char *onnx_net_layer(const struct arch_graph *g, limn_error *err);
/* NULL, or one line about non-finite weights seen by reads so far. */
const char *onnx_net_warning(const struct onnx_net *n);

#endif
