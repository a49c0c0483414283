/* SPDX-License-Identifier: Apache-2.0 */
/* Chaining values are to be had of OpenSSL's old interface alone. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "known.h"

#include <string.h>

#include <openssl/md5.h>
#include <openssl/sha.h>

#include "reference.h"

#define HMAC_BLOCK 64u

void known_pattern(uint8_t *bytes, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(first + i);
    }
}

void known_config(const struct vector *v, struct sluice_sa_config *c)
{
    *c = (struct sluice_sa_config){.cipher = v->cipher,
                                   .mac = v->mac,
                                   .form = v->form,
                                   .mac_len = v->mac_len,
                                   .nonce_mode = v->explicit_nonce,
                                   .tls_minor = v->tls_minor};
    known_pattern(c->cipher_key, VECTOR_CIPHER_KEY, sluice_cipher_key_len(v->cipher));
    known_pattern(c->mac_key, VECTOR_MAC_KEY, sluice_mac_size(v->mac));
    if (!reference_tls(c)) {
        known_pattern(c->cid, VECTOR_CID, sizeof c->cid);
    }
}

static struct reference reference_of(const struct vector *v, const struct sluice_sa_config *config, uint8_t *content)
{
    struct reference r = {.config = config,
                          .type = reference_tls(config) ? VECTOR_TYPE & 0x7f : VECTOR_TYPE,
                          .seq = VECTOR_COUNTER,
                          .content = content,
                          .content_len = v->content,
                          .padding = reference_padding(config, v->content, 0),
                          .bad_padding = NO_FAULT,
                          .bad_mac = NO_FAULT};

    known_pattern(content, VECTOR_CONTENT, v->content);
    if (v->explicit_nonce) {
        known_pattern(r.nonce, VECTOR_NONCE, sizeof r.nonce);
    } else {
        reference_nonce(config, VECTOR_COUNTER, r.nonce);
    }
    return r;
}

/* sluice_pkg.sv: the body begins with a word, the record directly before it. */
static void place(struct vector *v, const struct sluice_sa_config *c)
{
    uint32_t lead = reference_header(c) + (reference_tls(c) ? reference_wire_nonce(c) : 0);

    v->body = lead > 16 ? 32 : 16;
    v->first = (uint8_t)(v->body - lead);
}

void known_ring(struct vector *v, uint32_t ring[KNOWN_RING_WORDS])
{
    uint8_t content[VECTOR_CONTENT_AT_MOST], record[REFERENCE_ROOM];
    struct sluice_sa_config config;
    struct reference r;

    known_config(v, &config);
    r = reference_of(v, &config, content);
    place(v, &config);
    v->record = (uint8_t)reference_record(&r, record);
    memset(ring, 0, KNOWN_RING_WORDS * sizeof *ring);
    memcpy((uint8_t *)ring + v->first, record, v->record);
}

uint32_t known_inside(const struct vector *v, uint32_t words[KNOWN_RING_WORDS])
{
    uint8_t content[VECTOR_CONTENT_AT_MOST], inside[REFERENCE_ROOM];
    struct sluice_sa_config config;
    struct reference r;
    uint32_t bytes;

    known_config(v, &config);
    r = reference_of(v, &config, content);
    bytes = reference_inside(&r, inside);
    memset(words, 0, KNOWN_RING_WORDS * sizeof *words);
    memcpy(words, inside, bytes);
    return bytes;
}

static void compress(unsigned mac, const uint8_t *block, uint32_t *state)
{
    SHA256_CTX sha256;
    SHA_CTX sha1;
    MD5_CTX md5;

    if (mac == SLUICE_MAC_SHA256) {
        SHA256_Init(&sha256);
        SHA256_Update(&sha256, block, HMAC_BLOCK);
        memcpy(state, sha256.h, sizeof sha256.h);
    } else if (mac == SLUICE_MAC_SHA1) {
        SHA1_Init(&sha1);
        SHA1_Update(&sha1, block, HMAC_BLOCK);
        memcpy(state, (uint32_t[]){sha1.h0, sha1.h1, sha1.h2, sha1.h3, sha1.h4}, 20);
    } else if (mac == SLUICE_MAC_MD5) {
        MD5_Init(&md5);
        MD5_Update(&md5, block, HMAC_BLOCK);
        memcpy(state, (uint32_t[]){md5.A, md5.B, md5.C, md5.D}, 16);
    }
}

void known_states_of(unsigned mac, const uint8_t *key, unsigned bytes, uint32_t states[16])
{
    uint8_t block[HMAC_BLOCK];

    memset(states, 0, 16 * sizeof *states);
    for (unsigned outer = 0; outer < 2; outer++) {
        memset(block, outer ? 0x5c : 0x36, sizeof block);
        for (unsigned i = 0; i < bytes; i++) {
            block[i] ^= key[i];
        }
        compress(mac, block, states + 8 * outer);
    }
}

void known_states(unsigned mac, uint32_t states[16])
{
    uint8_t key[32];

    known_pattern(key, VECTOR_MAC_KEY, sizeof key);
    known_states_of(mac, key, sluice_mac_size(mac), states);
}
