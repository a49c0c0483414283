/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages on the TLS stream of an association: `u8 type, u16 length, body` (PROTOCOL.md). */
#ifndef HOST_UDP_CONTROL_H
#define HOST_UDP_CONTROL_H

#include <event2/buffer.h>
#include <stdint.h>

#define CONTROL_HEADER             3
#define CONTROL_BODY_MAX           1024 /* a longer one ends the connection */
#define CONTROL_KEEP_ALIVE_SECONDS 30   /* sent when nothing else was, so long */

enum control_type {
    CONTROL_KEEP_ALIVE = 1, /* body empty */
    CONTROL_NOTICE = 2,     /* u8 enum control_notice, then what belongs to it */
};

enum control_notice {
    CONTROL_NOTICE_CLOSE = 1, /* u8 enum control_close: the sender ends the association now */
};

enum control_close {
    CONTROL_CLOSE_DONE = 0,
    CONTROL_CLOSE_IDLE = 1,
    CONTROL_CLOSE_STOPPING = 2, /* the program ends */
    CONTROL_CLOSE_POLICY = 3,   /* replay with policy `terminate`, limits */
    CONTROL_CLOSE_ENGINE = 4,   /* keys used up, or no engine */
};

struct control_message {
    enum control_type type; /* or a number that is not in it: to be passed over */
    uint16_t length;
    uint8_t body[CONTROL_BODY_MAX];
};

/* Takes one message out of `in`. 1: there was one; 0: not complete yet; -EPROTO: too long. */
int control_take(struct evbuffer *in, struct control_message *message);
/* Both write into `out` and return its length, at most 8. */
unsigned control_keep_alive(uint8_t *out);
unsigned control_close(enum control_close reason, uint8_t *out);
/* A close notice's reason, or -ENOENT when the message is another. */
int control_close_reason(const struct control_message *message);

#endif
