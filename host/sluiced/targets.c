/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/targets.h"

#include <stdlib.h>
#include <string.h>

#include "sluiced/session.h"

#define TARGET_SETS 16
#define TARGET_WAYS 4
#define LOGGED_MAX  32 /* targets that an association has in the log: who sends to more is scanning */

static void reached(struct association *a, const char *name, const struct net_addr *target)
{
    char text[NET_ADDR_TEXT], quoted[300] = "-";
    if (a->target_count++ >= LOGGED_MAX)
        return;
    if (name)
        log_quote(quoted, sizeof quoted, name);
    log_event(proxy_access(a->worker->proxy), LOG_LEVEL_INFO, "association_target", "peer=%s user=%s target=%s name=%s",
              a->peer_text, a->user, net_addr_format(target, text), quoted);
}

static void refused(struct association *a, enum rules_verdict verdict, unsigned rule, const struct net_addr *target)
{
    char text[NET_ADDR_TEXT];
    stats_refuse(&a->worker->stats, verdict == RULES_REFUSED ? REFUSAL_RULE : REFUSAL_PRIVATE);
    a->targets_refused++;
    /* Powers of two, so that a flood of them does not become a flood of lines. */
    if (!(a->targets_refused & (a->targets_refused - 1)))
        log_event(proxy_access(a->worker->proxy), LOG_LEVEL_WARNING, "target_refused",
                  "peer=%s user=%s target=%s reason=%s rule=%u count=%llu", a->peer_text, a->user, net_addr_format(target, text),
                  rules_verdict_name(verdict), rule, (unsigned long long)a->targets_refused);
}

const struct net_addr *targets_choose(struct association *a, const char *name, const struct net_addr *addresses, unsigned count)
{
    enum rules_verdict verdict = RULES_ALLOWED;
    unsigned rule = 0, i = 0;
    bool first;
    for (; i < count; i++) {
        const struct net_addr *target = &addresses[i];
        verdict = net_addr_is_destination(target)
                      ? access_check(&a->access, a->worker->policy, RULES_UDP, name, target, &rule, &first)
                      : RULES_PRIVATE;
        if (verdict != RULES_ALLOWED)
            continue;
        if (first)
            reached(a, name, target);
        return target;
    }
    if (!count || !net_addr_is_destination(&addresses[count - 1]))
        stats_refuse(&a->worker->stats, REFUSAL_NO_ROUTE);
    else
        refused(a, verdict, rule, &addresses[count - 1]);
    return NULL;
}

/* ---- restricted: sets of a few ways, so that a look-up takes no longer the more targets there are */

static struct net_addr *set_of(const struct association *a, const struct net_addr *target)
{
    const uint8_t *bytes =
        target->sa.sa_family == AF_INET6 ? target->in6.sin6_addr.s6_addr : (const uint8_t *)&target->in.sin_addr;
    size_t len = target->sa.sa_family == AF_INET6 ? 16 : 4;
    uint32_t hash = 2166136261u ^ net_addr_port(target); /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return &a->sent[(hash >> 16) % TARGET_SETS * TARGET_WAYS];
}

bool targets_expect(const struct association *a, const struct net_addr *target)
{
    if (!a->worker->policy->options.restricted)
        return true;
    const struct net_addr *set = a->sent ? set_of(a, target) : NULL;
    for (unsigned i = 0; set && i < TARGET_WAYS; i++) {
        if (set[i].len && net_addr_equal(&set[i], target))
            return true;
    }
    return false;
}

void targets_sent(struct association *a, const struct net_addr *target)
{
    if (!a->worker->policy->options.restricted)
        return;
    if (!a->sent)
        a->sent = calloc((size_t)TARGET_SETS * TARGET_WAYS, sizeof *a->sent);
    if (!a->sent || net_addr_equal(&set_of(a, target)[0], target))
        return;
    struct net_addr *set = set_of(a, target);
    unsigned i = 1;
    while (i < TARGET_WAYS - 1 && !net_addr_equal(&set[i], target))
        i++;
    memmove(set + 1, set, i * sizeof *set);
    set[0] = *target;
}

void targets_each(const struct association *a, targets_fn *fn, void *arg)
{
    for (unsigned i = a->sent ? TARGET_SETS * TARGET_WAYS : 0; i-- > 0;) { /* in a set the last is the oldest */
        if (a->sent[i].len)
            fn(arg, &a->sent[i]);
    }
}
