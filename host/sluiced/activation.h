/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that others have opened: a service manager (sd_listen_fds(3): $LISTEN_FDS of them from descriptor 3 on, for the process
 * $LISTEN_PID), or the proxy that this one takes over from (take.h). Each takes the place of that listener or UDP socket of the
 * configuration whose address it is bound to. Main thread, before the workers start.
 */
#ifndef SLUICED_ACTIVATION_H
#define SLUICED_ACTIVATION_H

#include "net/addr.h"

enum activation_use {
    ACTIVATION_ANY, /* a service manager's */
    ACTIVATION_LISTENER,
    ACTIVATION_UDP,
    ACTIVATION_STATUS,
    ACTIVATION_ADMIN,
    ACTIVATION_UPGRADE,
};

struct activation_socket;

struct activation {
    struct activation_socket *sockets;
    unsigned count;
};

/* Takes them from the environment, and out of it. -EINVAL: one of them is of no use here. */
int activation_take(struct activation *activation);
/* Takes over a socket that was used so, at that place of its list; a configured port of 0 finds it by that. -EINVAL: it is of no
 * use here; -ENOMEM; closed then. */
int activation_add(struct activation *activation, int fd, enum activation_use use, unsigned index);
/* A duplicate of that socket, not blocking; -ENOENT: there is none, and the caller opens its own. Of several with that address
 * each caller gets another, as long as there are some. */
int activation_find(struct activation *activation, enum activation_use use, unsigned index, struct net_addr *address);
/* The same of a UNIX socket. */
int activation_find_path(struct activation *activation, const char *path);
/* Calls `fn` for each that nobody has asked for, and closes all. */
typedef void activation_fn(void *arg, const char *address, const char *protocol);
void activation_close(struct activation *activation, activation_fn *unused, void *arg);

#endif
