/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UDP association, secure or naked: its epochs, where its client is, a socket for each address family toward its targets.
 * Belongs to one worker.
 */
#ifndef SLUICED_ASSOCIATION_H
#define SLUICED_ASSOCIATION_H

#include "sluiced/access.h"
#include "sluiced/epochs.h"
#include "sluiced/helper.h"
#include "sluiced/path.h"
#include "sluiced/worker.h"
#include "socks/socks.h"
#include "udp/control.h"
#include "udp/keys.h"

#define ASSOCIATION_HELD 8 /* datagrams that wait for a name, at most */

struct association;

/* A datagram that waits for its target's name. */
struct held_datagram {
    struct association *association;
    struct names_request *request; /* NULL: free */
    struct chunk *chunk;
    const uint8_t *data;
    uint32_t len;
    char *name;
    uint16_t port;
};

struct target_socket {
    int fd; /* -1: not opened yet */
    struct source source;
    struct batch_queue queue;
    struct association *association;
};

enum association_state { ASSOCIATION_MAKING, ASSOCIATION_OPEN, ASSOCIATION_CLOSING };

struct association {
    struct worker *worker;
    struct session *session; /* NULL once that has gone */
    enum association_state state;
    bool secure;
    struct access access;
    char peer_text[NET_ADDR_TEXT], user[64]; /* of its first connection, for the log */
    time_t alone_until;                      /* without a connection it is kept so long, to be taken up; 0: it has one */
    struct keys_agreement agreement;         /* of the newest epoch; secure, as are the next four */
    struct proxy_epoch *newest;              /* its former ones follow it */
    struct proxy_epoch *sealing;             /* under which records are sent */
    struct proxy_epoch *making;              /* has a cid, and perhaps SAs, but no record yet */
    unsigned going;                          /* epochs that are on their way out */
    struct net_addr host;                    /* naked: the TCP peer, the only host that datagrams are taken from */
    struct net_addr peer;                    /* where records or datagrams go; naked: pinned by the first */
    bool by_tcp;                             /* records go inside the connection, as the client wants it */
    bool checked;                            /* peer is trusted; secure */
    unsigned mtu;                            /* of the way there: bytes of an IP packet; 0: not known */
    struct path path;                        /* another peer that is being checked, or this one */
    struct net_addr local;                   /* to send from */
    struct batch_queue *to_client;
    struct target_socket targets[2]; /* IPv4, IPv6 */
    struct target_socket naked;      /* toward the client */
    struct held_datagram held[ASSOCIATION_HELD];
    struct share_taken taken[WORKER_QUEUES];
    time_t since, last_datagram;
    uint64_t up, down, up_bytes, down_bytes, replays, targets_refused;
    unsigned target_count;
    struct net_addr *sent; /* targets.h */
    struct task task;      /* its own end */
    bool ended;            /* that has been posted */
    bool given;            /* another process has it; what waits for a name here is sent yet */
    struct association *prev, *next;
};

/* Secure: draws a cid, so that keys can be derived. `access` is copied. NULL: no memory, or over the limit of its user, which is
 * counted. */
struct association *association_new(struct worker *worker, struct session *session, const struct access *access, bool secure);
/* Secure: has SAs made of the agreement by the helper; then session_association_made is called. The keys are copied. -ENOMEM. */
int association_make(struct association *association, const struct keys_agreement *agreement, const struct keys *keys);
/* The answer of epochs_make. */
void association_made(struct association *association, int error);
/* Naked: opens a socket at the address of `local`; `host` is the client's. -errno. */
int association_open_naked(struct association *association, const struct net_addr *local, const struct net_addr *host);
/* Tells the client by an alert record that it ends, where TCP may not do it. */
void association_say_end(struct association *association);
/* Ends it, with notice to the client by whatever there is. */
void association_end(struct association *association, enum control_close reason, const char *why);
/* Its connection broke: it waits for another one, or ends. */
void association_leave(struct association *association, const char *why);
/* Ends it, counts and logs that. */
void association_finish(struct association *association, const char *why);
/* Secure: another process had it. There is no limit for those, as they are there already. It has neither state nor epoch yet.
 * NULL: no memory. */
struct association *association_take(struct worker *worker, const struct access *access);
/* Takes over a socket toward its targets, also when it fails. -EPROTO: it is none of that family; -ENOMEM. */
int association_take_target(struct association *association, int family, int fd);
/* Secure: another process has it, with its sockets. */
void association_give(struct association *association);
/* Every second, for those without a connection. */
void association_tick(struct association *association);
/* Ends it; the memory goes once nothing of it is in flight. */
void association_close(struct association *association);
/* The socket toward targets of that family; NULL: it cannot be had. */
struct target_socket *association_target(struct association *association, int family);
/* Called when one of its epochs has gone. */
void association_settle(struct association *association);

#endif
