/* SPDX-License-Identifier: Apache-2.0 */
/* The status of the proxy as JSON, and a UNIX socket that answers with it. */
#ifndef SLUICED_STATUS_H
#define SLUICED_STATUS_H

#include <event2/event.h>

#include "sluiced/proxy.h"

struct status_socket;

/* A line of JSON without its newline, to be freed; NULL: no memory. Any thread; may block for the card. */
char *status_text(struct proxy *proxy);
/* Writes it to a file, by way of a new one, so that a reader finds the old or the new. -errno. */
int status_write(struct proxy *proxy, const char *path);

/* A UNIX socket for its owner alone (0600), not listening yet; a former one of that path is replaced, but for one that was handed
 * over. Descriptor or -errno. */
int status_bind(struct proxy *proxy, const char *path, int type);
/* Listens on a UNIX socket, for its owner alone (0600); a former socket of that path is replaced. Each connection is answered
 * with one line and closed; beside the
 * status it has `associations`, the newest of each worker. */
int status_socket_new(struct event_base *base, struct proxy *proxy, const char *path, struct status_socket **socket);
/* `given`: somebody else has the socket now, and its path stays. */
void status_socket_free(struct status_socket *socket, bool given);
int status_socket_fd(const struct status_socket *socket); /* -1: NULL */
/* Takes no connection any more, or does again; NULL is allowed, as in the next. */
void status_socket_pause(struct status_socket *socket, bool pause);
/* Somebody else has the socket now; who has asked is answered. */
void status_socket_give(struct status_socket *socket);

#endif
