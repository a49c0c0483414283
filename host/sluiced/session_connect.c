/* SPDX-License-Identifier: Apache-2.0 */
/* CONNECT: to one address of the target after the other, then bytes both ways. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/session_internal.h"

static void connect_next(struct session *s);

static enum socks_reply reply_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return SOCKS_REFUSED;
    case ENETUNREACH:
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
        return SOCKS_NET_UNREACHABLE;
    case EHOSTUNREACH:
    case ETIMEDOUT:
        return SOCKS_HOST_UNREACHABLE;
    case EACCES:
    case EPERM:
        return SOCKS_NOT_ALLOWED;
    default:
        return SOCKS_FAILURE;
    }
}

static void on_relay_ended(void *arg, const struct relay_end *end)
{
    struct session *s = arg;
    struct stats *stats = &s->worker->stats;
    stats_add(&stats->stream_bytes_up, end->bytes[0] - s->counted[0]); /* what came before it had a pace */
    stats_add(&stats->stream_bytes_down, end->bytes[1] - s->counted[1]);
    stats_add(&stats->streams_open, (uint64_t)-1);
    log_event(proxy_access(s->worker->proxy), LOG_LEVEL_INFO, "stream_close",
              "peer=%s user=%s target=%s seconds=%lld bytes_up=%llu bytes_down=%llu error=%d", s->peer_text, s->user, s->target,
              (long long)(worker_now() - s->since), (unsigned long long)end->bytes[0], (unsigned long long)end->bytes[1],
              end->error);
    s->relay = NULL;
    session_free(s);
}

static unsigned pace(void *arg, unsigned side, size_t bytes)
{
    struct session *s = arg;
    struct stats *stats = &s->worker->stats;
    stats_add(side ? &stats->stream_bytes_down : &stats->stream_bytes_up, bytes);
    s->counted[side] += bytes;
    return access_pace(&s->access, s->worker->policy, side ? ACCOUNT_DOWN : ACCOUNT_UP, bytes);
}

static const char *peer_of(const struct stream *stream, char text[NET_ADDR_TEXT])
{
    struct net_addr peer = {0};
    socklen_t len = sizeof peer.in6;
    if (!getpeername(stream_fd(stream), &peer.sa, &len))
        peer.len = len;
    return net_addr_format(&peer, text);
}

void session_relay(struct session *s, const struct net_addr *bound)
{
    struct proxy *proxy = s->worker->proxy;
    session_reply(s, SOCKS_OK, bound);
    session_bind_free(s);
    s->state = SESSION_RELAY;
    s->since = worker_now();
    s->deadline = 0;
    char text[NET_ADDR_TEXT];
    struct stream *client = s->stream, *target = s->to_target;
    s->stream = s->to_target = NULL;
    stats_add(&s->worker->stats.streams, 1);
    stats_add(&s->worker->stats.streams_open, 1);
    log_event(proxy_access(proxy), LOG_LEVEL_INFO, "stream_open", "peer=%s user=%s command=%s target=%s address=%s", s->peer_text,
              s->user, s->request.code == SOCKS_BIND ? "bind" : "connect", s->target, peer_of(target, text));
    s->relay = relay_new(s->worker->base, client, target, s->worker->policy->options.idle_seconds, on_relay_ended, s);
    if (!s->relay) {
        stats_add(&s->worker->stats.streams_open, (uint64_t)-1);
        session_free(s);
        return;
    }
    relay_set_pace(s->relay, pace);
}

static void on_target(struct stream *stream, enum stream_event event, void *arg)
{
    struct session *s = arg;
    if (event == STREAM_OPEN) {
        struct net_addr bound = {0};
        socklen_t len = sizeof bound.in6;
        if (!getsockname(stream_fd(stream), &bound.sa, &len))
            bound.len = len;
        session_relay(s, &bound);
    } else if (event == STREAM_ERROR) {
        s->connect_error = stream_error(stream);
        stream_free(stream);
        s->to_target = NULL;
        connect_next(s);
    }
}

static struct stream *open_target(struct session *s, const struct net_addr *target)
{
    int one = 1;
    const struct socks_address *asked = &s->request.address;
    const char *name = asked->type == SOCKS_NAME ? asked->name : NULL;
    if (!net_addr_is_destination(target) || !session_may_reach(s, RULES_CONNECT, name, target)) {
        s->connect_error = EACCES;
        return NULL;
    }
    int fd = socket(target->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        s->connect_error = errno;
        return NULL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, &target->sa, target->len) && errno != EINPROGRESS) {
        s->connect_error = errno;
        close(fd);
        return NULL;
    }
    return stream_new(s->worker->base, fd, NULL, STREAM_CONNECTING, on_target, s);
}

static void connect_next(struct session *s)
{
    s->state = SESSION_CONNECT;
    while (s->next_address < s->addresses.count) {
        struct net_addr target = s->addresses.addresses[s->next_address++];
        net_addr_set_port(&target, s->request.address.port);
        s->to_target = open_target(s, &target);
        if (s->to_target)
            return;
    }
    session_reply(s, reply_of(s->connect_error), NULL);
}

void session_connect(struct session *s)
{
    s->connect_error = EHOSTUNREACH;
    session_resolve(s, connect_next);
}
