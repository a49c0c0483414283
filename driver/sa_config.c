/* SPDX-License-Identifier: Apache-2.0 */
#include "sa_config.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sa_rules.h"
#include "shape.h"

#define INCARNATION_SHIFT 48

static bool known_values(const struct sluice_sa_config *c)
{
    return (unsigned)c->cipher <= SLUICE_CIPHER_AES256 && (unsigned)c->mac <= SLUICE_MAC_SHA256 &&
           (unsigned)c->form <= SLUICE_FORM_TLS10 && (unsigned)c->direction <= SLUICE_DIRECTION_OPEN &&
           (unsigned)c->nonce_mode <= SLUICE_NONCE_MODE_EXPLICIT && c->replay <= 1;
}

static uint64_t incarnation_end(uint64_t counter)
{
    uint64_t next = ((counter >> INCARNATION_SHIFT) + 1) << INCARNATION_SHIFT;

    return next ? next : UINT64_MAX; /* the last incarnation ends a counter early */
}

static struct sa_rules rules_of(const struct sluice_sa_config *c)
{
    struct sa_rules rules = {.cipher = (uint8_t)c->cipher,
                             .mac = (uint8_t)c->mac,
                             .form = (uint8_t)c->form,
                             .direction = (uint8_t)c->direction,
                             .mac_len = c->mac_len,
                             .nonce_mode = (uint8_t)c->nonce_mode,
                             .replay = c->replay,
                             .tls_minor = c->tls_minor,
                             .counter = c->counter,
                             .limit = c->limit};

    static_assert(sizeof rules.cid == sizeof c->cid, "cid");
    memcpy(rules.cid, c->cid, sizeof rules.cid);
    if (c->direction == SLUICE_DIRECTION_SEAL && c->limit == 0 && !form_is_tls(c->form)) {
        rules.limit = incarnation_end(c->counter);
    }
    return rules;
}

int sa_config_check(const struct sluice_sa_config *config, uint32_t features, struct sluice_sa_config *out)
{
    struct sa_rules rules;

    if (!known_values(config)) {
        return -EINVAL;
    }
    rules = rules_of(config);
    if (sa_rules_check(&rules) != SA_RULES_FINE) {
        return -EINVAL;
    }
    if (sa_rules_needs(&rules) & ~features) {
        return -EOPNOTSUPP;
    }
    *out = *config;
    out->limit = rules.limit;
    memset(out->cipher_key + sluice_cipher_key_len(config->cipher), 0,
           sizeof out->cipher_key - sluice_cipher_key_len(config->cipher));
    memset(out->mac_key + sluice_mac_size(config->mac), 0, sizeof out->mac_key - sluice_mac_size(config->mac));
    return 0;
}
