/* SPDX-License-Identifier: Apache-2.0 */
#include "net/names.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS            256 /* names in the cache; a newer one takes its slot's place */
#define POSITIVE_SECONDS 30  /* evdns_getaddrinfo does not tell the record's own time */
#define NEGATIVE_SECONDS 2

struct entry {
    char name[256];
    time_t until;
    struct names_result result;
};

struct names {
    struct event_base *base;
    struct evdns_base *dns;
    struct entry slots[SLOTS];
};

struct names_request {
    struct names *names;
    struct evdns_getaddrinfo_request *dns;
    struct event *later; /* for an answer that came at once */
    bool cancelled, asking;
    names_fn *fn;
    void *arg;
    char name[256];
    struct names_result result;
};

static int add_servers(struct names *names, const struct config_list *servers)
{
    char *const *texts = servers->items;
    for (unsigned i = 0; i < servers->count; i++) {
        if (evdns_base_nameserver_ip_add(names->dns, texts[i]))
            return -EINVAL;
    }
    if (!servers->count)
        evdns_base_resolv_conf_parse(names->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf"); /* without it names do not resolve */
    else
        evdns_base_load_hosts(names->dns, "/etc/hosts");
    return 0;
}

int names_new(struct event_base *base, const struct config_list *servers, struct names **out)
{
    struct names *names = calloc(1, sizeof *names);
    if (!names)
        return -ENOMEM;
    names->base = base;
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
        evdns_base_free(names->dns, 1);
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
    memcpy(entry->name, request->name, sizeof entry->name);
    entry->result = request->result;
    entry->until = seconds() + (request->result.count ? POSITIVE_SECONDS : NEGATIVE_SECONDS);
}

static void collect(struct names_result *result, const struct evutil_addrinfo *list)
{
    for (; list && result->count < NAMES_ADDRESSES; list = list->ai_next) {
        struct net_addr *addr = &result->addresses[result->count];
        net_addr_set(addr, list->ai_addr, (socklen_t)list->ai_addrlen);
        if (addr->len)
            result->count++;
    }
}

static void finish(struct names_request *request)
{
    if (request->later)
        event_free(request->later);
    if (!request->cancelled)
        request->fn(request->arg, &request->result);
    free(request);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    finish(arg);
}

static void on_answer(int error, struct evutil_addrinfo *list, void *arg)
{
    struct names_request *request = arg;
    request->dns = NULL;
    if (!error)
        collect(&request->result, list);
    if (list)
        evutil_freeaddrinfo(list);
    if (error != EVUTIL_EAI_CANCEL)
        remember(request);
    if (request->asking)
        event_active(request->later, EV_TIMEOUT, 0);
    else
        finish(request);
}

struct names_request *names_ask(struct names *names, const char *name, names_fn *fn, void *arg)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP};
    struct names_request *request = calloc(1, sizeof *request);
    size_t len = strnlen(name, sizeof request->name - 1);
    if (!request)
        return NULL;
    request->names = names;
    request->fn = fn;
    request->arg = arg;
    memcpy(request->name, name, len);
    request->later = evtimer_new(names->base, on_later, request);
    if (!request->later) {
        free(request);
        return NULL;
    }
    request->asking = true;
    struct evdns_getaddrinfo_request *dns = evdns_getaddrinfo(names->dns, request->name, NULL, &hints, on_answer, request);
    request->asking = false;
    request->dns = dns; /* NULL when the answer has come already: on_later follows */
    return request;
}

void names_cancel(struct names_request *request)
{
    request->cancelled = true;
    if (request->dns)
        evdns_getaddrinfo_cancel(request->dns);
    else
        finish(request);
}
