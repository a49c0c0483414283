/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/association.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/datapath.h"
#include "sluiced/session.h"
#include "udp/record.h"

/* ---- making */

static void link_in(struct association *a)
{
    a->next = a->worker->associations;
    if (a->next)
        a->next->prev = a;
    a->worker->associations = a;
}

static void link_out(struct association *a)
{
    if (a->prev)
        a->prev->next = a->next;
    else
        a->worker->associations = a->next;
    if (a->next)
        a->next->prev = a->prev;
}

static void socket_init(struct target_socket *socket, struct association *a)
{
    socket->fd = -1;
    socket->association = a;
}

static struct association *create(struct worker *worker, struct session *session, bool secure)
{
    struct association *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->worker = worker;
    a->session = session;
    a->secure = secure;
    a->since = a->last_datagram = worker_now();
    socket_init(&a->targets[0], a);
    socket_init(&a->targets[1], a);
    socket_init(&a->naked, a);
    return a;
}

struct association *association_new(struct worker *worker, struct session *session, const struct access *access, bool secure)
{
    struct association *a = create(worker, session, secure);
    if (!a)
        return NULL;
    int rc = access_copy(&a->access, access);
    if (!rc)
        rc = access_take(&a->access, worker->proxy->accounts, worker->policy, ACCOUNT_ASSOCIATION);
    if (rc == -EAGAIN)
        stats_add(&worker->stats.associations_over, 1);
    if (rc || (secure && epochs_draw(a))) {
        access_clear(&a->access);
        free(a);
        return NULL;
    }
    link_in(a);
    return a;
}

struct association *association_take(struct worker *worker, const struct access *access)
{
    struct association *a = create(worker, NULL, true);
    if (!a || access_copy(&a->access, access) || access_keep(&a->access, worker->proxy->accounts, ACCOUNT_ASSOCIATION)) {
        if (a)
            access_clear(&a->access);
        free(a);
        return NULL;
    }
    link_in(a);
    stats_add(&worker->stats.associations_taken, 1);
    stats_add(&worker->stats.associations_open, 1);
    atomic_fetch_add(&worker->proxy->associations, 1);
    return a;
}

int association_make(struct association *a, const struct keys_agreement *agreement, const struct keys *keys)
{
    a->agreement = *agreement;
    return epochs_make(a, agreement, keys);
}

/* Whoever asked for an epoch may be gone. */
void association_made(struct association *a, int error)
{
    if (error || !a->session) {
        epochs_end_making(a);
    } else {
        epochs_adopt(a);
        a->state = ASSOCIATION_OPEN;
    }
    if (a->session)
        session_association_made(a->session, error);
}

/* ---- sockets */

static int watch(struct target_socket *socket, event_callback_fn fn, struct batch_counts *counts)
{
    struct worker *worker = socket->association->worker;
    batch_queue_init(&socket->queue, socket->fd, counts);
    socket->source.event = event_new(worker->base, socket->fd, EV_READ | EV_PERSIST, fn, socket);
    return socket->source.event && !event_add(socket->source.event, NULL) ? 0 : -ENOMEM;
}

static void close_socket(struct target_socket *socket)
{
    struct worker *worker = socket->association->worker;
    if (socket->fd < 0)
        return;
    worker_release(worker, &socket->source);
    batch_forget(worker->tx, &socket->queue);
    close(socket->fd);
    socket->fd = -1;
}

struct target_socket *association_target(struct association *a, int family)
{
    struct target_socket *socket = &a->targets[family == AF_INET6];
    if (socket->fd >= 0)
        return socket;
    socket->fd = worker_socket(family);
    if (socket->fd < 0) {
        socket->fd = -1;
        return NULL;
    }
    if (watch(socket, datapath_from_targets, &a->worker->to_targets)) {
        close_socket(socket);
        return NULL;
    }
    return socket;
}

int association_take_target(struct association *a, int family, int fd)
{
    struct target_socket *socket = &a->targets[family == AF_INET6];
    int domain, type;
    socklen_t len = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ||
        domain != family || type != SOCK_DGRAM || socket->fd >= 0) {
        close(fd);
        return -EPROTO;
    }
    socket->fd = fd;
    int rc = watch(socket, datapath_from_targets, &a->worker->to_targets);
    if (rc)
        close_socket(socket);
    return rc;
}

int association_open_naked(struct association *a, const struct net_addr *local, const struct net_addr *host)
{
    struct net_addr address = *local;
    net_addr_set_port(&address, 0);
    a->naked.fd = worker_socket(address.sa.sa_family);
    if (a->naked.fd < 0)
        return a->naked.fd;
    socklen_t len = sizeof address.in6;
    if (bind(a->naked.fd, &address.sa, address.len) || getsockname(a->naked.fd, &address.sa, &len))
        return -errno;
    a->local = address;
    a->host = *host;
    a->to_client = &a->naked.queue;
    a->state = ASSOCIATION_OPEN;
    return watch(&a->naked, datapath_from_naked_client, &a->worker->naked_to_clients);
}

/* ---- ending */

static void done_end(struct task *task)
{
    struct association *a = (struct association *)((char *)task - offsetof(struct association, task));
    link_out(a);
    access_clear(&a->access);
    free(a->sent);
    free(a);
}

/* Never at once: whoever calls may still look at it. */
void association_settle(struct association *a)
{
    if (a->state != ASSOCIATION_CLOSING || a->newest || a->going || a->ended)
        return;
    a->ended = true;
    a->task = (struct task){.done = done_end, .mailbox = a->worker->mailbox};
    mailbox_post_own(a->worker->mailbox, &a->task);
}

static void drop_held(struct association *a)
{
    for (unsigned i = 0; i < ASSOCIATION_HELD; i++) {
        struct held_datagram *held = &a->held[i];
        if (!held->request)
            continue;
        names_cancel(held->request);
        chunk_unref(held->chunk);
        free(held->name);
        held->request = NULL;
        a->worker->waiting--;
        stats_refuse(&a->worker->stats, REFUSAL_CLOSED);
    }
}

void association_say_end(struct association *a)
{
    uint8_t alert[SIGNAL_ALERT_BYTES];
    if (!a->secure || a->state != ASSOCIATION_OPEN || !a->peer.len)
        return;
    signal_alert_encode(SIGNAL_ALERT_CLOSE_NOTIFY, alert);
    datapath_signal(a, RECORD_ALERT, alert, sizeof alert, NULL);
}

void association_finish(struct association *a, const char *why)
{
    struct worker *worker = a->worker;
    if (a->state == ASSOCIATION_OPEN)
        log_event(
            proxy_access(worker->proxy), LOG_LEVEL_INFO, "association_close",
            "peer=%s user=%s why=%s seconds=%lld targets=%u datagrams_up=%llu bytes_up=%llu datagrams_down=%llu bytes_down=%llu",
            a->peer_text, a->user, why, (long long)(worker_now() - a->since), a->target_count, (unsigned long long)a->up,
            (unsigned long long)a->up_bytes, (unsigned long long)a->down, (unsigned long long)a->down_bytes);
    stats_add(a->secure ? &worker->stats.associations_open : &worker->stats.naked_associations_open, (uint64_t)-1);
    atomic_fetch_sub(&worker->proxy->associations, 1);
    association_close(a);
}

void association_end(struct association *a, enum control_close reason, const char *why)
{
    if (a->session) {
        session_end(a->session, reason, why);
        return;
    }
    association_say_end(a);
    association_finish(a, why);
}

void association_leave(struct association *a, const char *why)
{
    unsigned grace = a->worker->policy->options.grace_seconds;
    a->session = NULL;
    a->by_tcp = false;
    if (!a->secure || a->state != ASSOCIATION_OPEN || !grace || a->worker->draining) {
        association_finish(a, why);
        return;
    }
    a->alone_until = worker_now() + (time_t)grace;
    log_event(proxy_access(a->worker->proxy), LOG_LEVEL_INFO, "association_alone", "peer=%s user=%s why=%s seconds=%u",
              a->peer_text, a->user, why, grace);
}

static bool is_waiting(const struct association *a)
{
    for (unsigned i = 0; i < ASSOCIATION_HELD; i++) {
        if (a->held[i].request)
            return true;
    }
    return false;
}

void association_give(struct association *a)
{
    struct worker *worker = a->worker;
    if (a->state == ASSOCIATION_CLOSING)
        return;
    stats_add(&worker->stats.associations_open, (uint64_t)-1);
    if (a->state == ASSOCIATION_OPEN)
        stats_add(&worker->stats.associations_given, 1);
    atomic_fetch_sub(&worker->proxy->associations, 1);
    a->given = true;
    for (unsigned i = 0; i < 2; i++)
        worker_release(worker, &a->targets[i].source);
    if (!is_waiting(a))
        association_close(a);
}

void association_tick(struct association *a)
{
    if (a->given && !is_waiting(a))
        association_close(a);
    if (a->state != ASSOCIATION_OPEN || a->session || a->given)
        return;
    epochs_tick(a);
    if (a->worker->draining && worker_now() >= a->worker->drain_until)
        association_end(a, CONTROL_CLOSE_STOPPING, "stopping");
    else if (worker_now() >= a->alone_until)
        association_end(a, CONTROL_CLOSE_IDLE, "not_taken_up");
}

void association_close(struct association *a)
{
    if (a->state == ASSOCIATION_CLOSING)
        return;
    a->session = NULL;
    a->state = ASSOCIATION_CLOSING;
    epochs_end_all(a);
    drop_held(a);
    close_socket(&a->targets[0]);
    close_socket(&a->targets[1]);
    close_socket(&a->naked);
    association_settle(a);
}
