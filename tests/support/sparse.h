/* Weight files with the tensors of an architecture: the header is real, the data a hole in a sparse file. */
#ifndef LIMN_TEST_SPARSE_H
#define LIMN_TEST_SPARSE_H

#include "ir/graph.h"

struct sparse_edit { /* zero: the parameters as they are */
    /* Writes the name that the file has for a parameter; NULL: its own. */
    void (*rename)(const char *name, char out[256]);
    const char *first, *classifier; /* weights whose sizes the next two replace, and the classifier's bias */
    int32_t channels, classes;      /* 0: as they are */
    bool batches;                   /* num_batches_tracked beside every running_var */
    const char *extra[8];           /* further tensors of one number */
};
/* A safetensors file (F16) of the constants of g. edit may be NULL. False when it cannot be written. */
bool sparse_write(const char *path, const struct graph *g, const struct sparse_edit *edit);

#endif
