/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's TCP connection, from accept to its end: TLS handshake, SOCKS5, then a CONNECT relay or the control stream of an
 * association. Belongs to one worker.
 */
#ifndef SLUICED_SESSION_H
#define SLUICED_SESSION_H

#include "sluiced/association.h"
#include "udp/control.h"

/* Takes over the socket. */
void session_accept(struct worker *worker, int fd, const struct net_addr *peer, bool tls);
/* Every second. */
void session_tick(struct session *session);
/* The association ends: tells the client, then closes. */
void session_end(struct session *session, enum control_close reason, const char *why);
/* Closes at once. */
void session_free(struct session *session);
/* Stops or resumes reading. */
void session_pause(struct session *session, bool pause);
/* Its secure association is another process's: closes without a word, so that the client comes back by another connection. One
 * without such an association stays. */
void session_give(struct session *session);
struct session *session_next(const struct session *session);
/* Answer of association_make, for the first epoch and those after it. */
void session_association_made(struct session *session, int error);
/* Every second, and now and then on the datagram path: asks for a rekey when it is time. */
void session_rekey_tick(struct session *session);
/* A record of the association to the client, inside the connection. -errno: it is not sent. */
int session_send_record(struct session *session, const uint8_t *record, uint32_t len);
/* The host of its connection; not NULL. */
const struct net_addr *session_host(const struct session *session);
/* For the log. */
const char *session_peer(const struct session *session);

#endif
