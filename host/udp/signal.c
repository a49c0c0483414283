/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/signal.h"

#include <errno.h>
#include <string.h>

#define SIZE_AT (3 + SIGNAL_COOKIE) /* in the padding */

int signal_path_decode(const uint8_t *content, uint32_t len, struct signal *signal)
{
    if (len != SIGNAL_PATH_BYTES || content[0] > SIGNAL_PATH_RESPONSE)
        return -EPROTO;
    memset(signal, 0, sizeof *signal);
    signal->kind = content[0];
    memcpy(signal->cookie, content + 1, sizeof signal->cookie);
    return 0;
}

void signal_path_encode(const struct signal *signal, uint8_t out[SIGNAL_PATH_BYTES])
{
    out[0] = signal->kind;
    memcpy(out + 1, signal->cookie, sizeof signal->cookie);
}

int signal_heartbeat_decode(const uint8_t *content, uint32_t len, struct signal *signal)
{
    if (len < SIGNAL_HEARTBEAT_BYTES || content[0] < SIGNAL_HEARTBEAT_REQUEST || content[0] > SIGNAL_HEARTBEAT_FILL ||
        content[1] || content[2] != SIGNAL_COOKIE)
        return -EPROTO;
    uint16_t size = (uint16_t)(content[SIZE_AT] << 8 | content[SIZE_AT + 1]);
    if (content[0] == SIGNAL_HEARTBEAT_FILL && (size < SIGNAL_MTU_LEAST || size > SIGNAL_MTU_MOST))
        return -EPROTO;
    memset(signal, 0, sizeof *signal);
    signal->kind = content[0];
    signal->size = signal->kind == SIGNAL_HEARTBEAT_FILL ? size : 0;
    memcpy(signal->cookie, content + 3, sizeof signal->cookie);
    return 0;
}

void signal_heartbeat_encode(const struct signal *signal, uint8_t *out, uint32_t len)
{
    memset(out, 0, len);
    out[0] = signal->kind;
    out[2] = SIGNAL_COOKIE;
    memcpy(out + 3, signal->cookie, sizeof signal->cookie);
    if (signal->kind != SIGNAL_HEARTBEAT_FILL)
        return;
    out[SIZE_AT] = (uint8_t)(signal->size >> 8);
    out[SIZE_AT + 1] = (uint8_t)signal->size;
}

int signal_alert_decode(const uint8_t *content, uint32_t len)
{
    return len == SIGNAL_ALERT_BYTES && content[0] == 1 && content[1] == SIGNAL_ALERT_CLOSE_NOTIFY ? SIGNAL_ALERT_CLOSE_NOTIFY
                                                                                                   : -EPROTO;
}

void signal_alert_encode(enum signal_alert alert, uint8_t out[SIGNAL_ALERT_BYTES])
{
    out[0] = 1; /* warning, as RFC 5246 has it for close_notify */
    out[1] = (uint8_t)alert;
}
