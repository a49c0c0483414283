/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/worker.h"

#include <errno.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sluiced/arrival.h"
#include "sluiced/association.h"
#include "sluiced/datapath.h"
#include "sluiced/freeze.h"
#include "sluiced/overload.h"
#include "sluiced/session.h"

#define ENGINE_DEPTH  512
#define ENGINE_CHUNKS (ENGINE_DEPTH + 128) /* each record in flight may have come in a chunk of its own */
#define LEAST_ROOM    64                   /* for a read: what one message may hold with GRO */
#define LEAST_CHUNKS  48                   /* for a read, so that what is read finds room for its result */
#define SOCKET_BUFFER (4 << 20)
#define CLOSE_SECONDS 2 /* for notices to go out, after drain_seconds */

/* ---- sockets */

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

int worker_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER); /* as far as net.core.rmem_max goes */
    set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    if (family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    return fd;
}

/* Binds a socket of ours beside those of the other workers. With port 0 the first one's port becomes that of all. */
static int bind_shared(int fd, struct net_addr *address)
{
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, &address->sa, address->len))
        return -errno;
    socklen_t len = sizeof address->in6;
    return getsockname(fd, &address->sa, &len) ? -errno : 0;
}

static int open_udp(struct worker *worker, unsigned i, struct net_addr *address)
{
    struct udp_socket *udp = &worker->udp[address->sa.sa_family == AF_INET6];
    udp->fd = activation_find(&worker->proxy->activation, ACTIVATION_UDP, i, address);
    bool given = udp->fd != -ENOENT;
    if (!given)
        udp->fd = worker_socket(address->sa.sa_family);
    if (udp->fd < 0)
        return udp->fd;
    int rc = given ? 0 : bind_shared(udp->fd, address);
    if (rc)
        return rc;
    batch_enable_gro(udp->fd);
    udp->address = *address;
    udp->worker = worker;
    batch_queue_init(&udp->queue, udp->fd, &worker->to_clients);
    udp->source.event = event_new(worker->base, udp->fd, EV_READ | EV_PERSIST, datapath_from_clients, udp);
    return udp->source.event && !event_add(udp->source.event, NULL) ? 0 : -ENOMEM;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct worker *worker = arg;
    const struct options_listener *options = worker->proxy->options.listeners.items;
    struct net_addr peer;
    unsigned i = 0;
    while (worker->listeners[i] != listener)
        i++;
    net_addr_set(&peer, sa, (socklen_t)len);
    if (policy_is_balancer(worker->policy, &peer))
        arrival_take(worker, fd, &peer, options[i].tls);
    else
        session_accept(worker, fd, &peer, options[i].tls);
}

/* Out of descriptors, as a rule: what waits in the backlog waits until the next tick, instead of waking the loop at once again.
 */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct worker *worker = arg;
    stats_add(&worker->stats.accepts_failed, 1);
    evconnlistener_disable(listener);
    worker->listeners_held = true;
}

static void resume_listeners(struct worker *worker)
{
    if (!worker->listeners_held)
        return;
    worker->listeners_held = false;
    for (unsigned i = 0; i < worker->proxy->options.listeners.count; i++) {
        if (worker->listeners[i])
            evconnlistener_enable(worker->listeners[i]);
    }
}

static int stream_socket(struct net_addr *address, int *rc)
{
    int family = address->sa.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    *rc = bind_shared(fd, address);
    return fd;
}

/* Of the connections that it accepts: they inherit them. */
static void set_connections(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

static int open_listener(struct worker *worker, unsigned i, struct options_listener *options)
{
    int rc = 0, fd = activation_find(&worker->proxy->activation, ACTIVATION_LISTENER, i, &options->address);
    if (fd == -ENOENT)
        fd = stream_socket(&options->address, &rc);
    if (fd < 0)
        return fd;
    set_connections(fd);
    if (!rc) {
        worker->listeners[i] = evconnlistener_new(worker->base, on_accept, worker, LEV_OPT_CLOSE_ON_FREE, 1024, fd);
        rc = worker->listeners[i] ? 0 : -errno;
        if (!rc)
            evconnlistener_set_error_cb(worker->listeners[i], on_accept_error);
    }
    if (rc)
        close(fd);
    return rc;
}

static int open_sockets(struct worker *worker)
{
    struct options *options = &worker->proxy->options;
    struct options_udp *udp = options->udp.items;
    struct options_listener *listeners = options->listeners.items;
    int rc = 0;
    for (unsigned i = 0; i < options->udp.count && !rc; i++)
        rc = open_udp(worker, i, &udp[i].address);
    worker->listeners = calloc(options->listeners.count, sizeof(struct evconnlistener *));
    if (!worker->listeners)
        return -ENOMEM;
    for (unsigned i = 0; i < options->listeners.count && !rc; i++)
        rc = open_listener(worker, i, &listeners[i]);
    return rc;
}

void worker_close_listeners(struct worker *worker)
{
    for (unsigned i = 0; worker->listeners && i < worker->proxy->options.listeners.count; i++) {
        if (worker->listeners[i])
            evconnlistener_free(worker->listeners[i]);
        worker->listeners[i] = NULL;
    }
}

/* ---- reading held back while the engine is full */

void worker_hold(struct worker *worker, struct source *source)
{
    if (source->held)
        return;
    event_del(source->event);
    source->held = true;
    source->next_held = worker->held;
    worker->held = source;
}

void worker_release(struct worker *worker, struct source *source)
{
    struct source **at = &worker->held;
    while (*at && *at != source)
        at = &(*at)->next_held;
    if (*at)
        *at = source->next_held;
    if (source->event)
        event_free(source->event);
    source->event = NULL;
    source->held = false;
}

bool worker_has_room(const struct worker *worker)
{
    return engine_room(worker->engine) >= LEAST_ROOM && pool_available(engine_pool(worker->engine)) >= LEAST_CHUNKS;
}

void worker_resume(struct worker *worker)
{
    if (worker->frozen || !worker_has_room(worker))
        return;
    if (worker->crossing_held)
        event_active(worker->crossing, EV_READ, 0);
    worker->crossing_held = false;
    while (worker->held) {
        struct source *source = worker->held;
        worker->held = source->next_held;
        source->held = false;
        event_add(source->event, NULL);
    }
}

/* ---- engine */

static void send_all(struct worker *worker)
{
    struct stats *stats = &worker->stats;
    batch_flush(worker->tx);
    stats_fold(stats, &worker->to_clients, &stats->records_out, &stats->record_bytes_out);
    stats_fold(stats, &worker->naked_to_clients, &stats->naked_out, NULL);
    stats_fold(stats, &worker->to_targets, &stats->datagrams_up, &stats->datagram_bytes_up);
    stats_add(&stats->datagrams_merged, batch_merged(worker->rx));
    stats_set(&stats->engine_busy, engine_in_flight(worker->engine));
    stats_set(&stats->chunks_free, pool_available(engine_pool(worker->engine)));
    worker_resume(worker);
}

static void on_burst(void *arg)
{
    send_all(arg);
}

void worker_flush(struct worker *worker)
{
    engine_run(worker->engine);
    send_all(worker);
}

static void end_broken(struct worker *worker)
{
    struct association *next;
    for (struct association *a = worker->associations; a; a = next) {
        next = a->next;
        if (a->state == ASSOCIATION_OPEN && a->secure && epochs_broken(a))
            association_end(a, CONTROL_CLOSE_ENGINE, "engine");
    }
}

static void on_replaced(void *arg, const char *engine, unsigned again)
{
    struct worker *worker = arg;
    stats_add(&worker->stats.engine_replaced, 1);
    stats_add(&worker->stats.engine_redone, again);
    log_event(&worker->proxy->log, LOG_LEVEL_WARNING, "engine_replaced", "worker=%u engine=%s redone=%u", worker->index, engine,
              again);
    end_broken(worker);
}

static void on_returned(void *arg, const char *engine)
{
    struct worker *worker = arg;
    stats_add(&worker->stats.engine_returned, 1);
    log_event(&worker->proxy->log, LOG_LEVEL_INFO, "engine_returned", "worker=%u engine=%s", worker->index, engine);
}

static void on_failed(void *arg, int error)
{
    struct worker *worker = arg;
    log_event(&worker->proxy->log, LOG_LEVEL_ERROR, "engine_failed", "worker=%u error=%d", worker->index, error);
    atomic_store(&worker->failed, true);
    event_base_loopbreak(worker->base);
}

static int open_engine(struct worker *worker)
{
    const struct engine_options options = {.depth = ENGINE_DEPTH, .chunks = ENGINE_CHUNKS};
    const struct engine_callbacks callbacks = {.done = datapath_done,
                                               .burst = on_burst,
                                               .replaced = on_replaced,
                                               .returned = on_returned,
                                               .failed = on_failed,
                                               .arg = worker};
    return engine_new(worker->base, worker->proxy->cards, &options, &callbacks, &worker->engine);
}

size_t worker_dma_bytes(unsigned workers)
{
    return workers * (pool_bytes(ENGINE_CHUNKS) + (1u << 20)) + (4u << 20);
}

/* ---- time */

time_t worker_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

static void end_sessions(struct worker *worker, bool at_once)
{
    struct session *next;
    for (struct session *s = worker->sessions; s; s = next) {
        next = session_next(s);
        if (at_once)
            session_free(s);
        else
            session_end(s, CONTROL_CLOSE_STOPPING, "stopping");
    }
}

static void drain(struct worker *worker)
{
    time_t now = worker_now();
    if (now >= worker->drain_until + CLOSE_SECONDS)
        end_sessions(worker, true);
    else if (now >= worker->drain_until)
        end_sessions(worker, false);
    if (!worker->sessions && !worker->associations && !worker->pending)
        event_base_loopbreak(worker->base);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    struct session *next;
    (void)fd;
    (void)what;
    if (worker->frozen)
        return;
    engine_tick(worker->engine);
    worker->going_back = 0;
    for (struct session *s = worker->sessions; s; s = next) {
        next = session_next(s);
        session_tick(s);
    }
    for (struct association *a = worker->associations, *after; a; a = after) {
        after = a->next;
        association_tick(a);
    }
    worker_flush(worker);
    resume_listeners(worker);
    overload_release(worker->proxy->overload);
    if (worker->draining)
        drain(worker);
}

/* ---- start and end */

void worker_drain(struct worker *worker, unsigned seconds)
{
    const struct timeval often = {.tv_usec = 20000};
    time_t until = worker_now() + (time_t)seconds;
    if (!worker->draining || until < worker->drain_until)
        worker->drain_until = until;
    worker->draining = true;
    worker_close_listeners(worker);
    arrival_free_all(worker);
    event_add(worker->tick, &often);
}

static void on_stop(struct task *task)
{
    struct worker *worker = (struct worker *)((char *)task - offsetof(struct worker, stop_task));
    if (worker->frozen)
        worker_thaw(worker);
    worker_drain(worker, worker->policy->options.drain_seconds);
}

void worker_stop(struct worker *worker)
{
    worker->stop_task.done = on_stop;
    mailbox_post(worker->mailbox, &worker->stop_task);
}

struct new_policy {
    struct task task;
    struct worker *worker;
    struct policy *policy;
};

static void on_policy(struct task *task)
{
    struct new_policy *message = (struct new_policy *)task;
    policy_unref(message->worker->policy);
    message->worker->policy = message->policy;
    free(message);
}

int worker_set_policy(struct worker *worker, struct policy *policy)
{
    struct new_policy *message = calloc(1, sizeof *message);
    if (!message)
        return -ENOMEM;
    *message = (struct new_policy){.task = {.done = on_policy}, .worker = worker, .policy = policy_ref(policy)};
    mailbox_post(worker->mailbox, &message->task);
    return 0;
}

void worker_poke(struct worker *worker)
{
    uint64_t one = 1;
    /* It fails only when the counter is full, and then the worker is awake anyway. */
    ssize_t n = write(worker->crossing_fd, &one, sizeof one);
    (void)n;
}

static int open_loop(struct worker *worker)
{
    const struct timeval second = {.tv_sec = 1};
    worker->base = event_base_new();
    if (!worker->base)
        return -ENOMEM;
    worker->crossing_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (worker->crossing_fd < 0)
        return -errno;
    worker->crossing = event_new(worker->base, worker->crossing_fd, EV_READ | EV_PERSIST, datapath_crossing, worker);
    worker->tick = event_new(worker->base, -1, EV_PERSIST, on_tick, worker);
    if (!worker->crossing || !worker->tick || event_add(worker->crossing, NULL) || event_add(worker->tick, &second))
        return -ENOMEM;
    return mailbox_new(worker->base, &worker->mailbox);
}

static int open_memory(struct worker *worker)
{
    unsigned size = 256;
    while (size < worker->proxy->options.max_associations && size < 65536)
        size *= 2;
    worker->table = calloc(size, sizeof(struct proxy_epoch *));
    worker->table_mask = size - 1;
    worker->rx = batch_rx_new();
    worker->tx = batch_tx_new();
    worker->cid_key = cid_key_new(worker->proxy->cid_key);
    return worker->table && worker->rx && worker->tx && worker->cid_key ? 0 : -ENOMEM;
}

int worker_new(struct proxy *proxy, unsigned index, struct worker **out, const char **error)
{
    struct worker *worker = calloc(1, sizeof *worker);
    *error = "memory";
    if (!worker)
        return -ENOMEM;
    worker->proxy = proxy;
    worker->policy = policy_ref(proxy->policy);
    worker->index = index;
    for (unsigned i = 0; i < WORKER_QUEUES; i++)
        worker->shares[i].most = SHARE_ALL;
    worker->crossing_fd = worker->udp[0].fd = worker->udp[1].fd = -1;
    int rc = open_loop(worker);
    if (!rc)
        rc = open_memory(worker);
    if (!rc) {
        *error = "nameservers";
        rc = names_new(worker->base, &proxy->options.nameservers, &worker->names);
    }
    if (!rc) {
        *error = "engine";
        rc = open_engine(worker);
    }
    if (!rc) {
        *error = "sockets";
        rc = open_sockets(worker);
    }
    if (rc)
        worker_free(worker);
    else
        *out = worker;
    return rc;
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    event_base_dispatch(worker->base);
    atomic_store(&worker->ended, true);
    return NULL;
}

int worker_start(struct worker *worker)
{
    char name[16];
    int rc = pthread_create(&worker->thread, NULL, worker_main, worker);
    if (rc)
        return -rc;
    snprintf(name, sizeof name, "worker%u", worker->index);
    pthread_setname_np(worker->thread, name);
    return 0;
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
}

static void close_udp(struct worker *worker, struct udp_socket *udp)
{
    worker_release(worker, &udp->source);
    if (udp->fd >= 0)
        close(udp->fd);
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    worker_close_listeners(worker);
    arrival_free_all(worker);
    free(worker->listeners);
    close_udp(worker, &worker->udp[0]);
    close_udp(worker, &worker->udp[1]);
    batch_tx_free(worker->tx);
    batch_rx_free(worker->rx);
    engine_free(worker->engine);
    names_free(worker->names);
    mailbox_free(worker->mailbox);
    cid_key_free(worker->cid_key);
    if (worker->tick)
        event_free(worker->tick);
    if (worker->crossing)
        event_free(worker->crossing);
    if (worker->crossing_fd >= 0)
        close(worker->crossing_fd);
    if (worker->base)
        event_base_free(worker->base);
    policy_unref(worker->policy);
    free(worker->table);
    free(worker);
}
