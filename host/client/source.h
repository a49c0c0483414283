/* SPDX-License-Identifier: Apache-2.0 */
/* A UDP socket that is read in batches, as long as the engine has room. Embedded in its owner. */
#ifndef CLIENT_SOURCE_H
#define CLIENT_SOURCE_H

#include <event2/event.h>
#include <stdbool.h>

#include "client/client.h"

struct source {
    struct client *client;
    int fd; /* -1: closed */
    unsigned headroom;
    batch_rx_fn *fn;
    void *arg;
    struct event *event;
    bool held;
    struct source *next_held;
};

/* A UDP socket with large buffers that does not block; -errno. */
int source_socket(int family);
/* Watches the bound or connected socket `fd`, and owns it also when this fails. `headroom` bytes before each datagram are free to
 * write. -ENOMEM. */
int source_open(struct source *source, struct client *client, int fd, unsigned headroom, batch_rx_fn *fn, void *arg);
/* Closes the socket; a source that was never opened must have fd -1. */
void source_close(struct source *source);
/* Reads again from those that were held, when the engine has room. */
void source_resume(struct client *client);

#endif
