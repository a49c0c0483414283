/* SPDX-License-Identifier: Apache-2.0 */
#include "client/listener.h"

#include <errno.h>
#include <event2/listener.h>
#include <unistd.h>

static void on_accept(struct evconnlistener *event, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct listener *listener = arg;
    struct client *client = listener->client;
    struct net_addr peer;
    (void)event;
    client->stats.connections++;
    if (client->connections >= client->config->max_connections || client->stopping) {
        client->stats.connections_refused++;
        close(fd);
        return;
    }
    net_addr_set(&peer, sa, (socklen_t)len);
    listener->fn(listener->arg, fd, &peer);
}

int listener_open(struct listener *listener, struct client *client, const struct net_addr *address, const char *protocol,
                  listener_fn *fn, void *arg)
{
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    char text[NET_ADDR_TEXT];
    struct net_addr bound = *address;
    socklen_t len = sizeof bound.in6;
    *listener = (struct listener){.client = client, .fn = fn, .arg = arg};
    listener->event = evconnlistener_new_bind(client->base, on_accept, listener, flags, 128, &address->sa, (int)address->len);
    if (!listener->event || getsockname(evconnlistener_get_fd(listener->event), &bound.sa, &len))
        return -errno;
    bound.len = len;
    listener->address = bound;
    log_event(&client->log, LOG_LEVEL_INFO, "listening", "address=%s protocol=%s", net_addr_format(&bound, text), protocol);
    return 0;
}

void listener_close(struct listener *listener)
{
    if (listener->event)
        evconnlistener_free(listener->event);
    listener->event = NULL;
}
