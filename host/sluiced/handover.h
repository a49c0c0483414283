/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running proxy says to the one that takes over from it, over a SOCK_SEQPACKET UNIX socket, a message each: `u8 type`,
 * then fields `u8 id, u16 length, value`, integers big endian. Descriptors come beside a message (channel.h).
 *
 *     new    hello
 *     old    proxy (+ where it logs to), socket... (+ one for each worker), begin
 *     new    ready: all that can fail has been done
 *     old    association (+ sockets toward its targets), target..., epoch, nonces..., epoch...; association...; end
 *     new    done: it has everything
 *     old    go: from here on the associations are the new one's
 *
 * Until `go` the old one has only stopped reading, and goes on if anything fails. Fields that are not known are passed over, so
 * that a later version may say more; those of version 1 must be there, once.
 */
#ifndef SLUICED_HANDOVER_H
#define SLUICED_HANDOVER_H

#include "net/addr.h"
#include "sluice.h"
#include "udp/cid.h"
#include "udp/nonces.h"

#define HANDOVER_VERSION 1u
#define HANDOVER_MAX     8192u /* bytes of a message */
#define HANDOVER_NONCES  256u  /* in a message */
#define HANDOVER_USER    257   /* a user's name, and its end */

enum handover_type {
    HANDOVER_HELLO = 1,
    HANDOVER_PROXY,
    HANDOVER_SOCKET,
    HANDOVER_BEGIN,
    HANDOVER_READY,
    HANDOVER_ASSOCIATION,
    HANDOVER_TARGET,
    HANDOVER_EPOCH,
    HANDOVER_NONCES_SEEN,
    HANDOVER_END,
    HANDOVER_DONE,
    HANDOVER_GO,
    HANDOVER_TYPES
};

struct handover_hello {
    uint64_t version; /* the latest that the new one understands */
};

struct handover_proxy {
    uint64_t version, member, cid_workers;
    uint8_t cid_key[CID_KEY_BYTES]; /* secret */
};

struct handover_socket {
    uint64_t use, index; /* enum activation_use; place in its list */
};

struct handover_association {
    uint64_t worker;
    uint64_t families;                       /* of the descriptors: 1 IPv4, 2 IPv6 */
    uint64_t has_user, since, last_datagram; /* seconds of CLOCK_MONOTONIC */
    uint64_t checked, six, mtu;              /* peer is trusted; records go by the IPv6 socket */
    uint64_t up, down, up_bytes, down_bytes; /* as in struct association, as all that follows */
    uint64_t replays, targets_refused, target_count;
    struct net_addr source, peer, local;
    char name[HANDOVER_USER], user[64], peer_text[NET_ADDR_TEXT];
};

struct handover_target {
    struct net_addr address;
};

/* Secret. */
struct handover_epoch {
    uint64_t number, born, expires, heard, sealing;
    uint64_t suite, nonce_mode;
    uint64_t seal_next, open_top;
    uint64_t has_window, floor, current, former, window_state; /* struct sluice_window */
    uint8_t client_cid[8], proxy_cid[8];
    uint8_t client_key[32], client_mac[32], server_key[32], server_mac[32], take_up[32];
    uint8_t current_bits[SLUICE_WINDOW_BITS / 8], former_bits[SLUICE_WINDOW_BITS / 8];
};

struct handover_nonces {
    uint32_t len; /* bytes of those below, NONCES_BYTES each */
    uint8_t list[HANDOVER_NONCES * NONCES_BYTES];
};

struct handover_count {
    uint64_t associations;
};

/* Writes a message of that type; returns its length. `what` is the struct above that goes with it, NULL for those without. */
size_t handover_encode(enum handover_type type, const void *what, uint8_t out[HANDOVER_MAX]);
/* 0: no type that there is. */
enum handover_type handover_type(const uint8_t *data, size_t len);
/* -EPROTO: another type, a field is wrong, missing or there twice. */
int handover_decode(enum handover_type type, const uint8_t *data, size_t len, void *what);

#endif
