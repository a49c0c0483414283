/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between TLPs and the 128-bit streams of a 7-series PCIe block: frames out to the card's receive stream (straddled when they
 * come back to back), frames in from its transmit stream. The link's own rate is kept too: each TLP costs its bytes and 8 more of
 * framing (sequence number, LCRC, start and end symbols) at 16 bytes a clock, Gen2 x4.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "dut.h"
#include "rng.h"
#include "tlp.h"

#define LINK_BYTES_PER_CLOCK 16u
#define LINK_FRAMING_BYTES   8u

/* Gives the next TLP for the card. False: none now. */
typedef bool (*link_next_fn)(void *ctx, struct tlp *out);

struct link_tx { /* root complex to card */
    struct tlp cur;
    unsigned pos;    /* DWs of cur that were put into beats; cur is done when pos == cur.ndw */
    unsigned debt;   /* bytes that the link has still to carry */
    bool beat_valid; /* a beat waits for rx_ready */
    uint32_t data[4];
    uint32_t user;
};

struct link_rx { /* card to root complex */
    struct tlp cur;
    unsigned debt;
    bool in_frame;
    bool held; /* a beat was shown and not taken: it must not change */
    struct dut_out shown;
};

/* Sets the receive-stream part of `in`. `stall`: keep the stream quiet in this clock unless a beat is already shown. */
void link_drive(struct link_tx *l, struct dut_in *in, bool stall, link_next_fn next, void *ctx);
/* After the clock: was the beat taken? */
void link_driven(struct link_tx *l, const struct dut_in *in, const struct dut_out *out);
bool link_busy(const struct link_tx *l);

/* Has the link room for the card's next beat in this clock? */
bool link_ready(struct link_rx *l);
/*
 * After the clock: takes the beat that was transferred. `*done` is set when l->cur is complete (it is valid until the next call).
 * NULL, or the rule of the stream that the card broke.
 */
const char *link_take(struct link_rx *l, bool ready, const struct dut_out *out, bool *done);
#endif
