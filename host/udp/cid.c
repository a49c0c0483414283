/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/cid.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 10

struct cid_key {
    EVP_CIPHER_CTX *aes; /* holds and wipes the key */
};

struct cid_key *cid_key_new(const uint8_t bytes[CID_KEY_BYTES])
{
    struct cid_key *key = calloc(1, sizeof *key);
    if (!key)
        return NULL;
    key->aes = EVP_CIPHER_CTX_new();
    if (!key->aes || !EVP_EncryptInit_ex(key->aes, EVP_aes_128_ecb(), NULL, bytes, NULL) ||
        !EVP_CIPHER_CTX_set_padding(key->aes, 0)) {
        cid_key_free(key);
        return NULL;
    }
    return key;
}

void cid_key_free(struct cid_key *key)
{
    if (!key)
        return;
    EVP_CIPHER_CTX_free(key->aes);
    free(key);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int round_function(struct cid_key *key, unsigned round, uint32_t half, uint32_t *out)
{
    uint8_t block[16] = "sluice cid", result[16];
    int n;
    block[11] = (uint8_t)round;
    put32(block + 12, half);
    if (!EVP_EncryptUpdate(key->aes, result, &n, block, sizeof block) || n != sizeof result)
        return -EIO;
    *out = get32(result);
    return 0;
}

int cid_make(struct cid_key *key, const struct cid_place *place, uint8_t cid[CID_BYTES])
{
    uint32_t left = (uint32_t)place->member << 24 | (uint32_t)place->worker << 16 | place->random >> 16;
    uint32_t right = place->random << 16;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t f;
        if (round_function(key, round, right, &f))
            return -EIO;
        uint32_t next = left ^ f;
        left = right;
        right = next;
    }
    put32(cid, left);
    put32(cid + 4, right);
    return 0;
}

int cid_read(struct cid_key *key, const uint8_t cid[CID_BYTES], struct cid_place *place)
{
    uint32_t left = get32(cid), right = get32(cid + 4);
    for (unsigned round = ROUNDS; round-- > 0;) {
        uint32_t f;
        if (round_function(key, round, left, &f))
            return -EIO;
        uint32_t former = right ^ f;
        right = left;
        left = former;
    }
    if (right & 0xffff)
        return -ENOENT;
    place->member = (uint8_t)(left >> 24);
    place->worker = (uint8_t)(left >> 16);
    place->random = left << 16 | right >> 16;
    return 0;
}
