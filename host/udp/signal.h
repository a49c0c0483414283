/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents of the records that carry no data (PROTOCOL.md): path checks (RFC 9853), heartbeats (RFC 6520), alerts (RFC 5246
 * section 7.2). All of them are authentic when they come here, but the peer may still be wrong or hostile.
 */
#ifndef HOST_UDP_SIGNAL_H
#define HOST_UDP_SIGNAL_H

#include <stdint.h>

#define SIGNAL_COOKIE          8
#define SIGNAL_PATH_BYTES      (1 + SIGNAL_COOKIE)
#define SIGNAL_HEARTBEAT_BYTES (3 + SIGNAL_COOKIE + SIGNAL_PADDING) /* the least that is sent */
#define SIGNAL_PADDING         16                                   /* bytes behind a heartbeat's payload, at least */
#define SIGNAL_ALERT_BYTES     2

enum signal_path { SIGNAL_PATH_CHALLENGE = 0, SIGNAL_PATH_RESPONSE = 1 };
#define SIGNAL_MTU_MOST  9216 /* bytes of a packet that a heartbeat may ask for */
#define SIGNAL_MTU_LEAST 576

enum signal_heartbeat {
    SIGNAL_HEARTBEAT_REQUEST = 1,
    SIGNAL_HEARTBEAT_RESPONSE = 2,
    SIGNAL_HEARTBEAT_FILL = 3, /* a request whose response is to fill a packet of `size` bytes */
};
enum signal_alert { SIGNAL_ALERT_CLOSE_NOTIFY = 0 };

/* Path check and heartbeat alike: what it is, and eight bytes that the answer returns. */
struct signal {
    uint8_t kind; /* enum signal_path or signal_heartbeat */
    uint8_t cookie[SIGNAL_COOKIE];
    uint16_t size; /* SIGNAL_HEARTBEAT_FILL; else 0 */
};

/* -EPROTO: wrong length or kind. */
int signal_path_decode(const uint8_t *content, uint32_t len, struct signal *signal);
void signal_path_encode(const struct signal *signal, uint8_t out[SIGNAL_PATH_BYTES]);
/* Payloads of other lengths than eight bytes are not in use: -EPROTO. Padding of any length from 16. */
int signal_heartbeat_decode(const uint8_t *content, uint32_t len, struct signal *signal);
/* `len` at least SIGNAL_HEARTBEAT_BYTES: what exceeds it is padding. */
void signal_heartbeat_encode(const struct signal *signal, uint8_t *out, uint32_t len);
/* enum signal_alert, or -EPROTO. */
int signal_alert_decode(const uint8_t *content, uint32_t len);
void signal_alert_encode(enum signal_alert alert, uint8_t out[SIGNAL_ALERT_BYTES]);

#endif
