/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reload renews: options, certificates, users, rules, limits. Made as a whole and never changed then; counted. Each worker
 * has a reference of its own and changes it in its own thread.
 */
#ifndef SLUICED_POLICY_H
#define SLUICED_POLICY_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "sluiced/limits.h"
#include "sluiced/match.h"
#include "sluiced/options.h"
#include "sluiced/rules.h"
#include "sluiced/users.h"

struct tls_sessions;

struct policy {
    struct options options;
    SSL_CTX *tls;        /* NULL: no listener with TLS */
    struct users *users; /* NULL: no users file */
    struct rules *rules;
    struct limits *limits;
    struct network balancers[OPTIONS_BALANCERS_MAX]; /* as many as options.balancers has */
    unsigned generation;                             /* from 1, one more with each reload */
    atomic_uint references;
};

/* Takes over the options, also when it fails. 0 with one reference, or -errno with error->text set. */
int policy_new(struct options *options, struct policy **policy, struct config_error *error);
/* Main thread, before others have it: TLS sessions come from this store, and go there. `sessions` may be NULL. -EIO. */
int policy_use_sessions(struct policy *policy, struct tls_sessions *sessions);
/* Any thread: connections from there begin with a PROXY header. */
bool policy_is_balancer(const struct policy *policy, const struct net_addr *peer);
/* Any thread. */
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy); /* NULL is allowed */

#endif
