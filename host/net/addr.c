/* SPDX-License-Identifier: Apache-2.0 */
#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void net_addr_set(struct net_addr *addr, const struct sockaddr *sa, socklen_t len)
{
    memset(addr, 0, sizeof *addr);
    if (sa->sa_family == AF_INET && len >= sizeof addr->in) {
        memcpy(&addr->in, sa, sizeof addr->in);
        addr->len = sizeof addr->in;
    } else if (sa->sa_family == AF_INET6 && len >= sizeof addr->in6) {
        memcpy(&addr->in6, sa, sizeof addr->in6);
        addr->len = sizeof addr->in6;
    }
}

int net_addr_parse(const char *host, uint16_t port, struct net_addr *addr)
{
    memset(addr, 0, sizeof *addr);
    if (inet_pton(AF_INET, host, &addr->in.sin_addr) == 1) {
        addr->in.sin_family = AF_INET;
        addr->len = sizeof addr->in;
    } else if (inet_pton(AF_INET6, host, &addr->in6.sin6_addr) == 1) {
        addr->in6.sin6_family = AF_INET6;
        addr->len = sizeof addr->in6;
    } else {
        return -EINVAL;
    }
    net_addr_set_port(addr, port);
    return 0;
}

int net_addr_parse_port(const char *text, struct net_addr *addr)
{
    char host[NET_ADDR_TEXT];
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text)
        return -EINVAL;
    const char *begin = text, *end = colon;
    if (*begin == '[') {
        begin++;
        end--;
        if (end < begin || *end != ']')
            return -EINVAL;
    } else if (memchr(begin, ':', (size_t)(end - begin))) {
        return -EINVAL;
    }
    char *stop;
    if (colon[1] < '0' || colon[1] > '9')
        return -EINVAL;
    unsigned long port = strtoul(colon + 1, &stop, 10);
    size_t len = (size_t)(end - begin);
    if (*stop || port > 65535 || len >= sizeof host)
        return -EINVAL;
    memcpy(host, begin, len);
    host[len] = 0;
    return net_addr_parse(host, (uint16_t)port, addr);
}

const char *net_addr_format(const struct net_addr *addr, char out[NET_ADDR_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    if (!addr->len) {
        snprintf(out, NET_ADDR_TEXT, "none");
    } else if (addr->sa.sa_family == AF_INET) {
        inet_ntop(AF_INET, &addr->in.sin_addr, host, sizeof host);
        snprintf(out, NET_ADDR_TEXT, "%s:%u", host, net_addr_port(addr));
    } else {
        inet_ntop(AF_INET6, &addr->in6.sin6_addr, host, sizeof host);
        snprintf(out, NET_ADDR_TEXT, "[%s]:%u", host, net_addr_port(addr));
    }
    return out;
}

uint16_t net_addr_port(const struct net_addr *addr)
{
    return ntohs(addr->sa.sa_family == AF_INET6 ? addr->in6.sin6_port : addr->in.sin_port);
}

void net_addr_set_port(struct net_addr *addr, uint16_t port)
{
    if (addr->sa.sa_family == AF_INET6)
        addr->in6.sin6_port = htons(port);
    else
        addr->in.sin_port = htons(port);
}

bool net_addr_same_host(const struct net_addr *a, const struct net_addr *b)
{
    if (a->len != b->len || a->sa.sa_family != b->sa.sa_family)
        return false;
    if (a->sa.sa_family == AF_INET6)
        return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16) && a->in6.sin6_scope_id == b->in6.sin6_scope_id;
    return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
}

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b)
{
    return net_addr_same_host(a, b) && (!a->len || net_addr_port(a) == net_addr_port(b));
}

bool net_addr_is_any(const struct net_addr *addr)
{
    if (addr->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&addr->in6.sin6_addr);
    return addr->in.sin_addr.s_addr == htonl(INADDR_ANY);
}

bool net_addr_is_destination(const struct net_addr *addr)
{
    if (!addr->len || !net_addr_port(addr) || net_addr_is_any(addr))
        return false;
    if (addr->sa.sa_family == AF_INET6)
        return !IN6_IS_ADDR_MULTICAST(&addr->in6.sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&addr->in6.sin6_addr);
    uint32_t ip = ntohl(addr->in.sin_addr.s_addr);
    return ip >> 28 < 14; /* below 224.0.0.0: no multicast, no reserved addresses, no broadcast */
}
