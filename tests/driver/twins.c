/* SPDX-License-Identifier: Apache-2.0 */
#include "twins.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define CONTENT 48u

struct kit twins_sim, twins_soft;

static int open_one(struct kit *k, const char *uri, const struct sluice_options *options)
{
    int err = sluice_open(uri, options, &k->card);

    err = err ? err : sluice_qp_create(k->card, 16, &k->qp);
    if (!err) {
        k->src = sluice_mem_alloc(k->card, KIT_ROOM);
        k->dst = sluice_mem_alloc(k->card, KIT_ROOM);
    }
    return err;
}

int twins_open(const char *uri, const struct sluice_options *options)
{
    int err = open_one(&twins_sim, uri, options);

    return err ? err : open_one(&twins_soft, "soft:", options);
}

void twins_close(void)
{
    kit_close(&twins_sim);
    kit_close(&twins_soft);
}

/* ---------------------------------------------------------------- SAs */

static int create(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **sa)
{
    int err;

    while ((err = sluice_sa_create(card, config, sa)) == -EAGAIN) {
        poll(NULL, 0, 20);
    }
    if (err) {
        tap_note("sluice_sa_create: %s", strerror(-err));
    }
    return err;
}

static bool make_twin(struct pair *p, enum sluice_direction direction, struct twin *t)
{
    p->config.direction = direction;
    return create(twins_sim.card, &p->config, &t->sim) == 0 && create(twins_soft.card, &p->config, &t->soft) == 0;
}

bool twins_make(struct pair *p)
{
    static const struct {
        enum sluice_cipher cipher;
        enum sluice_mac mac;
        enum sluice_form form;
        unsigned mac_len;
    } kinds[] = {
        {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 16},
        {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20},
        {SLUICE_CIPHER_DES3, SLUICE_MAC_MD5, SLUICE_FORM_UDP_MTE, 16},
        {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 32},
        {SLUICE_CIPHER_AES192, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_MTE, 32},
    };
    unsigned k = tap_below(sizeof kinds / sizeof *kinds);

    *p = (struct pair){.config =
                           kit_config(kinds[k].cipher, kinds[k].mac, kinds[k].form, SLUICE_DIRECTION_SEAL, kinds[k].mac_len)};
    if (p->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        p->config.counter = (uint64_t)tap_below(200) << 48 | tap_below(1000000);
    }
    p->config.replay = 0;
    if (!make_twin(p, SLUICE_DIRECTION_SEAL, &p->seal)) {
        return false;
    }
    p->config.replay = p->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    return make_twin(p, SLUICE_DIRECTION_OPEN, &p->open);
}

void twins_destroy(struct pair *p)
{
    sluice_sa_destroy(p->seal.sim);
    sluice_sa_destroy(p->open.sim);
    sluice_sa_destroy(p->seal.soft);
    sluice_sa_destroy(p->open.soft);
}

bool twins_make_counting(struct pair *p)
{
    while (twins_make(p)) {
        if (p->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
            return true;
        }
        twins_destroy(p);
    }
    return false;
}

/* ---------------------------------------------------------------- records */

/* Does an operation on both engines; the source is in the buffers of both. */
static bool same(const struct twin *sa, struct sluice_op op, struct sluice_done *done)
{
    struct sluice_done other;
    bool good;

    op.sa = sa->sim;
    op.src = twins_sim.src;
    op.dst = twins_sim.dst;
    *done = kit_run(&twins_sim, &op);
    op.sa = sa->soft;
    op.src = twins_soft.src;
    op.dst = twins_soft.dst;
    other = kit_run(&twins_soft, &op);
    good = done->status == other.status && done->length == other.length && done->counter == other.counter &&
           memcmp(twins_sim.dst, twins_soft.dst, done->length) == 0;
    if (!good) {
        tap_note("sim: status %u, length %u, counter %llx; soft: status %u, length %u, counter %llx", done->status, done->length,
                 (unsigned long long)done->counter, other.status, other.length, (unsigned long long)other.counter);
    }
    return good;
}

static void source(const uint8_t *bytes, uint32_t len)
{
    memcpy(twins_sim.src, bytes, len);
    memcpy(twins_soft.src, bytes, len);
}

bool twins_open_again(struct pair *p, enum sluice_status expected)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .src_len = p->last_len, .dst_len = TWINS_RECORD_MOST, .seq = 7};
    struct sluice_done done;

    source(p->last, p->last_len);
    return same(&p->open, op, &done) && done.status == expected;
}

bool twins_seal_and_open(struct pair *p)
{
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_SEAL, .src_len = CONTENT, .dst_len = TWINS_RECORD_MOST, .content_type = 0x17, .seq = 7};
    struct sluice_done done;
    uint8_t content[CONTENT];

    tap_fill(content, sizeof content);
    tap_fill(op.nonce, sizeof op.nonce);
    source(content, sizeof content);
    if (!same(&p->seal, op, &done) || done.status != SLUICE_STATUS_OK) {
        return false;
    }
    memcpy(p->last, twins_sim.dst, done.length);
    p->last_len = done.length;
    return twins_open_again(p, SLUICE_STATUS_OK) && memcmp(twins_sim.dst, content, sizeof content) == 0;
}

/* ---------------------------------------------------------------- what they are at */

static bool same_counters(const struct twin *t)
{
    struct sluice_sa_state sim, soft;

    return sluice_sa_query(t->sim, &sim) == 0 && sluice_sa_query(t->soft, &soft) == 0 && sim.counter == soft.counter &&
           sim.limit == soft.limit;
}

static bool same_window(const struct twin *t)
{
    struct sluice_window sim, soft;

    memset(&sim, 0, sizeof sim);
    memset(&soft, 0, sizeof soft);
    return sluice_sa_window_export(t->sim, &sim) == 0 && sluice_sa_window_export(t->soft, &soft) == 0 &&
           memcmp(&sim, &soft, sizeof sim) == 0;
}

bool twins_same_state(struct pair *p)
{
    return same_counters(&p->seal) && same_counters(&p->open) && (!p->config.replay || same_window(&p->open));
}
