/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of what CONNECT or BIND asks for. */
#include "sluiced/session_internal.h"

static void on_name(void *arg, const struct names_result *result)
{
    struct session *s = arg;
    s->name = NULL;
    s->addresses = *result;
    s->on_addresses(s);
}

void session_resolve(struct session *s, void (*then)(struct session *s))
{
    const struct socks_address *asked = &s->request.address;
    s->deadline = worker_now() + (time_t)s->worker->policy->options.handshake_seconds;
    s->on_addresses = then;
    if (!socks_address_to_addr(asked, &s->addresses.addresses[0])) {
        s->addresses.count = 1;
        then(s);
        return;
    }
    const struct names_result *known = names_cached(s->worker->names, asked->name);
    if (known) {
        on_name(s, known);
        return;
    }
    s->state = SESSION_NAME;
    s->name = names_ask(s->worker->names, asked->name, on_name, s);
    if (!s->name)
        session_reply(s, SOCKS_FAILURE, NULL);
}
