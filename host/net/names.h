/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of hosts to addresses, in the event loop, with a small cache that keeps an answer for as long as its records say (1
 * second to an hour; that there is no such name: 2 seconds). /etc/hosts comes first. Names are taken as they are: the resolver's
 * search list is for those who sit at this host. Belongs to one thread.
 */
#ifndef HOST_NET_NAMES_H
#define HOST_NET_NAMES_H

#include <event2/event.h>

#include "config/config.h"
#include "net/addr.h"

#define NAMES_ADDRESSES 4 /* kept of one name */

struct names;
struct names_request;

struct names_result {
    unsigned count;                             /* 0: there is no such name, or nobody knows */
    struct net_addr addresses[NAMES_ADDRESSES]; /* port 0; IPv4 and IPv6 by turns */
};

typedef void names_fn(void *arg, const struct names_result *result);

/* `servers` holds "address:port" texts; none: those of /etc/resolv.conf. */
int names_new(struct event_base *base, const struct config_list *servers, struct names **names);
/* No request may be open that was not cancelled, and the loop runs no more. */
void names_free(struct names *names);

/* The answer if the cache has it (valid until the loop goes on), else NULL. */
const struct names_result *names_cached(struct names *names, const char *name);
/* Asks; `fn` is called once from the loop, never from inside. NULL: no memory. */
struct names_request *names_ask(struct names *names, const char *name, names_fn *fn, void *arg);
/* `fn` will not be called. */
void names_cancel(struct names_request *request);

#endif
