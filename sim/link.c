/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <string.h>

static unsigned cost(const struct tlp *t)
{
    return t->ndw * 4 + LINK_FRAMING_BYTES;
}

static unsigned pay(unsigned debt)
{
    return debt > LINK_BYTES_PER_CLOCK ? debt - LINK_BYTES_PER_CLOCK : 0;
}

/* Puts DWs of the current TLP into the beat from DW `slot` on; returns the first free slot. */
static unsigned fill(struct link_tx *l, unsigned slot)
{
    while (slot < 4 && l->pos < l->cur.ndw)
        l->data[slot++] = l->cur.dw[l->pos++];
    if (l->pos == l->cur.ndw)
        l->user |= DUT_RX_EOF | DUT_RX_EOF_DW(slot - 1);
    return slot;
}

static uint32_t frame_flags(const struct tlp *t)
{
    struct tlp_head h;
    uint32_t flags = 0;

    if (tlp_decode(t, &h) == NULL) {
        if (h.kind == TLP_READ || h.kind == TLP_WRITE)
            flags |= DUT_RX_BAR0;
        if (h.poisoned)
            flags |= DUT_RX_POISONED;
    }
    return flags;
}

/* Starts a TLP at DW `slot` (0 or 2) of the beat, if there is one and the link has room for it. */
static void start(struct link_tx *l, unsigned slot, link_next_fn next, void *ctx)
{
    if (l->debt >= LINK_BYTES_PER_CLOCK || !next(ctx, &l->cur))
        return;
    l->pos = 0;
    l->debt += cost(&l->cur);
    l->user |= DUT_RX_SOF | DUT_RX_SOF_DW(slot) | frame_flags(&l->cur);
    l->beat_valid = true;
    fill(l, slot);
}

static void build_beat(struct link_tx *l, link_next_fn next, void *ctx)
{
    unsigned slot = 0;

    memset(l->data, 0, sizeof(l->data));
    l->user = 0;
    if (l->pos < l->cur.ndw) {
        slot = fill(l, 0);
        l->beat_valid = true;
    }
    if (l->pos == l->cur.ndw && slot <= 2)
        start(l, slot == 0 ? 0 : 2, next, ctx);
}

void link_drive(struct link_tx *l, struct dut_in *in, bool stall, link_next_fn next, void *ctx)
{
    l->debt = pay(l->debt);
    if (!l->beat_valid && !stall)
        build_beat(l, next, ctx);
    in->rx_valid = l->beat_valid;
    in->rx_user = l->user;
    memcpy(in->rx_data, l->data, sizeof(l->data));
}

void link_driven(struct link_tx *l, const struct dut_in *in, const struct dut_out *out)
{
    if (in->rx_valid && out->rx_ready)
        l->beat_valid = false;
}

bool link_busy(const struct link_tx *l)
{
    return l->beat_valid || l->pos < l->cur.ndw;
}

bool link_ready(struct link_rx *l)
{
    l->debt = pay(l->debt);
    return l->in_frame || l->debt < LINK_BYTES_PER_CLOCK;
}

static bool same_beat(const struct dut_out *a, const struct dut_out *b)
{
    return b->tx_valid && a->tx_last == b->tx_last && a->tx_keep == b->tx_keep && a->tx_user == b->tx_user &&
           memcmp(a->tx_data, b->tx_data, sizeof(a->tx_data)) == 0;
}

static unsigned kept_dw(const struct dut_out *out)
{
    switch (out->tx_keep) {
    case 0xffff:
        return 4;
    case 0x0fff:
        return out->tx_last ? 3 : 0;
    case 0x00ff:
        return out->tx_last ? 2 : 0;
    case 0x000f:
        return out->tx_last ? 1 : 0;
    default:
        return 0;
    }
}

static const char *append(struct link_rx *l, const struct dut_out *out)
{
    unsigned n = kept_dw(out);

    if (n == 0)
        return "bad keep";
    if (out->tx_user != 0)
        return "discontinue, stream, error forward or ECRC asked for";
    if (l->cur.ndw + n > TLP_MAX_DW)
        return "frame without end";
    memcpy(l->cur.dw + l->cur.ndw, out->tx_data, n * sizeof(uint32_t));
    l->cur.ndw += n;
    l->debt += n * 4;
    return NULL;
}

const char *link_take(struct link_rx *l, bool ready, const struct dut_out *out, bool *done)
{
    const char *wrong = NULL;

    *done = false;
    if (l->held && !same_beat(&l->shown, out))
        return "a transmit beat changed or went away before it was taken";
    l->held = out->tx_valid && !ready;
    if (l->held)
        l->shown = *out;
    if (!out->tx_valid || !ready)
        return NULL;
    if (!l->in_frame)
        l->cur.ndw = 0;
    l->in_frame = !out->tx_last;
    wrong = append(l, out);
    if (wrong == NULL && out->tx_last) {
        *done = true;
        l->debt += LINK_FRAMING_BYTES;
    }
    return wrong;
}
