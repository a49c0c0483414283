/* SPDX-License-Identifier: Apache-2.0 */
#include "secure.h"

#include "admin.h"
#include "buffer.h"
#include "bytes.h"
#include "card.h"
#include "cipher.h"
#include "drbg.h"
#include "health.h"
#include "hw.h"
#include "log.h"
#include "sluice_regs.h"
#include "swap.h"

#define SAMPLES       32u        /* words: 1024 bits for the start-up test, which hold the 384 bits of entropy and nonce twice */
#define SAMPLE_WITHIN (1u << 13) /* clocks */
#define TOO_SLOW      3u         /* of the log; before it enum health_verdict */
#define RANDOM_PIECE  32u

static struct {
    struct drbg drbg;
    struct health health;
    uint32_t samples[SAMPLES], count;
    uint64_t give_up;    /* seeding: when; UINT64_MAX: it does not go on */
    uint64_t keep_alive; /* clocks without PING, 0: any */
    uint64_t zeroise_at; /* UINT64_MAX: never */
    bool seeded;
} secure;

/* ---------------------------------------------------------------- seeding */

static void end_collecting(void)
{
    hw_entropy_on(false);
    secure.give_up = UINT64_MAX;
    wipe(secure.samples, sizeof secure.samples);
    wipe(&secure.health, sizeof secure.health);
    secure.count = 0;
}

void secure_init(void)
{
    secure.give_up = secure.zeroise_at = UINT64_MAX;
}

void secure_begin(void)
{
    end_collecting();
    secure.seeded = false;
    card_clear_health(SLUICE_HEALTH_ENTROPY_SEEDED | SLUICE_HEALTH_ENTROPY_FAILED);
    if (card_has_service()) {
        secure.give_up = hw_time() + SAMPLE_WITHIN;
        hw_entropy_on(true);
    }
}

static void fail(uint32_t why)
{
    log_event(SLUICE_LOG_EVENT_ENTROPY_FAILED, 0, why, secure.count);
    card_set_health(SLUICE_HEALTH_ENTROPY_FAILED);
    end_collecting();
}

void secure_lose_lane(void)
{
    log_event(SLUICE_LOG_EVENT_LANE_FAILED, 0, 0, 0);
    card_lose_lanes(card.service_lane);
    secure.seeded = false;
    card_clear_health(SLUICE_HEALTH_ENTROPY_SEEDED);
}

static void seed(void)
{
    cipher_take();
    drbg_instantiate(&secure.drbg, secure.samples, SAMPLES);
    if (!cipher_give()) {
        secure_lose_lane();
        end_collecting();
        return;
    }
    secure.seeded = true;
    log_event(SLUICE_LOG_EVENT_ENTROPY_SEEDED, 0, SAMPLES, 0);
    end_collecting();
    if (swap_draw_keys()) {
        card_set_health(SLUICE_HEALTH_ENTROPY_SEEDED);
    }
}

static bool collect(void)
{
    enum health_verdict verdict;
    uint32_t bits;

    if (secure.give_up == UINT64_MAX) {
        return false;
    }
    if (!hw_entropy(&bits)) {
        if (hw_time() < secure.give_up) {
            return false;
        }
        fail(TOO_SLOW);
        return true;
    }
    secure.give_up = hw_time() + SAMPLE_WITHIN;
    verdict = health_take(&secure.health, bits);
    secure.samples[secure.count++] = bits;
    if (verdict != HEALTH_GOOD) {
        fail(verdict);
    } else if (secure.count == SAMPLES) {
        seed();
    }
    return true;
}

uint32_t secure_status(void)
{
    if (!card_has_service()) {
        return SLUICE_STATUS_HARDWARE_FAULT;
    }
    return secure.seeded ? SLUICE_STATUS_OK : SLUICE_STATUS_NOT_READY;
}

uint32_t secure_random(uint32_t at, uint32_t bytes)
{
    uint32_t status = secure_status();

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    cipher_take();
    drbg_generate(&secure.drbg, at, bytes);
    if (!cipher_give()) {
        secure_lose_lane();
        return SLUICE_STATUS_HARDWARE_FAULT;
    }
    return SLUICE_STATUS_OK;
}

uint32_t random_bytes(const struct command *c, uint32_t *length)
{
    uint32_t status;

    if (!admin_aligned(c->dst)) {
        return admin_invalid(SLUICE_SQE_DST_OFFSET, length);
    }
    if (!c->dst_len || c->dst_len > SLUICE_RANDOM_MAX || c->dst_len % RANDOM_PIECE) {
        return admin_invalid(SLUICE_SQE_DST_LEN_OFFSET, length);
    }
    status = secure_random(HW_DATA, c->dst_len);
    if (status == SLUICE_STATUS_OK) {
        hw_dma_out(c->dst, HW_DATA, c->dst_len);
        *length = c->dst_len;
    }
    hw_clear(HW_DATA, c->dst_len);
    return status;
}

/* ---------------------------------------------------------------- zeroise */

/* No operation finds a key from the first line on; those in flight end as they would. */
void secure_forget(uint32_t why)
{
    static const struct hw_sa nothing;
    struct hw_sa sa;

    hw_sa_drop_all();
    wipe(&secure.drbg, sizeof secure.drbg);
    hw_clear(HW_SECRET, HW_BUFFER_BYTES - HW_SECRET);
    hw_clear(HW_DATA, AT_LOG);
    hw_clear(AT_BLOCKS, HW_ENTRY - AT_BLOCKS);
    hw_blobs_forget();
    for (uint32_t slot = 0; slot < card.sa_count; slot++) {
        sa_drain(slot);
        hw_sa_scrub(slot);
        sa = nothing;
        sa.meta = sa_generation(slot) << HW_META_GEN;
        hw_sa_write(slot, &sa);
    }
    log_event(SLUICE_LOG_EVENT_ZEROISED, 0, why, 0);
    secure_begin();
}

uint32_t zeroise(const struct command *c, uint32_t *length)
{
    (void)c;
    (void)length;
    secure_forget(SECURE_BY_COMMAND);
    return SLUICE_STATUS_OK;
}

static uint64_t times(uint32_t a, uint32_t b)
{
    uint64_t product = 0, shifted = b;

    for (; a; a >>= 1, shifted <<= 1) {
        product += a & 1 ? shifted : 0;
    }
    return product;
}

void secure_alive(void)
{
    secure.zeroise_at = secure.keep_alive ? hw_time() + secure.keep_alive : UINT64_MAX;
}

uint32_t keep_alive(const struct command *c, uint32_t *length)
{
    (void)length;
    secure.keep_alive = times(c->src_len, hw_bar(SLUICE_REG_CLOCK_KHZ));
    secure_alive();
    return SLUICE_STATUS_OK;
}

/* Once only, until the host speaks again. */
static bool watch_host(void)
{
    if (secure.zeroise_at == UINT64_MAX || hw_time() < secure.zeroise_at) {
        return false;
    }
    secure.zeroise_at = UINT64_MAX;
    secure_forget(SECURE_BY_KEEP_ALIVE);
    return true;
}

bool secure_step(void)
{
    return watch_host() || collect();
}

uint64_t secure_alarm(void)
{
    return secure.give_up < secure.zeroise_at ? secure.give_up : secure.zeroise_at;
}
