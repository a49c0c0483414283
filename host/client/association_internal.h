/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an association share. */
#ifndef CLIENT_ASSOCIATION_INTERNAL_H
#define CLIENT_ASSOCIATION_INTERNAL_H

#include "client/association.h"
#include "client/dial.h"
#include "client/source.h"
#include "udp/control.h"
#include "udp/epoch.h"

struct association {
    struct client *client;
    struct association_user user;
    enum { ASSOCIATION_DIALLING, ASSOCIATION_OPEN, ASSOCIATION_CLOSING } state;
    bool secure;
    int broken;     /* -errno: to be ended by the next tick */
    uint8_t cid[8]; /* asked for in the request, or in the last rekey */
    struct {
        uint64_t heard_at;   /* a record, ms */
        uint64_t asked_at;   /* the last heartbeat that was not answered */
        unsigned unanswered; /* heartbeats in a row */
        uint64_t cookie;     /* of the last one */
        uint64_t sent_at;    /* data */
        unsigned wait;       /* ms, between two heartbeats while it is blocked */
    } udp;
    struct {
        unsigned told;            /* bytes of an IP packet to the proxy; 0: not known yet */
        unsigned down_told;       /* from it, as the proxy was told */
        bool down;                /* this is looked for now */
        unsigned known, fails;    /* what has passed, what has not */
        unsigned trying;          /* 0: nothing */
        unsigned tries, allowed;  /* of it: made, and before it is too large */
        uint64_t cookie;          /* of all of them */
        uint64_t sent_at, due_at; /* ms */
    } mtu;
    bool by_tcp; /* records go inside the connection, since UDP is blocked */
    struct {
        uint64_t since, until; /* ms; 0: the connection is there */
        uint64_t next_at;      /* the next attempt */
        unsigned wait;         /* ms, after it */
        unsigned failed;       /* attempts */
        bool anew;             /* the last one is: not a take-up */
        bool leaving;          /* so are all: the proxy has ended it */
        bool elsewhere;        /* others have been asked */
    } retake;
    unsigned grace; /* seconds, the proxy's */
    struct dial *dial;
    struct server *server; /* the proxy that it is at */
    struct stream *control;
    uint64_t sent_at, heard_at;      /* on the control stream, ms */
    struct keys_agreement agreement; /* of the newest epoch */
    struct epoch *newest;            /* records are sent under it; its former ones follow */
    bool rekeying;                   /* the proxy has been asked */
    uint64_t rekey_at;               /* when, ms */
    struct net_addr relay;           /* where records go */
    struct source source;
    struct batch_queue queue;
    struct association *prev, *next;
};

/* ---- association.c */

/* Ends it, and tells its user; the association may be gone after it. */
void association_end(struct association *association, int error);

/* The control stream's events. */
void association_on_control(struct stream *stream, enum stream_event event, void *arg);
/* Records go to `bound` of the reply from now on, from a new socket. -errno. */
int association_open_socket(struct association *association, const struct dial_result *result);
/* The keys that the reply agrees on. */
int association_make_keys(struct association *association, const struct dial_result *result);

/* ---- association_data.c */

/* batch_rx_fn of the socket toward the proxy. */
void association_on_datagram(void *arg, const struct batch_datagram *datagram);

/* A record that came inside the connection. */
void association_on_record(void *association, const uint8_t *record, uint32_t len);

/* Seals a content of our own, copied, and sends it. */
void association_signal(struct association *association, uint8_t type, const void *content, uint32_t len);

/* ---- association_path.c */

/* The association is open: the path is looked at. */
void association_path_opened(struct association *association);
/* An authentic record has come. */
void association_path_heard(struct association *association, const struct engine_job *job);
/* An authentic heartbeat. */
void association_take_heartbeat(struct association *association, const struct engine_job *job);
/* A record's way: false for UDP. Heartbeats and path checks are there to find out about UDP. */
bool association_goes_by_tcp(const struct association *association, uint8_t type, uint32_t len);
/* A heartbeat: is the proxy reached by UDP at all? */
void association_path_ask(struct association *association, uint64_t now);
/* Twice a second: heartbeats that keep a NAT's mapping and find out whether UDP passes. */
void association_path_tick(struct association *association, uint64_t now);

/* ---- association_mtu.c */

void association_mtu_opened(struct association *association);
/* A heartbeat's answer, of so many bytes. */
void association_mtu_answered(struct association *association, const uint8_t cookie[8], uint32_t len);
/* No packet with so long a record reaches the proxy. */
bool association_mtu_exceeded(const struct association *association, uint32_t len);
void association_mtu_tick(struct association *association, uint64_t now);
void association_send_probe(struct association *association, const uint8_t *record, uint32_t len);

/* ---- association_retake.c */

/* The connection broke: another one takes the association up, or another proxy has it. False: neither may be. */
bool association_retake(struct association *association, int error);
/* There is another proxy for it. */
bool association_may_move(const struct association *association);
/* It goes to another one, its own proxy having ended it, or being dead. */
void association_leave(struct association *association);
void association_retake_tick(struct association *association, uint64_t now);

/* ---- association_epochs.c */

/* The keys of association->agreement are the newest from now on. */
int association_add_epoch(struct association *association, SSL *ssl);
/* Begins an epoch if it is time, or the proxy wants one. */
void association_rekey(struct association *association, bool wanted);
/* The proxy's answer. -errno ends the association. */
int association_rekeyed(struct association *association, const struct control_message *message);
/* The client has the keys of the newest epoch. */
void association_say_rekeyed(struct association *association);
/* Frees epochs that are over, all of them when `all`. False: some have records in flight. */
bool association_reap_epochs(struct association *association, bool all);

#endif
