/* SPDX-License-Identifier: Apache-2.0 */
/* The way of datagrams through a worker: client to target, target to client. Nothing is copied or allocated for one. */
#ifndef SLUICED_DATAPATH_H
#define SLUICED_DATAPATH_H

#include "sluiced/association.h"

/* Callbacks of libevent. */
void datapath_from_clients(evutil_socket_t fd, short what, void *udp_socket);
void datapath_from_targets(evutil_socket_t fd, short what, void *target_socket);
void datapath_from_naked_client(evutil_socket_t fd, short what, void *target_socket);
void datapath_crossing(evutil_socket_t fd, short what, void *worker);
/* A record that came inside the association's own connection; what it does comes from the loop. */
void datapath_from_connection(struct association *association, const uint8_t *record, uint32_t len);
/* Callback of the engine. */
void datapath_done(void *worker, struct engine_job *job);

/* Seals a content of our own, copied, and sends it to `peer`; NULL: to where the association's records go. */
void datapath_signal(struct association *association, uint8_t type, const void *content, uint32_t len,
                     const struct net_addr *peer);

#endif
