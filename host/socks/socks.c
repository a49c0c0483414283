/* SPDX-License-Identifier: Apache-2.0 */
#include "socks/socks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* A counted string at data: -EPROTO for a zero byte inside, 0 when it is cut short, else its bytes with the count. */
static int get_text(const uint8_t *data, size_t len, char out[256])
{
    if (len < 1 || len < 1u + data[0])
        return 0;
    if (memchr(data + 1, 0, data[0]))
        return -EPROTO;
    memcpy(out, data + 1, data[0]);
    out[data[0]] = 0;
    return 1 + data[0];
}

static size_t put_text(const char *text, size_t len, uint8_t *out)
{
    out[0] = (uint8_t)len;
    memcpy(out + 1, text, len);
    return 1 + len;
}

static int get_host(const uint8_t *data, size_t len, struct socks_address *address)
{
    switch (address->type) {
    case SOCKS_IP4:
        if (len < 4)
            return 0;
        memcpy(address->ip4, data, 4);
        return 4;
    case SOCKS_IP6:
        if (len < 16)
            return 0;
        memcpy(address->ip6, data, 16);
        return 16;
    case SOCKS_NAME:
        if (len && !data[0])
            return -EPROTO;
        return get_text(data, len, address->name);
    }
    return -EAFNOSUPPORT;
}

int socks_address_decode(const uint8_t *data, size_t len, struct socks_address *address)
{
    if (len < 1)
        return 0;
    memset(address, 0, sizeof *address);
    address->type = (enum socks_address_type)data[0];
    int host = get_host(data + 1, len - 1, address);
    if (host <= 0)
        return host;
    size_t used = 1 + (size_t)host;
    if (len < used + 2)
        return 0;
    address->port = get16(data + used);
    return (int)used + 2;
}

size_t socks_address_encode(const struct socks_address *address, uint8_t *out)
{
    size_t n = 0;
    out[n++] = (uint8_t)address->type;
    if (address->type == SOCKS_IP4) {
        memcpy(out + n, address->ip4, 4);
        n += 4;
    } else if (address->type == SOCKS_IP6) {
        memcpy(out + n, address->ip6, 16);
        n += 16;
    } else {
        n += put_text(address->name, strnlen(address->name, 255), out + n);
    }
    put16(out + n, address->port);
    return n + 2;
}

int socks_address_to_addr(const struct socks_address *address, struct net_addr *addr)
{
    memset(addr, 0, sizeof *addr);
    if (address->type == SOCKS_IP4) {
        addr->in.sin_family = AF_INET;
        memcpy(&addr->in.sin_addr, address->ip4, 4);
        addr->len = sizeof addr->in;
    } else if (address->type == SOCKS_IP6) {
        addr->in6.sin6_family = AF_INET6;
        memcpy(&addr->in6.sin6_addr, address->ip6, 16);
        addr->len = sizeof addr->in6;
    } else {
        return -EINVAL;
    }
    net_addr_set_port(addr, address->port);
    return 0;
}

void socks_address_from_addr(const struct net_addr *addr, struct socks_address *address)
{
    memset(address, 0, sizeof *address);
    if (addr->sa.sa_family == AF_INET6) {
        address->type = SOCKS_IP6;
        memcpy(address->ip6, &addr->in6.sin6_addr, 16);
    } else {
        address->type = SOCKS_IP4;
        memcpy(address->ip4, &addr->in.sin_addr, 4);
    }
    address->port = net_addr_port(addr);
}

int socks_address_from_text(const char *host, uint16_t port, struct socks_address *address)
{
    struct net_addr addr;
    if (!net_addr_parse(host, port, &addr)) {
        socks_address_from_addr(&addr, address);
        return 0;
    }
    size_t len = strlen(host);
    if (!len || len > 255)
        return -EINVAL;
    memset(address, 0, sizeof *address);
    address->type = SOCKS_NAME;
    address->port = port;
    memcpy(address->name, host, len);
    return 0;
}

const char *socks_address_format(const struct socks_address *address, char *out, size_t size)
{
    struct net_addr addr;
    char text[NET_ADDR_TEXT];
    if (!socks_address_to_addr(address, &addr))
        snprintf(out, size, "%s", net_addr_format(&addr, text));
    else
        snprintf(out, size, "%s:%u", address->name, address->port);
    return out;
}

int socks_greeting_decode(const uint8_t *data, size_t len, struct socks_greeting *greeting)
{
    if (len >= 1 && data[0] != SOCKS_VERSION)
        return -EPROTO;
    if (len < 2 || len < 2u + data[1])
        return 0;
    memset(greeting, 0, sizeof *greeting);
    for (unsigned i = 0; i < data[1]; i++) {
        greeting->none |= data[2 + i] == SOCKS_METHOD_NONE;
        greeting->password |= data[2 + i] == SOCKS_METHOD_PASSWORD;
    }
    return 2 + data[1];
}

size_t socks_greeting_encode(const struct socks_greeting *greeting, uint8_t *out)
{
    size_t n = 2;
    if (greeting->none)
        out[n++] = SOCKS_METHOD_NONE;
    if (greeting->password)
        out[n++] = SOCKS_METHOD_PASSWORD;
    out[0] = SOCKS_VERSION;
    out[1] = (uint8_t)(n - 2);
    return n;
}

int socks_method_decode(const uint8_t *data, size_t len, uint8_t *method)
{
    if (len >= 1 && data[0] != SOCKS_VERSION)
        return -EPROTO;
    if (len < 2)
        return 0;
    *method = data[1];
    return 2;
}

size_t socks_method_encode(uint8_t method, uint8_t *out)
{
    out[0] = SOCKS_VERSION;
    out[1] = method;
    return 2;
}

int socks_auth_decode(const uint8_t *data, size_t len, struct socks_auth *auth)
{
    if (len >= 1 && data[0] != SOCKS_AUTH_VERSION)
        return -EPROTO;
    if (len >= 2 && !data[1])
        return -EPROTO;
    int user = len < 2 ? 0 : get_text(data + 1, len - 1, auth->user);
    if (user <= 0)
        return user;
    size_t at = 1 + (size_t)user;
    int password = get_text(data + at, len - at, auth->password);
    return password <= 0 ? password : (int)at + password;
}

int socks_auth_encode(const struct socks_auth *auth, uint8_t *out)
{
    size_t user = strnlen(auth->user, sizeof auth->user), password = strnlen(auth->password, sizeof auth->password);
    if (!user || user > 255 || password > 255)
        return -EINVAL;
    size_t n = 0;
    out[n++] = SOCKS_AUTH_VERSION;
    n += put_text(auth->user, user, out + n);
    n += put_text(auth->password, password, out + n);
    return (int)n;
}

int socks_auth_reply_decode(const uint8_t *data, size_t len, uint8_t *status)
{
    if (len >= 1 && data[0] != SOCKS_AUTH_VERSION)
        return -EPROTO;
    if (len < 2)
        return 0;
    *status = data[1];
    return 2;
}

size_t socks_auth_reply_encode(uint8_t status, uint8_t *out)
{
    out[0] = SOCKS_AUTH_VERSION;
    out[1] = status;
    return 2;
}

int socks_message_decode(const uint8_t *data, size_t len, struct socks_message *message)
{
    if ((len >= 1 && data[0] != SOCKS_VERSION) || (len >= 3 && data[2]))
        return -EPROTO;
    if (len < 4)
        return 0;
    message->code = data[1];
    int address = socks_address_decode(data + 3, len - 3, &message->address);
    return address <= 0 ? address : 3 + address;
}

size_t socks_message_encode(const struct socks_message *message, uint8_t *out)
{
    out[0] = SOCKS_VERSION;
    out[1] = message->code;
    out[2] = 0;
    return 3 + socks_address_encode(&message->address, out + 3);
}

int socks_udp_decode(const uint8_t *data, size_t len, uint8_t *frag, struct socks_address *address)
{
    if (len < 4 || data[0] || data[1])
        return -EPROTO;
    *frag = data[2];
    int n = socks_address_decode(data + 3, len - 3, address);
    return n <= 0 ? -EPROTO : 3 + n;
}

size_t socks_udp_encode(const struct socks_address *address, uint8_t *out)
{
    memset(out, 0, 3);
    return 3 + socks_address_encode(address, out + 3);
}

size_t socks_udp_encode_addr(const struct net_addr *addr, uint8_t *out)
{
    memset(out, 0, 3);
    if (addr->sa.sa_family == AF_INET6) {
        out[3] = SOCKS_IP6;
        memcpy(out + 4, &addr->in6.sin6_addr, 16);
        memcpy(out + 20, &addr->in6.sin6_port, 2);
        return 22;
    }
    out[3] = SOCKS_IP4;
    memcpy(out + 4, &addr->in.sin_addr, 4);
    memcpy(out + 8, &addr->in.sin_port, 2);
    return 10;
}
