/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an association's client is (PROTOCOL.md, "Paths"). A source is trusted when its host is that of the TCP connection, or
 * when it has returned a random cookie; until then it is sent no more bytes than it sent. Belongs to the association's worker.
 */
#ifndef SLUICED_PATH_H
#define SLUICED_PATH_H

#include <stdbool.h>
#include <time.h>

#include "net/addr.h"
#include "udp/engine.h"
#include "udp/signal.h"

struct association;

/* A source that is being checked. */
struct path {
    struct net_addr peer; /* no address: none is */
    uint64_t received, sent;
    uint8_t cookie[SIGNAL_COOKIE];
    time_t asked;
};

/* An authentic record has come from job->peer: the first source is the association's, another one is checked. */
void path_heard(struct association *association, const struct engine_job *job);
/* Content of an authentic path check. */
void path_check(struct association *association, const struct engine_job *job);
/* So many bytes may go there; counts them. */
bool path_may_send(struct association *association, const struct net_addr *to, uint32_t bytes);
/* The source is one that is answered. */
bool path_is_known(const struct association *association, const struct net_addr *peer);

#endif
