/* SPDX-License-Identifier: Apache-2.0 */
#include "net/proxy_header.h"

#include <errno.h>
#include <string.h>

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum { LOCAL = 0x20, PROXY = 0x21 };                   /* version 2 and the command */
enum { UNSPECIFIED = 0x00, TCP4 = 0x11, TCP6 = 0x21 }; /* address family and transport */

int proxy_header_length(const uint8_t first[PROXY_HEADER_FIRST])
{
    unsigned len = PROXY_HEADER_FIRST + ((unsigned)first[14] << 8 | first[15]);
    if (memcmp(first, signature, sizeof signature) != 0 || (first[12] != LOCAL && first[12] != PROXY) || len > PROXY_HEADER_MAX)
        return -EPROTO;
    return (int)len;
}

/* Source address, destination address, source port, destination port. */
static int take_source(const uint8_t *addresses, size_t len, int family, struct net_addr *source)
{
    struct net_addr addr = {.len = 0};
    const size_t size = family == AF_INET ? 4 : 16;
    if (len < 2 * size + 4)
        return -EPROTO;
    addr.sa.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        memcpy(&addr.in.sin_addr, addresses, size);
        memcpy(&addr.in.sin_port, addresses + 2 * size, 2);
        addr.len = sizeof addr.in;
    } else {
        memcpy(&addr.in6.sin6_addr, addresses, size);
        memcpy(&addr.in6.sin6_port, addresses + 2 * size, 2);
        addr.len = sizeof addr.in6;
    }
    if (!net_addr_is_destination(&addr))
        return -EPROTO;
    *source = addr;
    return 1;
}

int proxy_header_source(const uint8_t *header, size_t len, struct net_addr *source)
{
    if (len < PROXY_HEADER_FIRST || proxy_header_length(header) != (int)len)
        return -EPROTO;
    if (header[12] == LOCAL || header[13] == UNSPECIFIED)
        return 0;
    if (header[13] != TCP4 && header[13] != TCP6)
        return -EPROTO;
    return take_source(header + PROXY_HEADER_FIRST, len - PROXY_HEADER_FIRST, header[13] == TCP4 ? AF_INET : AF_INET6, source);
}
