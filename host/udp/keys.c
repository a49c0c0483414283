/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/keys.h"

#include <errno.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>

#include "tls/tls.h"

void keys_context(const struct keys_agreement *agreement, uint8_t out[KEYS_CONTEXT_BYTES])
{
    out[0] = agreement->version;
    out[1] = agreement->suite->id;
    out[2] = agreement->nonce_mode;
    out[3] = agreement->suite->mac_len;
    memcpy(out + 4, agreement->client_cid, 8);
    memcpy(out + 12, agreement->proxy_cid, 8);
    for (int i = 0; i < 4; i++)
        out[20 + i] = (uint8_t)(agreement->epoch >> (24 - 8 * i));
}

size_t keys_material_len(const struct suite *suite)
{
    struct keys *keys;
    return 2 * (size_t)sluice_mac_size(suite->mac) + 2 * (size_t)sluice_cipher_key_len(suite->cipher) + sizeof keys->take_up;
}

static const uint8_t *cut(const uint8_t *material, uint8_t *out, size_t len)
{
    memcpy(out, material, len);
    return material + len;
}

void keys_cut(const struct suite *suite, const uint8_t *material, struct keys *keys)
{
    unsigned mac = sluice_mac_size(suite->mac), key = sluice_cipher_key_len(suite->cipher);
    memset(keys, 0, sizeof *keys);
    material = cut(material, keys->client_mac, mac);
    material = cut(material, keys->server_mac, mac);
    material = cut(material, keys->client_key, key);
    material = cut(material, keys->server_key, key);
    cut(material, keys->take_up, sizeof keys->take_up);
}

int keys_derive(SSL *ssl, const struct keys_agreement *agreement, struct keys *keys)
{
    uint8_t context[KEYS_CONTEXT_BYTES], material[KEYS_MATERIAL_MAX];
    int rc = tls_check(ssl);
    if (rc)
        return rc;
    keys_context(agreement, context);
    if (SSL_export_keying_material(ssl, material, keys_material_len(agreement->suite), KEYS_LABEL, sizeof KEYS_LABEL - 1, context,
                                   sizeof context, 1) == 1)
        keys_cut(agreement->suite, material, keys);
    else
        rc = -EIO;
    explicit_bzero(material, sizeof material);
    return rc;
}

int keys_take_up_proof(SSL *ssl, const uint8_t take_up[32], uint8_t proof[KEYS_PROOF_BYTES])
{
    uint8_t value[32];
    unsigned len = KEYS_PROOF_BYTES;
    bool made = SSL_export_keying_material(ssl, value, sizeof value, KEYS_TAKE_UP_LABEL, sizeof KEYS_TAKE_UP_LABEL - 1, NULL, 0,
                                           0) == 1 &&
                HMAC(EVP_sha256(), take_up, 32, value, sizeof value, proof, &len) && len == KEYS_PROOF_BYTES;
    explicit_bzero(value, sizeof value);
    return made ? 0 : -EIO;
}

void keys_wipe(struct keys *keys)
{
    explicit_bzero(keys, sizeof *keys);
}
