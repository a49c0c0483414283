/* SPDX-License-Identifier: Apache-2.0 */
#include "root.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"

#define ROOT_ID      0u      /* requester id of the root complex */
#define CARD_ID      0x0100u /* bus 1, device 0, function 0 */
#define RESET_CLOCKS 16u
#define MMIO_TAGS    32u

void root_fail(struct root *r, const char *format, ...)
{
    va_list args;

    if (r->fault[0])
        return;
    va_start(args, format);
    (void)vsnprintf(r->fault, sizeof(r->fault), format, args);
    va_end(args);
}

const char *root_fault(const struct root *r)
{
    return r->fault[0] ? r->fault : NULL;
}

bool root_one_in(struct root *r, unsigned n)
{
    return n > 0 && rng_below(&r->rng, n) == 0;
}

static void set_gate(struct root_gate *g, bool on)
{
    if (on)
        g->off_clocks = 0;
    g->on = on;
}

void root_apply_config(struct root *r)
{
    struct dut_config p = {
        .id = CARD_ID,
        .bus_master = config_bus_master(&r->config),
        .mps = config_mps(&r->config),
        .mrrs = config_mrrs(&r->config),
        .rcb = config_rcb(&r->config),
        .msix_enable = config_msix_enable(&r->config),
        .msix_mask = config_msix_mask(&r->config),
        .link_up = true,
        .cpl_hdr = (uint8_t)r->options.reads.header_credits,
        .cpl_data = (uint16_t)r->options.reads.data_credits,
        .self_test = r->options.self_test,
        .noise = r->options.noise,
        .hang_lanes = r->options.hang_lanes,
    };

    if (p.mps != r->pins.mps || p.mrrs != r->pins.mrrs) {
        r->mps_before = 128u << r->pins.mps;
        r->mrrs_before = 128u << r->pins.mrrs;
        r->limits_changed = r->cycle;
    }
    r->pins = p;
    set_gate(&r->master, p.bus_master);
    set_gate(&r->interrupts, p.bus_master && p.msix_enable && !p.msix_mask);
    r->quiet = false;
    dut_configure(r->dut, &p);
}

int root_open(struct root *r, const struct root_options *options, const struct root_remote *remote)
{
    int rc = 0;

    memset(r, 0, sizeof(*r));
    r->options = *options;
    r->remote = *remote;
    r->rng.state = options->seed;
    r->error_fd = -1;
    r->held_end = &r->held;
    dma_init(&r->dma);
    msix_init(&r->msix);
    config_init(&r->config, &options->host);
    rc = reads_init(&r->reads, &options->reads, &r->rng);
    if (rc < 0)
        return rc;
    r->dut = dut_new(options->seed, options->firmware);
    if (!r->dut) {
        reads_free(&r->reads);
        return -ENOMEM;
    }
    root_apply_config(r);
    for (unsigned i = 0; i < RESET_CLOCKS; i++)
        root_step(r);
    r->in.rst_n = true;
    root_update_vectors(r);
    return 0;
}

void root_close(struct root *r)
{
    root_drop_held(r);
    reads_free(&r->reads);
    dma_clear(&r->dma);
    msix_clear(&r->msix);
    if (r->error_fd >= 0)
        close(r->error_fd);
    dut_free(r->dut);
    r->dut = NULL;
}

/* Requests go before completions, so that no completion overtakes a write that was posted before it. */
static bool next_down(void *ctx, struct tlp *out)
{
    struct root *r = ctx;
    unsigned rcb = r->pins.rcb ? 128 : 64;
    bool taken = false;

    if (r->down_count > 0) {
        *out = r->down_queue[r->down_head];
        r->down_head = (r->down_head + 1) % ROOT_DOWN_ROOM;
        r->down_count--;
        r->mmio.sent = r->cycle; /* a read that is waited for is the last in the queue */
        taken = true;
    } else if (r->reads.count > 0) {
        taken = reads_complete(&r->reads, out, r->cycle, rcb, 128u << r->pins.mps);
    }
    if (taken) {
        r->stats.tlps_down++;
        r->stats.bytes_down += out->ndw * 4;
    }
    return taken;
}

static void count_gate(struct root_gate *g)
{
    if (!g->on)
        g->off_clocks++;
}

static void report(struct root *r, bool seen, enum config_error error)
{
    if (seen && config_report(&r->config, error))
        notify(r->error_fd);
}

static void take_outputs(struct root *r)
{
    bool done = false;
    const char *wrong = link_take(&r->up, r->in.tx_ready, &r->out, &done);

    if (wrong)
        root_fail(r, "transmit stream: %s", wrong);
    else if (done)
        root_upstream(r, &r->up.cur);
    r->stats.lanes_hung += r->out.lane_hung;
    report(r, r->out.err_ur, CONFIG_ERR_UNSUPPORTED);
    report(r, r->out.err_poisoned, CONFIG_ERR_POISONED);
    report(r, r->out.err_cpl_timeout, CONFIG_ERR_TIMEOUT);
    report(r, r->out.err_cpl_unexpected, CONFIG_ERR_UNEXPECTED);
}

static void begin_trace(struct root *r)
{
    int rc = r->options.trace && r->cycle == r->options.trace_from ? dut_trace(r->dut, r->options.trace) : 0;

    if (rc < 0)
        root_fail(r, "%s: %s", r->options.trace, strerror(-rc));
}

void root_step(struct root *r)
{
    struct dut_in *in = &r->in;

    if (r->fault[0])
        return;
    begin_trace(r);
    root_serve_reads(r);
    if (in->rst_n)
        link_drive(&r->down, in, rng_percent(&r->rng, r->options.stall), next_down, r);
    in->tx_ready = in->rst_n && link_ready(&r->up) && !root_upstream_full(r) && !rng_percent(&r->rng, r->options.stall);
    dut_step(r->dut, in, &r->out);
    r->quiet = r->out.idle && !in->rx_valid && !in->flr && in->rst_n;
    r->cycle++;
    if (r->out.failed)
        root_fail(r, "an assertion failed");
    if (!in->rst_n)
        return;
    if (in->tx_ready) {
        count_gate(&r->master);
        count_gate(&r->interrupts);
    }
    link_driven(&r->down, in, &r->out);
    take_outputs(r);
}

bool root_busy(const struct root *r)
{
    return !r->pulled &&
           (r->options.free_run || !r->quiet || r->down_count > 0 || link_busy(&r->down) || reads_pending(&r->reads));
}

void root_send(struct root *r, const struct tlp *t)
{
    if (r->pulled)
        return;
    for (unsigned i = 0; r->down_count == ROOT_DOWN_ROOM && i < ROOT_MMIO_CLOCKS; i++)
        root_step(r);
    if (r->down_count == ROOT_DOWN_ROOM) {
        root_fail(r, "the card takes no requests for %u clocks", ROOT_MMIO_CLOCKS);
        return;
    }
    r->down_queue[(r->down_head + r->down_count++) % ROOT_DOWN_ROOM] = *t;
}

/* False: no answer came. */
static bool read_piece(struct root *r, uint32_t address, uint8_t *to, unsigned count)
{
    struct root_mmio *m = &r->mmio;
    uint64_t from = r->cycle;
    struct tlp t;

    m->tag = (uint8_t)((m->tag + 1) % MMIO_TAGS);
    m->late &= ~(1u << m->tag);
    m->address = address;
    m->count = count;
    m->waiting = true;
    tlp_make_read(&t, ROOT_ID, m->tag, address, count);
    root_send(r, &t);
    while (m->waiting && r->cycle - from < ROOT_MMIO_CLOCKS && !r->fault[0])
        root_step(r);
    if (m->waiting) {
        m->waiting = false;
        m->late |= 1u << m->tag;
        return false;
    }
    if (r->cycle - m->sent > r->stats.mmio_worst)
        r->stats.mmio_worst = r->cycle - m->sent;
    memcpy(to, m->data, count);
    return true;
}

/* Up to the next multiple of 8. */
static unsigned piece(uint32_t offset, unsigned count)
{
    unsigned n = 8 - (offset & 7);

    return n < count ? n : count;
}

void root_bar_read(struct root *r, uint32_t offset, uint8_t *to, unsigned count)
{
    bool answered = config_memory(&r->config) && !r->pulled;
    unsigned n = 0;

    assert(offset <= SLUICE_BAR_BYTES && count <= SLUICE_BAR_BYTES - offset);
    r->stats.mmio_reads++;
    while (count > 0 && answered) {
        n = piece(offset, count);
        answered = read_piece(r, config_bar0(&r->config) + offset, to, n);
        if (answered)
            offset += n, to += n, count -= n;
    }
    if (!answered) { /* one time-out for all of it */
        r->stats.mmio_lost++;
        memset(to, 0xff, count);
    }
}

static bool in_msix_table(uint32_t offset)
{
    return offset >= SLUICE_REG_MSIX_TABLE(0) && offset < SLUICE_REG_MSIX_TABLE(MSIX_VECTORS);
}

/* Doorbells that come to nothing, and those at which the card resets itself, behind the driver's back. */
static bool doorbell_lost(struct root *r, uint32_t offset)
{
    if (offset < SLUICE_REG_SQ_DOORBELL(0) || offset >= SLUICE_REG_SQ_DOORBELL(SLUICE_MAX_IO_QUEUES + 1))
        return false;
    if (root_one_in(r, r->options.reset_doorbells)) {
        r->stats.own_resets++;
        root_reset_function(r);
        return true;
    }
    if (!root_one_in(r, r->options.drop_doorbells))
        return false;
    r->stats.doorbells_dropped++;
    return true;
}

void root_bar_write(struct root *r, uint32_t offset, const uint8_t *from, unsigned count)
{
    struct tlp t;
    unsigned n = 0;

    assert(offset <= SLUICE_BAR_BYTES && count <= SLUICE_BAR_BYTES - offset);
    r->stats.mmio_writes++;
    if (!config_memory(&r->config) || r->pulled) {
        r->stats.mmio_lost++;
        return;
    }
    if (doorbell_lost(r, offset))
        return;
    for (; count > 0; offset += n, from += n, count -= n) {
        n = piece(offset, count);
        if (in_msix_table(offset))
            continue;
        tlp_make_write(&t, ROOT_ID, config_bar0(&r->config) + offset, from, n);
        root_send(r, &t);
    }
}
