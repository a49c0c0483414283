/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tunnel.h"

#include <errno.h>
#include <stdlib.h>

#include "client/dial.h"
#include "net/relay.h"

struct tunnel {
    struct client *client;
    struct stream *local; /* until the relay has it */
    bool socks;
    struct dial *dial;
    struct relay *relay;
    struct tunnel *prev, *next;
};

void tunnel_reply(struct stream *local, enum socks_reply code, const struct net_addr *bound)
{
    uint8_t out[SOCKS_REQUEST_MAX];
    struct socks_message reply = {.code = (uint8_t)code, .address = {.type = SOCKS_IP4}};
    if (bound)
        socks_address_from_addr(bound, &reply.address);
    stream_write(local, out, socks_message_encode(&reply, out));
}

enum socks_reply tunnel_reply_code(int error, enum socks_reply code)
{
    switch (-error) {
    case EPERM:
        return code;
    case EACCES:
        return SOCKS_NOT_ALLOWED;
    default:
        return SOCKS_FAILURE;
    }
}

static void tunnel_free(struct tunnel *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        t->client->tunnels = t->next;
    if (t->next)
        t->next->prev = t->prev;
    t->client->connections--;
    dial_cancel(t->dial);
    relay_free(t->relay);
    stream_free(t->local);
    free(t);
}

static void on_relay_ended(void *arg, const struct relay_end *end)
{
    struct tunnel *t = arg;
    t->relay = NULL;
    t->client->stats.stream_bytes_up += end->bytes[0];
    t->client->stats.stream_bytes_down += end->bytes[1];
    log_event(&t->client->log, LOG_LEVEL_DEBUG, "stream_end", "up=%llu down=%llu error=%d", (unsigned long long)end->bytes[0],
              (unsigned long long)end->bytes[1], end->error);
    tunnel_free(t);
}

static void join(struct tunnel *t, struct stream *proxy)
{
    struct stream *local = t->local;
    if (t->socks)
        tunnel_reply(local, SOCKS_OK, NULL);
    t->local = NULL;
    t->client->stats.streams++;
    t->relay = relay_new(t->client->base, local, proxy, t->client->config->idle_seconds, on_relay_ended, t);
    if (!t->relay)
        tunnel_free(t);
}

static void on_dialled(void *arg, const struct dial_result *result)
{
    struct tunnel *t = arg;
    t->dial = NULL;
    if (!result->error) {
        join(t, result->stream);
        return;
    }
    if (t->socks) {
        tunnel_reply(t->local, tunnel_reply_code(result->error, result->code), NULL);
        client_linger(t->client, t->local);
        t->local = NULL;
    }
    tunnel_free(t);
}

/* Until the relay takes over: what the program sends waits in the stream. */
static void on_local(struct stream *stream, enum stream_event event, void *arg)
{
    (void)stream;
    if (event == STREAM_ERROR)
        tunnel_free(arg);
}

void tunnel_start(struct client *client, struct stream *local, const struct socks_address *dest, bool socks)
{
    struct dial_request request = {.command = SOCKS_CONNECT, .dest = *dest};
    struct tunnel *t = calloc(1, sizeof *t);
    if (!t) {
        stream_free(local);
        client->connections--;
        return;
    }
    t->client = client;
    t->local = local;
    t->socks = socks;
    t->next = client->tunnels;
    if (t->next)
        t->next->prev = t;
    client->tunnels = t;
    stream_set_callback(local, on_local, t);
    t->dial = dial_new(client, &request, on_dialled, t);
    if (!t->dial)
        tunnel_free(t);
}

void tunnel_free_all(struct client *client)
{
    for (struct tunnel *t = client->tunnels, *next; t; t = next) {
        next = t->next;
        tunnel_free(t);
    }
}
