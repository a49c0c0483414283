/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UDP association with the proxy, seen from the client: the connection that it lives by, the keys, the socket for its records.
 * Naked only where the configuration allows it and the proxy refused a secure one.
 */
#ifndef CLIENT_ASSOCIATION_H
#define CLIENT_ASSOCIATION_H

#include "client/client.h"

struct association;

/* Called from the loop, `arg` first. After `ended` nothing is called any more. */
struct association_user {
    void (*opened)(void *arg);
    void (*ended)(void *arg, int error); /* -errno; also when it never opened */
    /* A datagram from the proxy: SOCKS5 header and payload, not looked at. Take a reference to `chunk` to keep it. */
    void (*datagram)(void *arg, struct chunk *chunk, const uint8_t *data, uint32_t len);
    void (*mtu)(void *arg); /* association_mtu has another value; NULL: not of interest */
    void *arg;
};

/* NULL: as many as are allowed are open, or no memory. */
struct association *association_new(struct client *client, const struct association_user *user);
/* Once open: `data` in `chunk` is SOCKS5 header and payload. What cannot go is counted and dropped. */
void association_send(struct association *association, struct chunk *chunk, uint8_t *data, uint32_t len);
/* Bytes of an IP packet that the way to the proxy carries; 0: not known. */
unsigned association_mtu(const struct association *association);
/* The largest datagram to an IPv4 or IPv6 target that goes there as one packet; 0: not known. */
unsigned association_room(const struct association *association, bool six);
struct association_look {
    const char *kind, *suite, *transport; /* "-": none, or not yet */
    const char *proxy;                    /* NULL: none yet */
    uint16_t port;
    unsigned epoch, mtu;
    bool connected; /* the TCP connection that it lives by is there */
};
/* What they are like at the moment, `most` of them at most; how many. */
unsigned association_list(const struct client *client, struct association_look *out, unsigned most);
/* Ends it without a call of `ended`; the memory goes once nothing of it is in flight. NULL is allowed. */
void association_close(struct association *association);

/* ---- for run.c */

/* The engine has done a job of an association. */
void association_done(struct client *client, struct engine_job *job);
/* Twice a second: keep-alives, those that broke on the datagram path, memory of those that have ended. */
void association_tick(struct client *client);
/* Ends all of them. */
void association_close_all(struct client *client);
/* Frees all of them, when the engine is gone. */
void association_free_all(struct client *client);

#endif
