/* SPDX-License-Identifier: Apache-2.0 */
#include "sa_rules.h"

#include <stdbool.h>

#include "sluice_regs.h"

#define MAC_LEN_LEAST     10u
#define AES_BLOCK         16u
#define INCARNATION_SHIFT 48
#define TLS11             2u
#define TLS12             3u

#define FEATURE(name)     ((uint32_t)SLUICE_FEATURES_##name##_MASK << SLUICE_FEATURES_##name##_SHIFT)

uint32_t sa_rules_cipher_key(uint32_t cipher)
{
    static const uint8_t bytes[] = {0, 8, 24, 16, 24, 32};

    return cipher < sizeof bytes ? bytes[cipher] : 0;
}

uint32_t sa_rules_mac_key(uint32_t mac)
{
    static const uint8_t bytes[] = {0, 16, 20, 32};

    return mac < sizeof bytes ? bytes[mac] : 0;
}

static bool is_tls(const struct sa_rules *r)
{
    return r->form >= SLUICE_FORM_TLS_MTE;
}

static bool mac_len_fits(const struct sa_rules *r)
{
    bool etm = r->form == SLUICE_FORM_UDP_ETM || r->form == SLUICE_FORM_TLS_ETM;
    uint32_t least = !etm && r->cipher >= SLUICE_CIPHER_AES128 ? AES_BLOCK : MAC_LEN_LEAST; /* mte: no shorter than a block */

    return r->mac == SLUICE_MAC_NONE ? r->mac_len == 0 : r->mac_len >= least && r->mac_len <= sa_rules_mac_key(r->mac);
}

static bool tls_minor_fits(const struct sa_rules *r)
{
    bool has = is_tls(r) && r->form != SLUICE_FORM_TLS10;

    return has ? r->tls_minor == TLS11 || r->tls_minor == TLS12 : r->tls_minor == 0;
}

static bool limit_fits(const struct sa_rules *r)
{
    uint32_t of_counter = (uint32_t)(r->counter >> INCARNATION_SHIFT), of_limit = (uint32_t)(r->limit >> INCARNATION_SHIFT);

    if (r->direction == SLUICE_DIRECTION_OPEN || is_tls(r)) {
        return r->limit == 0;
    }
    return of_limit == of_counter || r->limit == ((r->counter >> INCARNATION_SHIFT) + 1) << INCARNATION_SHIFT;
}

uint32_t sa_rules_check(const struct sa_rules *r)
{
    bool tls = is_tls(r);

    if (r->cipher > SLUICE_CIPHER_AES256) {
        return SLUICE_SA_PARAMS_CIPHER_OFFSET;
    }
    if (r->mac > SLUICE_MAC_SHA256) {
        return SLUICE_SA_PARAMS_MAC_OFFSET;
    }
    if (r->form > SLUICE_FORM_TLS10) {
        return SLUICE_SA_PARAMS_FORM_OFFSET;
    }
    if (r->direction > SLUICE_DIRECTION_OPEN) {
        return SLUICE_SA_PARAMS_DIRECTION_OFFSET;
    }
    if (!mac_len_fits(r)) {
        return SLUICE_SA_PARAMS_MAC_LEN_OFFSET;
    }
    if (r->nonce_mode > SLUICE_NONCE_MODE_EXPLICIT || (tls && r->nonce_mode != SLUICE_NONCE_MODE_EXPLICIT)) {
        return SLUICE_SA_PARAMS_NONCE_MODE_OFFSET;
    }
    if (r->replay > 1 || (tls && r->replay)) {
        return SLUICE_SA_PARAMS_REPLAY_OFFSET;
    }
    if (!tls_minor_fits(r)) {
        return SLUICE_SA_PARAMS_TLS_MINOR_OFFSET;
    }
    if (tls && (r->cid[0] | r->cid[1])) {
        return SLUICE_SA_PARAMS_CID_OFFSET;
    }
    if (tls && r->counter) {
        return SLUICE_SA_PARAMS_COUNTER_OFFSET;
    }
    return limit_fits(r) ? SA_RULES_FINE : SLUICE_SA_PARAMS_LIMIT_OFFSET;
}

static uint32_t cipher_needs(uint32_t cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_DES:
    case SLUICE_CIPHER_DES3:
        return FEATURE(DES);
    case SLUICE_CIPHER_AES192:
        return FEATURE(AES192);
    case SLUICE_CIPHER_AES128:
    case SLUICE_CIPHER_AES256:
        return FEATURE(AES);
    default:
        return FEATURE(NULL);
    }
}

static uint32_t mac_needs(uint32_t mac)
{
    switch (mac) {
    case SLUICE_MAC_MD5:
        return FEATURE(MD5);
    case SLUICE_MAC_SHA1:
        return FEATURE(SHA1);
    case SLUICE_MAC_SHA256:
        return FEATURE(SHA256);
    default:
        return FEATURE(NULL);
    }
}

uint32_t sa_rules_needs(const struct sa_rules *r)
{
    return cipher_needs(r->cipher) | mac_needs(r->mac) | (is_tls(r) ? FEATURE(TLS) : FEATURE(UDP));
}
