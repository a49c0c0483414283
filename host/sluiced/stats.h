/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of a worker. The worker alone writes them, any thread reads them; each is exact, a set of them is not a consistent
 * snapshot. Names are keys of the status JSON, so an interface.
 */
#ifndef SLUICED_STATS_H
#define SLUICED_STATS_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

#include "udp/batch.h"
#include "udp/refusal.h"

#define STATS_LIST(X)                                                                                                            \
    X(connections)          /* TCP connections taken */                                                                          \
    X(connections_open)     /* of them still there */                                                                            \
    X(connections_refused)  /* over max_connections */                                                                           \
    X(connections_over)     /* requests refused over the limit of a user or address */                                           \
    X(handshakes_over)      /* connections refused since an address has too many without a request */                            \
    X(associations_refused) /* over max_associations */                                                                          \
    X(associations_over)    /* over the limit of a user or address */                                                            \
    X(memory_refused)       /* connections and associations over max_memory */                                                   \
    X(accepts_failed)       /* no descriptor, or no memory for them */                                                           \
    X(handshakes_failed)    /* TLS */                                                                                            \
    X(handshakes_resumed)                                                                                                        \
    X(socks_failed)         /* not SOCKS5, or malformed */                                                                       \
    X(auth_failed)          /* wrong user or password */                                                                         \
    X(auth_slowed)          /* not looked at after wrong ones */                                                                 \
    X(auth_shed)            /* not looked at since too many waited */                                                            \
    X(certificates_refused) /* of nobody who is a user */                                                                        \
    X(requests_refused)     /* answered with another code than success */                                                        \
    X(requests_rule)        /* targets of CONNECT and BIND refused by a rule */                                                  \
    X(requests_private)     /* private ones that no rule opens */                                                                \
    X(streams)              /* CONNECT and BIND relays */                                                                        \
    X(binds)                /* BIND listeners */                                                                                 \
    X(bind_strangers)       /* connections to them from whom the client has not named */                                         \
    X(streams_open)                                                                                                              \
    X(stream_bytes_up)   /* from clients */                                                                                      \
    X(stream_bytes_down) /* to clients */                                                                                        \
    X(associations)      /* secure */                                                                                            \
    X(associations_open)                                                                                                         \
    X(naked_associations)                                                                                                        \
    X(naked_associations_open)                                                                                                   \
    X(records_in) /* records received from clients */                                                                            \
    X(record_bytes_in)                                                                                                           \
    X(records_out) /* records sent to clients */                                                                                 \
    X(record_bytes_out)                                                                                                          \
    X(naked_in)     /* naked datagrams received from clients */                                                                  \
    X(naked_out)    /* naked datagrams sent to clients */                                                                        \
    X(datagrams_up) /* sent to targets */                                                                                        \
    X(datagram_bytes_up)                                                                                                         \
    X(datagrams_down) /* received from targets */                                                                                \
    X(datagram_bytes_down)                                                                                                       \
    X(rekeys)   /* epochs begun after the first */                                                                               \
    X(take_ups) /* associations that a new connection took up */                                                                 \
    X(take_ups_refused)                                                                                                          \
    X(heartbeats)      /* answered */                                                                                            \
    X(path_checks)     /* asked */                                                                                               \
    X(paths_changed)   /* clients that were found elsewhere */                                                                   \
    X(crossed)         /* records handed to another worker */                                                                    \
    X(engine_replaced) /* a card died */                                                                                         \
    X(engine_redone)   /* records done again then */

struct stats {
#define X(name) _Atomic uint64_t name;
    STATS_LIST(X)
#undef X
    _Atomic uint64_t refused[REFUSAL_COUNT];
};

/* Of the thread that owns the counter. */
static inline void stats_add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count, memory_order_relaxed);
}

static inline void stats_refuse(struct stats *stats, enum refusal reason)
{
    stats_add(&stats->refused[reason], 1);
}

/* Moves what a batch queue has counted. */
void stats_fold(struct stats *stats, struct batch_counts *counts, _Atomic uint64_t *datagrams, _Atomic uint64_t *bytes);
/* Adds `from` to `sum`; any thread. */
void stats_sum(struct stats *sum, const struct stats *from);
/* {"connections": n, ..., "refused": {"noise": n, ...}}; NULL: no memory. */
json_t *stats_json(const struct stats *stats);

#endif
