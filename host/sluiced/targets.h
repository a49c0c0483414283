/* SPDX-License-Identifier: Apache-2.0 */
/* Which targets an association may send datagrams to, by the rules; counted and logged. */
#ifndef SLUICED_TARGETS_H
#define SLUICED_TARGETS_H

#include "sluiced/association.h"

/* Of `count` addresses the first that it may send to, or NULL. `name`: what they were asked for by, or NULL. */
const struct net_addr *targets_choose(struct association *association, const char *name, const struct net_addr *addresses,
                                      unsigned count);

/* A datagram was sent there. */
void targets_sent(struct association *association, const struct net_addr *target);
/* A datagram from there is taken: where `restricted` is set, only when one was sent there. */
bool targets_expect(const struct association *association, const struct net_addr *target);
/* Calls `fn` for those that were sent to and are remembered, so that targets_sent in that order remembers the same. */
typedef void targets_fn(void *arg, const struct net_addr *target);
void targets_each(const struct association *association, targets_fn *fn, void *arg);

#endif
