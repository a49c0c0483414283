/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/handover.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define FIELD_HEADER  3
#define ADDRESS_BYTES 23 /* of IPv6: family, port, address, scope; of IPv4 without a scope */

enum kind {
    NUMBER, /* uint64_t, up to `max` */
    BYTES,  /* `size` of them */
    TEXT,   /* char[size]: shorter than that, without NUL */
    ADDRESS,
    LIST, /* uint32_t, then uint8_t[size]: multiples of NONCES_BYTES */
};

struct field {
    enum kind kind;
    uint32_t offset, size;
    uint64_t max;
};

/* Ids are places in these, from 1; new ones are added at the end. */
#define AT(type, name) offsetof(struct handover_##type, name), sizeof(((struct handover_##type *)0)->name)

static const struct field hello[] = {{NUMBER, AT(hello, version), UINT32_MAX}};

static const struct field proxy[] = {
    {NUMBER, AT(proxy, version), UINT32_MAX},
    {NUMBER, AT(proxy, member), 255},
    {NUMBER, AT(proxy, cid_workers), 256},
    {BYTES, AT(proxy, cid_key), 0},
};

static const struct field socket_fields[] = {{NUMBER, AT(socket, use), 255}, {NUMBER, AT(socket, index), 255}};

static const struct field association[] = {
    {NUMBER, AT(association, worker), 255},
    {NUMBER, AT(association, families), 3},
    {NUMBER, AT(association, has_user), 1},
    {NUMBER, AT(association, since), INT64_MAX},
    {NUMBER, AT(association, last_datagram), INT64_MAX},
    {NUMBER, AT(association, checked), 1},
    {NUMBER, AT(association, six), 1},
    {NUMBER, AT(association, mtu), UINT16_MAX},
    {NUMBER, AT(association, up), UINT64_MAX},
    {NUMBER, AT(association, down), UINT64_MAX},
    {NUMBER, AT(association, up_bytes), UINT64_MAX},
    {NUMBER, AT(association, down_bytes), UINT64_MAX},
    {NUMBER, AT(association, replays), UINT64_MAX},
    {NUMBER, AT(association, targets_refused), UINT64_MAX},
    {NUMBER, AT(association, target_count), UINT32_MAX},
    {ADDRESS, AT(association, source), 0},
    {ADDRESS, AT(association, peer), 0},
    {ADDRESS, AT(association, local), 0},
    {TEXT, AT(association, name), 0},
    {TEXT, AT(association, user), 0},
    {TEXT, AT(association, peer_text), 0},
};

static const struct field target[] = {{ADDRESS, AT(target, address), 0}};

static const struct field epoch[] = {
    {NUMBER, AT(epoch, number), UINT32_MAX},
    {NUMBER, AT(epoch, born), INT64_MAX},
    {NUMBER, AT(epoch, expires), INT64_MAX},
    {NUMBER, AT(epoch, heard), 1},
    {NUMBER, AT(epoch, sealing), 1},
    {NUMBER, AT(epoch, suite), 255},
    {NUMBER, AT(epoch, nonce_mode), 255},
    {NUMBER, AT(epoch, seal_next), 1ull << 48},
    {NUMBER, AT(epoch, open_top), UINT64_MAX},
    {NUMBER, AT(epoch, has_window), 1},
    {NUMBER, AT(epoch, floor), UINT64_MAX},
    {NUMBER, AT(epoch, current), UINT64_MAX},
    {NUMBER, AT(epoch, former), UINT64_MAX},
    {NUMBER, AT(epoch, window_state), UINT64_MAX},
    {BYTES, AT(epoch, client_cid), 0},
    {BYTES, AT(epoch, proxy_cid), 0},
    {BYTES, AT(epoch, client_key), 0},
    {BYTES, AT(epoch, client_mac), 0},
    {BYTES, AT(epoch, server_key), 0},
    {BYTES, AT(epoch, server_mac), 0},
    {BYTES, AT(epoch, take_up), 0},
    {BYTES, AT(epoch, current_bits), 0},
    {BYTES, AT(epoch, former_bits), 0},
};

static const struct field nonces[] = {{LIST, offsetof(struct handover_nonces, len), HANDOVER_NONCES *NONCES_BYTES, 0}};

static const struct field count[] = {{NUMBER, AT(count, associations), UINT32_MAX}};

#define ROW(table) table, sizeof(table) / sizeof *(table)

static const struct {
    const struct field *fields;
    size_t count, bytes;
} messages[HANDOVER_TYPES] = {
    [HANDOVER_HELLO] = {ROW(hello), sizeof(struct handover_hello)},
    [HANDOVER_PROXY] = {ROW(proxy), sizeof(struct handover_proxy)},
    [HANDOVER_SOCKET] = {ROW(socket_fields), sizeof(struct handover_socket)},
    [HANDOVER_ASSOCIATION] = {ROW(association), sizeof(struct handover_association)},
    [HANDOVER_TARGET] = {ROW(target), sizeof(struct handover_target)},
    [HANDOVER_EPOCH] = {ROW(epoch), sizeof(struct handover_epoch)},
    [HANDOVER_NONCES_SEEN] = {ROW(nonces), sizeof(struct handover_nonces)},
    [HANDOVER_END] = {ROW(count), sizeof(struct handover_count)},
    [HANDOVER_DONE] = {ROW(count), sizeof(struct handover_count)},
};

/* ---- values */

static void put_number(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t get_number(const uint8_t *data, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | data[i];
    return value;
}

static size_t put_address(const struct net_addr *address, uint8_t *out)
{
    if (!address->len)
        return 0;
    bool six = address->sa.sa_family == AF_INET6;
    out[0] = six ? 6 : 4;
    put_number(out + 1, net_addr_port(address), 2);
    memcpy(out + 3, six ? (const void *)&address->in6.sin6_addr : (const void *)&address->in.sin_addr, six ? 16 : 4);
    if (six)
        put_number(out + 19, address->in6.sin6_scope_id, 4);
    return six ? ADDRESS_BYTES : 7;
}

static bool get_address(const uint8_t *data, size_t len, struct net_addr *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (len == 7 && data[0] == 4) {
        memcpy(&in.sin_addr, data + 3, 4);
        net_addr_set(address, (const struct sockaddr *)&in, sizeof in);
    } else if (len == ADDRESS_BYTES && data[0] == 6) {
        memcpy(&in6.sin6_addr, data + 3, 16);
        in6.sin6_scope_id = (uint32_t)get_number(data + 19, 4);
        net_addr_set(address, (const struct sockaddr *)&in6, sizeof in6);
    } else {
        return !len;
    }
    net_addr_set_port(address, (uint16_t)get_number(data + 1, 2));
    return true;
}

static size_t put(const struct field *field, const uint8_t *value, uint8_t *out)
{
    size_t len = field->size;
    uint64_t number;
    uint32_t bytes;
    switch (field->kind) {
    case NUMBER:
        memcpy(&number, value, sizeof number);
        put_number(out, number, 8);
        return 8;
    case ADDRESS:
        return put_address((const struct net_addr *)(const void *)value, out);
    case TEXT:
        len = strnlen((const char *)value, field->size - 1);
        break;
    case LIST:
        memcpy(&bytes, value, sizeof bytes);
        value += sizeof bytes;
        len = bytes;
        break;
    case BYTES:
        break;
    }
    memcpy(out, value, len);
    return len;
}

static bool get(const struct field *field, const uint8_t *data, size_t len, uint8_t *value)
{
    uint64_t number = 0;
    uint32_t bytes = (uint32_t)len;
    switch (field->kind) {
    case NUMBER:
        number = len == 8 ? get_number(data, len) : 0;
        memcpy(value, &number, sizeof number);
        return len == 8 && number <= field->max;
    case ADDRESS:
        return get_address(data, len, (struct net_addr *)(void *)value);
    case TEXT:
        if (len >= field->size || memchr(data, 0, len))
            return false;
        break;
    case LIST:
        if (len > field->size || len % NONCES_BYTES)
            return false;
        memcpy(value, &bytes, sizeof bytes);
        value += sizeof bytes;
        break;
    case BYTES:
        if (len != field->size)
            return false;
        break;
    }
    memcpy(value, data, len);
    return true;
}

/* ---- messages */

size_t handover_encode(enum handover_type type, const void *what, uint8_t out[HANDOVER_MAX])
{
    size_t at = 0;
    out[at++] = (uint8_t)type;
    for (size_t i = 0; i < messages[type].count; i++) {
        const struct field *field = &messages[type].fields[i];
        size_t len = put(field, (const uint8_t *)what + field->offset, out + at + FIELD_HEADER);
        out[at] = (uint8_t)(i + 1);
        put_number(out + at + 1, len, 2);
        at += FIELD_HEADER + len;
        assert(at <= HANDOVER_MAX);
    }
    return at;
}

enum handover_type handover_type(const uint8_t *data, size_t len)
{
    return len && data[0] < HANDOVER_TYPES ? (enum handover_type)data[0] : (enum handover_type)0;
}

int handover_decode(enum handover_type type, const uint8_t *data, size_t len, void *what)
{
    uint32_t seen = 0, all = (uint32_t)((1ull << messages[type].count) - 1);
    if (handover_type(data, len) != type)
        return -EPROTO;
    if (messages[type].bytes)
        memset(what, 0, messages[type].bytes);
    for (size_t at = 1; at < len;) {
        size_t size = len - at < FIELD_HEADER ? SIZE_MAX : (size_t)get_number(data + at + 1, 2), id = data[at];
        if (size > len - at - FIELD_HEADER)
            return -EPROTO;
        at += FIELD_HEADER;
        if (id && id <= messages[type].count) {
            const struct field *field = &messages[type].fields[id - 1];
            if (seen >> (id - 1) & 1 || !get(field, data + at, size, (uint8_t *)what + field->offset))
                return -EPROTO;
            seen |= 1u << (id - 1);
        }
        at += size;
    }
    return seen == all ? 0 : -EPROTO;
}
