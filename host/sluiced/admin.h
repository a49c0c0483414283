/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin listener: HTTP for whoever looks after the proxy. It changes nothing and asks nobody who he is, so it belongs on
 * loopback or a UNIX socket. Main thread.
 *
 *     /                   a page that shows the others
 *     /status.json        counters and the card
 *     /history.json       rates of the last minutes, by second
 *     /associations.json  who has one
 *     /metrics            for Prometheus
 *     /health             200 while new clients are taken, else 503
 */
#ifndef SLUICED_ADMIN_H
#define SLUICED_ADMIN_H

#include <event2/event.h>

#include "sluiced/proxy.h"

struct admin;

/* `where`: "address:port" or "unix:PATH". A port 0 is chosen by the kernel. 0 or -errno. */
int admin_new(struct event_base *base, struct proxy *proxy, const char *where, struct admin **admin);
/* `given`: somebody else has the socket now. NULL is allowed. */
void admin_free(struct admin *admin, bool given);
int admin_fd(const struct admin *admin); /* of the listening socket; -1: NULL */
/* As status_socket_pause and status_socket_give. */
void admin_pause(struct admin *admin, bool pause);
void admin_give(struct admin *admin);
/* Where it is, and whether others than this host can reach it. */
const char *admin_address(const struct admin *admin);
bool admin_is_open(const struct admin *admin);

#endif
