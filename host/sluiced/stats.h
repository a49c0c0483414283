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

/* Name, what it counts. Those that end in _open, and the last two, go up and down. */
#define STATS_LIST(X)                                                                                                            \
    X(connections, "TCP connections taken")                                                                                      \
    X(connections_open, "TCP connections that are there")                                                                        \
    X(connections_refused, "connections over max_connections")                                                                   \
    X(connections_over, "requests refused over the limit of a user or address")                                                  \
    X(handshakes_over, "connections refused since an address has too many without a request")                                    \
    X(associations_refused, "requests over max_associations")                                                                    \
    X(associations_over, "requests for associations over the limit of a user or address")                                        \
    X(memory_refused, "connections and associations over max_memory")                                                            \
    X(balanced, "connections that a load balancer has passed on")                                                                \
    X(balanced_failed, "connections of load balancers that did not begin with a PROXY header, or came to no end of it")          \
    X(accepts_failed, "accepts without a descriptor or memory left")                                                             \
    X(handshakes_slow, "connections that came to no request in handshake_seconds")                                               \
    X(handshakes_failed, "TLS handshakes that failed")                                                                           \
    X(handshakes_resumed, "TLS handshakes that resumed a session")                                                               \
    X(socks_failed, "what is not SOCKS5, or malformed")                                                                          \
    X(auth_failed, "wrong users or passwords")                                                                                   \
    X(auth_pam, "passwords that PAM was asked about")                                                                            \
    X(auth_slowed, "passwords not looked at after wrong ones")                                                                   \
    X(auth_shed, "passwords not looked at since too many waited")                                                                \
    X(certificates_refused, "client certificates of nobody who is a user")                                                       \
    X(requests_refused, "requests answered with another code than success")                                                      \
    X(requests_rule, "targets of CONNECT and BIND refused by a rule")                                                            \
    X(requests_private, "private targets that no rule opens")                                                                    \
    X(streams, "CONNECT and BIND relays")                                                                                        \
    X(binds, "BIND listeners")                                                                                                   \
    X(bind_strangers, "connections to BIND listeners from whom the client has not named")                                        \
    X(streams_open, "relays that are there")                                                                                     \
    X(stream_bytes_up, "bytes of streams from clients")                                                                          \
    X(stream_bytes_down, "bytes of streams to clients")                                                                          \
    X(associations, "secure associations made")                                                                                  \
    X(associations_open, "secure associations that are there")                                                                   \
    X(naked_associations, "naked associations made")                                                                             \
    X(naked_associations_open, "naked associations that are there")                                                              \
    X(records_in, "records received from clients")                                                                               \
    X(record_bytes_in, "bytes of them")                                                                                          \
    X(records_out, "records sent to clients")                                                                                    \
    X(record_bytes_out, "bytes of them")                                                                                         \
    X(tcp_records_in, "records received inside of connections")                                                                  \
    X(tcp_record_bytes_in, "bytes of records received inside of connections")                                                    \
    X(tcp_records_out, "records sent inside of connections")                                                                     \
    X(tcp_record_bytes_out, "bytes of records sent inside of connections")                                                       \
    X(tcp_records_long, "records sent inside of connections since the way there carries no packet so long")                      \
    X(transports_tcp, "associations whose clients turned to TCP")                                                                \
    X(transports_udp, "associations whose clients turned back to UDP")                                                           \
    X(naked_in, "naked datagrams received from clients")                                                                         \
    X(naked_out, "naked datagrams sent to clients")                                                                              \
    X(datagrams_up, "datagrams sent to targets")                                                                                 \
    X(datagram_bytes_up, "bytes of them")                                                                                        \
    X(datagrams_down, "datagrams received from targets")                                                                         \
    X(datagram_bytes_down, "bytes of them")                                                                                      \
    X(datagrams_merged, "datagrams received that the kernel gave with others as one")                                            \
    X(datagrams_segmented, "datagrams sent that it was given with others as one")                                                \
    X(rekeys, "epochs begun after the first")                                                                                    \
    X(take_ups, "associations that a new connection took up")                                                                    \
    X(take_ups_refused, "attempts to take one up that failed")                                                                   \
    X(associations_taken, "secure associations taken over from a former process")                                                \
    X(associations_given, "secure associations handed over to another process")                                                  \
    X(heartbeats, "heartbeats answered")                                                                                         \
    X(path_checks, "path checks asked")                                                                                          \
    X(paths_changed, "clients that were found elsewhere")                                                                        \
    X(crossed, "records handed to another worker")                                                                               \
    X(engine_replaced, "cards that died")                                                                                        \
    X(engine_returned, "cards that came back")                                                                                   \
    X(engine_redone, "records done again then")                                                                                  \
    X(engine_busy, "records that the engine has at present")                                                                     \
    X(chunks_free, "DMA memory that is free, in chunks")

struct stats {
#define X(name, help) _Atomic uint64_t name;
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

static inline void stats_set(_Atomic uint64_t *gauge, uint64_t value)
{
    atomic_store_explicit(gauge, value, memory_order_relaxed);
}

/* Moves what a batch queue has counted. */
void stats_fold(struct stats *stats, struct batch_counts *counts, _Atomic uint64_t *datagrams, _Atomic uint64_t *bytes);
/* Adds `from` to `sum`; any thread. */
void stats_sum(struct stats *sum, const struct stats *from);
/* {"connections": n, ..., "refused": {"noise": n, ...}}; NULL: no memory. */
json_t *stats_json(const struct stats *stats);

/* Calls `fn` for each but the refusals. */
typedef void stats_fn(void *arg, const char *name, const char *help, bool gauge, uint64_t value);
void stats_each(const struct stats *stats, stats_fn *fn, void *arg);

#endif
