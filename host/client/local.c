/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/association.h"
#include "client/listener.h"
#include "client/source.h"
#include "client/tunnel.h"
#include "socks/server.h"
#include "udp/control.h"

#define REQUEST_SECONDS 30 /* from the connection to its request */

struct session {
    struct client *client;
    struct stream *stream;
    struct event *timer; /* until the request */
    struct socks_server socks;
    /* UDP ASSOCIATE */
    struct association *association;
    bool tell_mtu;        /* the program has asked for it */
    struct net_addr host; /* the TCP peer, the only host that datagrams are taken from */
    struct net_addr peer; /* pinned: where they came from first */
    struct net_addr bound;
    struct source source;
    struct batch_queue queue;
    struct session *prev, *next;
};

struct local {
    struct listener listener;
    struct session *sessions;
};

/* Without the stream, which somebody else has. */
static void session_forget(struct session *s)
{
    struct local *local = s->client->local;
    if (s->prev)
        s->prev->next = s->next;
    else
        local->sessions = s->next;
    if (s->next)
        s->next->prev = s->prev;
    if (s->timer)
        event_free(s->timer);
    association_close(s->association);
    if (s->source.fd >= 0) {
        batch_forget(s->client->tx, &s->queue);
        source_close(&s->source);
    }
    socks_server_clear(&s->socks);
    free(s);
}

static void session_free(struct session *s)
{
    s->client->connections--;
    stream_free(s->stream);
    session_forget(s);
}

/* Ends it with what has been written. */
static void session_finish(struct session *s)
{
    s->client->connections--;
    client_linger(s->client, s->stream);
    session_forget(s);
}

/* ---- datagrams */

static bool is_from_program(struct session *s, const struct net_addr *peer)
{
    if (!net_addr_same_host(&s->host, peer))
        return false;
    if (!s->peer.len)
        s->peer = *peer;
    return net_addr_equal(&s->peer, peer);
}

static void on_local_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct session *s = arg;
    struct client_stats *stats = &s->client->stats;
    struct socks_address dest;
    uint8_t frag;
    int header = socks_udp_decode(datagram->data, datagram->len, &frag, &dest);
    if (!is_from_program(s, datagram->peer)) {
        client_refuse(stats, REFUSAL_WRONG_SOURCE);
    } else if (header < 0 || frag) {
        client_refuse(stats, header < 0 ? REFUSAL_BAD_HEADER : REFUSAL_FRAG);
    } else if (datagram->cut) {
        client_refuse(stats, REFUSAL_TOO_LONG);
    } else {
        stats->datagrams_up++;
        stats->datagram_bytes_up += datagram->len - (uint32_t)header;
        association_send(s->association, datagram->chunk, datagram->data, datagram->len);
    }
}

static void on_datagram(void *arg, struct chunk *chunk, const uint8_t *data, uint32_t len)
{
    struct session *s = arg;
    struct client_stats *stats = &s->client->stats;
    struct socks_address from;
    uint8_t frag;
    int header = socks_udp_decode(data, len, &frag, &from);
    if (header < 0 || frag) {
        client_refuse(stats, header < 0 ? REFUSAL_BAD_HEADER : REFUSAL_FRAG);
    } else if (!s->peer.len) {
        client_refuse(stats, REFUSAL_NO_ROUTE);
    } else {
        stats->datagrams_down++;
        stats->datagram_bytes_down += len - (uint32_t)header;
        batch_send(s->client->tx, &s->queue, chunk, data, len, &s->peer, NULL);
    }
}

/* ---- UDP ASSOCIATE */

static int open_udp(struct session *s)
{
    socklen_t len = sizeof s->bound.in6;
    if (getsockname(stream_fd(s->stream), &s->bound.sa, &len))
        return -errno;
    s->bound.len = len;
    net_addr_set_port(&s->bound, 0);
    int fd = source_socket(s->bound.sa.sa_family);
    if (fd < 0)
        return fd;
    batch_enable_gro(fd);
    int rc = source_open(&s->source, s->client, fd, 0, on_local_datagram, s);
    if (rc)
        return rc;
    batch_queue_init(&s->queue, fd, &s->client->stats.to_local);
    len = sizeof s->bound.in6;
    return bind(fd, &s->bound.sa, s->bound.len) || getsockname(fd, &s->bound.sa, &len) ? -errno : 0;
}

static void on_association_opened(void *arg)
{
    struct session *s = arg;
    if (open_udp(s)) {
        tunnel_reply(s->stream, SOCKS_FAILURE, NULL);
        session_finish(s);
        return;
    }
    tunnel_reply(s->stream, SOCKS_OK, &s->bound);
}

static void on_association_ended(void *arg, int error)
{
    struct session *s = arg;
    s->association = NULL;
    if (s->source.fd < 0)
        tunnel_reply(s->stream, tunnel_reply_code(error, SOCKS_NOT_ALLOWED), NULL);
    session_finish(s);
}

static void say_mtu(void *arg)
{
    const struct session *s = arg;
    uint8_t out[CONTROL_OUT_MAX];
    const struct control_mtu mtu = {.mtu = (uint16_t)association_mtu(s->association),
                                    .ip4 = (uint16_t)association_room(s->association, false),
                                    .ip6 = (uint16_t)association_room(s->association, true)};
    if (s->tell_mtu)
        stream_write(s->stream, out, control_mtu(&mtu, out));
}

/* RFC 1928 has nothing more to say there; a program that knows of the client may ask. What is something else is passed over. */
static void take_question(struct session *s)
{
    struct control_message message;
    struct evbuffer *in = stream_input(s->stream);
    int rc;
    while ((rc = control_take(in, &message)) > 0) {
        if (!control_is_mtu_wanted(&message) || s->source.fd < 0)
            continue;
        s->tell_mtu = true;
        say_mtu(s);
    }
    if (rc < 0)
        evbuffer_drain(in, evbuffer_get_length(in));
}

static void associate(struct session *s)
{
    const struct association_user user = {
        .opened = on_association_opened, .ended = on_association_ended, .datagram = on_datagram, .mtu = say_mtu, .arg = s};
    s->association = association_new(s->client, &user);
    if (s->association)
        return;
    tunnel_reply(s->stream, SOCKS_FAILURE, NULL);
    session_finish(s);
}

/* ---- negotiation */

static void take_request(struct session *s)
{
    struct socks_address dest = s->socks.request.address;
    struct stream *stream = s->stream;
    struct client *client = s->client;
    event_free(s->timer);
    s->timer = NULL;
    switch (s->socks.request.code) {
    case SOCKS_CONNECT:
        session_forget(s);
        tunnel_start(client, stream, &dest, true);
        break;
    case SOCKS_UDP_ASSOCIATE:
        associate(s);
        break;
    default:
        tunnel_reply(stream, SOCKS_BAD_COMMAND, NULL);
        session_finish(s);
        break;
    }
}

static void send_answer(struct session *s)
{
    if (s->socks.out_len)
        stream_write(s->stream, s->socks.out, s->socks.out_len);
    s->socks.out_len = 0;
}

static void negotiate(struct session *s)
{
    struct evbuffer *in = stream_input(s->stream);
    uint8_t data[512];
    ssize_t len;
    while ((len = evbuffer_copyout(in, data, sizeof data)) > 0) {
        size_t used;
        enum socks_server_event event = socks_server_input(&s->socks, data, (size_t)len, &used);
        evbuffer_drain(in, used);
        send_answer(s);
        if (event == SOCKS_SERVER_REQUEST) {
            take_request(s);
            return;
        }
        if (event == SOCKS_SERVER_FAILED) {
            s->client->stats.connections_refused++;
            session_finish(s);
            return;
        }
    }
}

static void on_stream(struct stream *stream, enum stream_event event, void *arg)
{
    struct session *s = arg;
    (void)stream;
    switch (event) {
    case STREAM_DATA:
        if (s->timer)
            negotiate(s);
        else
            take_question(s);
        break;
    case STREAM_EOF: /* ends the association, too (RFC 1928) */
    case STREAM_ERROR:
        session_free(s);
        break;
    case STREAM_OPEN:
    case STREAM_DRAINED:
        break;
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    session_free(arg);
}

static void on_accept(void *arg, int fd, const struct net_addr *peer)
{
    const struct timeval limit = {.tv_sec = REQUEST_SECONDS};
    struct client *client = arg;
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        close(fd);
        return;
    }
    s->client = client;
    s->host = *peer;
    s->source.fd = -1;
    socks_server_init(&s->socks, false, false);
    s->next = client->local->sessions;
    if (s->next)
        s->next->prev = s;
    client->local->sessions = s;
    client->connections++;
    s->stream = stream_new(client->base, fd, NULL, STREAM_ACCEPTED, on_stream, s);
    s->timer = evtimer_new(client->base, on_timer, s);
    if (!s->stream || !s->timer || event_add(s->timer, &limit))
        session_free(s);
}

/* ---- the listener */

int local_open(struct client *client)
{
    client->local = calloc(1, sizeof *client->local);
    if (!client->local)
        return -ENOMEM;
    int rc = listener_open(&client->local->listener, client, &client->config->listen, "socks5", on_accept, client);
    client->socks = client->local->listener.address;
    return rc;
}

void local_close(struct client *client)
{
    if (!client->local)
        return;
    listener_close(&client->local->listener);
    for (struct session *s = client->local->sessions, *next; s; s = next) {
        next = s->next;
        session_free(s);
    }
    free(client->local);
    client->local = NULL;
}
