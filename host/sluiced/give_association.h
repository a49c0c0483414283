/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a worker's secure associations when another process takes over. In the worker's thread. */
#ifndef SLUICED_GIVE_ASSOCIATION_H
#define SLUICED_GIVE_ASSOCIATION_H

#include "sluiced/worker.h"

/* The worker is frozen and still. Adds to `*count` how many there were. -errno of the channel or of a card. */
int give_associations(struct worker *worker, int channel, unsigned *count);

#endif
