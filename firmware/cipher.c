/* SPDX-License-Identifier: Apache-2.0 */
#include "cipher.h"

#include "buffer.h"
#include "hw.h"
#include "sluice_regs.h"

#define CONFIG_LOW    (SLUICE_CIPHER_AES256 | SLUICE_FORM_UDP_ETM << 16) /* SA word 0: no MAC, seal, explicit nonce */
#define CONFIG_HIGH   (1u << 8)
#define TYPE          0x80u
#define BODY          16u         /* byte of the ring where it begins */
#define EMPTY_PADDING 0x0f0f0f0fu /* what is encrypted of no content: padding alone */

static bool broken;

void cipher_take(void)
{
    broken = false;
    hw_lanes_own(HW_LANES_SERVICE);
    hw_clear(AT_CIPHER_SA, SA_WORDS_BYTES);
    hw_put(AT_CIPHER_SA, CONFIG_LOW);
    hw_put(AT_CIPHER_SA + 4, CONFIG_HIGH);
}

void cipher_key(const uint32_t key[CIPHER_KEY_WORDS])
{
    for (uint32_t i = 0; i < CIPHER_KEY_WORDS; i++) {
        hw_put(AT_CIPHER_SA + AT_SA_KEY + 4 * i, key[i]);
    }
}

/* Seals what lies in the ring, with this as the IV; the body goes to `at`. */
static void seal(const uint32_t iv[CIPHER_BLOCK_WORDS], uint32_t flip, uint32_t content, uint32_t at, uint32_t bytes)
{
    struct hw_job job = {
        .what = HW_SEAL | TYPE << HW_JOB_TYPE_SHIFT, .src_len = (uint16_t)content, .words = AT_CIPHER_SA, .nonce = AT_NONCE};
    struct hw_result result;

    for (uint32_t i = 0; i < CIPHER_BLOCK_WORDS; i++) {
        hw_put(AT_NONCE + 4 * i, iv[i] ^ flip);
    }
    if (broken || !hw_lanes_run(1, &job)) {
        broken = true;
        return;
    }
    hw_lane_result(0, &result);
    broken = result.status != SLUICE_STATUS_OK;
    hw_lane_read(BODY, at, bytes);
    hw_lanes_release(1);
}

void cipher_block(const uint32_t in[CIPHER_BLOCK_WORDS], uint32_t at)
{
    seal(in, EMPTY_PADDING, 0, at, CIPHER_BLOCK);
}

void cipher_cbc(const uint32_t iv[CIPHER_BLOCK_WORDS], uint32_t at, uint32_t bytes)
{
    hw_lanes_write(1, at, BODY, bytes);
    seal(iv, 0, bytes, at, bytes);
}

bool cipher_give(void)
{
    hw_clear(AT_CIPHER_SA, SA_WORDS_BYTES);
    hw_lanes_own(HW_LANES_NONE);
    return !broken;
}
