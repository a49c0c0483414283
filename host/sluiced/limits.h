/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a user may have: a list in the configuration, of which the first entry that matches holds for him. Whoever has not
 * said who he is, is the address that he comes from (IPv6: its /64).
 *
 * Made once, then only read: any thread.
 */
#ifndef SLUICED_LIMITS_H
#define SLUICED_LIMITS_H

#include "config/config.h"
#include "net/addr.h"

#define LIMITS_MAX 100u

struct limits;
struct users;

/* 0: as many as there can be. */
struct limits_values {
    unsigned handshakes;       /* of an address, that have not come to a request yet, at once */
    unsigned connections;      /* at once, that have */
    unsigned associations;     /* at once */
    unsigned datagrams, bytes; /* a second, each way; of bytes those of streams, too */
};

/* As it stands in the configuration; empty lists match everything. */
struct limits_entry {
    struct config_list users, groups, from; /* char * */
    struct limits_values values;
};
/* Of a limits_entry, and its defaults, which also hold where no entry matches. */
extern const struct config_option limits_options[];
void limits_defaults(void *entry);

/* The entries must outlive the limits. -ENOMEM. */
int limits_new(const struct config_list *entries, struct limits **limits);
void limits_free(struct limits *limits);
/* `user` NULL: nobody; `users` NULL: there are no groups. */
struct limits_values limits_find(const struct limits *limits, const char *user, const struct users *users,
                                 const struct net_addr *source);

#endif
