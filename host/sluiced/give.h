/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running proxy's side of an upgrade: a UNIX socket (option upgrade_socket) at which another sluiced takes over sockets and
 * secure associations (handover.h). Main thread.
 */
#ifndef SLUICED_GIVE_H
#define SLUICED_GIVE_H

#include <event2/event.h>
#include <sys/types.h>

#include "sluiced/proxy.h"

struct admin;
struct give;
struct status_socket;

/* What is handed over beside the workers' sockets, and who is told. */
struct give_what {
    struct status_socket *status;
    struct admin *admin;
    /* Another process has it all; the workers end when what is left with them has. `ms`: nothing was read for so long. */
    void (*given)(void *arg, pid_t to, unsigned associations, unsigned ms);
    void *arg;
};

int give_new(struct event_base *base, struct proxy *proxy, const struct give_what *what, const char *path, struct give **give);
/* After the workers have ended; `given`: the socket's path stays. NULL is allowed. */
void give_free(struct give *give, bool given);

#endif
