/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int access_set_user(struct access *access, const char *user)
{
    char *copy = user ? strdup(user) : NULL;
    if (user && !copy)
        return -ENOMEM;
    free(access->user);
    access->user = copy;
    access->generation = access->limited = 0;
    return 0;
}

int access_copy(struct access *access, const struct access *from)
{
    *access = (struct access){.source = from->source};
    return access_set_user(access, from->user);
}

static void leave(struct access *access)
{
    if (access->account)
        account_give(access->account, access->place);
    account_unref(access->account);
    access->account = NULL;
}

void access_clear(struct access *access)
{
    leave(access);
    free(access->user);
    access->user = NULL;
}

/* ---- limits */

static const struct limits_values *limits_of(struct access *access, const struct policy *policy)
{
    if (access->limited != policy->generation)
        access->limits = limits_find(policy->limits, access->user, policy->users, &access->source);
    access->limited = policy->generation;
    return &access->limits;
}

static unsigned most_of(const struct limits_values *limits, enum account_place place)
{
    switch (place) {
    case ACCOUNT_HANDSHAKE:
        return limits->handshakes;
    case ACCOUNT_CONNECTION:
        return limits->connections;
    case ACCOUNT_ASSOCIATION:
        return limits->associations;
    default:
        return 0;
    }
}

static int take(struct access *access, struct accounts *accounts, enum account_place place, unsigned most)
{
    struct account *account = account_get(accounts, access->user, &access->source);
    if (!account)
        return -ENOMEM;
    if (!account_take(account, place, most)) {
        account_unref(account);
        return -EAGAIN;
    }
    leave(access);
    access->account = account;
    access->place = place;
    return 0;
}

int access_take(struct access *access, struct accounts *accounts, const struct policy *policy, enum account_place place)
{
    return take(access, accounts, place, most_of(limits_of(access, policy), place));
}

int access_keep(struct access *access, struct accounts *accounts, enum account_place place)
{
    return take(access, accounts, place, 0);
}

bool access_pass(struct access *access, const struct policy *policy, enum account_way way, uint32_t bytes)
{
    const struct limits_values *limits = limits_of(access, policy);
    if (!access->account || (!limits->datagrams && !limits->bytes))
        return true;
    return account_pass(access->account, way, bytes, limits->datagrams, limits->bytes);
}

unsigned access_pace(struct access *access, const struct policy *policy, enum account_way way, size_t bytes)
{
    const struct limits_values *limits = limits_of(access, policy);
    return access->account && limits->bytes ? account_pace(access->account, way, (unsigned)bytes, limits->bytes) : 0;
}

/* ---- targets */

static bool is_known(struct access *access, unsigned generation, bool by_name, const struct net_addr *target)
{
    if (access->generation != generation)
        memset(access->known, 0, sizeof access->known);
    access->generation = generation;
    for (unsigned i = 0; i < ACCESS_KNOWN; i++) {
        if (access->known[i].target.len && access->known[i].by_name == by_name &&
            net_addr_equal(&access->known[i].target, target))
            return true;
    }
    return false;
}

enum rules_verdict access_check(struct access *access, const struct policy *policy, enum rules_protocol protocol,
                                const char *name, const struct net_addr *target, unsigned *rule, bool *first)
{
    const struct rules_request request = {
        .user = access->user,
        .users = policy->users,
        .source = &access->source,
        .name = name,
        .target = target,
        .protocol = protocol,
    };
    bool known = is_known(access, policy->generation, name != NULL, target);
    *rule = 0;
    *first = false;
    if (known && !name)
        return RULES_ALLOWED;
    enum rules_verdict verdict = rules_check(policy->rules, &request, rule);
    if (verdict == RULES_ALLOWED && !known) {
        *first = true;
        access->known[access->next].target = *target;
        access->known[access->next].by_name = name != NULL;
        access->next = (access->next + 1) % ACCESS_KNOWN;
    }
    return verdict;
}
