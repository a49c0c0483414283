/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <string.h>

#include "card.h"

/* Reads one counter of the snapshot, unless an earlier read failed. */
static void counter(struct transport *t, uint32_t offset, uint64_t *to, int *err)
{
    uint64_t value = 0;

    if (!*err) {
        *err = t->ops->read(t, offset, &value, sizeof value);
    }
    *to = le64toh(value);
}

static int read_counters(struct transport *t, struct sluice_stats *s)
{
    int err = 0;

    counter(t, SLUICE_CNT_CYCLES, &s->cycles, &err);
    counter(t, SLUICE_CNT_BUSY_CYCLES, &s->busy_cycles, &err);
    counter(t, SLUICE_CNT_RECORD_BYTES, &s->record_bytes, &err);
    counter(t, SLUICE_CNT_CONTENT_BYTES, &s->content_bytes, &err);
    counter(t, SLUICE_CNT_RX_BEATS, &s->rx_beats, &err);
    counter(t, SLUICE_CNT_TX_BEATS, &s->tx_beats, &err);
    counter(t, SLUICE_CNT_TX_STALL, &s->tx_stall, &err);
    counter(t, SLUICE_CNT_TAG_STALL, &s->tag_stall, &err);
    counter(t, SLUICE_CNT_LANE_STALL, &s->lane_stall, &err);
    counter(t, SLUICE_CNT_BAD_TLP, &s->bad_tlp, &err);
    counter(t, SLUICE_CNT_BAD_DOORBELL, &s->bad_doorbell, &err);
    counter(t, SLUICE_CNT_INTERRUPTS, &s->interrupts, &err);
    for (unsigned i = 0; i < sizeof s->seal_status / sizeof *s->seal_status; i++) {
        counter(t, SLUICE_CNT_SEAL_STATUS(i), &s->seal_status[i], &err);
        counter(t, SLUICE_CNT_OPEN_STATUS(i), &s->open_status[i], &err);
    }
    for (unsigned i = 0; i < s->lanes; i++) {
        counter(t, SLUICE_CNT_LANE_BUSY(i), &s->lane[i].busy, &err);
        counter(t, SLUICE_CNT_LANE_STARVED(i), &s->lane[i].starved, &err);
        counter(t, SLUICE_CNT_LANE_BLOCKED(i), &s->lane[i].blocked, &err);
        counter(t, SLUICE_CNT_LANE_RECORDS(i), &s->lane[i].records, &err);
    }
    return err;
}

/* The admin lock keeps another thread's snapshot out. */
int card_stats(struct sluice_card *base, struct sluice_stats *stats)
{
    struct card *card = card_of(base);
    struct transport *t = card->transport;
    int err;

    memset(stats, 0, sizeof *stats);
    stats->lanes = card->info.lanes + card->info.stream_lanes;
    pthread_mutex_lock(&card->admin.lock);
    err = t->ops->write32(t, SLUICE_REG_SNAPSHOT, 1);
    err = err ? err : read_counters(t, stats);
    stats->sa_swaps_out = card->swaps_out;
    stats->sa_swaps_in = card->swaps_in;
    pthread_mutex_unlock(&card->admin.lock);
    return err;
}
