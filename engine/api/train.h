/* What training and testing at the border share. */
#ifndef LIMN_API_TRAIN_H
#define LIMN_API_TRAIN_H

#include <limn/train.h>

#include "data/data.h"

limn_status train_open_data(const struct limn_data_params *p, uint64_t seed, double val_part, struct dataset **out,
                            limn_error *err);

#endif
