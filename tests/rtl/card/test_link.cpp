// SPDX-License-Identifier: Apache-2.0
//
// Registers, odd TLPs and interrupts.
#include <algorithm>
#include <cstdio>

#include "tests.h"
#include "traffic.h"

namespace
{

const uint32_t host_id = 0x0008, base = 0xfe000000;

Tlp read_tlp(uint32_t offset, unsigned be, unsigned length, uint8_t tag)
{
    return {length, host_id << 16 | (uint32_t)tag << 8 | be, base | offset};
}

unsigned status_of(const Tlp &tlp)
{
    return tlp.size() < 3 ? 99 : tlp[1] >> 13 & 7;
}

struct Odd {
    const char *what;
    Tlp tlp;
    bool answered;
    unsigned bar;
};
const Odd odd[] = {
    {"memory read of 3 DW", {3, host_id << 16 | 0xff, base}, true, 1},
    {"memory read of 1024 DW", {0, host_id << 16 | 0xff, base}, true, 1},
    {"1 DW with last byte enables", {1, host_id << 16 | 0xff, base}, true, 1},
    {"locked read", {0x01000001, host_id << 16 | 0x0f, base}, true, 1},
    {"memory read of another BAR", {1, host_id << 16 | 0x0f, base}, true, 2},
    {"I/O read", {0x02000001, host_id << 16 | 0x0f, 0x100}, true, 1},
    {"I/O write", {0x42000001, host_id << 16 | 0x0f, 0x100, 1}, true, 1},
    {"configuration read", {0x04000001, host_id << 16 | 0x0f, 0x100}, true, 1},
    {"fetch-and-add", {0x4c000001, host_id << 16 | 0x0f, base, 1}, true, 1},
    {"memory write of 4 DW", {0x40000004, host_id << 16 | 0xff, base + 0x40, 1, 2, 3, 4}, false, 1},
    {"poisoned memory write", {0x40004001, host_id << 16 | 0x0f, base + 0x44, 0x99999999}, false, 1},
    {"compare-and-swap", {0x6e000002, host_id << 16 | 0xff, 0, base, 1, 2}, true, 1},
    {"memory write without its second DW", {0x60000002, host_id << 16 | 0xff, 0, base + SLUICE_REG_AQ_SQ_HI, 1}, false, 1},
    {"frame that ends in its header", {0x00000001, host_id << 16 | 0x0f}, false, 1},
    {"message", {0x34000000, host_id << 16 | 0x14, 0, 0}, false, 1},
    {"completion that nobody waits for", {0x4a000001, host_id << 16 | 4, 0x01000500, 7}, false, 1},
    {"completion without data", {0x0a000000, host_id << 16 | 1 << 13, 0x01000600}, false, 1},
};

} // namespace

void test_registers(uint64_t seed)
{
    Host host(seed);
    Device device(host);

    host.reset();
    ok(host.read32(SLUICE_REG_MAGIC) == SLUICE_MAGIC && host.last_answer <= SLUICE_MMIO_ANSWER_CLOCKS, "MAGIC is read at once");
    ok(!(host.read32(SLUICE_REG_STATUS) & 1), "the card is not ready before its tables are overwritten");
    ok(host.read32(SLUICE_REG_VERSION) == (SLUICE_MAJOR << 16 | SLUICE_MINOR), "VERSION");
    ok(host.read32(SLUICE_REG_PARAMS0) == (READ_TAGS << 24 | 0xc0000 | IO_QUEUES << 8 | LANES) &&
           host.read32(SLUICE_REG_PARAMS1) == (0x04000000 | SA_COUNT),
       "PARAMS tell the build");
    ok(host.read32(SLUICE_REG_PARAMS2) == (0x100 | (LANES < 8 ? 1 : 2)) && host.read32(SLUICE_REG_BUILD_ID) == 0 &&
           host.read32(SLUICE_REG_CLOCK_KHZ) == 125000,
       "so do PARAMS2, BUILD_ID and CLOCK_KHZ");
    ok(host.read64(SLUICE_REG_MAGIC) == (SLUICE_MAGIC | (uint64_t)(SLUICE_MAJOR << 16 | SLUICE_MINOR) << 32), "8-byte read");
    ok(host.read32(0x0ffc) == 0 && host.read32(0xbffc) == 0, "what is not there reads 0");
    ok(device.start(), "ready after the tables are overwritten");

    bool good = true;
    for (unsigned be = 0; be < 16; be++) {
        uint8_t tag = host.next_tag();
        host.send(read_tlp(SLUICE_REG_MAGIC, be, 1, tag));
        Tlp tlp = host.answer(tag);
        unsigned first = be ? (unsigned)__builtin_ctz(be) : 0, last = be ? 31u - (unsigned)__builtin_clz(be) : 0;
        good = good && tlp.size() == 4 && (tlp[1] & 0xfff) == last - first + 1 && (tlp[2] & 127) == first &&
               status_of(tlp) == 0 && tlp[2] >> 8 == (host_id << 8 | tag) && host.last_answer <= SLUICE_MMIO_ANSWER_CLOCKS;
    }
    ok(good, "byte count and lower address for every byte enable, zero-length read too");

    host.write32(SLUICE_REG_AQ_CTRL, 0);
    host.write32(SLUICE_REG_AQ_SQ_HI, 0x11223344);
    host.write32(SLUICE_REG_AQ_SQ_HI, 0xaabbccdd, 5);
    ok(host.read32(SLUICE_REG_AQ_SQ_HI) == 0x11bb33dd, "bytes that are not enabled keep their value");
    host.write32(SLUICE_REG_AQ_CTRL, 13 | 1u << 31);
    ok(host.read32(SLUICE_REG_AQ_CTRL) >> 31 == 0, "a depth out of range does not start the admin queue");
    host.write32(SLUICE_REG_AQ_CTRL, 4 | 1u << 31);
    host.write32(SLUICE_REG_AQ_SQ_HI, 5);
    ok(host.read32(SLUICE_REG_AQ_SQ_HI) == 0x11bb33dd && host.read32(SLUICE_REG_AQ_CTRL) == (4 | 1u << 31),
       "addresses of the admin rings are fixed while it runs");

    host.options.stall = 60;
    good = true;
    for (unsigned i = 0; i < 50; i++) {
        uint8_t first = host.next_tag(), second = host.next_tag();
        good = good && (uint32_t)host.read64(SLUICE_REG_MAGIC) == SLUICE_MAGIC;
        host.send(read_tlp(SLUICE_REG_MAGIC, 0x0f, 1, first));
        host.send(read_tlp(SLUICE_REG_VERSION, 0x0f, 1, second));
        host.send({0x60000002, host_id << 16 | 0xff, 0, base | SLUICE_REG_AQ_SQ_LO, i, i}); // fixed now
        Tlp a = host.answer(first), b = host.answer(second);
        good = good && a.size() == 4 && a[3] == __builtin_bswap32(SLUICE_MAGIC) && b.size() == 4 &&
               b[3] == __builtin_bswap32(SLUICE_MAJOR << 16 | SLUICE_MINOR);
    }
    ok(good && host.broken_rules == 0, "registers answer under back-pressure");
}

void test_tlps(uint64_t seed)
{
    Host host(seed);
    Device device(host);
    host.reset();
    device.start();
    for (const Odd &o : odd) {
        uint8_t tag = host.next_tag();
        Tlp tlp = o.tlp;
        if (o.answered) {
            tlp[1] |= (uint32_t)tag << 8;
        }
        host.send(tlp, o.bar);
        Tlp got = host.answer(tag, 100);
        ok((o.answered ? status_of(got) == 1 && got.size() == 3 : got.empty()) && host.read32(SLUICE_REG_MAGIC) == SLUICE_MAGIC,
           std::string(o.what) + (o.answered ? " is answered unsupported" : " is dropped"));
    }
    ok(host.unexpected == 2 && host.poisoned == 1 && host.ur == 11, "each was reported once");
    ok(host.read32(SLUICE_REG_LAST_BAD_TLP(2)) == 0x01000600, "the header of the last one can be read");
    device.snapshot();
    ok(device.counter(SLUICE_CNT_BAD_TLP) == 16, "they are counted");
    ok(host.read32(SLUICE_REG_AQ_SQ_HI) == (uint32_t)(device.aq->sq >> 32), "a refused write changes nothing");

    for (unsigned bad : {1u, 2u}) {
        host.send({0x40000001, host_id << 16 | 0x0f, base + SLUICE_REG_AQ_SQ_HI, 0x99999999}, 1, bad);
    }
    ok(host.read32(SLUICE_REG_AQ_SQ_HI) == (uint32_t)(device.aq->sq >> 32) && host.poisoned == 3,
       "a write whose ECRC is wrong, or that the PCIe block calls poisoned, changes nothing");
    bool good = true;
    for (unsigned i = 0; i < 32; i++) {
        uint8_t tag = host.next_tag();
        Tlp tlp = read_tlp(SLUICE_REG_MAGIC, 0x0f, 1, tag);
        tlp[0] |= (i & 7) << 20 | (i >> 3) << 12;
        tlp[1] = (tlp[1] & 0xffff) | host.below(0x10000) << 16;
        host.send(tlp);
        Tlp got = host.answer(tag);
        good = good && got.size() == 4 && (got[0] & 0x00703000) == (tlp[0] & 0x00703000) && got[2] >> 16 == tlp[1] >> 16;
    }
    ok(good, "an answer has the traffic class, attributes and requester of the question");

    good = true;
    host.options.gap = 20;
    for (unsigned i = 0; i < 200; i++) {
        uint8_t tag = host.next_tag();
        unsigned kind = host.below(3);
        if (!host.below(4)) {
            host.send({0x40000008, host_id << 16 | 0xff, base + SLUICE_REG_MSIX_TABLE(0), 1, 2, 3, 4, 5, 6, 7, 8});
        }
        if (kind == 0) {
            host.write32(SLUICE_REG_MSIX_TABLE(0), i << 2);
        } else if (kind == 1) {
            host.send({0x60000002, host_id << 16 | 0xff, 0, base | SLUICE_REG_MSIX_TABLE(0), __builtin_bswap32(i << 2),
                       __builtin_bswap32(i)});
            kind = 0;
        }
        host.send(read_tlp(kind == 0 ? SLUICE_REG_MSIX_TABLE(0) : SLUICE_REG_MAGIC, 0x0f, 1, tag));
        Tlp got = host.answer(tag);
        good = good && got.size() == 4 && __builtin_bswap32(got[3]) == (kind == 0 ? i << 2 : SLUICE_MAGIC);
    }
    ok(good && host.broken_rules == 0, "a read sees the writes before it, straddled frames or not, 3 and 4 DW headers");
}

namespace
{

const uint32_t door = 0xfee00000;

void vector(Host &host, unsigned v, bool masked)
{
    host.write32(SLUICE_REG_MSIX_TABLE(v), door + 16 * v);
    host.write32(SLUICE_REG_MSIX_TABLE(v) + 4, 0);
    host.write32(SLUICE_REG_MSIX_TABLE(v) + 8, 0x100 + v);
    host.write32(SLUICE_REG_MSIX_TABLE(v) + 12, masked);
}

void nop(Host &host, Ring &ring, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sluice_sqe sqe = {};
        sqe.op = SLUICE_OP_NOP;
        sqe.cookie = host.rng();
        ring.push(sqe);
    }
    ring.bell();
}

} // namespace

void test_msix(uint64_t seed)
{
    Host host(seed);
    Device device(host);
    sluice_cqe cqe;

    host.reset();
    device.start();
    auto ring = device.queue(1, 3);
    ok(ring && host.read32(SLUICE_REG_MSIX_TABLE(1) + 12) == 1, "vectors are masked after reset");
    vector(host, 1, false);
    vector(host, 0, true);
    ok(host.read32(SLUICE_REG_MSIX_TABLE(1) + 8) == 0x101 && host.read32(SLUICE_REG_MSIX_TABLE(1) + 12) == 0,
       "the table can be read");

    nop(host, *ring, 1);
    ring->wait(cqe);
    host.run(100);
    ok(host.messages.empty(), "no interrupt without being armed");
    ring->give(true);
    host.run(50);
    ok(host.messages.empty(), "armed with nothing there: none yet");
    nop(host, *ring, 3);
    host.run(600);
    ok(host.messages.size() == 1 && host.messages[0].address == door + 16 && host.messages[0].data == 0x101,
       "one interrupt for three completions, of the queue's vector");
    ring->give(true);
    host.run(100);
    ok(host.messages.size() == 2, "arming with completions there sends one at once");
    ok(ring->wait(cqe, 10) && ring->wait(cqe, 10) && ring->wait(cqe, 10), "the completion entries were there before it");
    ring->give(false);

    host.write32(SLUICE_REG_MSIX_TABLE(1) + 12, 1);
    ring->give(true);
    nop(host, *ring, 1);
    ring->wait(cqe);
    host.run(100);
    ok(host.messages.size() == 2 && host.read32(SLUICE_REG_MSIX_PBA) == 2, "masked: the pending bit is set");
    host.write32(SLUICE_REG_MSIX_TABLE(1) + 12, 0);
    host.run(100);
    ok(host.messages.size() == 3 && host.read32(SLUICE_REG_MSIX_PBA) == 0, "unmasking sends it once and clears the bit");

    host.top.cfg_msix_mask_i = 1;
    ring->give(true);
    nop(host, *ring, 1);
    ring->wait(cqe);
    host.run(100);
    ok(host.messages.size() == 3 && host.read32(SLUICE_REG_MSIX_PBA) == 2, "the function's mask holds it back");
    host.top.cfg_msix_mask_i = 0;
    host.top.cfg_msix_enable_i = 0;
    host.run(100);
    ok(host.messages.size() == 3, "so does MSI-X that is off");
    host.top.cfg_msix_enable_i = 1;
    host.run(100);
    ok(host.messages.size() == 4, "and it is sent then");

    ring->give(true);
    nop(host, *ring, 1);
    ring->wait(cqe);
    host.run(20);
    uint64_t after = host.messages.back().clock;
    device.snapshot();
    ok(host.messages.size() == 5 && after <= host.clocks && device.counter(SLUICE_CNT_INTERRUPTS) == 5, "interrupts are counted");
    ok(host.broken_rules == 0, "the card keeps the rules of the link");
}

// Register reads, and what no card should be sent, while every queue is at work.
void test_noise(uint64_t seed)
{
    static const uint32_t registers[] = {
        SLUICE_REG_MAGIC,    SLUICE_REG_STATUS, SLUICE_REG_TAG_STATE,    SLUICE_REG_LAST_BAD_TLP(3), SLUICE_REG_MSIX_TABLE(1),
        SLUICE_REG_MSIX_PBA, SLUICE_CNT_CYCLES, SLUICE_CNT_LANE_BUSY(1), SLUICE_REG_AQ_CTRL,         SLUICE_CNT_QUEUE_TAKEN(1)};
    for (unsigned mps = 0; mps < 3; mps++) {
        Traffic t(seed, true);
        unsigned queues = t.host.read32(SLUICE_REG_PARAMS0) >> 8 & 255;
        t.host.top.cfg_mps_i = mps;
        for (unsigned q = 0; q < queues; q++) {
            t.add(q % 2 ? Stream::Mixed : Stream::Seal, q % 2 ? 1400 : 16384, q % 2 ? 20 : 6);
        }
        t.check = 5;
        t.fill();
        t.run(20000);
        uint64_t slowest = 0;
        unsigned wrong = 0, expected = 0;
        for (unsigned i = 0; i < 200; i++) {
            t.run(8 + t.host.below(200));
            uint8_t tag = t.host.next_tag();
            uint32_t offset = registers[t.host.below(sizeof registers / sizeof *registers)];
            t.host.send(read_tlp(offset, 0x0f, 1, tag));
            Tlp got = t.host.answer(tag);
            wrong += got.size() != 4 || (offset == SLUICE_REG_MAGIC && __builtin_bswap32(got[3]) != SLUICE_MAGIC);
            slowest = std::max(slowest, t.host.answered - t.host.asked);
            if (i % 2) {
                continue;
            }
            const Odd &o = odd[t.host.below(sizeof odd / sizeof *odd)];
            Tlp tlp = o.tlp;
            tag = t.host.next_tag();
            expected += tlp[0] != 0x34000000;
            tlp[2] |= (tlp[0] >> 24 & 31) == 10 ? 0x8000 : 0; // a tag that the card never uses
            if (o.answered) {
                tlp[1] |= (uint32_t)tag << 8;
            }
            t.host.send(tlp, o.bar);
            if (o.answered) {
                wrong += status_of(t.host.answer(tag)) != 1;
                slowest = std::max(slowest, t.host.answered - t.host.asked);
            }
        }
        t.drain();
        t.device.snapshot();
        unsigned bad = t.host.broken_rules;
        for (const Stream &s : t.all) {
            bad += s.bad;
        }
        printf("# payloads of %u bytes: %u records, the slowest answer after %llu clocks\n", 128u << mps, t.done,
               (unsigned long long)slowest);
        ok(wrong == 0 && slowest <= SLUICE_MMIO_ANSWER_CLOCKS,
           "registers and refusals are answered within 64 clocks at full load");
        ok(bad == 0 && t.device.counter(SLUICE_CNT_BAD_TLP) == expected, "odd TLPs are counted and disturb no record");
    }
}
