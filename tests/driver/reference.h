/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of every form built step by step with OpenSSL's one-shot functions (DES and 3DES with its old interface, which
 * libsluice does not use), sharing nothing with libsluice but the numbers of sluice_defs.h, right or with a fault that the test
 * names.
 */
#ifndef TESTS_DRIVER_REFERENCE_H
#define TESTS_DRIVER_REFERENCE_H

#include <stdbool.h>

#include "sluice.h"

#define REFERENCE_ROOM 17000u
#define NO_FAULT       (-1)

struct reference {
    const struct sluice_sa_config *config;
    uint8_t type;      /* as on the wire */
    uint8_t nonce[16]; /* or IV */
    uint64_t seq;      /* TLS forms */
    const uint8_t *content;
    uint32_t content_len;
    uint32_t padding; /* padding_length, which must fill a block */
    int bad_padding;  /* NO_FAULT, or which padding byte is wrong; `padding` names padding_length itself */
    int bad_mac;      /* NO_FAULT, or which byte of the MAC is wrong */
};

bool reference_tls(const struct sluice_sa_config *config);
bool reference_etm(const struct sluice_sa_config *config);
/* Bytes of block that padding fills (1 with NULL), of header, of nonce or IV on the wire. */
uint32_t reference_block(const struct sluice_sa_config *config);
uint32_t reference_header(const struct sluice_sa_config *config);
uint32_t reference_wire_nonce(const struct sluice_sa_config *config);
/* nonce = E_K(counter), or the counter itself with NULL. */
void reference_nonce(const struct sluice_sa_config *config, uint64_t counter, uint8_t nonce[16]);
/* The least padding_length that fills a block, and `pad` blocks more. 0 with NULL. */
uint32_t reference_padding(const struct sluice_sa_config *config, uint32_t content_len, unsigned pad);
/* What is encrypted, as it is before that: content, MAC in mte, padding. Returns its length. */
uint32_t reference_inside(const struct reference *r, uint8_t *inside);
/* Returns the record's length; `record` has REFERENCE_ROOM. */
uint32_t reference_record(const struct reference *r, uint8_t *record);

#endif
