/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BIND: a listener at the address by which the peer would reach this host, the first reply, then the peer that the client has
 * named, the second reply, and bytes both ways. Whoever else connects is turned away.
 */
#include <errno.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/session_internal.h"

#define BACKLOG 8

static const char *asked_name(const struct session *s)
{
    return s->request.address.type == SOCKS_NAME ? s->request.address.name : NULL;
}

/* Rules see the port of the request: the peer's own says nothing. */
static bool may_come(struct session *s, const struct net_addr *peer)
{
    struct net_addr target = *peer;
    net_addr_set_port(&target, s->request.address.port);
    return session_may_reach(s, RULES_BIND, asked_name(s), &target);
}

static bool is_expected(struct session *s, const struct net_addr *peer)
{
    for (unsigned i = 0; i < s->addresses.count; i++) {
        if (net_addr_same_host(&s->addresses.addresses[i], peer))
            return true;
    }
    return !s->addresses.count && may_come(s, peer);
}

static void on_peer(struct stream *stream, enum stream_event event, void *arg)
{
    struct session *s = arg;
    (void)stream;
    if (event == STREAM_OPEN)
        session_relay(s, &s->addresses.addresses[0]);
    else if (event == STREAM_ERROR)
        session_reply(s, SOCKS_FAILURE, NULL);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct session *s = arg;
    struct net_addr peer;
    char text[NET_ADDR_TEXT];
    (void)listener;
    net_addr_set(&peer, sa, (socklen_t)len);
    if (s->to_target || !is_expected(s, &peer)) {
        stats_add(&s->worker->stats.bind_strangers, 1);
        log_event(proxy_access(s->worker->proxy), LOG_LEVEL_INFO, "bind_stranger", "peer=%s user=%s from=%s", s->peer_text,
                  s->user, net_addr_format(&peer, text));
        close(fd);
        return;
    }
    evconnlistener_disable(s->listener);
    s->addresses.addresses[0] = peer;
    s->addresses.count = 1;
    s->state = SESSION_CONNECT;
    s->to_target = stream_new(s->worker->base, fd, NULL, STREAM_ACCEPTED, on_peer, s);
    if (!s->to_target)
        session_reply(s, SOCKS_FAILURE, NULL);
}

void session_bind_free(struct session *s)
{
    if (s->listener)
        evconnlistener_free(s->listener);
    s->listener = NULL;
}

/* This host's address toward `peer`, by asking the routing table. */
static int local_toward(const struct net_addr *peer, struct net_addr *local)
{
    struct net_addr to = *peer;
    socklen_t len = sizeof local->in6;
    int fd = socket(peer->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    net_addr_set_port(&to, 9);
    int rc = connect(fd, &to.sa, to.len) || getsockname(fd, &local->sa, &len) ? -errno : 0;
    local->len = len;
    close(fd);
    return rc;
}

static int open_listener(struct session *s, struct net_addr *local)
{
    socklen_t len = sizeof local->in6;
    net_addr_set_port(local, 0);
    int fd = socket(local->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int rc = bind(fd, &local->sa, local->len) || getsockname(fd, &local->sa, &len) ? -errno : 0;
    if (!rc)
        s->listener = evconnlistener_new(s->worker->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE, BACKLOG, fd);
    if (s->listener)
        return 0;
    close(fd);
    return rc ? rc : -ENOMEM;
}

static void start(struct session *s)
{
    char text[NET_ADDR_TEXT];
    struct net_addr local = s->local;
    int rc = s->addresses.count ? local_toward(&s->addresses.addresses[0], &local) : 0;
    if (!rc)
        rc = open_listener(s, &local);
    if (rc) {
        session_reply(s, rc == -ENETUNREACH ? SOCKS_NET_UNREACHABLE : SOCKS_FAILURE, NULL);
        return;
    }
    s->state = SESSION_BIND;
    s->deadline = worker_now() + (time_t)s->worker->policy->options.bind_seconds;
    stats_add(&s->worker->stats.binds, 1);
    log_event(proxy_access(s->worker->proxy), LOG_LEVEL_INFO, "bind_open", "peer=%s user=%s target=%s address=%s", s->peer_text,
              s->user, s->target, net_addr_format(&local, text));
    session_reply(s, SOCKS_OK, &local);
}

/* Of the addresses that the client has named those that may come. */
static void take_addresses(struct session *s)
{
    struct names_result *all = &s->addresses;
    unsigned allowed = 0;
    if (!asked_name(s) && net_addr_is_any(&all->addresses[0])) { /* anybody: rules are asked when one comes */
        all->count = 0;
        start(s);
        return;
    }
    for (unsigned i = 0; i < all->count; i++) {
        if (may_come(s, &all->addresses[i]))
            all->addresses[allowed++] = all->addresses[i];
    }
    bool none = all->count == 0;
    all->count = allowed;
    if (allowed)
        start(s);
    else
        session_reply(s, none ? SOCKS_HOST_UNREACHABLE : SOCKS_NOT_ALLOWED, NULL);
}

void session_bind(struct session *s)
{
    session_resolve(s, take_addresses);
}
