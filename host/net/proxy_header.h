/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of version 2 of the PROXY protocol (HAProxy Technologies, "The PROXY protocol, versions 1 & 2", 2.2): a load
 * balancer sends it before everything else, and says from whom a connection came to it.
 */
#ifndef HOST_NET_PROXY_HEADER_H
#define HOST_NET_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

#define PROXY_HEADER_FIRST 16u   /* bytes that say how many there are */
#define PROXY_HEADER_MAX   2048u /* with the fields behind the addresses, which are passed over */

/* Bytes of the whole header, of its first ones; -EPROTO: it is none, or longer than PROXY_HEADER_MAX. */
int proxy_header_length(const uint8_t first[PROXY_HEADER_FIRST]);
/* Of a whole header. 1: the connection is `source`'s; 0: the balancer's own, as its health checks are, and `source` untouched;
 * -EPROTO: nonsense, or no TCP. */
int proxy_header_source(const uint8_t *header, size_t len, struct net_addr *source);

#endif
