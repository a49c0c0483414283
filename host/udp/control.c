/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/control.h"

#include <errno.h>

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

int control_close_reason(const struct control_message *message)
{
    if (message->type != CONTROL_NOTICE || message->length < 2 || message->body[0] != CONTROL_NOTICE_CLOSE)
        return -ENOENT;
    return message->body[1];
}
