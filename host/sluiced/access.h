/* SPDX-License-Identifier: Apache-2.0 */
/* For whom something is done: what rules ask for, carried by a session and by its association, which may outlive it. */
#ifndef SLUICED_ACCESS_H
#define SLUICED_ACCESS_H

#include "net/addr.h"
#include "sluiced/policy.h"

#define ACCESS_KNOWN 8

struct access {
    char *user; /* NULL: nobody */
    struct net_addr source;
    /* Targets that were allowed last, under that policy, so that rules are not gone through for each datagram. */
    unsigned generation;
    struct {
        struct net_addr target;
        bool by_name; /* then by its address it may not be */
    } known[ACCESS_KNOWN];
    unsigned next;
};

/* -ENOMEM. */
int access_set_user(struct access *access, const char *user);
int access_copy(struct access *access, const struct access *from);
void access_clear(struct access *access);
/* `name` is what the target was asked for by, or NULL. `*first`: it is allowed, and was not among those known. */
enum rules_verdict access_check(struct access *access, const struct policy *policy, enum rules_protocol protocol,
                                const char *name, const struct net_addr *target, unsigned *rule, bool *first);

#endif
