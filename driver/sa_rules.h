/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parameters of an SA may be (struct sa_params in rtl/README.md), said once for the driver and the card's firmware:
 * plain C, no library.
 */
#ifndef SLUICE_SA_RULES_H
#define SLUICE_SA_RULES_H

#include <stdint.h>

#define SA_RULES_FINE 0xffffffffu

/* The first 32 bytes of the block, as numbers. */
struct sa_rules {
    uint8_t cipher, mac, form, direction, mac_len, nonce_mode, replay, tls_minor;
    uint32_t cid[2]; /* only whether they are 0 */
    uint64_t counter, limit;
};

/* Offset in the block of the first field that is wrong, or SA_RULES_FINE. */
uint32_t sa_rules_check(const struct sa_rules *rules);
/* Bits of register FEATURES that it needs; the values are right. */
uint32_t sa_rules_needs(const struct sa_rules *rules);
/* Bytes of a cipher's key, of a MAC's key, which is as long as its output; 0 for none, and for what there is not. */
uint32_t sa_rules_cipher_key(uint32_t cipher);
uint32_t sa_rules_mac_key(uint32_t mac);

#endif
