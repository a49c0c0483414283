/* SPDX-License-Identifier: Apache-2.0 */
/* A local TCP listener. Embedded in its owner. */
#ifndef CLIENT_LISTENER_H
#define CLIENT_LISTENER_H

#include "client/client.h"

/* Owns `fd`. Not called for connections over the limit, which are closed and counted. */
typedef void listener_fn(void *arg, int fd, const struct net_addr *peer);

struct listener {
    struct client *client;
    struct evconnlistener *event;
    listener_fn *fn;
    void *arg;
    struct net_addr address; /* bound */
};

/* Logs where it listens, `protocol` with it; -errno. */
int listener_open(struct listener *listener, struct client *client, const struct net_addr *address, const char *protocol,
                  listener_fn *fn, void *arg);
/* Also of one that was never opened, if it is all zeros. */
void listener_close(struct listener *listener);

#endif
