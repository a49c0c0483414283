/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: a thread with an event loop, TCP listeners and UDP sockets of its own (SO_REUSEPORT), a queue pair, DMA memory and
 * its shard of the associations. Workers share nothing on the datagram path; a record that reached the wrong one crosses by a
 * ring.
 *
 * Fields are for the worker's own thread; functions say who may call them.
 */
#ifndef SLUICED_WORKER_H
#define SLUICED_WORKER_H

#include <event2/event.h>
#include <pthread.h>

#include "net/names.h"
#include "sluiced/proxy.h"
#include "sluiced/share.h"
#include "sluiced/stats.h"
#include "udp/batch.h"
#include "udp/engine.h"

struct arrival;
struct association;
struct proxy_epoch;
struct session;

/* A UDP socket that is read; embedded in its owner. Reading stops while the engine is full. */
struct source {
    struct event *event;
    bool held;
    struct source *next_held;
};

struct udp_socket {
    int fd; /* -1: none of this family */
    struct net_addr address;
    struct source source;
    struct batch_queue queue;
    struct worker *worker;
};

/* Where records come from that clients share. */
enum worker_queue { WORKER_SOCKET, WORKER_RINGS, WORKER_QUEUES };

struct worker {
    struct proxy *proxy;
    struct policy *policy;
    unsigned index;
    pthread_t thread;
    struct event_base *base;
    struct mailbox *mailbox;
    struct names *names;
    struct engine *engine;
    struct batch_rx *rx;
    struct batch_tx *tx;
    struct batch_counts to_clients, naked_to_clients, to_targets; /* folded into stats after each flush */
    struct cid_key *cid_key;
    struct udp_socket udp[2]; /* IPv4, IPv6 */
    struct evconnlistener **listeners;
    bool listeners_held; /* until the next tick */
    struct source *held;
    struct share shares[WORKER_QUEUES];
    struct proxy_epoch **table; /* by cid */
    unsigned table_mask;
    struct association *associations; /* all of this worker's, with those that are closing */
    struct session *sessions;
    struct arrival *arrivals; /* connections whose PROXY header has not come yet */
    unsigned arrival_count;
    struct event *crossing; /* on the eventfd of incoming rings */
    int crossing_fd;
    bool crossing_held;  /* records wait in the rings until the engine has room */
    unsigned waiting;    /* datagrams that wait for a name, of all associations */
    uint64_t poke;       /* bit i: worker i has been given records */
    struct event *tick;  /* every second */
    unsigned going_back; /* associations that this tick has asked to go back to a card */
    unsigned pending;    /* tasks of sessions with a helper */
    bool draining;
    time_t drain_until;
    struct task stop_task;
    bool frozen;       /* between two processes: freeze.h */
    struct task *late; /* epochs that were made meanwhile */
    bool given;        /* what comes for secure UDP is the other process's */
    atomic_bool failed;
    atomic_bool ended; /* the thread has nothing more to do */
    struct stats stats;
};

/* DMA memory that so many workers need. */
size_t worker_dma_bytes(unsigned workers);
/* Main thread, before worker_start: makes everything, the sockets too. `*error` names what failed. */
int worker_new(struct proxy *proxy, unsigned index, struct worker **worker, const char **error);
int worker_start(struct worker *worker);
/* Any thread, once: stops listening and ends once no session is left, or after drain_seconds. */
void worker_stop(struct worker *worker);
/* Main thread: its sessions go by this policy from then on. -ENOMEM. */
int worker_set_policy(struct worker *worker, struct policy *policy);
/* Main thread, once: waits for its end. */
void worker_join(struct worker *worker);
/* Main thread, after worker_join, or when it was not started. */
void worker_free(struct worker *worker);
/* Any thread: makes the worker look into its rings. */
void worker_poke(struct worker *worker);

/* ---- within the worker's thread */

/* Seconds of a clock that never jumps. */
time_t worker_now(void);
/* Runs the engine and sends what came of it: after every read of sockets. */
void worker_flush(struct worker *worker);
/* The engine and its memory can take what another read may bring. */
bool worker_has_room(const struct worker *worker);
/* Stops reading from a source until the engine has room again. */
void worker_hold(struct worker *worker, struct source *source);
/* The source goes away. */
void worker_release(struct worker *worker, struct source *source);
int worker_socket(int family); /* a UDP socket with large buffers, or -errno */
/* Ends once no session is left, or after so many seconds; a sooner end than one that was asked for before. */
void worker_drain(struct worker *worker, unsigned seconds);
void worker_close_listeners(struct worker *worker);
/* Reads again from sources that were held, if the engine has room. */
void worker_resume(struct worker *worker);

#endif
