/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of an association, from the exporter of its TLS connection (RFC 5705, RFC 8446 section 7.5; PROTOCOL.md). */
#ifndef HOST_UDP_KEYS_H
#define HOST_UDP_KEYS_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

#include "udp/suite.h"

#define KEYS_LABEL         "EXPERIMENTAL-sluice-udp"
#define KEYS_CONTEXT_BYTES 24
#define KEYS_MATERIAL_MAX  (2 * 32 + 2 * 32 + 32)

/* What both ends have agreed on; goes into the exporter's context. */
struct keys_agreement {
    uint8_t version;
    uint8_t nonce_mode; /* enum socks_nonce_mode */
    const struct suite *suite;
    uint8_t client_cid[8]; /* on records sent to the client */
    uint8_t proxy_cid[8];  /* on records sent to the proxy */
    uint32_t epoch;
};

/* Secret: wiped by its owner with keys_wipe. */
struct keys {
    uint8_t client_mac[32], server_mac[32]; /* as long as the hash output */
    uint8_t client_key[32], server_key[32]; /* as long as the cipher says */
    uint8_t take_up[32];
};

void keys_context(const struct keys_agreement *agreement, uint8_t out[KEYS_CONTEXT_BYTES]);
/* Bytes of exporter output that a suite needs. */
size_t keys_material_len(const struct suite *suite);
/* Cuts exporter output into keys. */
void keys_cut(const struct suite *suite, const uint8_t *material, struct keys *keys);
/* The three in one. -EPERM: TLS 1.2 without extended master secret; -EIO: the exporter failed. */
int keys_derive(SSL *ssl, const struct keys_agreement *agreement, struct keys *keys);
#define KEYS_TAKE_UP_LABEL "EXPERIMENTAL-sluice-takeup"
#define KEYS_PROOF_BYTES   32
/* HMAC-SHA-256 of the new connection's exporter value under the key of the old association. -EIO. */
int keys_take_up_proof(SSL *ssl, const uint8_t take_up[32], uint8_t proof[KEYS_PROOF_BYTES]);
void keys_wipe(struct keys *keys);

#endif
