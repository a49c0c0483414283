/* SPDX-License-Identifier: Apache-2.0 */
/* SA slots: create, destroy, ask, change, and their replay windows. */
#include "admin.h"
#include "card.h"
#include "hw.h"
#include "sa_rules.h"
#include "sluice_regs.h"

#define BLOCK           SLUICE_SQE_BYTES /* completions count the block's offsets from here */
#define CIPHER_KEY      (HW_PARAMS + SLUICE_SA_PARAMS_CIPHER_KEY_OFFSET)
#define KEY_WORDS       8u /* four bytes each: room for a key in the block */
#define KEY_BYTES       64u
#define SA_WORDS        (CIPHER_KEY - 32u) /* the SA's eight words: two before the cipher key, four behind it */
#define STATE_WORDS     (CIPHER_KEY + 32u)
#define STATE_BYTES     64u
#define INCARNATION_LSB 16 /* of the upper half of a counter */

static_assert(CIPHER_KEY == HW_SECRET, "the processor does not see keys");

static bool in_range(uint32_t slot)
{
    return slot < card.sa_count;
}

uint32_t sa_generation(uint32_t slot)
{
    struct hw_sa sa;

    hw_sa_read(slot, &sa);
    return sa.meta >> HW_META_GEN & 0xff;
}

uint32_t sa_status(const struct command *c)
{
    if (!in_range(c->number) || !hw_sa_in_use(c->number)) {
        return SLUICE_STATUS_NO_SUCH_SA;
    }
    return sa_generation(c->number) == c->gen ? SLUICE_STATUS_OK : SLUICE_STATUS_SA_MISMATCH;
}

void sa_drain(uint32_t slot)
{
    while (hw_sa_busy(slot)) {
    }
}

bool sa_without_lanes(uint32_t cipher, uint32_t mac)
{
    bool legacy = cipher == SLUICE_CIPHER_DES || cipher == SLUICE_CIPHER_DES3 || mac == SLUICE_MAC_MD5;

    return !(card.in_service & (legacy ? card.legacy_lanes : card.record_lanes));
}

/* ---------------------------------------------------------------- create */

static uint64_t wide(uint32_t at)
{
    return (uint64_t)hw_get(at + 4) << 32 | hw_get(at);
}

static void read_rules(struct sa_rules *r)
{
    uint32_t low = hw_get(HW_PARAMS), high = hw_get(HW_PARAMS + 4);

    *r = (struct sa_rules){.cipher = (uint8_t)low,
                           .mac = (uint8_t)(low >> 8),
                           .form = (uint8_t)(low >> 16),
                           .direction = (uint8_t)(low >> 24),
                           .mac_len = (uint8_t)high,
                           .nonce_mode = (uint8_t)(high >> 8),
                           .replay = (uint8_t)(high >> 16),
                           .tls_minor = (uint8_t)(high >> 24),
                           .cid = {hw_get(HW_PARAMS + SLUICE_SA_PARAMS_CID_OFFSET), hw_get(HW_PARAMS + 12)},
                           .counter = wide(HW_PARAMS + SLUICE_SA_PARAMS_COUNTER_OFFSET),
                           .limit = wide(HW_PARAMS + SLUICE_SA_PARAMS_LIMIT_OFFSET)};
}

/* Is anything set in a key's room behind the key? `nonzero` begins with the room's words. */
static bool stray(uint32_t nonzero, uint32_t key_bytes)
{
    return (nonzero & ((1u << KEY_WORDS) - 1)) >> (key_bytes / 4);
}

/* Offset in the block of the first field that is wrong. */
static uint32_t wrong_field(const struct sa_rules *r)
{
    uint32_t at = sa_rules_check(r), reserved = 0, nonzero = hw_dma_nonzero();

    if (at != SA_RULES_FINE) {
        return at;
    }
    for (at = SLUICE_SA_PARAMS_RESERVED1_OFFSET; at < SLUICE_SA_PARAMS_CIPHER_KEY_OFFSET; at += 4) {
        reserved |= hw_get(HW_PARAMS + at);
    }
    if (reserved) {
        return SLUICE_SA_PARAMS_RESERVED1_OFFSET;
    }
    if (stray(nonzero, sa_rules_cipher_key(r->cipher))) {
        return SLUICE_SA_PARAMS_CIPHER_KEY_OFFSET;
    }
    return stray(nonzero >> KEY_WORDS, sa_rules_mac_key(r->mac)) ? SLUICE_SA_PARAMS_MAC_KEY_OFFSET : SA_RULES_FINE;
}

/* SA words (sluice_pkg.sv): what was checked, the cipher key where it lies, and no key where the HMAC's was. */
static void put_words(const struct sa_rules *r)
{
    hw_put(SA_WORDS, (uint32_t)r->cipher | (uint32_t)r->mac << 8 | (uint32_t)r->form << 16 | (uint32_t)r->direction << 24);
    hw_put(SA_WORDS + 4, (uint32_t)r->mac_len | (uint32_t)r->nonce_mode << 8 | (uint32_t)r->tls_minor << 24);
    hw_put(SA_WORDS + 8, r->cid[0]);
    hw_put(SA_WORDS + 12, r->cid[1]);
    hw_clear(STATE_WORDS, STATE_BYTES); /* the block's reserved bytes before the key are 0 */
}

static uint32_t meta_of(const struct sa_rules *r, uint32_t generation)
{
    return (uint32_t)r->replay << HW_META_REPLAY | (uint32_t)r->nonce_mode << HW_META_EXPLICIT_NONCE |
           (uint32_t)r->mac_len << HW_META_MAC_LEN | (uint32_t)r->form << HW_META_FORM | (uint32_t)r->mac << HW_META_MAC |
           (uint32_t)r->cipher << HW_META_CIPHER | (uint32_t)r->direction << HW_META_OPEN | generation << HW_META_GEN;
}

static uint32_t install(const struct command *c, const struct sa_rules *r, uint32_t *length)
{
    uint32_t generation = (sa_generation(c->number) + 1) & 0xff, status = SLUICE_STATUS_OK;
    struct hw_sa sa = {.meta = meta_of(r, generation), .next = r->counter, .limit = r->limit};

    put_words(r);
    hw_sa_write(c->number, &sa);
    hw_sa_words_in(c->number, SA_WORDS);
    if (r->mac != SLUICE_MAC_NONE) {
        status = hw_sa_keys(c->number, c->src + SLUICE_SA_PARAMS_MAC_KEY_OFFSET, r->mac == SLUICE_MAC_MD5);
    }
    if (status != SLUICE_STATUS_OK) {
        hw_sa_scrub(c->number);
        return status;
    }
    hw_sa_enable(c->number);
    *length = generation;
    return SLUICE_STATUS_OK;
}

static uint32_t judge_and_install(const struct command *c, uint32_t *length)
{
    struct sa_rules rules;
    uint32_t at;

    read_rules(&rules);
    at = wrong_field(&rules);
    if (at != SA_RULES_FINE) {
        return admin_invalid(BLOCK + at, length);
    }
    if (sa_rules_needs(&rules) & ~card.features) {
        return SLUICE_STATUS_UNSUPPORTED;
    }
    return sa_without_lanes(rules.cipher, rules.mac) ? SLUICE_STATUS_HARDWARE_FAULT : install(c, &rules, length);
}

uint32_t sa_create(const struct command *c, uint32_t *length)
{
    uint32_t status = SLUICE_STATUS_DMA_ERROR;

    if (!in_range(c->number) || hw_sa_in_use(c->number)) {
        return admin_invalid(SLUICE_SQE_SA_OFFSET, length);
    }
    if (c->src_len != SLUICE_SA_PARAMS_BYTES) {
        return admin_invalid(SLUICE_SQE_SRC_LEN_OFFSET, length);
    }
    if (hw_dma_in(c->src, HW_PARAMS, SLUICE_SA_PARAMS_BYTES)) {
        status = judge_and_install(c, length);
    }
    hw_clear(CIPHER_KEY, KEY_BYTES);
    return status;
}

uint32_t sa_destroy(const struct command *c, uint32_t *length)
{
    uint32_t status = sa_status(c);

    (void)length;
    if (status == SLUICE_STATUS_OK) {
        hw_sa_drop(c->number);
        sa_drain(c->number);
        hw_sa_scrub(c->number);
    }
    return status;
}

/* ---------------------------------------------------------------- ask and change */

static uint32_t part(const struct hw_sa *sa, uint32_t lsb, uint32_t bits)
{
    return sa->meta >> lsb & ((1u << bits) - 1);
}

static bool counts(const struct hw_sa *sa)
{
    return !part(sa, HW_META_OPEN, 1) && !part(sa, HW_META_EXPLICIT_NONCE, 1);
}

static void put_wide(uint32_t at, uint64_t value)
{
    hw_put(at, (uint32_t)value);
    hw_put(at + 4, (uint32_t)(value >> 32));
}

/* struct sluice_sa_query */
static void put_query(const struct hw_sa *sa, bool busy)
{
    hw_clear(HW_DATA, SLUICE_SA_QUERY_BYTES);
    hw_put(HW_DATA, part(sa, HW_META_CIPHER, 3) | part(sa, HW_META_MAC, 2) << 8 | part(sa, HW_META_FORM, 3) << 16 |
                        part(sa, HW_META_OPEN, 1) << 24);
    hw_put(HW_DATA + 4, part(sa, HW_META_MAC_LEN, 6) | part(sa, HW_META_EXPLICIT_NONCE, 1) << 8 |
                            part(sa, HW_META_REPLAY, 1) << 16 | part(sa, HW_META_GEN, 8) << 24);
    if (counts(sa)) {
        put_wide(HW_DATA + SLUICE_SA_QUERY_COUNTER_OFFSET, sa->next);
        put_wide(HW_DATA + SLUICE_SA_QUERY_LIMIT_OFFSET, sa->limit);
    }
    hw_put(HW_DATA + SLUICE_SA_QUERY_BUSY_OFFSET, busy);
}

uint32_t sa_query(const struct command *c, uint32_t *length)
{
    uint32_t status = sa_status(c);
    struct hw_sa sa;

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    if (c->dst_len < SLUICE_SA_QUERY_BYTES) {
        return SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    if (!admin_aligned(c->dst)) {
        return admin_invalid(SLUICE_SQE_DST_OFFSET, length);
    }
    hw_sa_read(c->number, &sa);
    put_query(&sa, hw_sa_busy(c->number));
    hw_dma_out(c->dst, HW_DATA, SLUICE_SA_QUERY_BYTES);
    *length = SLUICE_SA_QUERY_BYTES;
    return SLUICE_STATUS_OK;
}

/* May the limit become this? As sa_rules has it, and never less than it is. */
static bool limit_fits(const struct hw_sa *sa, uint64_t limit)
{
    struct sa_rules r = {.cipher = SLUICE_CIPHER_AES256, .mac = SLUICE_MAC_NONE, .counter = sa->next, .limit = limit};

    return limit >= sa->limit && sa_rules_check(&r) == SA_RULES_FINE;
}

/* Seals go on meanwhile: the counter may be past what it was when it was looked at, and then all is judged again. */
static uint32_t change(uint32_t slot, uint64_t counter, uint64_t limit, uint32_t *length)
{
    struct hw_sa sa;
    uint64_t to_limit;

    do {
        hw_sa_read(slot, &sa);
        to_limit = limit ? limit : sa.limit;
        if (counter && (counter < sa.next || counter > to_limit)) {
            return admin_invalid(BLOCK + SLUICE_SA_CHANGE_COUNTER_OFFSET, length);
        }
        if (limit && !limit_fits(&sa, limit)) {
            return admin_invalid(BLOCK + SLUICE_SA_CHANGE_LIMIT_OFFSET, length);
        }
    } while (!hw_sa_raise(slot, counter ? counter : sa.next, to_limit));
    return SLUICE_STATUS_OK;
}

uint32_t sa_modify(const struct command *c, uint32_t *length)
{
    uint32_t status = sa_status(c);
    struct hw_sa sa;

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    hw_sa_read(c->number, &sa);
    if (!counts(&sa)) {
        return SLUICE_STATUS_SA_MISMATCH;
    }
    if (!admin_aligned(c->src)) {
        return admin_invalid(SLUICE_SQE_SRC_OFFSET, length);
    }
    if (c->src_len != SLUICE_SA_CHANGE_BYTES) {
        return admin_invalid(SLUICE_SQE_SRC_LEN_OFFSET, length);
    }
    if (!hw_dma_in(c->src, HW_DATA, SLUICE_SA_CHANGE_BYTES)) {
        return SLUICE_STATUS_DMA_ERROR;
    }
    return change(c->number, wide(HW_DATA + SLUICE_SA_CHANGE_COUNTER_OFFSET), wide(HW_DATA + SLUICE_SA_CHANGE_LIMIT_OFFSET),
                  length);
}

/* ---------------------------------------------------------------- replay windows */

static uint32_t window_status(const struct command *c)
{
    uint32_t status = sa_status(c);
    struct hw_sa sa;

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    hw_sa_read(c->number, &sa);
    return part(&sa, HW_META_OPEN, 1) && part(&sa, HW_META_REPLAY, 1) ? SLUICE_STATUS_OK : SLUICE_STATUS_SA_MISMATCH;
}

uint32_t sa_window_export(const struct command *c, uint32_t *length)
{
    uint32_t status = window_status(c);

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    if (c->dst_len < SLUICE_SA_WINDOW_BYTES) {
        return SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    if (!admin_aligned(c->dst)) {
        return admin_invalid(SLUICE_SQE_DST_OFFSET, length);
    }
    hw_window_out(c->number, HW_DATA);
    hw_dma_out(c->dst, HW_DATA, SLUICE_SA_WINDOW_BYTES);
    *length = SLUICE_SA_WINDOW_BYTES;
    return SLUICE_STATUS_OK;
}

static uint32_t incarnation(uint32_t offset)
{
    return hw_get(HW_DATA + offset + 4) >> INCARNATION_LSB;
}

uint32_t sa_window_import(const struct command *c, uint32_t *length)
{
    uint32_t status = window_status(c);

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    if (!admin_aligned(c->src)) {
        return admin_invalid(SLUICE_SQE_SRC_OFFSET, length);
    }
    if (c->src_len != SLUICE_SA_WINDOW_BYTES) {
        return admin_invalid(SLUICE_SQE_SRC_LEN_OFFSET, length);
    }
    if (!hw_dma_in(c->src, HW_DATA, SLUICE_SA_WINDOW_BYTES)) {
        return SLUICE_STATUS_DMA_ERROR;
    }
    if (incarnation(SLUICE_SA_WINDOW_FORMER_OFFSET) > incarnation(SLUICE_SA_WINDOW_CURRENT_OFFSET)) {
        return admin_invalid(BLOCK + SLUICE_SA_WINDOW_FORMER_OFFSET, length);
    }
    hw_window_in(c->number, HW_DATA);
    return SLUICE_STATUS_OK;
}
