/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/arrival.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/proxy_header.h"
#include "sluiced/session.h"

#define ARRIVALS_MAX 1024u /* of a worker, at once */

struct arrival {
    struct worker *worker;
    struct event *event;
    int fd;
    struct net_addr balancer;
    bool tls;
    unsigned have, want;
    struct arrival *prev, *next;
    uint8_t header[PROXY_HEADER_MAX];
};

static void destroy(struct arrival *a)
{
    if (a->prev)
        a->prev->next = a->next;
    else
        a->worker->arrivals = a->next;
    if (a->next)
        a->next->prev = a->prev;
    a->worker->arrival_count--;
    if (a->event)
        event_free(a->event);
    if (a->fd >= 0)
        close(a->fd);
    free(a);
}

static void refuse(struct arrival *a, const char *reason)
{
    char text[NET_ADDR_TEXT];
    stats_add(&a->worker->stats.balanced_failed, 1);
    log_event(&a->worker->proxy->log, LOG_LEVEL_INFO, "proxy_header_failed", "peer=%s reason=\"%s\"",
              net_addr_format(&a->balancer, text), reason);
    destroy(a);
}

/* The loop is woken once all that is wanted is there, not by each piece of it. */
static int wait_for_more(struct arrival *a)
{
    const struct timeval limit = {.tv_sec = (time_t)a->worker->policy->options.handshake_seconds};
    int low = (int)(a->want - a->have);
    (void)setsockopt(a->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
    return event_add(a->event, &limit);
}

static void finish(struct arrival *a)
{
    struct net_addr source = a->balancer;
    int one = 1, fd = a->fd;
    if (proxy_header_source(a->header, a->have, &source) < 0) {
        refuse(a, "not an address of TCP");
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
    a->fd = -1;
    stats_add(&a->worker->stats.balanced, 1);
    session_accept(a->worker, fd, &source, a->tls);
    destroy(a);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct arrival *a = arg;
    if (what & EV_TIMEOUT) {
        refuse(a, "too slow");
        return;
    }
    ssize_t n = recv(fd, a->header + a->have, a->want - a->have, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        refuse(a, "closed");
        return;
    }
    a->have += n > 0 ? (unsigned)n : 0;
    if (a->have == a->want && a->want == PROXY_HEADER_FIRST) {
        int len = proxy_header_length(a->header);
        if (len < 0) {
            refuse(a, "not a header of version 2");
            return;
        }
        a->want = (unsigned)len;
    }
    if (a->have == a->want)
        finish(a);
    else if (wait_for_more(a))
        refuse(a, "out of memory");
}

void arrival_take(struct worker *worker, int fd, const struct net_addr *balancer, bool tls)
{
    struct arrival *a = worker->arrival_count < ARRIVALS_MAX ? calloc(1, sizeof *a) : NULL;
    if (!a) {
        stats_add(&worker->stats.connections_refused, 1);
        close(fd);
        return;
    }
    a->worker = worker;
    a->fd = fd;
    a->balancer = *balancer;
    a->tls = tls;
    a->want = PROXY_HEADER_FIRST;
    a->next = worker->arrivals;
    if (a->next)
        a->next->prev = a;
    worker->arrivals = a;
    worker->arrival_count++;
    a->event = event_new(worker->base, fd, EV_READ, on_readable, a);
    if (!a->event || wait_for_more(a))
        refuse(a, "out of memory");
}

void arrival_free_all(struct worker *worker)
{
    for (struct arrival *a = worker->arrivals, *next; a; a = next) {
        next = a->next;
        destroy(a);
    }
}
