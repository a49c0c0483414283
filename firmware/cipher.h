/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256 for the firmware's own use, done by the service lane: in software a block takes this core 20,000 clocks. A lane knows
 * records alone, so a block is the body of one without content or MAC. Between cipher_take and cipher_give the lane is ours.
 */
#ifndef SLUICE_FW_CIPHER_H
#define SLUICE_FW_CIPHER_H

#include <stdbool.h>
#include <stdint.h>

#define CIPHER_KEY_WORDS   8u
#define CIPHER_BLOCK_WORDS 4u
#define CIPHER_BLOCK       16u

/* Bytes are in memory order: byte 0 is the low one of word 0. Offsets `at` are of the buffer's open half, multiples of 16. */
void cipher_take(void);
void cipher_key(const uint32_t key[CIPHER_KEY_WORDS]);
/* E(in) to `at`. */
void cipher_block(const uint32_t in[CIPHER_BLOCK_WORDS], uint32_t at);
/* CBC of bytes, a multiple of 16, at `at`, in place. */
void cipher_cbc(const uint32_t iv[CIPHER_BLOCK_WORDS], uint32_t at, uint32_t bytes);
/* Overwrites the key. False: the lane failed somewhere since cipher_take, and nothing of what came out counts. */
bool cipher_give(void);

#endif
