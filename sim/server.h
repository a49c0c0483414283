/* SPDX-License-Identifier: Apache-2.0 */
/* The program's loop: the listening socket, one client after another, and the clock. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "root.h"
#include "vfu.h"

struct server {
    struct root *root;
    struct vfu vfu;
    const char *path;
    int listener, signals;
    uint64_t clients;
    double idle_seconds; /* wall time in which it slept: nothing to do, the clock stopped */
};

/*
 * Listens on `path`; a socket that nobody listens on any more is replaced. 0 or -errno (-EADDRINUSE: somebody does, or it is not
 * a socket). `root` must have been opened with vfu_remote(&s->vfu).
 */
int server_open(struct server *s, struct root *root, const char *path);
/* Runs until SIGTERM or SIGINT (0), the card breaks a rule (root_fault tells; 0), or -errno. */
int server_run(struct server *s);
/* Closes the client and removes the socket. */
void server_close(struct server *s);

#endif
