/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many records sealed in one submit: the same records, statuses and counters as OpenSSL gives one by one, whatever lies between
 * them: operations that are refused, other SAs, records in place. Of the software engine, which seals several at a time.
 */
#include <string.h>

#include "kit.h"
#include "reference.h"

#define BURST  100u
#define ROOM   2560u
#define BURSTS 6u

enum fate { FATE_SEALED, FATE_NO_ROOM, FATE_TOO_LONG, FATE_USED_UP };

struct record {
    const struct sluice_sa_config *config;
    enum fate fate;
    uint64_t counter;
    uint32_t len;
    uint8_t nonce[16];
    uint8_t content[ROOM];
};

/* An SA, and what the test knows of it. */
struct sealer {
    struct sluice_sa_config config;
    struct sluice_sa *sa;
    uint64_t next;
};

static struct kit kit;
static struct record records[BURST];
static struct sluice_op ops[BURST];
static uint8_t expected[REFERENCE_ROOM];

/* `left`: records that its counters suffice for; 0: many. */
static struct sealer begin(enum sluice_cipher cipher, enum sluice_mac mac, enum sluice_form form, bool explicit_nonce,
                           unsigned left)
{
    struct sealer s = {.next = 0};

    s.config = kit_config(cipher, mac, form, SLUICE_DIRECTION_SEAL, sluice_mac_size(mac));
    if (explicit_nonce) {
        s.config.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
    }
    if (s.config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        s.config.counter = s.next = 1000;
        s.config.limit = left ? s.next + left : 0;
    }
    s.sa = kit_sa(&kit, &s.config);
    return s;
}

static enum fate draw_fate(const struct sealer *s)
{
    switch (tap_below(12)) {
    case 0:
        return FATE_NO_ROOM;
    case 1:
        return FATE_TOO_LONG;
    default:
        return s->config.limit && s->next >= s->config.limit ? FATE_USED_UP : FATE_SEALED;
    }
}

/* What the test asks for, and what must come of it. `at`: DMA memory of two times ROOM. */
static void draw(struct sealer *s, struct record *r, struct sluice_op *op, uint8_t *at)
{
    bool in_place = tap_below(4) == 0;

    *r = (struct record){.config = &s->config, .fate = draw_fate(s), .len = tap_below(tap_below(3) ? 200 : 2000)};
    tap_fill(r->content, r->len);
    tap_fill(r->nonce, sizeof r->nonce);
    memcpy(at, r->content, r->len);
    *op = (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL, .sa = s->sa, .src = at, .dst = in_place ? at : at + ROOM};
    op->src_len = r->fate == FATE_TOO_LONG ? SLUICE_MAX_CONTENT + 1 : r->len;
    op->dst_len = r->fate == FATE_NO_ROOM ? r->len : ROOM;
    op->content_type = 0x17;
    memcpy(op->nonce, r->nonce, sizeof op->nonce);
    if (s->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE && r->fate == FATE_SEALED) {
        r->counter = s->next++;
        reference_nonce(&s->config, r->counter, r->nonce);
    }
}

static bool as_drawn(const struct record *r, const struct sluice_op *op, const struct sluice_done *done)
{
    static const enum sluice_status statuses[] = {SLUICE_STATUS_OK, SLUICE_STATUS_OUTPUT_TOO_SMALL, SLUICE_STATUS_BAD_LENGTH,
                                                  SLUICE_STATUS_COUNTER_EXHAUSTED};
    struct reference made = {.config = r->config,
                             .type = reference_tls(r->config) ? 0x17 : 0x97,
                             .content = r->content,
                             .content_len = r->len,
                             .padding = reference_padding(r->config, r->len, 0),
                             .bad_padding = NO_FAULT,
                             .bad_mac = NO_FAULT};
    uint32_t size;

    if (done->status != statuses[r->fate] || r->fate != FATE_SEALED) {
        return done->status == statuses[r->fate] && done->length == 0;
    }
    memcpy(made.nonce, r->nonce, sizeof made.nonce);
    size = reference_record(&made, expected);
    return done->length == size && done->counter == r->counter && !memcmp(op->dst, expected, size);
}

/* Of one SA, but for a record of `other` now and then. */
static bool one_burst(struct sealer *s, struct sealer *other, uint8_t *mem)
{
    static struct sluice_done done[BURST];
    unsigned count = 1 + tap_below(BURST);

    for (unsigned i = 0; i < count; i++) {
        draw(tap_below(20) ? s : other, &records[i], &ops[i], mem + (size_t)i * 2 * ROOM);
        ops[i].cookie = i;
    }
    if (sluice_qp_submit(kit.qp, ops, count) != (int)count || !kit_take(kit.qp, done, count)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (done[i].cookie != i || !as_drawn(&records[i], &ops[i], &done[i])) {
            tap_note("%u of %u: %s, %u bytes", i, count, sluice_status_name(done[i].status), done[i].length);
            return false;
        }
    }
    return true;
}

static void bursts(enum sluice_cipher cipher, enum sluice_mac mac, enum sluice_form form, bool explicit_nonce, uint8_t *mem)
{
    struct sealer s = begin(cipher, mac, form, explicit_nonce, 0), other = begin(cipher, mac, form, explicit_nonce, 0);
    bool good = true;

    for (unsigned i = 0; good && i < BURSTS; i++) {
        good = one_burst(&s, &other, mem);
    }
    tap_ok(good, "records of %s sealed in bursts are those of one by one", kit_name(&s.config));
    sluice_sa_destroy(s.sa);
    sluice_sa_destroy(other.sa);
}

static void used_up(uint8_t *mem)
{
    struct sealer s = begin(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, false, 20);
    struct sealer other = begin(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, false, 0);
    bool good = true;

    while (good && s.next < s.config.limit) {
        good = one_burst(&s, &other, mem);
    }
    tap_ok(good && one_burst(&s, &other, mem), "what a burst's keys do not suffice for is refused, and the rest is sealed");
    sluice_sa_destroy(s.sa);
    sluice_sa_destroy(other.sa);
}

int main(void)
{
    uint8_t *mem;

    tap_begin();
    if (kit_open(&kit, "soft:")) {
        tap_ok(false, "sluice_open");
        return tap_end();
    }
    mem = sluice_mem_alloc(kit.card, (size_t)BURST * 2 * ROOM);
    for (enum sluice_cipher cipher = SLUICE_CIPHER_AES128; cipher <= SLUICE_CIPHER_AES256; cipher++) {
        bursts(cipher, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, false, mem);
        bursts(cipher, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, false, mem);
        bursts(cipher, SLUICE_MAC_MD5, SLUICE_FORM_UDP_ETM, true, mem);
        bursts(cipher, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_MTE, true, mem);
        bursts(cipher, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_ETM, true, mem);
        bursts(cipher, SLUICE_MAC_SHA256, SLUICE_FORM_TLS10, true, mem);
    }
    bursts(SLUICE_CIPHER_DES3, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, false, mem);
    used_up(mem);
    sluice_mem_free(kit.card, mem);
    kit_close(&kit);
    return tap_end();
}
