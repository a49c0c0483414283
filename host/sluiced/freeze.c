/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/freeze.h"

#include <event2/listener.h>
#include <unistd.h>

#include "sluiced/association.h"
#include "sluiced/datapath.h"
#include "sluiced/session.h"

static void hold(struct worker *worker, struct source *source)
{
    if (source->event)
        worker_hold(worker, source);
}

static void pause_all(struct worker *worker, bool pause)
{
    for (struct association *a = worker->associations; a; a = a->next) {
        if (a->secure && a->session)
            session_pause(a->session, pause);
    }
}

void worker_freeze(struct worker *worker)
{
    worker->frozen = true;
    for (unsigned i = 0; i < worker->proxy->options.listeners.count; i++) {
        if (worker->listeners[i])
            evconnlistener_disable(worker->listeners[i]);
    }
    hold(worker, &worker->udp[0].source);
    hold(worker, &worker->udp[1].source);
    for (struct association *a = worker->associations; a; a = a->next) {
        for (unsigned i = 0; a->secure && i < 2; i++)
            hold(worker, &a->targets[i].source);
    }
    pause_all(worker, true);
}

/* Epochs that were made meanwhile. */
static void do_late(struct worker *worker)
{
    while (worker->late) {
        struct task *task = worker->late;
        worker->late = task->next;
        task->done(task);
    }
}

void worker_thaw(struct worker *worker)
{
    worker->frozen = false;
    for (unsigned i = 0; i < worker->proxy->options.listeners.count; i++) {
        if (worker->listeners[i])
            evconnlistener_enable(worker->listeners[i]);
    }
    pause_all(worker, false);
    do_late(worker);
    worker_resume(worker);
}

bool worker_is_still(struct worker *worker)
{
    datapath_crossing(worker->crossing_fd, EV_READ, worker);
    return !worker->crossing_held && !engine_in_flight(worker->engine);
}

static void close_udp(struct worker *worker, struct udp_socket *udp)
{
    if (udp->fd < 0)
        return;
    worker_release(worker, &udp->source);
    batch_forget(worker->tx, &udp->queue);
    close(udp->fd);
    udp->fd = -1;
}

void worker_give(struct worker *worker, unsigned seconds)
{
    struct session *next;
    struct association *after;
    worker->given = true;
    close_udp(worker, &worker->udp[0]);
    close_udp(worker, &worker->udp[1]);
    for (struct session *s = worker->sessions; s; s = next) {
        next = session_next(s);
        session_give(s);
    }
    worker->frozen = false;
    do_late(worker);
    for (struct association *a = worker->associations; a; a = after) {
        after = a->next;
        if (a->secure)
            association_give(a);
    }
    batch_rx_empty(worker->rx);
    engine_leave(worker->engine); /* a card is for one process */
    worker_resume(worker);
    worker_drain(worker, seconds);
}
