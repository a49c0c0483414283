/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/sessions.h"
#include "tls/tls.h"

static int load(struct policy *policy, struct config_error *error)
{
    const struct options *options = &policy->options;
    struct tls_error tls = {""};
    if (options->tls.certificate && tls_server_new(options->tls.certificate, options->tls.key, &policy->tls, &tls)) {
        snprintf(error->text, sizeof error->text, "tls: %s", tls.text);
        return -EINVAL;
    }
    if (options->tls.client_ca && tls_ask_clients(policy->tls, options->tls.client_ca, options->tls.client_required, &tls)) {
        snprintf(error->text, sizeof error->text, "tls: %s", tls.text);
        return -EINVAL;
    }
    int rc = options->users_file ? users_load(options->users_file, &policy->users, error) : 0;
    if (!rc && (rc = rules_new(&options->rules, &policy->rules)))
        snprintf(error->text, sizeof error->text, "rules: out of memory");
    if (!rc && (rc = limits_new(&options->limits, &policy->limits)))
        snprintf(error->text, sizeof error->text, "limits: out of memory");
    char *const *balancers = options->balancers.items;
    for (unsigned i = 0; !rc && i < options->balancers.count; i++)
        rc = match_parse_network(balancers[i], &policy->balancers[i]);
    return rc;
}

bool policy_is_balancer(const struct policy *policy, const struct net_addr *peer)
{
    const struct network network = match_network(peer);
    return policy->options.balancers.count && match_any(policy->balancers, policy->options.balancers.count, &network);
}

int policy_new(struct options *options, struct policy **out, struct config_error *error)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (!policy) {
        options_free(options);
        snprintf(error->text, sizeof error->text, "out of memory");
        return -ENOMEM;
    }
    policy->options = *options;
    memset(options, 0, sizeof *options);
    policy->generation = 1;
    atomic_init(&policy->references, 1);
    int rc = load(policy, error);
    if (rc)
        policy_unref(policy);
    else
        *out = policy;
    return rc;
}

/* A session stands for a certificate as well, and so holds under the CAs that it was made under alone. */
int policy_use_sessions(struct policy *policy, struct tls_sessions *sessions)
{
    unsigned scope = policy->options.tls.client_ca ? policy->generation : 0;
    return policy->tls && sessions ? tls_sessions_use(policy->tls, sessions, scope) : 0;
}

struct policy *policy_ref(struct policy *policy)
{
    atomic_fetch_add(&policy->references, 1);
    return policy;
}

void policy_unref(struct policy *policy)
{
    if (!policy || atomic_fetch_sub(&policy->references, 1) != 1)
        return;
    rules_free(policy->rules);
    limits_free(policy->limits);
    users_free(policy->users);
    SSL_CTX_free(policy->tls);
    options_free(&policy->options);
    free(policy);
}
