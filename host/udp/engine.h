/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread's way to an engine: a queue pair, a pool of DMA memory, jobs, bursts, completions by the queue's eventfd in the
 * event loop.
 *
 * When the card dies (-ENODEV) everything goes over to the software engine: a new queue pair and pool, SAs made again with
 * counters that skip every one possibly used, jobs in flight done again. Owners of jobs see nothing of it but `replaced`.
 *
 * When the card comes back (cards.h), it serves SAs that are made from then on. Those that there are stay where they are, since
 * their windows cannot be told to a card that others go on without: their owners begin new epochs (engine_is_former).
 *
 * All of it belongs to the thread of the event loop.
 */
#ifndef HOST_UDP_ENGINE_H
#define HOST_UDP_ENGINE_H

#include <event2/event.h>
#include <stdbool.h>

#include "net/addr.h"
#include "udp/cards.h"
#include "udp/pool.h"
#include "udp/sas.h"

struct engine;

/* One record to seal or to open. */
struct engine_job {
    /* what is asked */
    enum sluice_op_type type; /* SLUICE_OP_TYPE_SEAL or _OPEN */
    uint8_t content_type;     /* seal: enum record_type; open: the record's first byte */
    struct sas *sas;
    struct chunk *src_chunk;
    uint8_t *src;
    uint32_t src_len;
    void *owner;          /* for the callback */
    struct net_addr peer; /* for the callback: where it came from, or is to go */
    /* what came of it, valid in the callback */
    enum sluice_status status;
    struct chunk *dst_chunk; /* take a reference of your own to keep `dst` */
    uint8_t *dst;
    uint32_t length; /* of content or record at dst; 0 unless status is ok or replayed */
    uint64_t counter;
    bool duplicate; /* status is replayed, and the counter lies inside the window: it has been seen */
    bool newest;    /* opened, and no record with a higher counter was before it; random mode: opened */
    /* private */
    uint32_t dst_len;
    struct engine_job *next;
};

struct engine_callbacks {
    void (*done)(void *arg, struct engine_job *job); /* the job is gone after it; sas may be detached in it once idle */
    void (*burst)(void *arg);                        /* after the done calls of a burst: send what they left */
    void (*replaced)(void *arg, const char *engine, unsigned again); /* the card died; jobs done again. Also for logging */
    void (*returned)(void *arg, const char *engine);                 /* the configured card is there again. Also for logging */
    void (*failed)(void *arg, int error);                            /* no engine is left: end */
    void *arg;
};

struct engine_options {
    unsigned depth;  /* records in flight, at most */
    unsigned chunks; /* of DMA memory */
};

int engine_new(struct event_base *base, struct cards *cards, const struct engine_options *options,
               const struct engine_callbacks *callbacks, struct engine **engine);
/* Jobs in flight are dropped without a callback; attached sas are detached, not destroyed. */
void engine_free(struct engine *engine);

/* Of datagrams to come, and whose it is; others in their places after engine_run or engine_tick. */
struct pool *engine_pool(struct engine *engine);
struct sluice_card *engine_card(struct engine *engine);
/* Jobs that can be submitted now; read no more datagrams than that. */
unsigned engine_room(const struct engine *engine);

/* From then on jobs may name `sas`, and it goes over to the software engine when its card dies. SAs made on a card that is dead
 * are made again here. -errno of sas_create. */
int engine_attach(struct engine *engine, struct sas *sas);
/* Its SAs are not on the card that serves those made now. */
bool engine_is_former(const struct engine *engine, const struct sas *sas);
/* Every second or so: looks whether the card has come back, and gives up what former ones held. */
void engine_tick(struct engine *engine);
/* sas->in_flight must be 0. */
void engine_detach(struct engine *engine, struct sas *sas);

/* Copies `job` (its first part) and takes a reference to its source; done in the next engine_run, in order within a sas.
 * -ENOBUFS: no job or memory is left; -EMSGSIZE: no record of this sas has that length; -EOVERFLOW: its keys are used up. */
int engine_submit(struct engine *engine, const struct engine_job *job);
/* Submits the burst and handles completions that are there; the rest comes by the event loop. Not from inside a callback. */
void engine_run(struct engine *engine);
/* Goes over to the software engine, as if the card had died. */
void engine_leave(struct engine *engine);
/* Jobs not yet done. */
unsigned engine_in_flight(const struct engine *engine);

#endif
