/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/control.h"

#include <errno.h>
#include <string.h>

int control_take(struct evbuffer *in, struct control_message *message)
{
    uint8_t header[CONTROL_HEADER];
    if (evbuffer_copyout(in, header, sizeof header) < (ssize_t)sizeof header)
        return 0;
    uint16_t length = (uint16_t)(header[1] << 8 | header[2]);
    if (length > CONTROL_BODY_MAX)
        return -EPROTO;
    if (evbuffer_get_length(in) < sizeof header + length)
        return 0;
    message->type = (enum control_type)header[0];
    message->length = length;
    evbuffer_drain(in, sizeof header);
    evbuffer_remove(in, message->body, length);
    return 1;
}

unsigned control_keep_alive(uint8_t *out)
{
    out[0] = CONTROL_KEEP_ALIVE;
    out[1] = 0;
    out[2] = 0;
    return CONTROL_HEADER;
}

unsigned control_close(enum control_close reason, uint8_t *out)
{
    out[0] = CONTROL_NOTICE;
    out[1] = 0;
    out[2] = 2;
    out[3] = CONTROL_NOTICE_CLOSE;
    out[4] = (uint8_t)reason;
    return CONTROL_HEADER + 2;
}

unsigned control_rekey_wanted(uint8_t *out)
{
    out[0] = CONTROL_NOTICE;
    out[1] = 0;
    out[2] = 1;
    out[3] = CONTROL_NOTICE_REKEY;
    return CONTROL_HEADER + 1;
}

unsigned control_transport(enum control_transport transport, uint8_t *out)
{
    out[0] = CONTROL_TRANSPORT;
    out[1] = 0;
    out[2] = 1;
    out[3] = (uint8_t)transport;
    return CONTROL_HEADER + 1;
}

unsigned control_path_mtu(uint16_t mtu, uint8_t *out)
{
    out[0] = CONTROL_PATH_MTU;
    out[1] = 0;
    out[2] = 2;
    out[3] = (uint8_t)(mtu >> 8);
    out[4] = (uint8_t)mtu;
    return CONTROL_HEADER + 2;
}

unsigned control_rekey(enum control_type type, const struct control_rekey *rekey, uint8_t *out)
{
    unsigned body = type == CONTROL_REKEY_DONE ? 4 : 12;
    out[0] = (uint8_t)type;
    out[1] = 0;
    out[2] = (uint8_t)body;
    for (unsigned i = 0; i < 4; i++)
        out[CONTROL_HEADER + i] = (uint8_t)(rekey->epoch >> (24 - 8 * i));
    if (type != CONTROL_REKEY_DONE)
        memcpy(out + CONTROL_HEADER + 4, rekey->cid, sizeof rekey->cid);
    return CONTROL_HEADER + body;
}

unsigned control_mtu(const struct control_mtu *mtu, uint8_t *out)
{
    const uint16_t numbers[3] = {mtu->mtu, mtu->ip4, mtu->ip6};
    out[0] = CONTROL_NOTICE;
    out[1] = 0;
    out[2] = 7;
    out[3] = CONTROL_NOTICE_MTU;
    for (unsigned i = 0; i < 3; i++) {
        out[4 + 2 * i] = (uint8_t)(numbers[i] >> 8);
        out[5 + 2 * i] = (uint8_t)numbers[i];
    }
    return CONTROL_HEADER + 7;
}

bool control_is_mtu_wanted(const struct control_message *message)
{
    return message->type == CONTROL_NOTICE && message->length == 1 && message->body[0] == CONTROL_NOTICE_MTU;
}

int control_close_reason(const struct control_message *message)
{
    if (message->type != CONTROL_NOTICE || message->length < 2 || message->body[0] != CONTROL_NOTICE_CLOSE)
        return -ENOENT;
    return message->body[1];
}

int control_rekey_decode(const struct control_message *message, struct control_rekey *rekey)
{
    const uint8_t *p = message->body;
    *rekey = (struct control_rekey){0};
    if (message->length != (message->type == CONTROL_REKEY_DONE ? 4 : 12))
        return -EPROTO;
    rekey->epoch = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if (message->type != CONTROL_REKEY_DONE)
        memcpy(rekey->cid, p + 4, sizeof rekey->cid);
    return 0;
}

int control_transport_decode(const struct control_message *message)
{
    return message->length == 1 && message->body[0] <= CONTROL_BY_TCP ? message->body[0] : -EPROTO;
}

int control_path_mtu_decode(const struct control_message *message)
{
    int mtu = message->body[0] << 8 | message->body[1];
    return message->length == 2 && mtu >= 576 ? mtu : -EPROTO; /* RFC 791 */
}

bool control_is_rekey_wanted(const struct control_message *message)
{
    return message->type == CONTROL_NOTICE && message->length && message->body[0] == CONTROL_NOTICE_REKEY;
}
