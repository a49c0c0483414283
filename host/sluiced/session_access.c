/* SPDX-License-Identifier: Apache-2.0 */
/* Who a client is, and what it may reach. */
#include "sluiced/session_internal.h"

bool session_may_reach(struct session *s, enum rules_protocol protocol, const char *name, const struct net_addr *target)
{
    struct stats *stats = &s->worker->stats;
    char text[NET_ADDR_TEXT];
    unsigned rule;
    bool first;
    enum rules_verdict verdict = access_check(&s->access, s->worker->policy, protocol, name, target, &rule, &first);
    if (verdict == RULES_ALLOWED)
        return true;
    stats_add(verdict == RULES_REFUSED ? &stats->requests_rule : &stats->requests_private, 1);
    log_event(&s->worker->proxy->log, LOG_LEVEL_WARNING, "target_refused", "peer=%s user=%s target=%s asked=%s reason=%s rule=%u",
              s->peer_text, s->user, net_addr_format(target, text), s->target, rules_verdict_name(verdict), rule);
    return false;
}
