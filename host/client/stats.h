/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of the client. Names are keys of the JSON, so an interface. */
#ifndef CLIENT_STATS_H
#define CLIENT_STATS_H

#include <stdint.h>

#include "udp/batch.h"
#include "udp/refusal.h"

struct client;

#define CLIENT_STATS_LIST(X)                                                                                                     \
    X(connections)         /* local TCP connections taken */                                                                     \
    X(connections_refused) /* over the limit, or not SOCKS5 */                                                                   \
    X(streams)             /* CONNECT relays */                                                                                  \
    X(stream_bytes_up)     /* to the proxy */                                                                                    \
    X(stream_bytes_down)                                                                                                         \
    X(dials_failed) /* requests to proxies that came to nothing, refusals among them */                                          \
    X(associations) /* secure */                                                                                                 \
    X(naked_associations)                                                                                                        \
    X(rekeys)            /* epochs begun after the first */                                                                      \
    X(heartbeats)        /* sent */                                                                                              \
    X(path_checks)       /* answered */                                                                                          \
    X(take_ups)          /* associations that went on by another connection */                                                   \
    X(moves)             /* associations that went on at another proxy */                                                        \
    X(associations_lost) /* ended by the proxy or the network */                                                                 \
    X(datagrams_up)      /* from local programs, on their way to the proxy */                                                    \
    X(datagram_bytes_up) /* payload */                                                                                           \
    X(datagrams_down)    /* given to local programs */                                                                           \
    X(datagram_bytes_down)                                                                                                       \
    X(records_in) /* received from the proxy; naked datagrams too */                                                             \
    X(record_bytes_in)                                                                                                           \
    X(tcp_records_in) /* records inside connections */                                                                           \
    X(tcp_records_out)                                                                                                           \
    X(transports_tcp)  /* associations that turned to TCP, since UDP was blocked */                                              \
    X(transports_udp)  /* and back */                                                                                            \
    X(engine_replaced) /* a card died */                                                                                         \
    X(engine_returned) /* it came back */                                                                                        \
    X(engine_redone)   /* records done again then */

struct client_stats {
#define X(name) uint64_t name;
    CLIENT_STATS_LIST(X)
#undef X
    uint64_t refused[REFUSAL_COUNT];
    struct batch_counts to_proxy, to_local; /* given to the kernel */
};

static inline void client_refuse(struct client_stats *stats, enum refusal reason)
{
    stats->refused[reason]++;
}

/* One line of JSON, freed by the caller; NULL: no memory. */
char *client_stats_text(const struct client *client);
/* Replaces the file at `path`; -errno. */
int client_stats_write(const struct client *client, const char *path);

#endif
