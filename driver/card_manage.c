/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about the card as a whole, one at a time by the admin queue's page. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "card.h"

#define RANDOM_UNIT      32u
#define KEEP_ALIVE_SHARE 4u /* pings in the time of silence that the card bears */

_Static_assert(SLUICE_LOG_MOST == SLUICE_LOG_ENTRIES, "as many events as the card keeps");

struct job {
    struct sluice_sqe sqe;
    uint32_t bytes;  /* that the card writes to the page */
    uint32_t length; /* what the completion says */
};

/* With the admin lock held when it is 0. */
static int run(struct card *card, struct job *job)
{
    int err;

    if (!card->managed) {
        return -EOPNOTSUPP;
    }
    err = card_enter(card);
    if (err) {
        return err;
    }
    if (job->bytes) {
        job->sqe.dst = htole64(admin_page(&card->admin));
        card_store_len(job->sqe.dst_len, job->bytes);
    }
    err = admin_command(&card->admin, &job->sqe, &job->length);
    if (err) {
        card_leave(card);
    }
    return err;
}

/* The same, once more on a card that was recovered. */
static int run_again(struct card *card, struct job *job)
{
    unsigned tries = 0;
    int err;

    do {
        err = run(card, job);
    } while (card_again(card, err, &tries));
    return err;
}

int card_selftest(struct sluice_card *base, struct sluice_selftest *result)
{
    struct card *card = card_of(base);
    const struct sluice_self_test *answer = card->admin.page;
    struct job job = {.sqe.op = SLUICE_OP_SELF_TEST, .bytes = SLUICE_SELF_TEST_BYTES};
    int err = run_again(card, &job);

    if (!err) {
        *result = (struct sluice_selftest){.tested = le32toh(answer->tested),
                                           .failed = le32toh(answer->failed),
                                           .in_service = le32toh(answer->in_service),
                                           .vectors = le32toh(answer->vectors),
                                           .first_failure = le32toh(answer->first_failure),
                                           .march = le32toh(answer->march),
                                           .rings = le32toh(answer->rings)};
        if (result->failed) {
            card_forget_sas(card);
        }
        card_leave(card);
    }
    return err;
}

int card_log(struct sluice_card *base, struct sluice_card_event *events, unsigned max, bool clear)
{
    struct card *card = card_of(base);
    const struct sluice_log_entry *entry = card->admin.page;
    struct job job = {.sqe = {.op = SLUICE_OP_LOG_READ, .pad = clear}, .bytes = SLUICE_LOG_ENTRIES * SLUICE_LOG_ENTRY_BYTES};
    int err = run_again(card, &job);
    unsigned there, n;

    if (err) {
        return err;
    }
    there = job.length / SLUICE_LOG_ENTRY_BYTES;
    there = there < SLUICE_LOG_ENTRIES ? there : SLUICE_LOG_ENTRIES;
    n = there < max ? there : max;
    entry += there - n;
    for (unsigned i = 0; i < n; i++) {
        events[i] = (struct sluice_card_event){.clocks = (uint64_t)le32toh(entry[i].time) << 10,
                                               .event = (enum sluice_log_event)le16toh(entry[i].code),
                                               .where = le16toh(entry[i].where),
                                               .data = {le32toh(entry[i].data0), le32toh(entry[i].data1)}};
    }
    card_leave(card);
    return (int)n;
}

static int random_some(struct card *card, uint8_t *to, uint32_t bytes)
{
    struct job job = {.sqe.op = SLUICE_OP_RANDOM, .bytes = (bytes + RANDOM_UNIT - 1) / RANDOM_UNIT * RANDOM_UNIT};
    int err = run_again(card, &job);

    if (!err) {
        memcpy(to, card->admin.page, bytes);
        explicit_bzero(card->admin.page, job.bytes);
        card_leave(card);
    }
    return err;
}

int card_random(struct sluice_card *base, void *to, size_t bytes)
{
    uint8_t *at = to;
    int err = 0;

    while (bytes > 0 && !err) {
        uint32_t n = bytes < SLUICE_RANDOM_MAX ? (uint32_t)bytes : SLUICE_RANDOM_MAX;

        err = random_some(card_of(base), at, n);
        at += n;
        bytes -= n;
    }
    return err;
}

int card_zeroise(struct sluice_card *base)
{
    struct card *card = card_of(base);
    struct job job = {.sqe.op = SLUICE_OP_ZEROISE};
    int err = run_again(card, &job);

    if (!err) {
        card_forget_sas(card);
        card_leave(card);
    }
    return err;
}

int card_keep_alive(struct sluice_card *base, unsigned milliseconds)
{
    struct card *card = card_of(base);
    struct job job = {.sqe.op = SLUICE_OP_KEEP_ALIVE};
    unsigned often = milliseconds / KEEP_ALIVE_SHARE, before = atomic_load(&card->keeper.ping_ms);
    int err;

    card_store_len(job.sqe.src_len, milliseconds);
    if (milliseconds && often < before) {
        keeper_period(card, often);
    }
    err = run_again(card, &job);
    if (!err) {
        card_leave(card);
    }
    return err;
}

int card_reset(struct sluice_card *base)
{
    struct card *card = card_of(base);
    int err;

    pthread_mutex_lock(&card->admin.lock);
    err = card_gone(card) ? -ENODEV : card_recover(card);
    pthread_mutex_unlock(&card->admin.lock);
    return err;
}

int card_health(struct sluice_card *base, struct sluice_card_health *health)
{
    struct card *card = card_of(base);
    struct transport *t = card->transport;
    uint32_t state = SLUICE_FW_STATE_READY;
    int err = 0;

    *health = (struct sluice_card_health){.resets = atomic_load(&card->resets)};
    if (card->managed) {
        err = card_read32(t, SLUICE_REG_FW_STATE, &state);
        err = err ? err : card_read32(t, SLUICE_REG_HEALTH, &health->flags);
        err = err ? err : card_read32(t, SLUICE_REG_FW_VERSION, &health->fw_version);
        err = err ? err : card_read32(t, SLUICE_REG_FW_BUILD, &health->fw_build);
        err = err ? err : card_read32(t, SLUICE_REG_LANES_OK, &health->lanes_ok);
    } else {
        err = card_gone(card) ? -ENODEV : 0;
        health->lanes_ok = (uint32_t)((UINT64_C(1) << (card->info.lanes + card->info.stream_lanes)) - 1);
    }
    health->state = atomic_load(&card->admin.hung) ? SLUICE_FW_STATE_HUNG : (enum sluice_fw_state)state;
    return err;
}
