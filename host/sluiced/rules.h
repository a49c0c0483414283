/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may reach what: a list of rules in the configuration, of which the first that matches decides. Where none does, everything
 * is allowed but what is private: loopback, private and link-local networks, the proxy's own addresses. Those an `allow` reaches
 * only by a network in its `to` that is as narrow as the private one or narrower; a name never does, so that nobody gets there by
 * what a name resolves to.
 *
 * Made once, then only read: any thread.
 */
#ifndef SLUICED_RULES_H
#define SLUICED_RULES_H

#include <stdbool.h>

#include "config/config.h"
#include "net/addr.h"

#define RULES_MAX 1000u

struct rules;
struct users;

enum rules_protocol { RULES_CONNECT, RULES_BIND, RULES_UDP };

/* A rule as it stands in the configuration; empty lists match everything. */
struct rules_entry {
    bool allow;
    struct config_list users, groups, from, to, ports, protocols; /* char * */
};
/* Of a rules_entry. */
extern const struct config_option rules_options[];

struct rules_request {
    const char *user;          /* NULL: nobody */
    const struct users *users; /* for groups; NULL: there are none */
    const struct net_addr *source;
    const char *name; /* that the target was asked for by; NULL: by its address */
    const struct net_addr *target;
    enum rules_protocol protocol;
};

enum rules_verdict {
    RULES_ALLOWED,
    RULES_REFUSED, /* by a rule */
    RULES_PRIVATE, /* a private address that no rule opens */
};

/* The entries (of struct rules_entry) must outlive the rules. -ENOMEM. */
int rules_new(const struct config_list *entries, struct rules **rules);
void rules_free(struct rules *rules);
/* `*number` is the rule that decided, from 1, or 0. */
enum rules_verdict rules_check(const struct rules *rules, const struct rules_request *request, unsigned *number);
/* "rule", "private"; "-" for RULES_ALLOWED. */
const char *rules_verdict_name(enum rules_verdict verdict);

#endif
