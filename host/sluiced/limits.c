/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/limits.h"

#include <errno.h>
#include <stdlib.h>

#include "sluiced/match.h"

struct limit {
    const struct limits_entry *entry;
    struct network *from;
};

struct limits {
    struct limit *list;
    unsigned count;
};

#define STRINGS(field, check, what)                                                                                              \
    {                                                                                                                            \
        .name = #field, .type = CONFIG_STRINGS, .offset = offsetof(struct limits_entry, field), .min = 1, .max = 1000,           \
        .parse = (check), .expected = (what)                                                                                     \
    }

#define COUNT(field, most)                                                                                                       \
    {                                                                                                                            \
        .name = #field, .type = CONFIG_UINT, .offset = offsetof(struct limits_entry, values.field), .max = (most)                \
    }

const struct config_option limits_options[] = {
    STRINGS(users, NULL, "the name of a user"),
    STRINGS(groups, NULL, "the name of a group"),
    STRINGS(from, match_check_network, MATCH_NETWORK_EXPECTED),
    COUNT(handshakes, 1000000),
    COUNT(connections, 1000000),
    COUNT(associations, 1000000),
    COUNT(datagrams, 1000000000),
    COUNT(bytes, 4000000000),
    {.name = NULL},
};

void limits_defaults(void *entry)
{
    *(struct limits_entry *)entry = (struct limits_entry){.values = {.handshakes = 128}};
}

static int compile(struct limit *limit, const struct limits_entry *entry)
{
    char *const *texts = entry->from.items;
    limit->entry = entry;
    limit->from = calloc(entry->from.count + 1, sizeof *limit->from);
    for (unsigned i = 0; limit->from && i < entry->from.count; i++)
        (void)match_parse_network(texts[i], &limit->from[i]); /* it was checked when it was read */
    return limit->from ? 0 : -ENOMEM;
}

int limits_new(const struct config_list *entries, struct limits **out)
{
    const struct limits_entry *list = entries->items;
    struct limits *limits = calloc(1, sizeof *limits);
    if (!limits)
        return -ENOMEM;
    limits->list = calloc(entries->count + 1, sizeof *limits->list);
    int rc = limits->list ? 0 : -ENOMEM;
    for (unsigned i = 0; i < entries->count && !rc; i++) {
        limits->count++;
        rc = compile(&limits->list[i], &list[i]);
    }
    if (rc)
        limits_free(limits);
    else
        *out = limits;
    return rc;
}

void limits_free(struct limits *limits)
{
    if (!limits)
        return;
    for (unsigned i = 0; i < limits->count; i++)
        free(limits->list[i].from);
    free(limits->list);
    free(limits);
}

struct limits_values limits_find(const struct limits *limits, const char *user, const struct users *users,
                                 const struct net_addr *source)
{
    struct network address = match_network(source);
    struct limits_entry other;
    for (unsigned i = 0; i < limits->count; i++) {
        const struct limits_entry *entry = limits->list[i].entry;
        if (match_any(limits->list[i].from, entry->from.count, &address) &&
            match_user(&entry->users, &entry->groups, user, users))
            return entry->values;
    }
    limits_defaults(&other);
    return other.values;
}
