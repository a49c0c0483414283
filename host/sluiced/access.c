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
    access->generation = 0;
    return 0;
}

int access_copy(struct access *access, const struct access *from)
{
    *access = (struct access){.source = from->source};
    return access_set_user(access, from->user);
}

void access_clear(struct access *access)
{
    free(access->user);
    access->user = NULL;
}

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
