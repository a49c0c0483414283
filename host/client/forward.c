/* SPDX-License-Identifier: Apache-2.0 */
#include "client/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/listener.h"
#include "client/tunnel.h"

struct forward {
    struct client *client;
    const struct client_forward *config;
    struct listener listener; /* TCP */
    struct udp_forward *udp;
    struct forward *next;
};

/* ---- TCP: the tunnel begins once the stream is open */

static void on_stream(struct stream *stream, enum stream_event event, void *arg)
{
    struct forward *forward = arg;
    if (event == STREAM_OPEN) {
        tunnel_start(forward->client, stream, &forward->config->dest, false);
    } else if (event == STREAM_ERROR) {
        forward->client->connections--;
        stream_free(stream);
    }
}

static void on_accept(void *arg, int fd, const struct net_addr *peer)
{
    struct forward *forward = arg;
    (void)peer;
    if (stream_new(forward->client->base, fd, NULL, STREAM_ACCEPTED, on_stream, forward))
        forward->client->connections++;
}

/* ---- all */

static int open_one(struct forward *forward)
{
    if (forward->config->udp)
        return udp_forward_open(forward->client, forward->config, &forward->udp);
    return listener_open(&forward->listener, forward->client, &forward->config->listen, "tcp", on_accept, forward);
}

int forward_open_all(struct client *client)
{
    const struct client_config *config = client->config;
    for (unsigned i = 0; i < config->forward_count; i++) {
        struct forward *forward = calloc(1, sizeof *forward);
        if (!forward)
            return -ENOMEM;
        forward->client = client;
        forward->config = &config->forwards[i];
        forward->next = client->forwards;
        client->forwards = forward;
        int rc = open_one(forward);
        if (rc) {
            char text[NET_ADDR_TEXT];
            log_event(&client->log, LOG_LEVEL_ERROR, "listen_failed", "address=%s error=\"%s\"",
                      net_addr_format(&config->forwards[i].listen, text), strerror(-rc));
            return rc;
        }
    }
    return 0;
}

void forward_close_all(struct client *client)
{
    while (client->forwards) {
        struct forward *forward = client->forwards;
        client->forwards = forward->next;
        listener_close(&forward->listener);
        udp_forward_close(forward->udp);
        free(forward);
    }
}

void forward_tick(struct client *client)
{
    for (struct forward *forward = client->forwards; forward; forward = forward->next) {
        if (forward->udp)
            udp_forward_tick(forward->udp);
    }
}
