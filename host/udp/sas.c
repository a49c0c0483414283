/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/sas.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "socks/params.h"

static void set_config(struct sluice_sa_config *config, const struct suite *suite, enum sluice_direction direction,
                       uint8_t nonce_mode, const uint8_t cid[8], const uint8_t *key, const uint8_t *mac_key)
{
    config->cipher = suite->cipher;
    config->mac = suite->mac;
    config->form = suite->form;
    config->direction = direction;
    config->nonce_mode = nonce_mode == SOCKS_NONCE_RANDOM ? SLUICE_NONCE_MODE_EXPLICIT : SLUICE_NONCE_MODE_SEQUENCE;
    config->mac_len = suite->mac_len;
    memcpy(config->cid, cid, sizeof config->cid);
    memcpy(config->cipher_key, key, sluice_cipher_key_len(suite->cipher));
    memcpy(config->mac_key, mac_key, sluice_mac_size(suite->mac));
}

int sas_init(struct sas *sas, enum sas_end end, const struct keys_agreement *agreement, const struct keys *keys, bool replay)
{
    uint8_t mode = agreement->nonce_mode;
    memset(sas, 0, sizeof *sas);
    struct sluice_sa_config *from_client = end == SAS_CLIENT ? &sas->seal_config : &sas->open_config;
    struct sluice_sa_config *from_proxy = end == SAS_CLIENT ? &sas->open_config : &sas->seal_config;
    enum sluice_direction client = end == SAS_CLIENT ? SLUICE_DIRECTION_SEAL : SLUICE_DIRECTION_OPEN;
    enum sluice_direction proxy = end == SAS_CLIENT ? SLUICE_DIRECTION_OPEN : SLUICE_DIRECTION_SEAL;
    set_config(from_client, agreement->suite, client, mode, agreement->proxy_cid, keys->client_key, keys->client_mac);
    set_config(from_proxy, agreement->suite, proxy, mode, agreement->client_cid, keys->server_key, keys->server_mac);
    sas->open_config.replay = replay && mode == SOCKS_NONCE_SEQUENCE;
    sas->seal_config.limit = mode == SOCKS_NONCE_SEQUENCE ? SAS_FIRST_COUNTER + SAS_RECORD_LIMIT : 0;
    sas->seal_next = SAS_FIRST_COUNTER;
    sas->open_top = SAS_FIRST_COUNTER - 1;
    sas->nonces = replay && mode == SOCKS_NONCE_RANDOM ? nonces_new() : NULL;
    return sas->nonces || mode != SOCKS_NONCE_RANDOM || !replay ? 0 : -ENOMEM;
}

int sas_create(struct sas *sas, struct cards *cards, struct sluice_card *card)
{
    struct sluice_sa *seal = NULL, *open = NULL;
    bool sequence = sas->seal_config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    sas->seal_config.counter = sequence ? sas->seal_next : 0;
    sas->open_config.counter = sequence ? sas->open_top + 1 : 0;
    int rc = sluice_sa_create(card, &sas->seal_config, &seal);
    if (rc)
        return rc;
    rc = sluice_sa_create(card, &sas->open_config, &open);
    if (rc) {
        sluice_sa_destroy(seal);
        return rc;
    }
    sas->seal = seal;
    sas->open = open;
    if (cards)
        cards_keep(cards, card);
    sas->cards = cards;
    sas->card = card;
    return 0;
}

void sas_destroy(struct sas *sas)
{
    if (sas->open)
        sluice_sa_destroy(sas->open);
    if (sas->seal)
        sluice_sa_destroy(sas->seal);
    sas->open = sas->seal = NULL;
    if (sas->card && sas->cards)
        cards_leave(sas->cards, sas->card);
    sas->card = NULL;
}

bool sas_at_once(struct sluice_card *card)
{
    struct sluice_info info;
    return card && !sluice_card_info(card, &info) && !strcmp(info.engine, "soft");
}

void sas_skip(struct sas *sas)
{
    sas->seal_next += SAS_SKIP;
}

uint64_t sas_left(const struct sas *sas)
{
    bool random = sas->seal_config.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT;
    uint64_t most = random ? SAS_RANDOM_LIMIT : SAS_RECORD_LIMIT, used = sas->seal_next - SAS_FIRST_COUNTER;
    return used < most ? most - used : 0;
}

uint32_t sas_content_most(const struct sas *sas, uint32_t record)
{
    uint32_t content = record;
    while (content && sluice_record_size(&sas->seal_config, content, 0) > record)
        content--;
    return content;
}

void sas_wipe(struct sas *sas)
{
    assert(!sas->open && !sas->seal);
    nonces_free(sas->nonces);
    explicit_bzero(sas, sizeof *sas);
}
