/* SPDX-License-Identifier: Apache-2.0 */
/* The block of parameters after a secure request and after its reply: `u16 length`, then `u8 id, u8 length, value` (PROTOCOL.md).
 */
#ifndef HOST_SOCKS_PARAMS_H
#define HOST_SOCKS_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#define SOCKS_PARAMS_MAX     1024 /* bytes after the length field; a longer block is malformed */
#define SOCKS_PARAMS_VERSION 1

enum socks_param {
    SOCKS_PARAM_VERSION = 1,
    SOCKS_PARAM_SUITES = 2,
    SOCKS_PARAM_NONCE_MODES = 3,
    SOCKS_PARAM_CID = 4,
    SOCKS_PARAM_TAKE_UP = 5,
    SOCKS_PARAM_EPOCH = 6,
    SOCKS_PARAM_GRACE = 7,
    SOCKS_PARAM_MTU = 8,
};

/* Nonce modes on the wire. */
enum socks_nonce_mode { SOCKS_NONCE_SEQUENCE = 1, SOCKS_NONCE_RANDOM = 2 };

enum socks_params_side { SOCKS_PARAMS_REQUEST, SOCKS_PARAMS_REPLY };

#define SOCKS_PARAMS_HAS(p, id) (((p)->present >> (id)) & 1u)

struct socks_params {
    uint32_t present; /* bit `id` for each one of enum socks_param that is there */
    uint8_t version;
    uint8_t suites[32]; /* request: in order of preference; reply: the one chosen */
    unsigned suite_count;
    uint8_t nonce_modes[8];
    unsigned nonce_mode_count;
    uint8_t cid[8];            /* the cid that the sender of the block wants on records sent to it */
    uint8_t take_up_cid[8];    /* request */
    uint8_t take_up_proof[32]; /* request */
    uint32_t epoch;            /* reply */
    uint16_t grace;            /* reply: seconds */
    uint16_t mtu;              /* reply: bytes of IP packet */
};

/* `body` is what follows the length field. Unknown ids, and those of the other side, are passed over; of more than 32 suites or 8
 * modes the first ones are kept. -EPROTO: a repeated id, a wrong length, a value cut short, or 1 to 4 is missing (in a reply 6
 * too), or more than one choice in a reply. */
int socks_params_decode(const uint8_t *body, size_t len, enum socks_params_side side, struct socks_params *params);
/* Writes the length field and those that are present; `out` has room for 2 + SOCKS_PARAMS_MAX. Returns the bytes written. */
size_t socks_params_encode(const struct socks_params *params, enum socks_params_side side, uint8_t *out);

#endif
