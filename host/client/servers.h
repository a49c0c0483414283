/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxies that there are. The first that has not just failed is asked; one that fails is left alone for a second, then for
 * twice as long, up to a minute, unless there is no other.
 */
#ifndef CLIENT_SERVERS_H
#define CLIENT_SERVERS_H

#include "client/client.h"

struct server {
    const struct socks_address *address;
    char text[NET_ADDR_TEXT]; /* its address, where it has no name */
    const char *name;         /* that its certificate must be for */
    SSL_SESSION *session;     /* to come back by; NULL: none yet. Secret */
    unsigned failures;        /* in a row */
    uint64_t not_before;      /* ms */
    bool udp_blocked;         /* as the last association found it */
    uint64_t dials, failed, resumed;
};

struct servers {
    struct server all[CLIENT_SERVERS_MAX];
    unsigned count;
};

/* Those of the configuration. client->tls gives them its sessions. -EINVAL. */
int servers_open(struct client *client);
void servers_close(struct client *client);
/* The one to ask, of those whose bit is not in `tried`; NULL: all are. */
struct server *servers_choose(struct client *client, unsigned tried);
unsigned servers_bit(const struct client *client, const struct server *server);
/* What came of it. */
void servers_done(struct client *client, struct server *server, bool good);
/* A connection to it; resumed, where that is possible. NULL: no memory. */
SSL *servers_ssl(struct client *client, struct server *server);

#endif
