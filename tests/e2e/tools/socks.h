/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordinary SOCKS5 client (RFC 1928, RFC 1929), written apart from host/ so that the project's codec is not tested against
 * itself. What the proxy refuses ends the program with status 1 and the reply code on stderr.
 */
#ifndef E2E_SOCKS_H
#define E2E_SOCKS_H

#include "net.h"

struct socks_options {
    struct net_addr proxy;
    const char *user;     /* NULL: no authentication is offered */
    const char *password; /* with user */
};

enum { SOCKS_CONNECT = 1, SOCKS_BIND = 2, SOCKS_UDP_ASSOCIATE = 3, SOCKS_UDP_HEADER = 22 };

/* Connects and asks; `dest` is "HOST:PORT", whose host may be a name. Returns the TCP socket; `bound` gets the reply's address.
 */
int socks_open(const struct socks_options *options, uint8_t command, const char *dest, struct net_addr *bound);
/* The UDP request header for `dest`; returns its length, at most SOCKS_UDP_HEADER. */
size_t socks_udp_header(const struct net_addr *dest, uint8_t frag, uint8_t out[SOCKS_UDP_HEADER]);
/* Length of the header that a datagram begins with, and whom it names; 0: not a SOCKS UDP header. */
size_t socks_udp_parse(const uint8_t *datagram, size_t len, struct net_addr *from);

#endif
