/* SPDX-License-Identifier: Apache-2.0 */
#include "client/source.h"

#include <errno.h>
#include <unistd.h>

#define READS_PER_EVENT 4  /* then the loop's other events have their turn */
#define LEAST_ROOM      64 /* of the engine, for a read: what one message may hold with GRO */
#define SOCKET_BUFFER   (2 << 20)

int source_socket(int family)
{
    int size = SOCKET_BUFFER;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* as far as net.core.rmem_max goes */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return fd;
}

static void hold(struct source *source)
{
    if (source->held || !source->event)
        return;
    event_del(source->event);
    source->held = true;
    source->next_held = source->client->held;
    source->client->held = source;
}

/* The callback may close the source. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct source *source = arg;
    struct client *client = source->client;
    (void)what;
    for (unsigned i = 0; i < READS_PER_EVENT && source->event; i++) {
        unsigned room = engine_room(client->engine);
        int n = -ENOBUFS;
        if (room >= LEAST_ROOM)
            n = batch_receive(client->rx, fd, engine_pool(client->engine), source->headroom, room, source->fn, source->arg);
        if (n == -ENOBUFS)
            hold(source);
        client_flush(client);
        if (n == 0 || n == -ENOBUFS)
            break; /* another error is one of an earlier send (ICMP), reported once */
    }
}

int source_open(struct source *source, struct client *client, int fd, unsigned headroom, batch_rx_fn *fn, void *arg)
{
    *source = (struct source){.client = client, .fd = fd, .headroom = headroom, .fn = fn, .arg = arg};
    source->event = event_new(client->base, fd, EV_READ | EV_PERSIST, on_readable, source);
    if (source->event && !event_add(source->event, NULL))
        return 0;
    source_close(source);
    return -ENOMEM;
}

void source_close(struct source *source)
{
    if (source->fd < 0)
        return;
    struct source **at = &source->client->held;
    while (source->held && *at != source)
        at = &(*at)->next_held;
    if (source->held)
        *at = source->next_held;
    source->held = false;
    if (source->event)
        event_free(source->event);
    source->event = NULL;
    close(source->fd);
    source->fd = -1;
}

void source_resume(struct client *client)
{
    if (engine_room(client->engine) < LEAST_ROOM)
        return;
    while (client->held) {
        struct source *source = client->held;
        client->held = source->next_held;
        source->held = false;
        event_add(source->event, NULL);
    }
}
