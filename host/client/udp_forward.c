/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UDP forward. Every local source address has an association of its own, since an answer tells from whom it comes, not for whom
 * it is: with one association for all sources two programs that talk to the same server could not be told apart.
 *
 * What a source sends before its association is open is held, a few datagrams of it. When there is no room for a further source,
 * the one that has been quiet longest gives way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/association.h"
#include "client/forward.h"
#include "client/source.h"

#define HELD_DATAGRAMS 128
#define HELD_BYTES     (128u << 10)
#define GIVE_WAY_MS    2000  /* a source that has been quiet for so long may be put out for another one */
#define BACKOFF_LEAST  500   /* ms, doubled with every failure */
#define BACKOFF_MOST   30000 /* ms */
#define STEADY_MS      10000 /* an association that lived for so long was no failure */

/* One local source. */
struct flow {
    struct udp_forward *forward;
    struct net_addr source;
    struct association *association;
    bool open;
    uint64_t used_at, opened_at;
    struct event *retry;
    struct {
        uint8_t *bytes; /* SOCKS5 header and payload */
        uint32_t len;
    } held[HELD_DATAGRAMS];
    unsigned held_count, held_bytes;
    struct flow *next;
};

struct udp_forward {
    struct client *client;
    const struct client_forward *config;
    uint8_t header[SOCKS_UDP_MAX]; /* of every datagram to the destination */
    uint32_t header_len;
    struct net_addr dest; /* no address: it is a name, which the proxy resolves */
    struct source source;
    struct batch_queue queue;
    struct flow *flows;
    unsigned failures;   /* of associations, in a row */
    uint64_t not_before; /* for the next one */
};

static void open_association(struct flow *flow);

/* ---- flows */

static void drop_held(struct flow *flow)
{
    for (unsigned i = 0; i < flow->held_count; i++)
        free(flow->held[i].bytes);
    flow->held_count = flow->held_bytes = 0;
}

static void flow_free(struct flow *flow)
{
    struct flow **at = &flow->forward->flows;
    while (*at != flow)
        at = &(*at)->next;
    *at = flow->next;
    association_close(flow->association);
    if (flow->retry)
        event_free(flow->retry);
    drop_held(flow);
    free(flow);
}

static struct flow *find_flow(struct udp_forward *forward, const struct net_addr *source)
{
    struct flow **at = &forward->flows;
    while (*at && !net_addr_equal(&(*at)->source, source))
        at = &(*at)->next;
    struct flow *flow = *at;
    if (flow) { /* to the front: sources come in bursts */
        *at = flow->next;
        flow->next = forward->flows;
        forward->flows = flow;
    }
    return flow;
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    open_association(arg);
}

static struct flow *flow_new(struct udp_forward *forward, const struct net_addr *source)
{
    struct flow *flow = calloc(1, sizeof *flow);
    if (!flow)
        return NULL;
    flow->forward = forward;
    flow->source = *source;
    flow->used_at = client_now();
    flow->next = forward->flows;
    forward->flows = flow;
    flow->retry = evtimer_new(forward->client->base, on_retry, flow);
    if (!flow->retry) {
        flow_free(flow);
        return NULL;
    }
    open_association(flow);
    return flow;
}

/* Room for a further source: the one that has been quiet longest goes, if it has been so for a while. */
static bool make_room(struct udp_forward *forward)
{
    struct flow *oldest = NULL;
    unsigned count = 0;
    for (struct flow *flow = forward->flows; flow; flow = flow->next, count++) {
        if (!oldest || flow->used_at < oldest->used_at)
            oldest = flow;
    }
    unsigned most = forward->client->config->max_associations;
    if (count < most && forward->client->associations_open < most)
        return true;
    if (!oldest || client_now() - oldest->used_at < GIVE_WAY_MS)
        return false;
    flow_free(oldest);
    return true;
}

/* ---- down: from the association to the program */

static bool is_from_destination(const struct udp_forward *forward, const struct socks_address *from)
{
    struct net_addr addr;
    if (!forward->dest.len)
        return from->port == forward->config->dest.port;
    return !socks_address_to_addr(from, &addr) && net_addr_equal(&addr, &forward->dest);
}

static void on_datagram(void *arg, struct chunk *chunk, const uint8_t *data, uint32_t len)
{
    struct flow *flow = arg;
    struct udp_forward *forward = flow->forward;
    struct client_stats *stats = &forward->client->stats;
    struct socks_address from;
    uint8_t frag;
    int header = socks_udp_decode(data, len, &frag, &from);
    if (header < 0 || frag) {
        client_refuse(stats, header < 0 ? REFUSAL_BAD_HEADER : REFUSAL_FRAG);
        return;
    }
    if (!is_from_destination(forward, &from)) {
        client_refuse(stats, REFUSAL_WRONG_SOURCE);
        return;
    }
    flow->used_at = client_now();
    stats->datagrams_down++;
    stats->datagram_bytes_down += len - (uint32_t)header;
    batch_send(forward->client->tx, &forward->queue, chunk, data + header, len - (uint32_t)header, &flow->source, NULL);
}

/* ---- up: from the program to the association */

static void hold(struct flow *flow, const uint8_t *data, uint32_t len)
{
    bool room = flow->held_count < HELD_DATAGRAMS && len <= HELD_BYTES - flow->held_bytes;
    uint8_t *copy = room ? malloc(len) : NULL;
    if (!copy) {
        client_refuse(&flow->forward->client->stats, REFUSAL_NO_BUFFER);
        return;
    }
    memcpy(copy, data, len);
    flow->held[flow->held_count].bytes = copy;
    flow->held[flow->held_count++].len = len;
    flow->held_bytes += len;
}

static void send_held(struct flow *flow)
{
    struct client *client = flow->forward->client;
    for (unsigned i = 0; i < flow->held_count; i++) {
        struct chunk *chunk;
        uint8_t *data = pool_reserve(engine_pool(client->engine), flow->held[i].len, &chunk);
        if (!data) {
            client_refuse(&client->stats, REFUSAL_NO_BUFFER);
            continue;
        }
        memcpy(data, flow->held[i].bytes, flow->held[i].len);
        association_send(flow->association, chunk, data, flow->held[i].len);
        chunk_unref(chunk);
    }
    drop_held(flow);
    client_flush(client);
}

static void on_local_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct udp_forward *forward = arg;
    struct client_stats *stats = &forward->client->stats;
    struct flow *flow = find_flow(forward, datagram->peer);
    if (datagram->cut) {
        client_refuse(stats, REFUSAL_TOO_LONG);
        return;
    }
    if (!flow && make_room(forward))
        flow = flow_new(forward, datagram->peer);
    if (!flow) {
        client_refuse(stats, REFUSAL_NO_BUFFER);
        return;
    }
    uint8_t *data = datagram->data - forward->header_len;
    uint32_t len = datagram->len + forward->header_len;
    memcpy(data, forward->header, forward->header_len);
    flow->used_at = client_now();
    stats->datagrams_up++;
    stats->datagram_bytes_up += datagram->len;
    if (flow->open)
        association_send(flow->association, datagram->chunk, data, len);
    else
        hold(flow, data, len);
}

/* ---- associations */

static void on_opened(void *arg)
{
    struct flow *flow = arg;
    flow->open = true;
    flow->opened_at = client_now();
    send_held(flow);
}

/* Tries again after a while, which grows with every failure; not for a source that has nothing to send. */
static void back_off(struct flow *flow)
{
    struct udp_forward *forward = flow->forward;
    uint64_t now = client_now();
    unsigned shift = forward->failures < 8 ? forward->failures : 8;
    uint64_t wait = (uint64_t)BACKOFF_LEAST << shift;
    wait = wait < BACKOFF_MOST ? wait : BACKOFF_MOST;
    forward->failures++;
    forward->not_before = now + wait;
    struct timeval delay = {.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000)};
    event_add(flow->retry, &delay);
}

static void on_ended(void *arg, int error)
{
    struct flow *flow = arg;
    (void)error;
    flow->association = NULL;
    if (flow->open && client_now() - flow->opened_at >= STEADY_MS)
        flow->forward->failures = 0;
    flow->open = false;
    back_off(flow);
}

static void open_association(struct flow *flow)
{
    struct udp_forward *forward = flow->forward;
    const struct association_user user = {.opened = on_opened, .ended = on_ended, .datagram = on_datagram, .arg = flow};
    uint64_t now = client_now();
    if (now < forward->not_before) {
        uint64_t wait = forward->not_before - now;
        struct timeval delay = {.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000)};
        event_add(flow->retry, &delay);
        return;
    }
    flow->association = association_new(forward->client, &user);
    if (!flow->association)
        back_off(flow);
}

/* ---- the forward */

static int open_socket(struct udp_forward *forward)
{
    char text[NET_ADDR_TEXT];
    struct net_addr bound = forward->config->listen;
    socklen_t len = sizeof bound.in6;
    int fd = source_socket(bound.sa.sa_family);
    if (fd < 0)
        return fd;
    int rc = source_open(&forward->source, forward->client, fd, forward->header_len, on_local_datagram, forward);
    if (rc)
        return rc;
    batch_queue_init(&forward->queue, fd, &forward->client->stats.to_local);
    if (bind(fd, &bound.sa, bound.len) || getsockname(fd, &bound.sa, &len))
        return -errno;
    log_event(&forward->client->log, LOG_LEVEL_INFO, "listening", "address=%s protocol=udp", net_addr_format(&bound, text));
    return 0;
}

int udp_forward_open(struct client *client, const struct client_forward *config, struct udp_forward **out)
{
    struct udp_forward *forward = calloc(1, sizeof *forward);
    if (!forward)
        return -ENOMEM;
    forward->client = client;
    forward->config = config;
    forward->source.fd = -1;
    forward->header_len = (uint32_t)socks_udp_encode(&config->dest, forward->header);
    if (socks_address_to_addr(&config->dest, &forward->dest))
        forward->dest.len = 0;
    int rc = open_socket(forward);
    if (rc)
        udp_forward_close(forward);
    else
        *out = forward;
    return rc;
}

void udp_forward_close(struct udp_forward *forward)
{
    if (!forward)
        return;
    while (forward->flows)
        flow_free(forward->flows);
    if (forward->source.fd >= 0) {
        batch_forget(forward->client->tx, &forward->queue);
        source_close(&forward->source);
    }
    free(forward);
}

void udp_forward_tick(struct udp_forward *forward)
{
    struct flow *next;
    uint64_t idle = forward->client->config->idle_seconds * 1000ull, now = client_now();
    for (struct flow *flow = forward->flows; flow; flow = next) {
        next = flow->next;
        if (now - flow->used_at > idle)
            flow_free(flow);
    }
}
