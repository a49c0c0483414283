/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers of the self-test: records of every cipher, MAC and form, made by OpenSSL (tests/firmware/make_vectors.c) and
 * checked against it by tests/firmware. Keys, content, nonce and connection id are the same in all of them: byte n of each is its
 * first byte + n.
 */
#ifndef SLUICE_FW_VECTORS_H
#define SLUICE_FW_VECTORS_H

#include <stdint.h>

#define VECTOR_CIPHER_KEY      0x11u
#define VECTOR_MAC_KEY         0x51u
#define VECTOR_CONTENT         0x81u
#define VECTOR_NONCE           0xa1u
#define VECTOR_CID             0xc1u
#define VECTOR_COUNTER         0x0102030405060708u /* and sequence number */
#define VECTOR_TYPE            0x97u               /* bit 7 as the form has it */
#define VECTOR_CONTENT_AT_MOST 64u

struct vector {
    uint8_t cipher, mac, form, mac_len, explicit_nonce, tls_minor;
    uint8_t content;      /* bytes */
    uint8_t record;       /* bytes */
    uint8_t first, body;  /* bytes of the ring in which record and body begin (sluice_pkg.sv) */
    const uint32_t *ring; /* what is in the ring of a record, in words of 16 bytes: zeros, the record, zeros */
};

extern const struct vector vectors[];
extern const uint32_t vector_count;
/* HMAC states of the key, by enum sluice_mac: eight words of the inner one, eight of the outer one. */
extern const uint32_t vector_states[4][16];
/* What the body of the vector of this index is before it is encrypted, as `verify` wants it. */
extern const uint32_t vector_inside[], vector_inside_bytes, vector_inside_of;

#endif
