/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all parts of `sluice client` work with. One thread, one event loop; nothing here is for another thread.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "client/config.h"
#include "client/stats.h"
#include "log/log.h"
#include "net/names.h"
#include "net/stream.h"
#include "udp/batch.h"
#include "udp/engine.h"

struct association;
struct command;
struct evconnlistener;
struct forward;
struct local;
struct servers;
struct source;
struct tunnel;

struct client {
    const struct client_config *config;
    struct log log;
    struct event_base *base;
    struct names *names;
    SSL_CTX *tls;
    struct servers *servers;
    char password[256]; /* secret */
    struct cards *cards;
    struct engine *engine;
    struct batch_rx *rx;
    struct batch_tx *tx;
    struct client_stats stats;
    struct association *associations; /* all, with those that are closing */
    unsigned associations_open;       /* without those */
    unsigned connections;             /* local TCP connections */
    struct local *local;              /* the SOCKS5 listener and its sessions */
    struct net_addr socks;            /* where that listens */
    struct command *command;          /* NULL: none is run */
    struct rlimit files;              /* as they were at the start */
    struct tunnel *tunnels;
    struct forward *forwards;
    struct source *held; /* not read while the engine is full */
    struct lingering *lingering;
    struct evconnlistener *status; /* NULL: nobody is answered */
    struct event *tick;
    struct event *later; /* active: a flush is due */
    bool stopping, failed;
};

/* Milliseconds of a clock that never jumps. */
uint64_t client_now(void);
/* Runs the engine and sends what came of it: after every read of sockets. */
void client_flush(struct client *client);
/* Begins to end. */
void client_stop(struct client *client, const char *why);
/* Takes over a stream to which the last has been written: ends its half and frees it when that is out, or after 2 seconds. */
void client_linger(struct client *client, struct stream *stream);

#endif
