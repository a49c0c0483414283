/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOCKS5 messages (RFC 1928, RFC 1929) and the header of SOCKS5 datagrams. Decoders read untrusted bytes: they return how many
 * bytes the message took, 0 when it is not complete yet, or -EPROTO when it can never become one. Encoders return how many bytes
 * they wrote; the caller gives room for the maximum.
 */
#ifndef HOST_SOCKS_H
#define HOST_SOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

#define SOCKS_VERSION      5
#define SOCKS_AUTH_VERSION 1 /* RFC 1929 */

enum socks_method { SOCKS_METHOD_NONE = 0x00, SOCKS_METHOD_PASSWORD = 0x02, SOCKS_METHOD_REFUSED = 0xff };

enum socks_command {
    SOCKS_CONNECT = 0x01,
    SOCKS_BIND = 0x02,
    SOCKS_UDP_ASSOCIATE = 0x03,
    SOCKS_SECURE_UDP_ASSOCIATE = 0x83, /* PROTOCOL.md */
};

enum socks_reply {
    SOCKS_OK = 0x00,
    SOCKS_FAILURE = 0x01,
    SOCKS_NOT_ALLOWED = 0x02,
    SOCKS_NET_UNREACHABLE = 0x03,
    SOCKS_HOST_UNREACHABLE = 0x04,
    SOCKS_REFUSED = 0x05,
    SOCKS_TTL_EXPIRED = 0x06,
    SOCKS_BAD_COMMAND = 0x07,
    SOCKS_BAD_ADDRESS_TYPE = 0x08,
};

enum socks_address_type { SOCKS_IP4 = 0x01, SOCKS_NAME = 0x03, SOCKS_IP6 = 0x04 };

struct socks_address {
    enum socks_address_type type;
    uint16_t port;
    union {
        uint8_t ip4[4];
        uint8_t ip6[16];
        char name[256]; /* terminated, 1 to 255 bytes, none of them zero */
    };
};

#define SOCKS_ADDRESS_MAX  (1 + 1 + 255 + 2) /* ATYP to port */
#define SOCKS_GREETING_MAX (2 + 255)
#define SOCKS_AUTH_MAX     (1 + 1 + 255 + 1 + 255)
#define SOCKS_REQUEST_MAX  (3 + SOCKS_ADDRESS_MAX) /* a reply has the same form */
#define SOCKS_UDP_MAX      (3 + SOCKS_ADDRESS_MAX) /* header of a datagram */
#define SOCKS_UDP_IP_MAX   (3 + 1 + 16 + 2)        /* the same, with a numeric address */

int socks_address_decode(const uint8_t *data, size_t len, struct socks_address *address);
size_t socks_address_encode(const struct socks_address *address, uint8_t *out);
/* -EINVAL when it is a name. */
int socks_address_to_addr(const struct socks_address *address, struct net_addr *addr);
void socks_address_from_addr(const struct net_addr *addr, struct socks_address *address);
/* A host that is a numeric address, or a name of 1 to 255 bytes; -EINVAL. */
int socks_address_from_text(const char *host, uint16_t port, struct socks_address *address);
/* "host:port" as it came (give it to log_quote before logging a name). Returns `out`. */
const char *socks_address_format(const struct socks_address *address, char *out, size_t size);

/* Greeting: which of the methods that we know are offered. */
struct socks_greeting {
    uint8_t none, password; /* 1: offered */
};
int socks_greeting_decode(const uint8_t *data, size_t len, struct socks_greeting *greeting);
size_t socks_greeting_encode(const struct socks_greeting *greeting, uint8_t *out);
/* Method selection: 2 bytes. */
int socks_method_decode(const uint8_t *data, size_t len, uint8_t *method);
size_t socks_method_encode(uint8_t method, uint8_t *out);

/* User name and password; the caller wipes it. Both terminated; a zero byte inside is -EPROTO; the user is not empty. */
struct socks_auth {
    char user[256];
    char password[256];
};
int socks_auth_decode(const uint8_t *data, size_t len, struct socks_auth *auth);
/* -EINVAL: user or password is longer than 255 bytes, or the user is empty. */
int socks_auth_encode(const struct socks_auth *auth, uint8_t *out);
/* Status: 2 bytes, 0 is success. */
int socks_auth_reply_decode(const uint8_t *data, size_t len, uint8_t *status);
size_t socks_auth_reply_encode(uint8_t status, uint8_t *out);

/* A request, or a reply: `code` is command or reply. An address type that is not known is -EAFNOSUPPORT. */
struct socks_message {
    uint8_t code;
    struct socks_address address;
};
int socks_message_decode(const uint8_t *data, size_t len, struct socks_message *message);
size_t socks_message_encode(const struct socks_message *message, uint8_t *out);

/* Header of a datagram: RSV, FRAG, ATYP, address, port. A header cut short is -EPROTO, never 0. */
int socks_udp_decode(const uint8_t *data, size_t len, uint8_t *frag, struct socks_address *address);
size_t socks_udp_encode(const struct socks_address *address, uint8_t *out);
/* The same for a numeric address, the way of every datagram: at most SOCKS_UDP_IP_MAX bytes. */
size_t socks_udp_encode_addr(const struct net_addr *addr, uint8_t *out);

#endif
