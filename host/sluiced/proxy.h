/* SPDX-License-Identifier: Apache-2.0 */
/* What the workers of a proxy share. Set before they start, then only read, but for what is atomic or has a lock of its own. */
#ifndef SLUICED_PROXY_H
#define SLUICED_PROXY_H

#include <stdatomic.h>

#include "log/log.h"
#include "sluiced/activation.h"
#include "sluiced/helper.h"
#include "sluiced/policy.h"
#include "sluiced/ring.h"
#include "udp/cards.h"
#include "udp/cid.h"

struct accounts;
struct guard;
struct history;
struct overload;
struct tls_sessions;
struct worker;

struct proxy {
    struct log log, access; /* access.fd -1: what clients do is told in the other, too */
    struct options options; /* of the start; what a reload renews is in the policy */
    struct policy *policy;  /* the main thread's; each worker has its own reference */
    struct cards *cards;
    struct helper *passwords; /* helpers of their own, so that neither waits for the other's work */
    struct helper *admin;
    int pam; /* pam.h's keeper; -1: none */
    struct activation activation;
    struct guard *guard;
    struct accounts *accounts;
    struct overload *overload;
    struct history *history;        /* the main thread's */
    struct tls_sessions *sessions;  /* NULL: every handshake is a full one */
    uint8_t cid_key[CID_KEY_BYTES]; /* secret */
    uint8_t member;
    unsigned cid_workers; /* workers that are in cids; those of a former process may have been more */
    struct worker **workers;
    unsigned worker_count;
    struct ring **rings; /* from worker i to worker j at [i * worker_count + j] */
    atomic_uint connections, associations;
};

/* Who does not show a certificate needs a password. */
static inline bool proxy_wants_password(const struct proxy *proxy, const struct policy *policy)
{
    return policy->users || proxy->pam >= 0;
}

/* Whose associations have such cids. */
static inline unsigned proxy_worker_of(const struct proxy *proxy, const struct cid_place *place)
{
    return place->worker % proxy->worker_count;
}

/* Where it is told who comes in, and what he reaches. */
static inline const struct log *proxy_access(const struct proxy *proxy)
{
    return proxy->access.fd >= 0 ? &proxy->access : &proxy->log;
}

#endif
