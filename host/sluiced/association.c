/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/association.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sluiced/datapath.h"
#include "sluiced/session.h"

/* ---- tables */

static unsigned bucket(const struct worker *worker, const uint8_t cid[CID_BYTES])
{
    uint32_t bits;
    memcpy(&bits, cid, sizeof bits); /* a cid looks random to everybody else */
    return bits & worker->table_mask;
}

struct association *association_find(const struct worker *worker, const uint8_t cid[CID_BYTES])
{
    struct association *a = worker->table[bucket(worker, cid)];
    while (a && memcmp(a->cid, cid, CID_BYTES) != 0)
        a = a->hash_next;
    return a;
}

static void hash_in(struct association *a)
{
    struct association **at = &a->worker->table[bucket(a->worker, a->cid)];
    a->hash_next = *at;
    *at = a;
}

static void hash_out(struct association *a)
{
    struct association **at = &a->worker->table[bucket(a->worker, a->cid)];
    while (*at && *at != a)
        at = &(*at)->hash_next;
    if (*at)
        *at = a->hash_next;
}

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

/* ---- making */

static int draw_cid(struct association *a)
{
    struct cid_place place = {.member = a->worker->proxy->member, .worker = (uint8_t)a->worker->index};
    do {
        if (getrandom(&place.random, sizeof place.random, 0) != sizeof place.random)
            return -EIO;
        if (cid_make(a->worker->cid_key, &place, a->cid))
            return -EIO;
    } while (association_find(a->worker, a->cid));
    return 0;
}

static void socket_init(struct target_socket *socket, struct association *a)
{
    socket->fd = -1;
    socket->association = a;
}

struct association *association_new(struct worker *worker, struct session *session, const struct access *access, bool secure)
{
    struct association *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->worker = worker;
    a->session = session;
    a->secure = secure;
    a->last_datagram = worker_now();
    socket_init(&a->targets[0], a);
    socket_init(&a->targets[1], a);
    socket_init(&a->naked, a);
    if (access_copy(&a->access, access) || (secure && draw_cid(a))) {
        access_clear(&a->access);
        free(a);
        return NULL;
    }
    link_in(a);
    if (secure)
        hash_in(a);
    return a;
}

static struct association *of_task(struct task *task)
{
    return (struct association *)((char *)task - offsetof(struct association, task));
}

static void run_make(struct task *task)
{
    struct association *a = of_task(task);
    a->made = sas_create(&a->sas, cards_current(a->worker->proxy->cards));
}

/* The SAs may be on a card that has died meanwhile, or could not be made for that reason: the engine makes them again. */
static int attach(struct association *a)
{
    struct engine *engine = a->worker->engine;
    if (a->made && a->made != -ENODEV && a->made != -ETIMEDOUT)
        return a->made;
    if (a->made)
        worker_flush(a->worker); /* so that it finds the card dead */
    int rc = engine_attach(engine, &a->sas);
    a->attached = !rc;
    return rc;
}

static void done_make(struct task *task)
{
    struct association *a = of_task(task);
    a->busy = false;
    int rc = a->state == ASSOCIATION_CLOSING ? 0 : attach(a);
    if (a->state == ASSOCIATION_CLOSING) {
        association_settle(a);
        return;
    }
    if (!rc)
        a->state = ASSOCIATION_OPEN;
    session_association_made(a->session, rc);
}

void association_make(struct association *a, const struct keys_agreement *agreement, const struct keys *keys)
{
    struct proxy *proxy = a->worker->proxy;
    sas_init(&a->sas, SAS_PROXY, agreement, keys, a->worker->policy->options.replay != REPLAY_OFF);
    a->busy = true;
    a->task = (struct task){.run = run_make, .done = done_make, .mailbox = a->worker->mailbox};
    helper_post(proxy->admin, &a->task);
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

static void done_destroy(struct task *task)
{
    struct association *a = of_task(task);
    link_out(a);
    sas_wipe(&a->sas);
    access_clear(&a->access);
    free(a);
}

static void run_destroy(struct task *task)
{
    sas_destroy(&of_task(task)->sas);
}

void association_settle(struct association *a)
{
    if (a->state != ASSOCIATION_CLOSING || a->busy || a->sas.in_flight)
        return;
    if (a->attached)
        engine_detach(a->worker->engine, &a->sas);
    a->attached = false;
    a->task = (struct task){.run = run_destroy, .done = done_destroy, .mailbox = a->worker->mailbox};
    if (a->sas.seal || a->sas.open) {
        a->busy = true;
        helper_post(a->worker->proxy->admin, &a->task);
    } else {
        mailbox_post(a->worker->mailbox, &a->task); /* never at once: whoever calls may still look at it */
        a->busy = true;
    }
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

void association_close(struct association *a)
{
    if (a->state == ASSOCIATION_CLOSING)
        return;
    a->session = NULL;
    a->state = ASSOCIATION_CLOSING;
    if (a->secure)
        hash_out(a);
    drop_held(a);
    close_socket(&a->targets[0]);
    close_socket(&a->targets[1]);
    close_socket(&a->naked);
    association_settle(a);
}
