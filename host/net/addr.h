/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 and IPv6 socket addresses as values. */
#ifndef HOST_NET_ADDR_H
#define HOST_NET_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct net_addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    };
    socklen_t len; /* 0: no address */
};

#define NET_ADDR_TEXT 64 /* room for "[address%scope]:port" */

/* Numeric addresses only. -EINVAL. */
int net_addr_parse(const char *host, uint16_t port, struct net_addr *addr);
/* "192.0.2.1:80", "[2001:db8::1]:80", or "host:port" text to the two; -EINVAL. */
int net_addr_parse_port(const char *text, struct net_addr *addr);
/* Returns `out`, "none" for no address. */
const char *net_addr_format(const struct net_addr *addr, char out[NET_ADDR_TEXT]);

void net_addr_set(struct net_addr *addr, const struct sockaddr *sa, socklen_t len);
uint16_t net_addr_port(const struct net_addr *addr);
void net_addr_set_port(struct net_addr *addr, uint16_t port);
bool net_addr_equal(const struct net_addr *a, const struct net_addr *b);     /* host and port */
bool net_addr_same_host(const struct net_addr *a, const struct net_addr *b); /* host alone */
bool net_addr_is_any(const struct net_addr *addr);
/* A datagram or a connection may be sent there: a unicast address and a port other than 0. */
bool net_addr_is_destination(const struct net_addr *addr);

#endif
