/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/rules.h"

#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sluiced/match.h"

struct port_range {
    uint16_t first, last;
};

struct rule {
    const struct rules_entry *entry;
    struct network *from, *to; /* `to`: names have six = false, bits = NAME */
    struct port_range *ports;
    unsigned protocols; /* bit 1 << enum rules_protocol */
};

struct rules {
    struct rule *list;
    unsigned count;
    struct network *own; /* addresses of this host */
    unsigned own_count;
};

#define NAME 255

/* Not reachable from outside, or another way to say an address that is not (RFC 6890). */
static const struct network private_networks[] = {
    {{0}, 8, false},
    {{10}, 8, false},
    {{100, 64}, 10, false},
    {{127}, 8, false},
    {{169, 254}, 16, false},
    {{172, 16}, 12, false},
    {{192, 0, 0}, 24, false},
    {{192, 168}, 16, false},
    {{198, 18}, 15, false},
    {{0}, 96, true}, /* unspecified, loopback, IPv4-compatible */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, true},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, true},
    {{0xfc}, 7, true},
    {{0xfe, 0x80}, 10, true},
    {{0xfe, 0xc0}, 10, true},
};

/* IPv6 networks that hold an IPv4 address, which is looked at in its place (RFC 6052, RFC 3056). */
static const struct {
    struct network network;
    unsigned at;
} embedding[] = {
    {{{0, 0x64, 0xff, 0x9b}, 96, true}, 12},
    {{{0x20, 0x02}, 16, true}, 2},
};

/* ---- names, ports, protocols */

/* "host.example" or "*.example". The last label has a letter, so that a mistyped address is none. */
static int check_name(const char *text)
{
    const char *name = strncmp(text, "*.", 2) ? text : text + 2;
    const char *last = strrchr(name, '.');
    size_t len = strlen(name);
    if (!len || len > 253 || *name == '.' || name[len - 1] == '.' || strstr(name, ".."))
        return -EINVAL;
    bool letter = false;
    for (const char *p = name; *p; p++) {
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_' && *p != '.')
            return -EINVAL;
        letter |= (!last || p > last) && isalpha((unsigned char)*p);
    }
    return letter ? 0 : -EINVAL;
}

/* A final dot of `name` says nothing. */
static bool name_matches(const char *pattern, const char *name)
{
    size_t len = strlen(name), want = strlen(pattern);
    if (len && name[len - 1] == '.')
        len--;
    if (*pattern != '*')
        return len == want && !strncasecmp(pattern, name, len);
    want--; /* ".example" */
    return len > want && !strncasecmp(pattern + 1, name + len - want, want);
}

static int parse_ports(const char *text, struct port_range *out)
{
    char *end;
    unsigned long first = strtoul(text, &end, 10), last = first;
    if (!isdigit((unsigned char)*text) || first > 65535)
        return -EINVAL;
    if (*end == '-') {
        if (!isdigit((unsigned char)end[1]))
            return -EINVAL;
        last = strtoul(end + 1, &end, 10);
    }
    if (*end || last < first || last > 65535)
        return -EINVAL;
    *out = (struct port_range){(uint16_t)first, (uint16_t)last};
    return 0;
}

/* Sets its bit. */
static int parse_protocol(const char *text, unsigned *bits)
{
    static const char *const names[] = {"connect", "bind", "udp"};
    for (unsigned i = 0; i < 3; i++) {
        if (!strcmp(text, names[i])) {
            *bits |= 1u << i;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- configuration */

static int read_action(const char *text, void *field)
{
    *(bool *)field = !strcmp(text, "allow");
    return !strcmp(text, "allow") || !strcmp(text, "deny") ? 0 : -EINVAL;
}

static int check_to(const char *text, void *field)
{
    return match_check_network(text, field) ? check_name(text) : 0;
}

static int check_ports(const char *text, void *field)
{
    struct port_range range;
    (void)field;
    return parse_ports(text, &range);
}

static int check_protocol(const char *text, void *field)
{
    unsigned bits = 0;
    (void)field;
    return parse_protocol(text, &bits);
}

#define STRINGS(field, check, what)                                                                                              \
    {                                                                                                                            \
        .name = #field, .type = CONFIG_STRINGS, .offset = offsetof(struct rules_entry, field), .min = 1, .max = 1000,            \
        .parse = (check), .expected = (what)                                                                                     \
    }

const struct config_option rules_options[] = {
    {.name = "action",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct rules_entry, allow),
     .required = true,
     .parse = read_action,
     .expected = "\"allow\" or \"deny\""},
    STRINGS(users, NULL, "the name of a user"),
    STRINGS(groups, NULL, "the name of a group"),
    STRINGS(from, match_check_network, MATCH_NETWORK_EXPECTED),
    STRINGS(to, check_to, "a network, as in \"192.0.2.0/24\", or a name, as in \"host.example\" or \"*.example\""),
    STRINGS(ports, check_ports, "a port or a range of them, as in \"443\" or \"8000-8999\""),
    STRINGS(protocols, check_protocol, "\"connect\", \"bind\" or \"udp\""),
    {.name = NULL},
};

static struct network *compile_networks(const struct config_list *list)
{
    char *const *texts = list->items;
    struct network *out = calloc(list->count + 1, sizeof *out);
    for (unsigned i = 0; out && i < list->count; i++) {
        if (match_parse_network(texts[i], &out[i]))
            out[i] = (struct network){.bits = NAME};
    }
    return out;
}

static int compile(struct rule *rule, const struct rules_entry *entry)
{
    char *const *ports = entry->ports.items, *const *protocols = entry->protocols.items;
    rule->entry = entry;
    rule->from = compile_networks(&entry->from);
    rule->to = compile_networks(&entry->to);
    rule->ports = calloc(entry->ports.count + 1, sizeof *rule->ports);
    if (!rule->from || !rule->to || !rule->ports)
        return -ENOMEM;
    for (unsigned i = 0; i < entry->ports.count; i++)
        (void)parse_ports(ports[i], &rule->ports[i]);
    for (unsigned i = 0; i < entry->protocols.count; i++)
        (void)parse_protocol(protocols[i], &rule->protocols);
    return 0;
}

/* Those that cannot be had are left out. */
static void find_own(struct rules *rules)
{
    struct ifaddrs *all, *at;
    unsigned count = 0;
    if (getifaddrs(&all))
        return;
    for (at = all; at; at = at->ifa_next)
        count++;
    rules->own = calloc(count + 1, sizeof *rules->own);
    for (at = all; at && rules->own; at = at->ifa_next) {
        struct net_addr addr = {0};
        if (at->ifa_addr)
            net_addr_set(&addr, at->ifa_addr, sizeof addr.in6);
        if (addr.len)
            rules->own[rules->own_count++] = match_network(&addr);
    }
    freeifaddrs(all);
}

int rules_new(const struct config_list *entries, struct rules **out)
{
    const struct rules_entry *list = entries->items;
    struct rules *rules = calloc(1, sizeof *rules);
    if (!rules)
        return -ENOMEM;
    rules->list = calloc(entries->count + 1, sizeof *rules->list);
    int rc = rules->list ? 0 : -ENOMEM;
    for (unsigned i = 0; i < entries->count && !rc; i++) {
        rules->count++;
        rc = compile(&rules->list[i], &list[i]);
    }
    if (rc) {
        rules_free(rules);
        return rc;
    }
    find_own(rules);
    *out = rules;
    return 0;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    for (unsigned i = 0; i < rules->count; i++) {
        free(rules->list[i].from);
        free(rules->list[i].to);
        free(rules->list[i].ports);
    }
    free(rules->list);
    free(rules->own);
    free(rules);
}

/* ---- matching */

static const struct network *private_network(const struct rules *rules, const struct network *address)
{
    for (unsigned i = 0; i < sizeof private_networks / sizeof *private_networks; i++) {
        if (match_contains(&private_networks[i], address))
            return &private_networks[i];
    }
    for (unsigned i = 0; i < rules->own_count; i++) {
        if (match_contains(&rules->own[i], address))
            return &rules->own[i];
    }
    for (unsigned i = 0; i < sizeof embedding / sizeof *embedding; i++) {
        struct network inside = {.bits = 32};
        memcpy(inside.bytes, address->bytes + embedding[i].at, 4);
        if (match_contains(&embedding[i].network, address) && private_network(rules, &inside))
            return &embedding[i].network;
    }
    return NULL;
}

static bool matches_port(const struct rule *rule, uint16_t port)
{
    for (unsigned i = 0; i < rule->entry->ports.count; i++) {
        if (port >= rule->ports[i].first && port <= rule->ports[i].last)
            return true;
    }
    return !rule->entry->ports.count;
}

/* `closed`: the private network that the address is in; an allow must name it. */
static bool matches_target(const struct rule *rule, const struct rules_request *request, const struct network *address,
                           const struct network *closed)
{
    const struct rules_entry *entry = rule->entry;
    bool must_name = closed && entry->allow;
    char *const *texts = entry->to.items;
    for (unsigned i = 0; i < entry->to.count; i++) {
        const struct network *to = &rule->to[i];
        bool named = to->bits == NAME;
        if (!named && match_contains(to, address) && (!must_name || to->bits >= closed->bits))
            return true;
        if (named && !must_name && request->name && name_matches(texts[i], request->name))
            return true;
    }
    return !entry->to.count && !must_name;
}

enum rules_verdict rules_check(const struct rules *rules, const struct rules_request *request, unsigned *number)
{
    struct network source = match_network(request->source), target = match_network(request->target);
    const struct network *closed = private_network(rules, &target);
    uint16_t port = net_addr_port(request->target);
    for (unsigned i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->list[i];
        if (rule->protocols && !(rule->protocols & 1u << request->protocol))
            continue;
        if (!matches_port(rule, port) || !match_any(rule->from, rule->entry->from.count, &source) ||
            !matches_target(rule, request, &target, closed) ||
            !match_user(&rule->entry->users, &rule->entry->groups, request->user, request->users))
            continue;
        *number = i + 1;
        return rule->entry->allow ? RULES_ALLOWED : RULES_REFUSED;
    }
    *number = 0;
    return closed ? RULES_PRIVATE : RULES_ALLOWED;
}

const char *rules_verdict_name(enum rules_verdict verdict)
{
    static const char *const names[] = {"-", "rule", "private"};
    return names[verdict];
}
