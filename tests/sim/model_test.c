/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the model by themselves: configuration space, TLPs, the streams, completions and credits, DMA maps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "config.h"
#include "dma_maps.h"
#include "guard.h"
#include "link.h"
#include "reads.h"
#include "sluice_regs.h"
#include "tlp.h"

static struct rng rng;

static uint32_t config32(const struct config *c, uint32_t at)
{
    uint32_t v = 0;

    config_read(c, at, (uint8_t *)&v, 4);
    return v;
}

static bool config_set(struct config *c, uint32_t at, uint32_t v, unsigned bytes)
{
    return config_write(c, at, (const uint8_t *)&v, bytes);
}

/* Offset of a capability, found as software finds it; 0: not there, or the list does not end. */
static uint32_t capability(const struct config *c, uint32_t id)
{
    uint32_t at = config32(c, 0x34) & 0xff;

    for (unsigned i = 0; at >= 0x40 && i < 48; i++) {
        if ((config32(c, at) & 0xff) == id)
            return at;
        at = config32(c, at) >> 8 & 0xff;
    }
    return 0;
}

static uint32_t extended(const struct config *c, uint32_t id)
{
    uint32_t at = 0x100;

    for (unsigned i = 0; at >= 0x100 && i < 48; i++) {
        if ((config32(c, at) & 0xffff) == id)
            return at;
        at = config32(c, at) >> 20;
    }
    return 0;
}

static void test_config(void)
{
    struct config_host host = {.mps = 256, .mrrs = 1024, .rcb = 128, .vectors = 9};
    struct config c, before;
    uint32_t pcie = 0, msix = 0, pm = 0;
    uint8_t ones[CONFIG_BYTES];

    config_init(&c, &host);
    pcie = capability(&c, 0x10), msix = capability(&c, 0x11), pm = capability(&c, 0x01);
    tap_ok(config32(&c, 0) == (SLUICE_DEVICE_ID << 16 | SLUICE_VENDOR_ID) && config32(&c, 8) >> 8 == SLUICE_CLASS_CODE &&
               config32(&c, 0x2c) == (SLUICE_SUBSYSTEM_ID << 16 | SLUICE_SUBSYSTEM_VENDOR_ID),
           "ids and class are those of regs.toml");
    tap_ok(pcie && msix && pm && extended(&c, 1) && extended(&c, 3), "PM, MSI-X, PCIe, AER and DSN are in the lists");
    tap_ok((config32(&c, pcie + 0x10) >> 16 & 0x3ff) == 0x42, "the link is up at 5 GT/s, four lanes");
    tap_ok(config32(&c, pcie + 4) >> 28 & 1, "FLR is there");
    tap_ok((config32(&c, msix) >> 16) == 8 && config32(&c, msix + 4) == SLUICE_REG_MSIX_TABLE(0) &&
               config32(&c, msix + 8) == SLUICE_REG_MSIX_PBA,
           "MSI-X: 9 vectors, table and pending bits where regs.toml has them");
    tap_ok(config_mps(&c) == 1 && config_mrrs(&c) == 3 && config_rcb(&c), "MPS, MRRS and RCB are the host's");
    config_set(&c, 0x10, 0xffffffff, 4);
    tap_ok(config32(&c, 0x10) == 0xffff0000, "BAR 0 is sized as 64 KiB, 32 bits, not prefetchable");
    before = c;
    memset(ones, 0xff, sizeof(ones));
    config_set(&c, pm + 4, 1, 2);
    tap_ok((config32(&c, pm + 4) & 3) == 0, "D1 is not entered");
    config_set(&c, 4, 6, 2);
    config_set(&c, pm + 4, 3, 2);
    tap_ok(!config_bus_master(&c) && !config_memory(&c), "D3hot: neither bus mastering nor memory");
    config_set(&c, pm + 4, 0, 2);
    tap_ok(config_bus_master(&c) && config_memory(&c), "and both again in D0");
    tap_ok(config_set(&c, pcie + 8, 0x8000, 2) && !(config32(&c, pcie + 8) & 0x8000),
           "FLR is asked for by its bit, which reads 0");
    tap_ok(config_write(&c, 0, ones, CONFIG_BYTES) && config32(&c, 0) == config32(&before, 0) &&
               config32(&c, pcie + 4) == config32(&before, pcie + 4) && config32(&c, 0x204) == 0,
           "writing ones everywhere changes no read-only field");
    config_set(&c, pcie + 8, 0x7000 | 7 << 5, 2);
    tap_ok(config_mps(&c) == 2 && config_mrrs(&c) == 0, "reserved codes: MPS at most 512, MRRS 128");
    config_set(&c, pcie + 8, 0x0008 | 0x0002, 2);
    config_set(&c, extended(&c, 1) + 8, 0, 4);
    tap_ok(config_report(&c, CONFIG_ERR_UNSUPPORTED) && config32(&c, extended(&c, 1) + 4) == 1u << 20 &&
               config32(&c, pcie + 8) >> 16 == 0x0a,
           "an unsupported request is in AER and device status, and sends a message");
    config_set(&c, extended(&c, 1) + 4, 1u << 20, 4);
    config_set(&c, pcie + 10, 0xf, 2);
    tap_ok(config32(&c, extended(&c, 1) + 4) == 0 && config32(&c, pcie + 8) >> 16 == 0, "written ones clear them");
    config_set(&c, extended(&c, 1) + 8, 1u << 12, 4);
    tap_ok(!config_report(&c, CONFIG_ERR_POISONED), "a masked error sends none");
    config_set(&c, 0x10, 0xd0000000, 4);
    config_set(&c, 4, 6, 2);
    config_reset(&c);
    tap_ok(config_bar0(&c) == 0xd0000000 && config_memory(&c) && !config_bus_master(&c) && config_mps(&c) == 1,
           "a reset keeps the address and the host's settings, and turns bus mastering off");
}

static const char *request(uint64_t address, unsigned length, uint8_t first, uint8_t last, bool write)
{
    struct tlp_head h = {.kind = write ? TLP_WRITE : TLP_READ, .four_dw = address >> 32 != 0};

    h.length = length, h.first_be = first, h.last_be = last, h.address = address;
    return tlp_check_request(&h, 512);
}

static void test_tlp(void)
{
    struct tlp_head h;
    struct tlp t = {0};
    bool ok = true;

    tap_ok(!request(0x1000, 128, 0xf, 0xf, false) && !request(0x100000ff0, 4, 0xc, 0x3, true) && !request(8, 1, 0, 0, false) &&
               !request(8, 2, 0x5, 0xa, true),
           "right requests are taken");
    tap_ok(request(0xff0, 5, 0xf, 0xf, false) != NULL, "one that crosses 4 KiB is not");
    tap_ok(request(0x1000, 129, 0xf, 0xf, false) != NULL, "nor one that is too long");
    tap_ok(request(0x1000, 1, 0xf, 0x1, false) && request(0x1000, 2, 0xf, 0, false) && request(0x1000, 2, 0, 0xf, false) &&
               request(0x1000, 3, 0x5, 0xf, true) && request(0x1000, 3, 0xf, 0xe, true),
           "nor one with wrong byte enables");
    t.ndw = 4, t.dw[0] = 1u << 30 | 2;
    tap_ok(tlp_decode(&t, &h) != NULL, "a frame whose length field differs cannot be taken apart");
    for (unsigned at = 0; at < 8; at++) {
        for (unsigned n = 1; at + n <= 8; n++) {
            tlp_make_read(&t, 0x1234, 5, 0xe0000100 + at, n);
            ok &= !tlp_decode(&t, &h) && h.kind == TLP_READ && tlp_request_bytes(&h) == n &&
                  h.address + tlp_first_byte(&h) == 0xe0000100 + at;
            ok &= !tlp_check_request(&h, 128) && h.tag == 5 && h.requester == 0x1234;
        }
    }
    tap_ok(ok, "BAR reads of every offset and length enable their bytes and no others");
}

/* Frames with the TLP's number in each DW, through the receive stream, put together again from the beats. */
struct stream {
    unsigned sent, got, pos;
    unsigned sizes[1000];
    bool wrong;
    unsigned straddled;
};

static bool next_frame(void *ctx, struct tlp *out)
{
    struct stream *s = ctx;

    if (s->sent == 1000 || rng_below(&rng, 8) == 0)
        return false;
    out->ndw = 3 + rng_below(&rng, 34);
    for (unsigned i = 0; i < out->ndw; i++)
        out->dw[i] = 0x4a000000 | s->sent << 12 | i;
    s->sizes[s->sent++] = out->ndw;
    return true;
}

static void take_beat(struct stream *s, const struct dut_in *in)
{
    unsigned start = in->rx_user >> 12 & 3, end = in->rx_user >> 19 & 3;
    bool inside = s->pos > 0;

    s->straddled += in->rx_user & DUT_RX_SOF && in->rx_user & DUT_RX_EOF && start == 2;
    for (unsigned i = 0; i < 4; i++) {
        if (in->rx_user & DUT_RX_SOF && i == start) {
            s->wrong |= inside;
            inside = true;
        }
        if (!inside)
            continue;
        s->wrong |= in->rx_data[i] != (0x4a000000 | s->got << 12 | s->pos);
        s->pos++;
        if (in->rx_user & DUT_RX_EOF && i == end && (start == 2 || !(in->rx_user & DUT_RX_SOF) || i >= start)) {
            s->wrong |= s->pos != s->sizes[s->got];
            s->got++;
            s->pos = 0;
            inside = false;
        }
    }
}

static void test_stream(void)
{
    static struct stream s;
    static struct link_tx link;
    struct dut_in in = {0}, shown = {0};
    struct dut_out out = {0};
    bool held = false, steady = true;
    unsigned clocks = 0, dws = 0;

    for (clocks = 0; s.got < 1000 && clocks < 100000; clocks++) {
        link_drive(&link, &in, rng_percent(&rng, 20), next_frame, &s);
        steady &=
            !held || (in.rx_valid && in.rx_user == shown.rx_user && memcmp(in.rx_data, shown.rx_data, sizeof(in.rx_data)) == 0);
        out.rx_ready = rng_percent(&rng, 80);
        held = in.rx_valid && !out.rx_ready;
        shown = in;
        if (in.rx_valid && out.rx_ready)
            take_beat(&s, &in);
        link_driven(&link, &in, &out);
    }
    for (unsigned i = 0; i < 1000; i++)
        dws += s.sizes[i];
    tap_ok(s.got == 1000 && !s.wrong && steady, "1000 frames come whole through a stream with stalls, beats steady until taken");
    tap_ok(s.straddled > 0, "some of them straddled (%u)", s.straddled);
    tap_ok(clocks * 16 >= dws * 4 + 1000 * 8, "no faster than the link: %u clocks for %u bytes", clocks, dws * 4);
}

static const char *beat(struct link_rx *l, bool ready, bool last, uint16_t keep, uint32_t first, bool *done)
{
    struct dut_out out = {.tx_valid = true, .tx_last = last, .tx_keep = keep, .tx_data = {first, 2, 3, 4}};

    return link_take(l, ready, &out, done);
}

static void test_transmit(void)
{
    static struct link_rx l;
    struct dut_out none = {0};
    bool done = false;

    tap_ok(!beat(&l, true, false, 0xffff, 1, &done) && !done && !beat(&l, false, true, 0x00ff, 5, &done) && !done &&
               !beat(&l, true, true, 0x00ff, 5, &done) && done && l.cur.ndw == 6 && l.cur.dw[4] == 5,
           "a frame of six double words in two beats, one of them held");
    tap_ok(beat(&l, true, false, 0x0fff, 1, &done) != NULL, "a beat that is not full before the end is wrong");
    memset(&l, 0, sizeof(l));
    tap_ok(beat(&l, true, true, 0xf0ff, 1, &done) != NULL, "a keep with a hole is wrong");
    memset(&l, 0, sizeof(l));
    tap_ok(!beat(&l, false, true, 0xffff, 1, &done) && beat(&l, true, true, 0xffff, 9, &done), "a beat that changes is wrong");
    memset(&l, 0, sizeof(l));
    tap_ok(!beat(&l, false, true, 0xffff, 1, &done) && link_take(&l, true, &none, &done), "a beat that goes away is wrong");
}

/* Frames of 35 double words one after another: 148 bytes each on the link. */
static void test_transmit_rate(void)
{
    static struct link_rx l;
    unsigned frames = 0, beats = 0, clocks = 0;
    bool done = false;

    for (clocks = 0; frames < 1000 && clocks < 100000; clocks++) {
        if (!link_ready(&l))
            continue;
        beats = (beats + 1) % 9;
        if (beat(&l, true, beats == 0, beats == 0 ? 0x0fff : 0xffff, 1, &done))
            break;
        frames += done;
    }
    tap_ok(frames == 1000 && clocks >= 9240 && clocks <= 9260, "what the card sends takes the link's time, no more: %u clocks",
           clocks);
}

/* Random reads, answered in pieces; each byte must come once, in its place, from its own read. */
struct answers {
    uint8_t seen[32][4096];
    unsigned pieces, disorder, last_tag;
    bool wrong;
};

static uint8_t byte_at(unsigned tag, uint64_t address)
{
    return (uint8_t)(address * 7 + tag * 31);
}

static void check_piece(struct answers *a, const struct reads *r, const struct tlp *t, const struct tlp_head *asked, unsigned rcb,
                        unsigned most)
{
    struct tlp_head h;
    uint8_t bytes[TLP_MAX_PAYLOAD + 4];
    unsigned all = tlp_request_bytes(asked), skip = 0, at = 0, n = 0;
    uint64_t address = 0;

    a->wrong |= tlp_decode(t, &h) != NULL || h.kind != TLP_COMPLETION || h.status != TLP_SUCCESS || r == NULL;
    skip = h.lower_address & 3u;
    at = all - h.byte_count;
    address = asked->address + tlp_first_byte(asked) + at;
    n = h.length * 4 - skip < h.byte_count ? h.length * 4 - skip : h.byte_count;
    a->wrong |= (address & 0x7f) != h.lower_address || n > most || h.byte_count > all;
    a->wrong |= n < h.byte_count && (address + n) % rcb != 0;
    tlp_get_bytes(tlp_payload(t, &h), bytes, h.length * 4);
    for (unsigned i = 0; i < n && !a->wrong; i++) {
        a->wrong |= a->seen[h.tag][at + i] || bytes[skip + i] != byte_at(h.tag, address + i);
        a->wrong |= at + i > 0 && !a->seen[h.tag][at + i - 1];
        a->seen[h.tag][at + i] = 1;
    }
    a->disorder += a->pieces > 0 && h.tag < a->last_tag;
    a->last_tag = h.tag;
    a->pieces++;
}

static struct tlp_head random_read(unsigned tag)
{
    struct tlp_head h = {.kind = TLP_READ, .tag = (uint8_t)tag, .requester = 0x100};
    unsigned page = rng_below(&rng, 1000), at = rng_below(&rng, 1024), first = 0, last = 0;

    h.length = 1 + rng_below(&rng, 128);
    if (at + h.length > 1024)
        at = 1024 - h.length;
    h.address = page * 4096ull + at * 4;
    first = h.length == 1 ? rng_below(&rng, 16) : 0xfu << rng_below(&rng, 4);
    last = h.length == 1 ? 0 : 0xfu >> rng_below(&rng, 4);
    h.first_be = (uint8_t)(first & 0xf);
    h.last_be = (uint8_t)last;
    return h;
}

static struct answers *answer(struct reads *r, const struct tlp_head *asked, unsigned rcb, unsigned most)
{
    static struct answers a;
    struct tlp t;
    struct tlp_head h;
    uint64_t cycle = 0;

    memset(&a, 0, sizeof(a));
    for (; r->count > 0 && cycle < 100000; cycle++) {
        unsigned at = 0;
        struct read *q = NULL;

        while ((q = reads_due(r, &at, cycle)) != NULL) {
            for (unsigned i = 0; i < q->head.length * 4; i++)
                q->data[i] = byte_at(q->head.tag, q->head.address + i);
            q->state = READ_SETTLED;
        }
        if (reads_complete(r, &t, cycle, rcb, most) && !tlp_decode(&t, &h))
            check_piece(&a, r, &t, &asked[h.tag], rcb, most);
    }
    for (unsigned tag = 0; tag < 32; tag++) {
        unsigned n = tlp_request_bytes(&asked[tag]);

        a.wrong |= memchr(a.seen[tag], 0, n) != NULL || (n < 4096 && a.seen[tag][n]);
    }
    a.wrong |= r->count != 0 || r->header_used != 0 || r->data_used != 0;
    return &a;
}

static void run_reads(struct answers *total, const struct reads_config *config, unsigned rcb, unsigned most)
{
    struct reads r;
    struct tlp_head asked[32];

    memset(total, 0, sizeof(*total));
    reads_init(&r, config, &rng);
    for (unsigned round = 0; round < 50; round++) {
        const struct answers *a = NULL;

        for (unsigned tag = 0; tag < 32; tag++) {
            asked[tag] = random_read(tag);
            total->wrong |= reads_take(&r, &asked[tag], 0, rcb) != NULL;
        }
        a = answer(&r, asked, rcb, most);
        total->wrong |= a->wrong;
        total->pieces += a->pieces;
        total->disorder += a->disorder;
    }
    reads_free(&r);
}

static void test_reads(void)
{
    static struct answers plain, wild;
    struct reads_config config = {.latency = 20, .header_credits = 100000, .data_credits = 100000};

    run_reads(&plain, &config, 64, 128);
    tap_ok(!plain.wrong && plain.disorder == 0,
           "reads are answered in order, cut at 128 bytes: each byte once, credits all returned");
    config.split = 50, config.reorder = true;
    run_reads(&wild, &config, 64, 256);
    tap_ok(!wild.wrong && wild.disorder > 0, "so too when cut at random and reordered");
    config.split = 100;
    run_reads(&wild, &config, 128, 128);
    tap_ok(!wild.wrong, "and never cut but at the boundary of 128");
}

/* The completion of a double word at `address`, at this cycle. false: none. */
static bool answer_at(const struct reads_config *config, uint64_t address, uint64_t cycle, struct tlp_head *h)
{
    struct tlp_head ask = {.kind = TLP_READ, .length = 1, .first_be = 0xf, .address = address};
    struct reads r;
    struct tlp t;
    bool answered;

    reads_init(&r, config, &rng);
    (void)reads_take(&r, &ask, 0, 64);
    memset(r.by_tag[0].data, 0, 4);
    r.by_tag[0].state = READ_SETTLED;
    answered = reads_complete(&r, &t, cycle, 64, 128) && !tlp_decode(&t, h);
    reads_free(&r);
    return answered;
}

static void test_faults(void)
{
    struct reads_config config = {.header_credits = 36, .data_credits = 461};
    uint64_t at[READS_FAULTS];
    struct tlp_head h[READS_FAULTS];
    bool good = true;

    for (unsigned i = 0; i < READS_FAULTS; i++) {
        config.fault[i].address = 0x4000000000 + 0x10000 * i;
        config.fault[i].bytes = 0x4000;
        at[i] = config.fault[i].address + READS_FAULT_PAGE;
        for (unsigned page = 0; page < 6; page += page ? 1 : 2)
            good &= page == 3 || (answer_at(&config, config.fault[i].address + page * READS_FAULT_PAGE, 0, &h[i]) &&
                                  h[i].status == TLP_SUCCESS && !h[i].poisoned);
        if (i != READS_LATE)
            good &= answer_at(&config, at[i] + 0xffc, 0, &h[i]);
    }
    tap_ok(good && h[READS_UNSUPPORTED].status == TLP_UNSUPPORTED && h[READS_ABORTED].status == TLP_ABORT &&
               h[READS_POISONED].poisoned && h[READS_POISONED].status == TLP_SUCCESS,
           "every second page of a bad range is refused or poisoned, what is around it is not");
    tap_ok(!answer_at(&config, at[READS_LATE], READS_LATE_CLOCKS - 1, &h[0]) &&
               answer_at(&config, at[READS_LATE], READS_LATE_CLOCKS, &h[0]) && h[0].status == TLP_SUCCESS,
           "or answered late");
}

static void test_credits(void)
{
    struct reads_config config = {.latency = 0, .header_credits = 36, .data_credits = 461};
    struct tlp_head h = {.kind = TLP_READ, .length = 128, .first_be = 0xf, .last_be = 0xf};
    struct reads r;
    bool ok = true;

    reads_init(&r, &config, &rng);
    for (h.tag = 0; h.tag < 4; h.tag++)
        ok &= !reads_take(&r, &h, 0, 64);
    tap_ok(ok && r.header_used == 32 && r.data_used == 128, "an aligned read of 512 bytes takes 8 headers and 32 data credits");
    tap_ok(reads_take(&r, &(struct tlp_head){.tag = 3, .length = 1, .first_be = 1}, 0, 64), "a tag in use is noticed");
    tap_ok(reads_take(&r, &h, 0, 64) != NULL, "and the read that asks for more than the pool");
    reads_free(&r);
    config.header_credits = 255;
    reads_init(&r, &config, &rng);
    for (h.tag = 0, ok = true; h.tag < 14; h.tag++)
        ok &= !reads_take(&r, &h, 0, 64);
    tap_ok(ok && reads_take(&r, &h, 0, 64), "in data as well");
    reads_free(&r);
}

/* A page is in at most one map: compared with an array of pages. */
static void test_dma(void)
{
    enum { PAGES = 64, ROUNDS = 20000 };
    unsigned owner[PAGES] = {0}, maps = 0;
    struct dma d;
    bool ok = true;
    uint8_t byte = 0;

    dma_init(&d);
    for (unsigned i = 0; i < ROUNDS && ok; i++) {
        unsigned from = rng_below(&rng, PAGES), n = 1 + rng_below(&rng, PAGES - from), taken = 0, cut = 0, page = 0;

        n = rng_below(&rng, 3) ? 1 + n % 5 : n;
        n = n > PAGES - from ? PAGES - from : n;
        for (page = from; page < from + n; page++)
            taken |= owner[page];
        cut = from > 0 && owner[from] && owner[from - 1] == owner[from];
        cut |= from + n < PAGES && owner[from + n] && owner[from + n] == owner[from + n - 1];
        if (rng_below(&rng, 2)) {
            ok &= dma_add(&d, 4096ull * from, 4096ull * n, true, true, -1, 0) == (taken ? -EEXIST : 0);
            maps += !taken;
            for (page = from; page < from + n && !taken; page++)
                owner[page] = i + 1;
        } else {
            ok &= dma_remove(&d, 4096ull * from, 4096ull * n) == (cut ? -EINVAL : 0);
            for (page = from; page < from + n && !cut; page++)
                owner[page] = 0;
        }
        page = rng_below(&rng, PAGES);
        ok &= dma_read(&d, 4096ull * page + 4095, &byte, 1) == (owner[page] ? DMA_REMOTE : DMA_UNMAPPED);
    }
    tap_ok(ok && maps > 100, "random maps and unmaps do as an array of pages does (%u maps)", maps);
    dma_clear(&d);
}

static void test_guard(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    uint8_t *at = NULL, byte = 1;

    if (fd < 0 || ftruncate(fd, 8192) < 0 || guard_install() < 0)
        exit(1);
    at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    tap_ok(guard_store(at + 5000, &byte, 1) == 0 && guard_load(&byte, at + 5000, 1) == 0 && byte == 1,
           "guarded access to what is there");
    if (ftruncate(fd, 4096) < 0)
        exit(1);
    tap_ok(guard_store(at + 5000, &byte, 1) == -EFAULT && guard_load(&byte, at + 5000, 1) == -EFAULT,
           "to what is there no more: an error, not a signal");
    munmap(at, 8192);
    close(fd);
}

int main(void)
{
    const char *seed = getenv("SEED");

    rng.state = seed && *seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
    printf("# SEED=%llu\n", (unsigned long long)rng.state);
    tap_plan(44);
    test_config();
    test_tlp();
    test_stream();
    test_transmit();
    test_transmit_rate();
    test_reads();
    test_faults();
    test_credits();
    test_dma();
    test_guard();
    return tap_done();
}
