/* SPDX-License-Identifier: Apache-2.0 */
#include "drbg.h"

#include "buffer.h"
#include "bytes.h"
#include "cipher.h"
#include "hw.h"

#define SEED_WORDS 12u /* seedlen: key and V */
#define SEED_BYTES (4 * SEED_WORDS)
#define BLOCKS     (SEED_BYTES / CIPHER_BLOCK)

static const uint32_t zeros[SEED_WORDS];

static uint32_t big_endian(uint32_t value)
{
    return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

/* V = V + 1, a number of 128 bits, big endian. */
static void step(uint32_t v[CIPHER_BLOCK_WORDS])
{
    uint8_t *bytes = (uint8_t *)v;

    for (uint32_t i = CIPHER_BLOCK; i-- && ++bytes[i] == 0;) {
    }
}

static void take_blocks(uint32_t *to)
{
    for (uint32_t i = 0; i < SEED_WORDS; i++) {
        to[i] = hw_get(AT_BLOCKS + 4 * i);
    }
    hw_clear(AT_BLOCKS, SEED_BYTES);
}

/* CTR_DRBG_Update, 10.2.1.2 */
static void update(struct drbg *d, const uint32_t data[SEED_WORDS])
{
    uint32_t temp[SEED_WORDS];

    cipher_key(d->key);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        step(d->v);
        cipher_block(d->v, AT_BLOCKS + CIPHER_BLOCK * i);
    }
    take_blocks(temp);
    for (uint32_t i = 0; i < SEED_WORDS; i++) {
        temp[i] ^= data[i];
    }
    memcpy(d->key, temp, sizeof d->key);
    memcpy(d->v, temp + CIPHER_KEY_WORDS, sizeof d->v);
    wipe(temp, sizeof temp);
}

/* IV, length of the input, length of the output, the input, 0x80, zeros: to HW_DATA; returns bytes. */
static uint32_t put_message(uint32_t number, const uint32_t *material, uint32_t words)
{
    uint32_t at = HW_DATA + CIPHER_BLOCK, bytes;

    bytes = (CIPHER_BLOCK + 8 + 4 * words + 4 + CIPHER_BLOCK - 1) & ~(CIPHER_BLOCK - 1);
    hw_clear(HW_DATA, bytes);
    hw_put(HW_DATA, big_endian(number));
    hw_put(at, big_endian(4 * words));
    hw_put(at + 4, big_endian(SEED_BYTES));
    for (uint32_t i = 0; i < words; i++) {
        hw_put(at + 8 + 4 * i, material[i]);
    }
    hw_put(at + 8 + 4 * words, 0x80);
    return bytes;
}

/* Block_Cipher_df, 10.3.2, with BCC, 10.3.3, as CBC whose last block counts. */
static void derive(const uint32_t *material, uint32_t words, uint32_t seed[SEED_WORDS])
{
    static const uint32_t key[CIPHER_KEY_WORDS] = {0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
                                                   0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c};
    uint32_t bytes = 0;

    cipher_key(key);
    for (uint32_t n = 0; n < BLOCKS; n++) {
        bytes = put_message(n, material, words);
        cipher_cbc(zeros, HW_DATA, bytes);
        for (uint32_t i = 0; i < CIPHER_BLOCK_WORDS; i++) {
            seed[CIPHER_BLOCK_WORDS * n + i] = hw_get(HW_DATA + bytes - CIPHER_BLOCK + 4 * i);
        }
    }
    hw_clear(HW_DATA, bytes);
    cipher_key(seed);
    cipher_cbc(seed + CIPHER_KEY_WORDS, AT_BLOCKS, SEED_BYTES); /* each block is E of the one before */
    take_blocks(seed);
}

void drbg_reseed(struct drbg *d, const uint32_t *material, uint32_t words)
{
    uint32_t seed[SEED_WORDS];

    hw_clear(AT_BLOCKS, SEED_BYTES);
    derive(material, words, seed);
    update(d, seed);
    wipe(seed, sizeof seed);
}

void drbg_instantiate(struct drbg *d, const uint32_t *material, uint32_t words)
{
    memset(d, 0, sizeof *d);
    drbg_reseed(d, material, words);
}

void drbg_generate(struct drbg *d, uint32_t at, uint32_t bytes)
{
    cipher_key(d->key);
    for (uint32_t done = 0; done < bytes; done += CIPHER_BLOCK) {
        step(d->v);
        cipher_block(d->v, at + done);
    }
    update(d, zeros);
}
