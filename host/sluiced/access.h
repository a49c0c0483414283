/* SPDX-License-Identifier: Apache-2.0 */
/* For whom something is done: what rules ask for, carried by a session and by its association, which may outlive it. */
#ifndef SLUICED_ACCESS_H
#define SLUICED_ACCESS_H

#include "net/addr.h"
#include "sluiced/accounts.h"
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
    /* What he is held to, under that policy. */
    struct account *account;  /* NULL: none yet */
    enum account_place place; /* that is taken there, until access_clear */
    unsigned limited;         /* generation of the limits */
    struct limits_values limits;
};

/* -ENOMEM. */
int access_set_user(struct access *access, const char *user);
int access_copy(struct access *access, const struct access *from);
void access_clear(struct access *access);
/* Takes a place in the account of the user, or of the source as long as there is no user, and gives back the former one. -EAGAIN:
 * over the limit; -ENOMEM. */
int access_take(struct access *access, struct accounts *accounts, const struct policy *policy, enum account_place place);
/* The same for what had a place already: there is no limit. -ENOMEM. */
int access_keep(struct access *access, struct accounts *accounts, enum account_place place);
/* A datagram of that length may pass. Quick where there are no limits. */
bool access_pass(struct access *access, const struct policy *policy, enum account_way way, uint32_t bytes);
/* For how many milliseconds no more bytes of a stream should come. */
unsigned access_pace(struct access *access, const struct policy *policy, enum account_way way, size_t bytes);
/* `name` is what the target was asked for by, or NULL. `*first`: it is allowed, and was not among those known. */
enum rules_verdict access_check(struct access *access, const struct policy *policy, enum rules_protocol protocol,
                                const char *name, const struct net_addr *target, unsigned *rule, bool *first);

#endif
