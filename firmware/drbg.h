/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CTR_DRBG with AES-256 and derivation function, NIST SP 800-90A rev. 1, 10.2.1, without prediction resistance, personalisation
 * or additional input. It is seeded anew at every reset and zeroise; the standard would allow 2^48 requests in between. Every
 * function is called with the cipher taken (cipher.h).
 */
#ifndef SLUICE_FW_DRBG_H
#define SLUICE_FW_DRBG_H

#include <stdint.h>

#define DRBG_MOST 1024u /* bytes of one drbg_generate; the standard allows 65,536 */

struct drbg {
    uint32_t key[8], v[4];
};

/* `material`: entropy input and nonce, one after the other, in memory order; at most 32 words. */
void drbg_instantiate(struct drbg *drbg, const uint32_t *material, uint32_t words);
void drbg_reseed(struct drbg *drbg, const uint32_t *material, uint32_t words);
/* bytes, a multiple of 16, to the buffer's open half at `at`, a multiple of 16. */
void drbg_generate(struct drbg *drbg, uint32_t at, uint32_t bytes);

#endif
