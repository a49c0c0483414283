/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/give.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sluiced/admin.h"
#include "sluiced/channel.h"
#include "sluiced/freeze.h"
#include "sluiced/give_association.h"
#include "sluiced/handover.h"
#include "sluiced/notify.h"
#include "sluiced/status.h"

#define SAY_SECONDS   2   /* for a message to be taken */
#define HELLO_SECONDS 5   /* for the first one */
#define OPEN_SECONDS  120 /* for the new proxy to open all that it needs, a card perhaps */
#define TAKE_SECONDS  10  /* for it to have everything */
#define STILL_MS      5000

enum state { IDLE, HELLO, OPENING, FREEZING, GIVING, TAKING, ENDING, GIVEN };

/* A worker's part. It is with one of the two threads at a time. */
struct part {
    struct task task;
    struct give *give;
    struct worker *worker;
    struct event *timer;
    unsigned waited; /* ms */
};

struct give {
    struct proxy *proxy;
    struct give_what what;
    struct event_base *base;
    struct evconnlistener *listener;
    struct mailbox *mailbox;
    char *path;
    enum state state;
    int channel;
    struct event *event; /* what the new one says */
    struct ucred peer;
    unsigned left;      /* parts that are out */
    unsigned count;     /* associations */
    uint64_t frozen_at; /* ms */
    unsigned frozen_ms;
    int error;
    struct part *parts;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- workers */

static void post(struct give *g, unsigned i, void (*fn)(struct task *))
{
    struct part *part = &g->parts[i];
    g->left++;
    part->task = (struct task){.done = fn, .mailbox = g->proxy->workers[i]->mailbox};
    mailbox_post(part->task.mailbox, &part->task);
}

static void post_all(struct give *g, void (*fn)(struct task *))
{
    for (unsigned i = 0; i < g->proxy->worker_count; i++)
        post(g, i, fn);
}

/* From the worker's thread. */
static void come_back(struct part *part, void (*fn)(struct task *))
{
    part->task = (struct task){.done = fn, .mailbox = part->give->mailbox};
    mailbox_post(part->task.mailbox, &part->task);
}

/* ---- failure */

static void close_channel(struct give *g)
{
    if (g->event)
        event_free(g->event);
    g->event = NULL;
    if (g->channel >= 0)
        close(g->channel);
    g->channel = -1;
}

static void on_thawed(struct task *task)
{
    struct give *g = ((struct part *)task)->give;
    if (--g->left == 0)
        g->state = IDLE;
}

static void do_thaw(struct task *task)
{
    struct part *part = (struct part *)task;
    worker_thaw(part->worker);
    come_back(part, on_thawed);
}

static void fail(struct give *g, int error)
{
    bool frozen = g->state >= FREEZING;
    close_channel(g);
    log_event(&g->proxy->log, LOG_LEVEL_ERROR, "upgrade_failed", "pid=%d error=%s", (int)g->peer.pid, strerrorname_np(-error));
    g->state = frozen ? ENDING : IDLE;
    if (frozen)
        post_all(g, do_thaw);
}

/* ---- messages */

static int say(struct give *g, enum handover_type type, const void *what, const int *fds, unsigned count)
{
    uint8_t message[HANDOVER_MAX];
    int rc = channel_send(g->channel, message, handover_encode(type, what, message), fds, count);
    explicit_bzero(message, sizeof message);
    return rc;
}

static int say_socket(struct give *g, enum activation_use use, unsigned index, const int *fds, unsigned count)
{
    const struct handover_socket what = {.use = use, .index = index};
    return count ? say(g, HANDOVER_SOCKET, &what, fds, count) : 0;
}

static int say_one(struct give *g, enum activation_use use, int fd)
{
    return say_socket(g, use, 0, &fd, fd >= 0);
}

static int say_listeners(struct give *g)
{
    const struct proxy *proxy = g->proxy;
    int fds[OPTIONS_WORKERS_MAX], rc = 0;
    for (unsigned i = 0; i < proxy->options.listeners.count && !rc; i++) {
        for (unsigned w = 0; w < proxy->worker_count; w++)
            fds[w] = evconnlistener_get_fd(proxy->workers[w]->listeners[i]);
        rc = say_socket(g, ACTIVATION_LISTENER, i, fds, proxy->worker_count);
    }
    return rc;
}

static int say_udp(struct give *g)
{
    const struct proxy *proxy = g->proxy;
    const struct options_udp *udp = proxy->options.udp.items;
    int fds[OPTIONS_WORKERS_MAX], rc = 0;
    for (unsigned i = 0; i < proxy->options.udp.count && !rc; i++) {
        for (unsigned w = 0; w < proxy->worker_count; w++)
            fds[w] = proxy->workers[w]->udp[udp[i].address.sa.sa_family == AF_INET6].fd;
        rc = say_socket(g, ACTIVATION_UDP, i, fds, proxy->worker_count);
    }
    return rc;
}

static int say_sockets(struct give *g)
{
    struct proxy *proxy = g->proxy;
    struct handover_proxy what = {.version = HANDOVER_VERSION, .member = proxy->member, .cid_workers = proxy->cid_workers};
    memcpy(what.cid_key, proxy->cid_key, sizeof what.cid_key);
    int rc = say(g, HANDOVER_PROXY, &what, &proxy->log.fd, 1);
    explicit_bzero(&what, sizeof what);
    if (!rc)
        rc = say_listeners(g);
    if (!rc)
        rc = say_udp(g);
    if (!rc)
        rc = say_one(g, ACTIVATION_STATUS, status_socket_fd(g->what.status));
    if (!rc)
        rc = say_one(g, ACTIVATION_ADMIN, admin_fd(g->what.admin));
    if (!rc)
        rc = say_one(g, ACTIVATION_UPGRADE, evconnlistener_get_fd(g->listener));
    return rc ? rc : say(g, HANDOVER_BEGIN, NULL, NULL, 0);
}

static void listen_for(struct give *g, enum state state, unsigned seconds)
{
    const struct timeval patience = {.tv_sec = (time_t)seconds};
    g->state = state;
    if (event_add(g->event, &patience))
        fail(g, -ENOMEM);
}

/* ---- associations: all workers stop, then one after the other tells what it has */

static void on_released(struct task *task)
{
    struct give *g = ((struct part *)task)->give;
    if (--g->left == 0)
        g->what.given(g->what.arg, g->peer.pid, g->count, g->frozen_ms);
}

static void do_release(struct task *task)
{
    struct part *part = (struct part *)task;
    worker_give(part->worker, part->worker->policy->options.upgrade_drain_seconds);
    come_back(part, on_released);
}

static void pause_questions(struct give *g, bool pause)
{
    status_socket_pause(g->what.status, pause);
    admin_pause(g->what.admin, pause);
}

/* The word that cannot be taken back: before it nothing has changed here, after it nothing is left here. */
static void let_go(struct give *g)
{
    (void)notify("MAINPID=%d", (int)g->peer.pid);
    pause_questions(g, true);
    int rc = say(g, HANDOVER_GO, NULL, NULL, 0);
    if (rc) {
        (void)notify("MAINPID=%d", (int)getpid());
        pause_questions(g, false);
        fail(g, rc);
        return;
    }
    g->frozen_ms = (unsigned)(now_ms() - g->frozen_at);
    close_channel(g);
    cards_give(g->proxy->cards);
    g->state = GIVEN;
    status_socket_give(g->what.status);
    admin_give(g->what.admin);
    evconnlistener_free(g->listener);
    g->listener = NULL;
    post_all(g, do_release);
}

static void do_give(struct task *task);

static void on_gave(struct task *task)
{
    struct part *part = (struct part *)task;
    struct give *g = part->give;
    unsigned next = part->worker->index + 1;
    g->left--;
    if (!g->error && next < g->proxy->worker_count) {
        post(g, next, do_give);
        return;
    }
    const struct handover_count all = {.associations = g->count};
    if (!g->error)
        g->error = say(g, HANDOVER_END, &all, NULL, 0);
    if (g->error)
        fail(g, g->error);
    else
        listen_for(g, TAKING, TAKE_SECONDS);
}

/* Records that were in the engine come out first. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    const struct timeval soon = {.tv_usec = 1000};
    struct part *part = arg;
    struct give *g = part->give;
    (void)fd;
    (void)what;
    bool still = !part->worker->frozen || worker_is_still(part->worker);
    if (!still && part->waited++ < STILL_MS && !event_add(part->timer, &soon))
        return;
    event_free(part->timer);
    if (!part->worker->frozen) /* it has been told to stop */
        g->error = -ECANCELED;
    else
        g->error = still ? give_associations(part->worker, g->channel, &g->count) : -ETIMEDOUT;
    come_back(part, on_gave);
}

static void do_give(struct task *task)
{
    struct part *part = (struct part *)task;
    part->waited = 0;
    part->timer = event_new(part->worker->base, -1, 0, on_timer, part);
    if (part->timer) {
        on_timer(-1, 0, part);
        return;
    }
    part->give->error = -ENOMEM;
    come_back(part, on_gave);
}

static void on_frozen(struct task *task)
{
    struct give *g = ((struct part *)task)->give;
    if (--g->left)
        return;
    g->state = GIVING;
    post(g, 0, do_give);
}

static void do_freeze(struct task *task)
{
    struct part *part = (struct part *)task;
    if (!part->worker->draining)
        worker_freeze(part->worker);
    come_back(part, on_frozen);
}

/* ---- what the new one says */

static void take_hello(struct give *g, const uint8_t *data, size_t len)
{
    struct handover_hello hello;
    int rc = handover_decode(HANDOVER_HELLO, data, len, &hello);
    if (!rc && hello.version < HANDOVER_VERSION)
        rc = -EPROTONOSUPPORT;
    if (!rc)
        rc = say_sockets(g);
    if (rc)
        fail(g, rc);
    else
        listen_for(g, OPENING, OPEN_SECONDS);
}

static void take_done(struct give *g, const uint8_t *data, size_t len)
{
    struct handover_count taken;
    int rc = handover_decode(HANDOVER_DONE, data, len, &taken);
    if (rc || taken.associations != g->count)
        fail(g, rc ? rc : -EPROTO);
    else
        let_go(g);
}

static void on_message(evutil_socket_t fd, short what, void *arg)
{
    uint8_t data[HANDOVER_MAX];
    int fds[CHANNEL_FDS], len = -ETIMEDOUT;
    unsigned count = 0;
    struct give *g = arg;
    if (what & EV_READ)
        len = channel_receive((int)fd, data, sizeof data, fds, &count);
    while (count)
        close(fds[--count]); /* it has nothing to give */
    if (len <= 0) {
        fail(g, len ? len : -ECONNRESET);
    } else if (g->state == HELLO) {
        take_hello(g, data, (size_t)len);
    } else if (g->state == TAKING) {
        take_done(g, data, (size_t)len);
    } else if (handover_decode(HANDOVER_READY, data, (size_t)len, NULL)) {
        fail(g, -EPROTO);
    } else {
        g->state = FREEZING;
        g->error = 0;
        g->count = 0;
        g->frozen_at = now_ms();
        post_all(g, do_freeze);
    }
}

/* Whoever takes over gets every key. */
static bool may_take(const struct ucred *peer)
{
    return !peer->uid || peer->uid == geteuid();
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int sa_len, void *arg)
{
    struct give *g = arg;
    struct ucred peer = {.pid = 0};
    socklen_t len = sizeof peer;
    (void)listener;
    (void)sa;
    (void)sa_len;
    if (getsockopt((int)fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || !may_take(&peer) || g->state != IDLE) {
        log_event(&g->proxy->log, LOG_LEVEL_WARNING, "upgrade_refused", "pid=%d uid=%u reason=%s", (int)peer.pid,
                  (unsigned)peer.uid, may_take(&peer) ? "busy" : "uid");
        close((int)fd);
        return;
    }
    evutil_make_socket_closeonexec(fd);
    g->channel = (int)fd;
    g->peer = peer;
    channel_set_timeout(g->channel, SAY_SECONDS);
    g->event = event_new(g->base, fd, EV_READ, on_message, g);
    if (g->event)
        listen_for(g, HELLO, HELLO_SECONDS);
    else
        fail(g, -ENOMEM);
}

/* ---- start and end */

static int open_parts(struct give *g)
{
    g->parts = calloc(g->proxy->worker_count, sizeof *g->parts);
    for (unsigned i = 0; g->parts && i < g->proxy->worker_count; i++)
        g->parts[i] = (struct part){.give = g, .worker = g->proxy->workers[i]};
    return g->parts ? mailbox_new(g->base, &g->mailbox) : -ENOMEM;
}

int give_new(struct event_base *base, struct proxy *proxy, const struct give_what *what, const char *path, struct give **out)
{
    struct give *g = calloc(1, sizeof *g);
    if (!g)
        return -ENOMEM;
    g->proxy = proxy;
    g->base = base;
    g->what = *what;
    g->channel = -1;
    g->path = strdup(path);
    int rc = g->path ? open_parts(g) : -ENOMEM;
    int fd = rc ? rc : status_bind(proxy, path, SOCK_SEQPACKET);
    if (fd >= 0) {
        g->listener = evconnlistener_new(base, on_connection, g, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_LEAVE_SOCKETS_BLOCKING, 2, fd);
        if (!g->listener)
            close(fd);
        rc = g->listener ? 0 : -ENOMEM;
    } else {
        rc = fd;
    }
    if (rc)
        give_free(g, true);
    else
        *out = g;
    return rc;
}

void give_free(struct give *g, bool given)
{
    if (!g)
        return;
    close_channel(g);
    if (g->listener)
        evconnlistener_free(g->listener);
    if (g->path && !given)
        unlink(g->path);
    free(g->path);
    free(g->parts);
    mailbox_free(g->mailbox);
    free(g);
}
