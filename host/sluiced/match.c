/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/match.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sluiced/users.h"

struct network match_network(const struct net_addr *addr)
{
    struct network network = {.six = addr->sa.sa_family == AF_INET6};
    if (network.six)
        memcpy(network.bytes, &addr->in6.sin6_addr, 16);
    else
        memcpy(network.bytes, &addr->in.sin_addr, 4);
    network.bits = network.six ? 128 : 32;
    return network;
}

bool match_contains(const struct network *network, const struct network *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (network->six != address->six || network->bits > address->bits || memcmp(network->bytes, address->bytes, whole) != 0)
        return false;
    return !rest || !((network->bytes[whole] ^ address->bytes[whole]) >> (8 - rest));
}

int match_parse_network(const char *text, struct network *out)
{
    char host[NET_ADDR_TEXT];
    struct net_addr addr;
    size_t len = strcspn(text, "/");
    if (len >= sizeof host)
        return -EINVAL;
    memcpy(host, text, len);
    host[len] = 0;
    if (net_addr_parse(host, 0, &addr))
        return -EINVAL;
    *out = match_network(&addr);
    if (!text[len])
        return 0;
    char *end;
    unsigned long bits = strtoul(text + len + 1, &end, 10);
    if (!isdigit((unsigned char)text[len + 1]) || *end || bits > out->bits)
        return -EINVAL;
    struct network base = {.six = out->six, .bits = out->bits};
    for (unsigned i = 0; i < bits; i++)
        base.bytes[i / 8] |= (uint8_t)(out->bytes[i / 8] & 0x80u >> i % 8);
    if (memcmp(base.bytes, out->bytes, sizeof base.bytes) != 0)
        return -EINVAL;
    out->bits = (uint8_t)bits;
    return 0;
}

int match_check_network(const char *text, void *field)
{
    struct network network;
    (void)field;
    return match_parse_network(text, &network);
}

bool match_any(const struct network *list, unsigned count, const struct network *address)
{
    for (unsigned i = 0; i < count; i++) {
        if (match_contains(&list[i], address))
            return true;
    }
    return !count;
}

bool match_user(const struct config_list *names, const struct config_list *groups, const char *user, const struct users *users)
{
    char *const *name = names->items, *const *group = groups->items;
    if (!names->count && !groups->count)
        return true;
    for (unsigned i = 0; user && i < names->count; i++) {
        if (!strcmp(name[i], user))
            return true;
    }
    for (unsigned i = 0; user && users && i < groups->count; i++) {
        if (users_in_group(users, user, group[i]))
            return true;
    }
    return false;
}
