/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure-UDP records built step by step with OpenSSL's one-shot functions, sharing nothing with libsluice but the numbers of
 * sluice_defs.h, right or with a fault that the test names.
 */
#ifndef TESTS_DRIVER_REFERENCE_H
#define TESTS_DRIVER_REFERENCE_H

#include "sluice.h"

#define REFERENCE_ROOM 17000u
#define NO_FAULT       (-1)

struct reference {
    const struct sluice_sa_config *config;
    uint8_t type; /* as on the wire */
    uint8_t nonce[16];
    const uint8_t *content;
    uint32_t content_len;
    uint32_t padding; /* padding_length, which must fill a block */
    int bad_padding;  /* NO_FAULT, or which padding byte is wrong; `padding` names padding_length itself */
    int bad_mac;      /* NO_FAULT, or which byte of the MAC is wrong */
};

/* nonce = E_K(counter), or the counter itself with NULL. */
void reference_nonce(const struct sluice_sa_config *config, uint64_t counter, uint8_t nonce[16]);
/* The least padding_length that fills a block, and `pad` blocks more. 0 with NULL. */
uint32_t reference_padding(const struct sluice_sa_config *config, uint32_t content_len, unsigned pad);
/* Returns the record's length; `record` has REFERENCE_ROOM. */
uint32_t reference_record(const struct reference *r, uint8_t *record);

#endif
