/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_card.h"

#include <stdlib.h>
#include <string.h>

#include "dut.h"
#include "sluice_regs.h"

#define MAX_DW     1028u
#define OUT_ROOM   16u
#define FLR_CLOCKS 50u

struct frame {
    uint32_t dw[MAX_DW];
    unsigned ndw;
    uint16_t keep; /* of the last beat; 0: what is right */
};

struct dut {
    struct dut_config config;
    uint8_t bar[SLUICE_BAR_BYTES];
    struct frame in; /* being received */
    bool in_frame;
    struct frame out[OUT_ROOM];
    unsigned out_head, out_count, out_pos;
    bool reading, deaf, fail, error;
    unsigned fickle; /* clocks of a beat that will be taken back */
    unsigned flr;    /* clocks to its end */
};

struct dut *dut_new(uint64_t seed, const char *firmware)
{
    (void)seed;
    (void)firmware;
    return calloc(1, sizeof(struct dut));
}

void dut_free(struct dut *d)
{
    free(d);
}

void dut_configure(struct dut *d, const struct dut_config *c)
{
    d->config = *c;
}

bool dut_can_trace(void)
{
    return false;
}

int dut_trace(struct dut *d, const char *path)
{
    (void)d, (void)path;
    return 0;
}

static uint32_t get(const struct dut *d, unsigned at)
{
    uint32_t v = 0;

    memcpy(&v, d->bar + at, 4);
    return v;
}

static void put(struct dut *d, unsigned at, uint32_t v)
{
    memcpy(d->bar + at, &v, 4);
}

static struct frame *new_frame(struct dut *d, uint32_t dw0)
{
    struct frame *f = &d->out[(d->out_head + d->out_count) % OUT_ROOM];

    if (d->out_count == OUT_ROOM)
        return NULL;
    d->out_count++;
    f->ndw = 1;
    f->dw[0] = dw0;
    f->keep = 0;
    return f;
}

static void add(struct frame *f, uint32_t dw)
{
    f->dw[f->ndw++] = dw;
}

static uint32_t swap(uint32_t v)
{
    return __builtin_bswap32(v);
}

static void request(struct dut *d, bool write, uint64_t address, unsigned length, const uint8_t *data)
{
    bool wide = address >> 32;
    struct frame *f = new_frame(d, (write ? 1u << 30 : 0) | (wide ? 1u << 29 : 0) | (length & 0x3ffu));

    if (!f)
        return;
    add(f, (uint32_t)d->config.id << 16 | (get(d, FAKE_TAG) & 0xff) << 8 | (get(d, FAKE_BE) & 0xff));
    if (wide)
        add(f, (uint32_t)(address >> 32));
    add(f, (uint32_t)address);
    for (unsigned i = 0; write && i < length; i++) {
        uint32_t v = 0;

        memcpy(&v, data + 4 * i, 4);
        add(f, swap(v));
    }
}

static void interrupt(struct dut *d, unsigned vector)
{
    unsigned entry = SLUICE_REG_MSIX_TABLE(vector);

    if (vector >= 9 || get(d, entry + 12) & 1 || !d->config.msix_enable || d->config.msix_mask)
        return;
    put(d, FAKE_BE, 0x0f);
    request(d, true, get(d, entry), 1, d->bar + entry + 8);
}

static void raw(struct dut *d, unsigned length)
{
    struct frame *f = new_frame(d, get(d, FAKE_BUFFER));

    for (unsigned i = 1; f && i < length; i++)
        add(f, get(d, FAKE_BUFFER + 4 * i));
    if (f)
        f->keep = (uint16_t)get(d, FAKE_KEEP);
}

static void command(struct dut *d)
{
    uint64_t address = (uint64_t)get(d, FAKE_ADDRESS + 4) << 32 | get(d, FAKE_ADDRESS);
    unsigned length = get(d, FAKE_LENGTH);

    if (length > 1024)
        length = 1024;
    switch (get(d, FAKE_COMMAND)) {
    case FAKE_READ:
        put(d, FAKE_STATUS, FAKE_PENDING);
        put(d, FAKE_PIECES, 0);
        d->reading = d->config.bus_master;
        if (d->reading)
            request(d, false, address, length, NULL);
        break;
    case FAKE_WRITE:
        if (d->config.bus_master)
            request(d, true, address, length, d->bar + FAKE_BUFFER);
        break;
    case FAKE_INTERRUPT:
        interrupt(d, get(d, FAKE_TAG));
        break;
    case FAKE_RAW:
        raw(d, length);
        break;
    case FAKE_FICKLE:
        d->fickle = 4;
        break;
    case FAKE_DEAF:
        d->deaf = true;
        break;
    case FAKE_ERROR:
        d->error = true;
        break;
    case FAKE_FAIL:
        d->fail = true;
        break;
    default:
        break;
    }
}

static bool enabled(const struct frame *f, unsigned byte)
{
    unsigned length = f->dw[0] & 0x3ff;
    uint32_t be = byte / 4 == 0 ? f->dw[1] & 0xf : byte / 4 == length - 1 ? f->dw[1] >> 4 & 0xf : 0xf;

    return be >> (byte % 4) & 1;
}

static void bar_write(struct dut *d, const struct frame *f)
{
    unsigned at = f->dw[2] & 0xfffc, length = f->dw[0] & 0x3ff;
    bool rung = false;

    for (unsigned i = 0; i < 4 * length && at + i < SLUICE_BAR_BYTES; i++) {
        if (enabled(f, i))
            d->bar[at + i] = (uint8_t)(f->dw[3 + i / 4] >> (24 - 8 * (i % 4)));
        rung |= at + i == FAKE_COMMAND;
    }
    if (rung)
        command(d);
}

static void bar_read(struct dut *d, const struct frame *f)
{
    unsigned at = f->dw[2] & 0xfffc, length = f->dw[0] & 0x3ff, first = 0, last = 4 * length - 1;
    struct frame *c = NULL;

    if (d->deaf)
        return;
    while (first < 4 * length - 1 && !enabled(f, first))
        first++;
    while (last > first && !enabled(f, last))
        last--;
    c = new_frame(d, 0x4a000000u | length);
    if (!c)
        return;
    add(c, (uint32_t)d->config.id << 16 | (last - first + 1));
    add(c, (f->dw[1] >> 16) << 16 | (f->dw[1] & 0xff00) | ((at + first) & 0x7f));
    for (unsigned i = 0; i < length; i++)
        add(c, swap(get(d, at + 4 * i)));
}

/* Data of the one read under way: where it belongs follows from the byte count still to come. */
static void completion(struct dut *d, const struct frame *f)
{
    unsigned status = f->dw[1] >> 13 & 7, count = f->dw[1] & 0xfff, length = f->dw[0] & 0x3ff;
    unsigned all = 4 * get(d, FAKE_LENGTH), skip = f->dw[2] & 3, n = 4 * length - skip;
    unsigned be = get(d, FAKE_BE), first = be & 1 ? 0 : be & 2 ? 1 : be & 4 ? 2 : 3;
    bool poisoned = f->dw[0] & 1u << 14;

    if (!d->reading)
        return;
    count = count == 0 ? 4096 : count;
    n = n < count ? n : count;
    put(d, FAKE_PIECES, get(d, FAKE_PIECES) + 1);
    for (unsigned i = 0; status == 0 && i < n; i++) {
        unsigned at = all - count + i; /* whole last DW enabled: the tests' reads end on a DW, but for single ones */
        unsigned to = get(d, FAKE_LENGTH) == 1 ? first + i : at;

        if (to < 4096)
            d->bar[FAKE_BUFFER + to] = (uint8_t)(f->dw[3 + (skip + i) / 4] >> (24 - 8 * ((skip + i) % 4)));
    }
    if (status == 0 && !poisoned && n < count)
        return;
    put(d, FAKE_STATUS, status | (poisoned ? 16u : 0));
    d->reading = false;
}

static void take_frame(struct dut *d)
{
    switch (d->in.dw[0] >> 24 & 0x5f) {
    case 0x00:
        bar_read(d, &d->in);
        break;
    case 0x40:
        bar_write(d, &d->in);
        break;
    case 0x0a:
    case 0x4a:
        completion(d, &d->in);
        break;
    default:
        break;
    }
}

static void receive(struct dut *d, const struct dut_in *in)
{
    unsigned start = in->rx_user >> 12 & 3, end = in->rx_user >> 19 & 3;

    for (unsigned i = 0; i < 4; i++) {
        if (in->rx_user & DUT_RX_SOF && i == start) {
            d->in.ndw = 0;
            d->in_frame = true;
        }
        if (d->in_frame && d->in.ndw < MAX_DW)
            d->in.dw[d->in.ndw++] = in->rx_data[i];
        if (d->in_frame && in->rx_user & DUT_RX_EOF && i == end) {
            d->in_frame = false;
            take_frame(d);
        }
    }
}

static void show(struct dut *d, struct dut_out *out)
{
    const struct frame *f = &d->out[d->out_head];
    unsigned left = d->out_count ? f->ndw - d->out_pos : 0;

    out->tx_valid = left > 0;
    out->tx_last = left <= 4;
    out->tx_keep = (uint16_t)(left >= 4 ? 0xffffu : (1u << 4 * left) - 1);
    if (left > 0 && out->tx_last && f->keep)
        out->tx_keep = f->keep;
    for (unsigned i = 0; i < 4 && i < left; i++)
        out->tx_data[i] = f->dw[d->out_pos + i];
    if (left == 0 && d->fickle > 0 && d->fickle-- > 1)
        out->tx_valid = true;
    if (left == 0 && out->tx_valid) {
        out->tx_last = false;
        out->tx_keep = 0xffff;
        out->tx_data[0] = d->fickle;
    }
}

static void shown(struct dut *d, const struct dut_out *out)
{
    if (d->out_count == 0)
        return;
    d->out_pos += 4;
    if (!out->tx_last)
        return;
    d->out_pos = 0;
    d->out_head = (d->out_head + 1) % OUT_ROOM;
    d->out_count--;
}

static void reset(struct dut *d)
{
    struct dut_config config = d->config;

    memset(d, 0, sizeof(*d));
    d->config = config;
    put(d, 0, SLUICE_MAGIC);
    for (unsigned v = 0; v < 9; v++)
        put(d, SLUICE_REG_MSIX_TABLE(v) + 12, 1);
}

void dut_step(struct dut *d, const struct dut_in *in, struct dut_out *out)
{
    memset(out, 0, sizeof(*out));
    if (!in->rst_n || in->flr) {
        reset(d);
        d->flr = in->flr ? FLR_CLOCKS : 0;
        return;
    }
    out->rx_ready = d->out_count < OUT_ROOM - 2;
    out->idle = d->out_count == 0 && !d->reading && d->fickle == 0 && d->flr == 0;
    out->failed = d->fail;
    out->err_ur = d->error;
    d->error = false;
    out->flr_done = d->flr == 1;
    d->flr -= d->flr > 0;
    show(d, out);
    if (out->tx_valid && in->tx_ready)
        shown(d, out);
    if (in->rx_valid && out->rx_ready)
        receive(d, in);
}
