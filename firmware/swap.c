/* SPDX-License-Identifier: Apache-2.0 */
#include "swap.h"

#include "admin.h"
#include "buffer.h"
#include "card.h"
#include "hw.h"
#include "log.h"
#include "secure.h"
#include "sluice_regs.h"

/* The content of a blob, by what lies where. */
#define CONTENT_SA      SA_WORDS_BYTES /* next, limit, meta, and zeros to 32 bytes, behind the SA words */
#define CONTENT_WINDOW  (CONTENT_SA + 32u)
#define CONTENT_BYTES   (CONTENT_WINDOW + SLUICE_SA_WINDOW_BYTES)

/* The record in the lane's ring, and so in the blob: from byte 3 of a word on, its body with the next word. */
#define RECORD          3u
#define RECORD_BYTES    813u
#define BODY            16u
#define TAIL            (RECORD + RECORD_BYTES)
#define CID             8u

#define TYPE            0x97u
#define CONFIG_LOW      (SLUICE_CIPHER_AES256 | SLUICE_MAC_SHA256 << 8 | SLUICE_FORM_UDP_ETM << 16)
#define OPENS           (1u << 24)
#define EXPLICIT        (32u | 1u << 8) /* and the MAC in full */
#define KEY_BYTES       (SA_WORDS_BYTES - AT_SA_KEY)

#define LAST_GENERATION 0xfffdu /* a blob's: the import makes it even, and 16 bits are all there is */

static_assert(CONTENT_BYTES == 736 && AT_CONTENT + CONTENT_BYTES <= AT_CIPHER_SA, "room");
static_assert(TAIL == 51 * 16 && SLUICE_SA_BLOB_BYTES == TAIL + 16, "blob");

/* Drawn together, since most of a drawing's work is for the generator's next state. */
#define NONCES 8u

static uint32_t nonces_left;

bool swap_draw_keys(void)
{
    nonces_left = 0;
    if (secure_random(HW_DATA, KEY_BYTES) != SLUICE_STATUS_OK) {
        return false;
    }
    hw_clear(AT_WRAP_SA, AT_SA_KEY);
    for (uint32_t i = 0; i < KEY_BYTES; i += 4) {
        hw_put(AT_WRAP_SA + AT_SA_KEY + i, hw_get(HW_DATA + i));
    }
    hw_clear(HW_DATA, KEY_BYTES);
    return true;
}

/* One record, in the service lane: its first words are in the ring. */
static uint32_t run(bool open, uint32_t id, uint32_t generation, uint32_t bytes, struct hw_result *result)
{
    struct hw_job job = {.what = (open ? HW_OPEN : HW_SEAL) | TYPE << HW_JOB_TYPE_SHIFT,
                         .src_len = (uint16_t)bytes,
                         .words = AT_WRAP_SA,
                         .nonce = AT_NONCE};

    hw_put(AT_WRAP_SA, CONFIG_LOW | (open ? OPENS : 0));
    hw_put(AT_WRAP_SA + 4, EXPLICIT);
    hw_put(AT_WRAP_SA + 8, id);
    hw_put(AT_WRAP_SA + 12, generation);
    if (!hw_lanes_run(1, &job)) {
        return SLUICE_STATUS_HARDWARE_FAULT;
    }
    hw_lane_result(0, result);
    return result->status;
}

/* ---------------------------------------------------------------- export */

/* To AT_NONCE. */
static uint32_t next_nonce(void)
{
    uint32_t status = secure_status();

    if (status == SLUICE_STATUS_OK && !nonces_left) {
        status = secure_random(AT_NONCES, NONCES * 16);
        nonces_left = status == SLUICE_STATUS_OK ? NONCES : 0;
    }
    if (status == SLUICE_STATUS_OK) {
        nonces_left--;
        for (uint32_t i = 0; i < 16; i += 4) {
            hw_put(AT_NONCE + i, hw_get(AT_NONCES + 16 * nonces_left + i));
        }
    }
    return status;
}

static void put_wide(uint32_t at, uint64_t value)
{
    hw_put(at, (uint32_t)value);
    hw_put(at + 4, (uint32_t)(value >> 32));
}

/* The SA as it is, to the secret half. */
static void pack(uint32_t slot)
{
    struct hw_sa sa;

    hw_sa_read(slot, &sa);
    hw_sa_words_out(slot, AT_CONTENT);
    hw_clear(AT_CONTENT + CONTENT_SA, CONTENT_WINDOW - CONTENT_SA);
    put_wide(AT_CONTENT + CONTENT_SA, sa.next);
    put_wide(AT_CONTENT + CONTENT_SA + 8, sa.limit);
    hw_put(AT_CONTENT + CONTENT_SA + 16, sa.meta);
    hw_window_out(slot, AT_CONTENT + CONTENT_WINDOW);
}

/* Seals it; the blob is at HW_DATA then. */
static uint32_t wrap(uint32_t slot, uint32_t id, uint32_t generation)
{
    struct hw_result result;
    uint32_t status;

    pack(slot);
    hw_lanes_own(HW_LANES_SERVICE);
    hw_lanes_write(1, AT_CONTENT, BODY, CONTENT_BYTES);
    status = run(false, id, generation, CONTENT_BYTES, &result);
    if (status == SLUICE_STATUS_OK && result.length == RECORD_BYTES) {
        hw_lane_read(0, HW_DATA, TAIL);
        hw_put(HW_DATA, hw_get(HW_DATA) & ~0xffffffu);
        hw_clear(HW_DATA + TAIL, SLUICE_SA_BLOB_BYTES - TAIL);
    } else {
        secure_lose_lane();
        status = SLUICE_STATUS_HARDWARE_FAULT;
    }
    hw_lanes_release(1);
    hw_lanes_own(HW_LANES_NONE);
    hw_clear(AT_CONTENT, CONTENT_BYTES);
    return status;
}

static uint32_t export_checks(const struct command *c, uint32_t *length)
{
    uint32_t status = sa_status(c);

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    if (c->dst_len < SLUICE_SA_BLOB_BYTES) {
        return SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    if (!admin_aligned(c->dst)) {
        return admin_invalid(SLUICE_SQE_DST_OFFSET, length);
    }
    if (c->seq >= SLUICE_VIRTUAL_SAS) {
        return admin_invalid(SLUICE_SQE_SEQ_OFFSET, length);
    }
    return SLUICE_STATUS_OK;
}

/* Until the blob is made the SA may come back as it was. */
static uint32_t move_out(const struct command *c, uint32_t id, uint32_t generation, uint32_t *length)
{
    uint32_t status;

    hw_sa_drop(c->number);
    sa_drain(c->number);
    status = wrap(c->number, id, generation);
    if (status != SLUICE_STATUS_OK) {
        hw_sa_enable(c->number);
        return status;
    }
    hw_blob_set(id, generation);
    hw_sa_scrub(c->number);
    hw_dma_out(c->dst, HW_DATA, SLUICE_SA_BLOB_BYTES);
    *length = SLUICE_SA_BLOB_BYTES;
    return SLUICE_STATUS_OK;
}

uint32_t sa_export(const struct command *c, uint32_t *length)
{
    uint32_t id = (uint32_t)c->seq, status = export_checks(c, length), generation;

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    status = next_nonce();
    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    generation = hw_blob_get(id) + 1;
    if (generation > LAST_GENERATION) {
        log_event(SLUICE_LOG_EVENT_EXHAUSTED, 0, id, 0);
        return SLUICE_STATUS_COUNTER_EXHAUSTED;
    }
    return move_out(c, id, generation, length);
}

/* ---------------------------------------------------------------- import */

/* Bytes of the blob that are no part of the record are 0. */
static bool framed(void)
{
    uint32_t wrong = hw_get(HW_DATA) & 0xffffff;

    for (uint32_t at = TAIL; at < SLUICE_SA_BLOB_BYTES; at += 4) {
        wrong |= hw_get(HW_DATA + at);
    }
    return !wrong;
}

/* The content to the secret half; the blob is at HW_DATA. */
static uint32_t unwrap(uint32_t id, uint32_t generation)
{
    struct hw_result result;
    uint32_t status;

    hw_lanes_own(HW_LANES_SERVICE);
    hw_lanes_write(1, HW_DATA, 0, TAIL);
    status = run(true, id, generation, RECORD_BYTES, &result);
    if (status == SLUICE_STATUS_OK && result.length == CONTENT_BYTES) {
        hw_lane_read(result.first, AT_CONTENT, CONTENT_BYTES);
    } else if (status == SLUICE_STATUS_HARDWARE_FAULT) {
        secure_lose_lane();
    } else {
        status = SLUICE_STATUS_AUTH_FAILED; /* whichever check of a record it was */
    }
    hw_lanes_release(1);
    hw_lanes_own(HW_LANES_NONE);
    return status;
}

static uint32_t install(uint32_t slot, uint32_t *length)
{
    uint32_t generation = (sa_generation(slot) + 1) & 0xff;
    struct hw_sa sa;

    hw_sa_unpack(AT_CONTENT + CONTENT_SA, &sa);
    if (sa_without_lanes(sa.meta >> HW_META_CIPHER & 7, sa.meta >> HW_META_MAC & 3)) {
        return SLUICE_STATUS_HARDWARE_FAULT;
    }
    sa.meta = (sa.meta & ((1u << HW_META_GEN) - 1)) | generation << HW_META_GEN;
    hw_sa_scrub(slot);
    hw_sa_words_in(slot, AT_CONTENT);
    hw_sa_write(slot, &sa);
    hw_window_in(slot, AT_CONTENT + CONTENT_WINDOW);
    hw_sa_enable(slot);
    *length = generation;
    return SLUICE_STATUS_OK;
}

static uint32_t import_checks(const struct command *c, uint32_t *length)
{
    if (c->number >= card.sa_count || hw_sa_in_use(c->number)) {
        return admin_invalid(SLUICE_SQE_SA_OFFSET, length);
    }
    if (!admin_aligned(c->src)) {
        return admin_invalid(SLUICE_SQE_SRC_OFFSET, length);
    }
    if (c->src_len != SLUICE_SA_BLOB_BYTES) {
        return admin_invalid(SLUICE_SQE_SRC_LEN_OFFSET, length);
    }
    if (c->seq >= SLUICE_VIRTUAL_SAS) {
        return admin_invalid(SLUICE_SQE_SEQ_OFFSET, length);
    }
    return secure_status();
}

/* First whether it is ours, under the generation that it names, then whether that is the one that counts. */
static uint32_t judge_and_install(const struct command *c, uint32_t *length)
{
    uint32_t id = (uint32_t)c->seq, generation = hw_get(HW_DATA + CID + 4), status;

    status = framed() ? unwrap(id, generation) : SLUICE_STATUS_AUTH_FAILED;
    if (status == SLUICE_STATUS_OK && generation != hw_blob_get(id)) {
        status = SLUICE_STATUS_REPLAYED;
    }
    if (status != SLUICE_STATUS_OK) {
        log_event(SLUICE_LOG_EVENT_IMPORT_REFUSED, c->number, id, status);
        return status;
    }
    status = install(c->number, length);
    if (status == SLUICE_STATUS_OK) {
        hw_blob_set(id, generation + 1);
    }
    return status;
}

uint32_t sa_import(const struct command *c, uint32_t *length)
{
    uint32_t status = import_checks(c, length);

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    if (!hw_dma_in(c->src, HW_DATA, SLUICE_SA_BLOB_BYTES)) {
        return SLUICE_STATUS_DMA_ERROR;
    }
    status = judge_and_install(c, length);
    hw_clear(AT_CONTENT, CONTENT_BYTES);
    return status;
}
