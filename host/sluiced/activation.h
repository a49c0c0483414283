/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that a service manager has opened (sd_listen_fds(3)): $LISTEN_FDS of them from descriptor 3 on, for the process
 * $LISTEN_PID. Each takes the place of that listener or UDP socket of the configuration whose address it is bound to. Main
 * thread, before the workers start.
 */
#ifndef SLUICED_ACTIVATION_H
#define SLUICED_ACTIVATION_H

#include "net/addr.h"

#define ACTIVATION_MAX 32

struct activation {
    struct {
        int fd, type; /* SOCK_STREAM or SOCK_DGRAM */
        struct net_addr address;
        unsigned used;
    } sockets[ACTIVATION_MAX];
    unsigned count;
};

/* Takes them from the environment, and out of it. -EINVAL: one of them is of no use here. */
int activation_take(struct activation *activation);
/* A duplicate of that socket, not blocking; -ENOENT: there is none, and the caller opens its own. Workers share one. */
int activation_socket(struct activation *activation, int type, const struct net_addr *address);
void activation_close(struct activation *activation);

#endif
