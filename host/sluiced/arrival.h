/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that a load balancer has passed on, until it has said in the PROXY protocol's words whose it is; then it becomes
 * a session. Belongs to its worker's thread.
 */
#ifndef SLUICED_ARRIVAL_H
#define SLUICED_ARRIVAL_H

#include "sluiced/worker.h"

/* Takes over `fd`. What does not come to a header in handshake_seconds, or to none, is closed and counted. */
void arrival_take(struct worker *worker, int fd, const struct net_addr *balancer, bool tls);
/* Closes all of a worker's. */
void arrival_free_all(struct worker *worker);

#endif
