/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages on the TLS stream of an association: `u8 type, u16 length, body` (PROTOCOL.md). */
#ifndef HOST_UDP_CONTROL_H
#define HOST_UDP_CONTROL_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>

#define CONTROL_HEADER             3
#define CONTROL_BODY_MAX           1024 /* a longer one ends the connection */
#define CONTROL_KEEP_ALIVE_SECONDS 30   /* sent when nothing else was, so long */

enum control_type {
    CONTROL_KEEP_ALIVE = 1, /* body empty */
    CONTROL_NOTICE = 2,     /* u8 enum control_notice, then what belongs to it */
    CONTROL_REKEY = 3,      /* struct control_rekey: the client begins an epoch */
    CONTROL_REKEYED = 4,    /* struct control_rekey: the proxy's answer */
    CONTROL_REKEY_DONE = 5, /* struct control_rekey, without cid: the client has the keys */
    CONTROL_TRANSPORT = 6,  /* u8 enum control_transport: the client says by which way it wants records */
    CONTROL_PATH_MTU = 7,   /* u16: bytes of an IP packet on the way to the client, as the client has found */
};

enum control_notice {
    CONTROL_NOTICE_CLOSE = 1, /* u8 enum control_close: the sender ends the association now */
    CONTROL_NOTICE_REKEY = 2, /* empty: the proxy asks the client to begin an epoch */
    CONTROL_NOTICE_MTU = 3,   /* between a program and the client alone: empty, it asks; struct control_mtu, the answer */
};

enum control_transport { CONTROL_BY_UDP = 0, CONTROL_BY_TCP = 1 };

enum control_close {
    CONTROL_CLOSE_DONE = 0,
    CONTROL_CLOSE_IDLE = 1,
    CONTROL_CLOSE_STOPPING = 2, /* the program ends */
    CONTROL_CLOSE_POLICY = 3,   /* replay with policy `terminate`, limits */
    CONTROL_CLOSE_ENGINE = 4,   /* keys used up, or no engine */
};

struct control_rekey {
    uint32_t epoch;
    uint8_t cid[8]; /* that the sender wants on records sent to it under this epoch; rekey_done: not there */
};

/* 0: not known. */
struct control_mtu {
    uint16_t mtu;      /* bytes of an IP packet on the way to the proxy */
    uint16_t ip4, ip6; /* of the largest datagram to such a target that goes there as one */
};

struct control_message {
    enum control_type type; /* or a number that is not in it: to be passed over */
    uint16_t length;
    uint8_t body[CONTROL_BODY_MAX];
};

/* Takes one message out of `in`. 1: there was one; 0: not complete yet; -EPROTO: too long. */
int control_take(struct evbuffer *in, struct control_message *message);
#define CONTROL_OUT_MAX 32
/* All of them write into `out` and return its length, at most CONTROL_OUT_MAX. */
unsigned control_keep_alive(uint8_t *out);
unsigned control_close(enum control_close reason, uint8_t *out);
unsigned control_rekey_wanted(uint8_t *out);
unsigned control_transport(enum control_transport transport, uint8_t *out);
unsigned control_path_mtu(uint16_t mtu, uint8_t *out);
unsigned control_rekey(enum control_type type, const struct control_rekey *rekey, uint8_t *out);
unsigned control_mtu(const struct control_mtu *mtu, uint8_t *out);
bool control_is_mtu_wanted(const struct control_message *message);
/* A close notice's reason, or -ENOENT when the message is another. */
int control_close_reason(const struct control_message *message);
/* Of one of the three rekey messages: -EPROTO: wrong length. */
int control_rekey_decode(const struct control_message *message, struct control_rekey *rekey);
/* enum control_transport of a transport message; -EPROTO: wrong length, or another way. */
int control_transport_decode(const struct control_message *message);
/* Bytes of a path MTU message; -EPROTO: wrong length, or less than any way carries. */
int control_path_mtu_decode(const struct control_message *message);
bool control_is_rekey_wanted(const struct control_message *message);

#endif
