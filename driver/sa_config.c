/* SPDX-License-Identifier: Apache-2.0 */
#include "sa_config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "engine.h"
#include "shape.h"
#include "sluice_regs.h"

#define MAC_LEN_LEAST     10
#define INCARNATION_SHIFT 48

static bool known_values(const struct sluice_sa_config *c)
{
    return (unsigned)c->cipher <= SLUICE_CIPHER_AES256 && (unsigned)c->mac <= SLUICE_MAC_SHA256 &&
           (unsigned)c->form <= SLUICE_FORM_TLS10 && (unsigned)c->direction <= SLUICE_DIRECTION_OPEN &&
           (unsigned)c->nonce_mode <= SLUICE_NONCE_MODE_EXPLICIT && c->replay <= 1;
}

static bool mac_len_fits(const struct sluice_sa_config *c)
{
    unsigned block = c->cipher == SLUICE_CIPHER_NULL ? 1 : sluice_cipher_block(c->cipher);

    if (c->mac == SLUICE_MAC_NONE) {
        return c->mac_len == 0;
    }
    return c->mac_len >= MAC_LEN_LEAST && c->mac_len <= sluice_mac_size(c->mac) && (form_is_etm(c->form) || c->mac_len >= block);
}

/* What the TLS forms leave out, and the version that two of them need. */
static bool form_fits(const struct sluice_sa_config *c)
{
    static const uint8_t no_cid[sizeof c->cid];

    if (!form_is_tls(c->form)) {
        return c->tls_minor == 0;
    }
    if (c->form == SLUICE_FORM_TLS10 ? c->tls_minor != 0 : c->tls_minor != TLS11_MINOR && c->tls_minor != TLS12_MINOR) {
        return false;
    }
    return c->nonce_mode == SLUICE_NONCE_MODE_EXPLICIT && !c->replay && c->counter == 0 && c->limit == 0 &&
           memcmp(c->cid, no_cid, sizeof no_cid) == 0;
}

static uint64_t incarnation_end(uint64_t counter)
{
    uint64_t next = ((counter >> INCARNATION_SHIFT) + 1) << INCARNATION_SHIFT;

    return next ? next : UINT64_MAX; /* the last incarnation ends a counter early */
}

static bool limit_fits(const struct sluice_sa_config *c)
{
    if (c->direction == SLUICE_DIRECTION_OPEN) {
        return c->limit == 0;
    }
    return c->limit == 0 || c->limit == incarnation_end(c->counter) ||
           c->limit >> INCARNATION_SHIFT == c->counter >> INCARNATION_SHIFT;
}

static uint32_t cipher_feature(enum sluice_cipher cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_AES128:
    case SLUICE_CIPHER_AES256:
        return FEATURE(AES);
    case SLUICE_CIPHER_AES192:
        return FEATURE(AES192);
    case SLUICE_CIPHER_DES:
    case SLUICE_CIPHER_DES3:
        return FEATURE(DES);
    case SLUICE_CIPHER_NULL:
    default:
        return FEATURE(NULL);
    }
}

static uint32_t mac_feature(enum sluice_mac mac)
{
    switch (mac) {
    case SLUICE_MAC_MD5:
        return FEATURE(MD5);
    case SLUICE_MAC_SHA1:
        return FEATURE(SHA1);
    case SLUICE_MAC_SHA256:
        return FEATURE(SHA256);
    case SLUICE_MAC_NONE:
    default:
        return FEATURE(NULL);
    }
}

int sa_config_check(const struct sluice_sa_config *config, uint32_t features, struct sluice_sa_config *out)
{
    uint32_t needed;

    if (!known_values(config) || !mac_len_fits(config) || !form_fits(config) || !limit_fits(config)) {
        return -EINVAL;
    }
    needed =
        cipher_feature(config->cipher) | mac_feature(config->mac) | (form_is_tls(config->form) ? FEATURE(TLS) : FEATURE(UDP));
    if ((features & needed) != needed) {
        return -EOPNOTSUPP;
    }
    *out = *config;
    if (config->direction == SLUICE_DIRECTION_SEAL && config->limit == 0 && !form_is_tls(config->form)) {
        out->limit = incarnation_end(config->counter);
    }
    memset(out->cipher_key + sluice_cipher_key_len(config->cipher), 0,
           sizeof out->cipher_key - sluice_cipher_key_len(config->cipher));
    memset(out->mac_key + sluice_mac_size(config->mac), 0, sizeof out->mac_key - sluice_mac_size(config->mac));
    return 0;
}
