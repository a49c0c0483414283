/* SPDX-License-Identifier: Apache-2.0 */
#include "net/names.h"

#include <errno.h>
#include <event2/dns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/hosts.h"

#define SLOTS            256 /* names in the cache; a newer one takes its slot's place */
#define TTL_MIN          1   /* else each datagram to a name with 0 would ask again */
#define TTL_MAX          3600
#define NEGATIVE_SECONDS 2
#define PATIENCE_SECONDS 10
#define OTHER_FAMILY_MS  300 /* for the other family's answer, once one has addresses */

struct entry {
    char name[256];
    time_t until;
    struct names_result result;
};

struct names {
    struct event_base *base;
    struct evdns_base *dns;
    struct hosts *hosts;
    struct names_request *open;
    struct entry slots[SLOTS];
};

/* A or AAAA. */
struct question {
    struct names_request *request;
    struct evdns_request *dns; /* until evdns has called back */
    bool answered;
    unsigned count;
    struct net_addr addresses[NAMES_ADDRESSES];
};

struct names_request {
    struct names *names;
    struct names_request *next;
    struct event *timer;
    struct question questions[2];
    int ttl;
    bool cancelled, told;
    names_fn *fn;
    void *arg;
    char name[256];
    struct names_result result;
};

static void read_hosts(struct names *names)
{
    FILE *file = fopen("/etc/hosts", "re");
    if (!file)
        return;
    names->hosts = hosts_read(file);
    fclose(file);
}

static int add_servers(struct names *names, const struct config_list *servers)
{
    char *const *texts = servers->items;
    for (unsigned i = 0; i < servers->count; i++) {
        if (evdns_base_nameserver_ip_add(names->dns, texts[i]))
            return -EINVAL;
    }
    if (!servers->count) /* without it names do not resolve */
        evdns_base_resolv_conf_parse(names->dns, DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC, "/etc/resolv.conf");
    return 0;
}

int names_new(struct event_base *base, const struct config_list *servers, struct names **out)
{
    struct names *names = calloc(1, sizeof *names);
    if (!names)
        return -ENOMEM;
    names->base = base;
    read_hosts(names);
    names->dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    int rc = names->dns ? add_servers(names, servers) : -ENOMEM;
    if (rc) {
        names_free(names);
        return rc;
    }
    *out = names;
    return 0;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    if (names->dns)
        evdns_base_free(names->dns, 0);
    while (names->open) {
        struct names_request *next = names->open->next;
        event_free(names->open->timer);
        free(names->open);
        names->open = next;
    }
    hosts_free(names->hosts);
    free(names);
}

static struct entry *slot_of(struct names *names, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a: a collision costs one more question */
    for (const char *p = name; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    return &names->slots[hash % SLOTS];
}

static time_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

const struct names_result *names_cached(struct names *names, const char *name)
{
    struct entry *entry = slot_of(names, name);
    return entry->until > seconds() && !strcmp(entry->name, name) ? &entry->result : NULL;
}

static void remember(struct names_request *request)
{
    struct entry *entry = slot_of(request->names, request->name);
    int ttl = request->ttl < TTL_MIN ? TTL_MIN : request->ttl;
    memcpy(entry->name, request->name, sizeof entry->name);
    entry->result = request->result;
    entry->until = seconds() + (request->result.count ? ttl : NEGATIVE_SECONDS);
}

/* ---- asking: A and AAAA at once */

static void free_request(struct names_request *request)
{
    struct names_request **at = &request->names->open;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    event_free(request->timer);
    free(request);
}

/* Once both questions are through evdns, which calls back for cancelled ones too. */
static void settle(struct names_request *request)
{
    if (request->told && !request->questions[0].dns && !request->questions[1].dns)
        free_request(request);
}

/* Addresses of the two families by turns, so that a caller who tries one after the other is not kept by a family that goes
 * nowhere. */
static void merge(struct names_request *request)
{
    struct names_result *result = &request->result;
    for (unsigned i = 0; i < NAMES_ADDRESSES; i++) {
        for (unsigned q = 0; q < 2 && result->count < NAMES_ADDRESSES; q++) {
            if (i < request->questions[q].count)
                result->addresses[result->count++] = request->questions[q].addresses[i];
        }
    }
}

static void tell(struct names_request *request)
{
    struct evdns_base *dns = request->names->dns;
    if (request->told)
        return;
    request->told = true;
    event_del(request->timer);
    for (unsigned q = 0; q < 2; q++) {
        if (request->questions[q].dns && !request->questions[q].answered)
            evdns_cancel_request(dns, request->questions[q].dns);
    }
    if (request->cancelled)
        return;
    if (!request->result.count)
        merge(request);
    remember(request);
    request->fn(request->arg, &request->result);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    tell(arg);
    settle(arg);
}

static void take_answer(struct question *question, char type, int count, int ttl, const void *addresses)
{
    size_t len = type == DNS_IPv6_AAAA ? 16 : 4;
    for (int i = 0; i < count && question->count < NAMES_ADDRESSES; i++) {
        struct net_addr *addr = &question->addresses[question->count++];
        *addr = (struct net_addr){.sa.sa_family = len == 16 ? AF_INET6 : AF_INET};
        addr->len = len == 16 ? sizeof addr->in6 : sizeof addr->in;
        void *to = len == 16 ? (void *)&addr->in6.sin6_addr : (void *)&addr->in.sin_addr;
        memcpy(to, (const char *)addresses + (size_t)i * len, len);
    }
    if (question->count)
        question->request->ttl = ttl < question->request->ttl ? ttl : question->request->ttl;
}

static void on_answer(int error, char type, int count, int ttl, void *addresses, void *arg)
{
    struct question *question = arg;
    struct names_request *request = question->request;
    const struct timeval patience = {.tv_usec = OTHER_FAMILY_MS * 1000};
    question->dns = NULL;
    question->answered = true;
    if (error == DNS_ERR_NONE)
        take_answer(question, type, count, ttl, addresses);
    if (!request->questions[0].dns && !request->questions[1].dns)
        tell(request);
    else if (question->count && !request->told)
        event_add(request->timer, &patience);
    settle(request);
}

static bool ask_dns(struct names_request *request)
{
    struct evdns_base *dns = request->names->dns;
    struct question *q = request->questions;
    q[0].dns = evdns_base_resolve_ipv4(dns, request->name, DNS_QUERY_NO_SEARCH, on_answer, &q[0]);
    q[1].dns = evdns_base_resolve_ipv6(dns, request->name, DNS_QUERY_NO_SEARCH, on_answer, &q[1]);
    return q[0].dns || q[1].dns;
}

struct names_request *names_ask(struct names *names, const char *name, names_fn *fn, void *arg)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    struct names_request *request = calloc(1, sizeof *request);
    size_t len = strnlen(name, sizeof request->name - 1);
    if (!request || !(request->timer = evtimer_new(names->base, on_timer, request))) {
        free(request);
        return NULL;
    }
    request->names = names;
    request->next = names->open;
    names->open = request;
    request->fn = fn;
    request->arg = arg;
    request->ttl = TTL_MAX;
    request->questions[0].request = request->questions[1].request = request;
    memcpy(request->name, name, len);
    request->result.count = hosts_find(names->hosts, request->name, request->result.addresses, NAMES_ADDRESSES);
    if (request->result.count)
        remember(request); /* at once, for those that come before the callback */
    if (request->result.count || !ask_dns(request))
        event_active(request->timer, EV_TIMEOUT, 0); /* before what else the loop has to do */
    else
        event_add(request->timer, &patience);
    return request;
}

void names_cancel(struct names_request *request)
{
    request->cancelled = true;
    tell(request);
    settle(request);
}
