/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of libsluice that need no card: DMA memory, queue rules and statistics of the common layer. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "engine.h"
#include "kit.h"

/* ---------------------------------------------------------------- DMA memory */

#define PIECES 64

static void memory(struct sluice_card *card)
{
    uint8_t *piece[PIECES] = {0};
    size_t bytes[PIECES] = {0};
    bool good = true;

    for (unsigned i = 0; i < 20000 && good; i++) {
        unsigned at = tap_below(PIECES);

        if (piece[at]) {
            good = kit_all(piece[at], bytes[at], (uint8_t)at);
            sluice_mem_free(card, piece[at]);
            piece[at] = NULL;
            continue;
        }
        bytes[at] = 1 + tap_below(i % 7 ? 3000 : 60000);
        piece[at] = sluice_mem_alloc(card, bytes[at]);
        if (piece[at]) {
            good = (uintptr_t)piece[at] % 64 == 0 && kit_all(piece[at], bytes[at], 0);
            memset(piece[at], (int)at, bytes[at]);
        }
    }
    for (unsigned i = 0; i < PIECES; i++) {
        sluice_mem_free(card, piece[i]);
    }
    tap_ok(good, "DMA memory is aligned, zero when it is given out, and never given out twice");
    piece[0] = sluice_mem_alloc(card, 2u << 20);
    tap_ok(piece[0] && !sluice_mem_alloc(card, 1) && kit_all(piece[0], 2u << 20, 0),
           "all of it can be had, and no more, and was wiped");
    sluice_mem_free(card, piece[0]);
}

/* ---------------------------------------------------------------- queues */

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static void submission(struct kit *kit)
{
    struct sluice_op ops[8] = {0};
    struct sluice_done done[8];
    struct sluice_qp *qp = NULL;
    int outside = 0;

    tap_ok(sluice_qp_create(kit->card, 0, &qp) == -EINVAL && sluice_qp_create(kit->card, 1u << 20, &qp) == -EINVAL,
           "a queue pair has a depth within bounds");
    if (!tap_ok(sluice_qp_create(kit->card, 5, &qp) == 0, "a depth of 5 is taken")) {
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        ops[i].cookie = i;
    }
    ops[3] = (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL, .src = &outside, .src_len = 4, .dst = kit->dst, .dst_len = 100};
    tap_ok(sluice_qp_submit(qp, ops, 8) == 3, "an operation that breaks a rule ends the burst before it");
    tap_ok(sluice_qp_submit(qp, ops + 3, 1) == -EINVAL, "and is refused when it is the first");
    ops[3] = (struct sluice_op){.cookie = 3};
    tap_ok(sluice_qp_submit(qp, ops + 3, 5) == 5 && sluice_qp_submit(qp, ops, 1) == 0 && sluice_qp_in_flight(qp) == 8,
           "a depth of 5 is one of 8, and no more are taken");
    tap_ok(sluice_qp_poll(qp, done, 3) == 3 && sluice_qp_poll(qp, done + 3, 8) == 5 && done[0].cookie == 0 && done[7].cookie == 7,
           "completions come in order, as many as are asked for");
    tap_ok(sluice_qp_arm(qp) == 0 && !readable(sluice_qp_fd(qp)), "an armed queue pair with nothing done is silent");
    sluice_qp_submit(qp, ops, 2);
    tap_ok(readable(sluice_qp_fd(qp)) && sluice_qp_arm(qp) == 1, "and speaks when something is done");
    tap_ok(sluice_qp_poll(qp, done, 8) == 2 && sluice_qp_arm(qp) == 0 && !readable(sluice_qp_fd(qp)),
           "arming drains the eventfd");
    sluice_qp_destroy(qp);
}

static void other_cards(struct kit *kit)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 20);
    struct kit other;
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src = kit->src, .dst = kit->dst, .dst_len = 100};

    kit_open(&other, "soft:");
    op.sa = kit_sa(&other, &c);
    tap_ok(sluice_qp_submit(kit->qp, &op, 1) == -EINVAL, "an SA of another card is refused");
    sluice_sa_destroy(op.sa);
    op.sa = kit_sa(kit, &c);
    op.dst = other.dst;
    tap_ok(sluice_qp_submit(kit->qp, &op, 1) == -EINVAL, "memory of another card is refused");
    op.dst = kit->dst;
    op.dst_len = UINT32_MAX;
    tap_ok(sluice_qp_submit(kit->qp, &op, 1) == -EINVAL, "a destination that leaves DMA memory is refused");
    sluice_sa_destroy(op.sa);
    kit_close(&other);
}

static void statistics(struct kit *kit)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 20);
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src = kit->src, .dst = kit->dst, .src_len = 1000, .dst_len = 2000};
    struct sluice_stats s;

    op.sa = kit_sa(kit, &c);
    kit_run(kit, &op);
    op.dst_len = 1000;
    kit_run(kit, &op);
    tap_ok(sluice_card_stats(kit->card, &s) == 0 && s.content_bytes == 1000 &&
               s.record_bytes == sluice_record_size(&c, 1000, 0) && s.seal_status[SLUICE_STATUS_OK] == 1 &&
               s.seal_status[SLUICE_STATUS_OUTPUT_TOO_SMALL] == 1,
           "operations are counted by status, and bytes of those that went well");
    sluice_sa_destroy(op.sa);
}

int main(void)
{
    const struct sluice_options small = {.dma_bytes = 1};
    struct sluice_options large = {.dma_bytes = ((size_t)4 << 30) + 1};
    struct sluice_card *card;
    struct kit kit = {0};

    tap_begin();
    tap_ok(sluice_open("soft:", &large, &card) == -EINVAL, "more than 4 GiB of DMA memory is refused");
    if (tap_ok(sluice_open("soft:", &small, &card) == 0 && kit_open(&kit, "soft:") == 0, "soft: opens")) {
        memory(card);
        sluice_close(card);
        submission(&kit);
        other_cards(&kit);
        statistics(&kit);
        kit_close(&kit);
    }
    return tap_end();
}
