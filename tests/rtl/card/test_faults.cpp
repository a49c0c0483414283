// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong on the link, resets, counters, and how fast it is.
#include <cstdio>
#include <cstring>
#include <map>

#include "tests.h"

namespace
{

struct Card {
    explicit Card(uint64_t seed, unsigned cipher = SLUICE_CIPHER_AES128, unsigned mac = SLUICE_MAC_SHA256)
        : host(seed), device(host)
    {
        host.reset();
        up(cipher, mac);
    }
    void up(unsigned cipher, unsigned mac)
    {
        device.start();
        ring = device.queue(1, 8);
        sealer = make_sa(host, cipher, mac, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        device.create(sealer, 0);
        opener = sealer;
        opener.params.direction = SLUICE_DIRECTION_OPEN;
        opener.params.limit = 0;
        device.create(opener, 1);
    }
    // Seals `length` bytes at src; true when the record is right.
    bool seals(uint64_t src, unsigned length)
    {
        if (!ring) {
            return false;
        }
        uint64_t dst = host.alloc(length + 300);
        sluice_cqe cqe;
        Bytes content = host.get(src, length);
        Bytes record = reference_seal(sealer, content, 0x97, 0, sealer.counter, nullptr);
        ring->push(seal_entry(sealer, src, length, dst, length + 300, 5));
        ring->bell();
        bool there = ring->wait(cqe, 40000);
        ring->give();
        sealer.counter++;
        return there && cqe.status == SLUICE_STATUS_OK && host.get(dst, record.size()) == record;
    }
    Host host;
    Device device;
    std::unique_ptr<Ring> ring;
    Sa sealer, opener;
};

void bad_reads(uint64_t seed)
{
    static const struct {
        Fault fault;
        const char *what;
    } kinds[] = {{Fault::Ur, "unsupported request"},       {Fault::Ca, "completer abort"}, {Fault::Poisoned, "poisoned data"},
                 {Fault::Ecrc, "data with a wrong ECRC"},  {Fault::Silence, "no answer"},  {Fault::Short, "a cut completion"},
                 {Fault::WrongCount, "a wrong byte count"}};
    Card card(seed);
    uint64_t good = card.host.alloc(8192, 4096);

    for (const auto &kind : kinds) {
        uint64_t bad = card.host.alloc(16384, 4096);
        card.host.fault(bad + 4096, kind.fault);
        for (unsigned i = 0; i < 5; i++) {
            bool spoilt = i == 1 || i == 3;
            card.ring->push(
                seal_entry(card.sealer, spoilt ? bad + 4096 - 600 * i : good + i, 4000, card.host.alloc(5000), 5000, i));
        }
        card.ring->bell();
        bool right = true;
        for (unsigned i = 0; i < 5; i++) {
            sluice_cqe cqe;
            right = card.ring->wait(cqe) && right;
            right = right && cqe.status == (cqe.cookie == 1 || cqe.cookie == 3 ? SLUICE_STATUS_DMA_ERROR : SLUICE_STATUS_OK);
        }
        card.ring->give();
        card.sealer.counter += 5;
        ok(right && card.seals(good + 3, 1400), std::string(kind.what) + " ends its operation with a DMA error, and no other");
    }
    ok(card.host.timeouts > 0 && card.host.poisoned > 0, "time-outs and poisoned data are reported");
    uint32_t kept = card.host.read32(SLUICE_REG_TAG_STATE);
    ok(kept != 0 && card.host.until([&] { return card.host.top.idle_o; }, 50),
       "tags that were never answered stay in quarantine, and the card is idle");
    card.host.top.cfg_flr_i = 1;
    card.host.clock();
    card.host.top.cfg_flr_i = 0;
    card.host.run(4000);
    ok(card.host.flr_done == 1 && card.host.read32(SLUICE_REG_TAG_STATE) == 0, "a function reset frees them");
}

void bad_entry(uint64_t seed)
{
    Card card(seed);
    sluice_cqe cqe;
    sluice_sqe sqe = {};
    sqe.op = SLUICE_OP_NOP;
    sqe.cookie = 77;
    card.host.fault(card.ring->sq, Fault::Ur);
    card.ring->push(sqe);
    card.ring->bell();
    ok(card.ring->wait(cqe, 3000) && cqe.status == SLUICE_STATUS_DMA_ERROR && cqe.cookie == 0,
       "an entry that cannot be read ends with a DMA error");
    card.host.fault(card.ring->sq, Fault::None);
    card.ring->push(sqe);
    card.ring->bell();
    ok(card.ring->wait(cqe, 3000) && cqe.status == SLUICE_STATUS_OK && cqe.cookie == 77, "and the queue goes on");
}

void bus_master(uint64_t seed)
{
    Card card(seed);
    uint64_t src = card.host.alloc(4096);
    card.host.options.stall = 30;
    for (unsigned i = 0; i < 20; i++) {
        card.ring->push(seal_entry(card.sealer, src, 1000, card.host.alloc(2000), 2000, i));
    }
    card.ring->bell();
    card.host.run(700);
    // The frame under way, and what the stream had already been offered, may still come.
    card.host.until([&] { return card.host.top.tx_valid_o && card.host.top.tx_last_o && card.host.top.tx_ready_i; }, 5000);
    unsigned before = card.host.broken_rules;
    card.host.top.cfg_bus_master_i = 0;
    card.host.run(9000);
    unsigned late = card.host.broken_rules - before;
    uint64_t reads = card.host.reads_seen, writes = card.host.writes_seen;
    card.host.run(5000);
    ok(late <= 1 && reads == card.host.reads_seen && writes == card.host.writes_seen &&
           card.host.read32(SLUICE_REG_MAGIC) == SLUICE_MAGIC,
       "bus mastering off: nothing more is sent but answers");
    ok(!(card.host.read32(SLUICE_REG_STATUS) & 4) && card.host.top.idle_o, "operations end, the card is idle");
    card.host.top.cfg_bus_master_i = 1;
    card.host.options.stall = 0;
    card.host.write32(SLUICE_REG_CTRL, 1);
    card.host.run(100);
    card.up(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256);
    ok(card.seals(src, 1000), "after a reset it works again");
}

} // namespace

void test_faults(uint64_t seed)
{
    bad_reads(seed);
    bad_entry(seed);
    bus_master(seed);
}

void test_resets(uint64_t seed)
{
    static const char *const names[] = {"soft reset", "FLR", "link down", "hard reset"};
    Card card(seed);
    uint64_t src = card.host.alloc(20000);
    card.host.options.jitter = 200;

    for (unsigned round = 0; round < 8; round++) {
        unsigned kind = round % 4;
        for (unsigned i = 0; i < 12; i++) {
            card.ring->push(seal_entry(card.sealer, src, 1 + card.host.below(16000), card.host.alloc(17000), 17000, i));
        }
        card.ring->bell();
        card.host.run(card.host.below(6000));
        unsigned done = card.host.flr_done;
        if (kind == 0) {
            card.host.write32(SLUICE_REG_CTRL, 1);
            card.host.run(20);
        } else if (kind == 1) {
            card.host.top.cfg_flr_i = 1;
            card.host.clock();
            card.host.top.cfg_flr_i = 0;
            card.host.run(5);
        } else if (kind == 2) {
            card.host.top.cfg_link_up_i = 0;
            card.host.run(50);
            card.host.top.cfg_link_up_i = 1;
            card.host.run(5);
        } else {
            card.host.top.rst_ni = 0;
            card.host.run(3);
            card.host.top.rst_ni = 1;
            card.host.run(5);
        }
        uint32_t state = kind == 3 ? 0 : card.host.read32(SLUICE_REG_STATUS);
        if (kind) {
            // Reads under way are forgotten by both sides; the host waits for what is on its way.
            card.host.run(2000);
        }
        bool good = card.host.until([&] { return (card.host.read32(SLUICE_REG_STATUS) & 9) == 1; }, 2000);
        ok(!(state & 1) && good, std::string(names[kind]) + ": ready falls and comes back, nothing is in flight");
        ok(card.host.flr_done - done == (kind == 1), "the end of an FLR is told, of another reset not");
        ok(card.host.read32(SLUICE_REG_AQ_CTRL) == 0, "the admin queue is gone");
        Sa old = card.sealer;
        sluice_cqe cqe = {};
        card.device.start();
        card.ring = card.device.queue(1, 5);
        if (card.ring) {
            card.ring->push(seal_entry(old, src, 100, card.host.alloc(1000), 1000, 1));
            card.ring->bell();
            card.ring->wait(cqe);
            card.ring->give();
            card.device.stop(1);
        }
        ok(cqe.status == SLUICE_STATUS_NO_SUCH_SA, "the keys are gone");
        card.up(SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1);
        ok(card.seals(src, 1400), "and it works again");
    }
    ok(card.host.broken_rules == 0, "no reset breaks a rule of the link");
}

void test_counters(uint64_t seed)
{
    Card card(seed);
    uint64_t src = card.host.alloc(2000);
    card.device.snapshot();
    uint64_t cycles = card.device.counter(SLUICE_CNT_CYCLES), from = card.host.clocks;
    bool good = true;
    for (unsigned i = 0; i < 10; i++) {
        good = card.seals(src, 100) && good;
    }
    card.ring->push(seal_entry(card.opener, src, 1, src, 100, 1));
    card.ring->bell();
    sluice_cqe cqe;
    card.ring->wait(cqe);
    card.ring->give();
    card.device.snapshot();
    uint64_t passed = card.device.counter(SLUICE_CNT_CYCLES) - cycles;
    ok(passed >= card.host.clocks - from - 150 && passed <= card.host.clocks - from + 150, "cycles are clocks");
    ok(good && card.device.counter(SLUICE_CNT_SEAL_STATUS(SLUICE_STATUS_OK)) == 10 &&
           card.device.counter(SLUICE_CNT_SEAL_STATUS(SLUICE_STATUS_SA_MISMATCH)) == 1,
       "statuses are counted");
    ok(card.device.counter(SLUICE_CNT_CONTENT_BYTES) == 1000 &&
           card.device.counter(SLUICE_CNT_RECORD_BYTES) == 10 * (13 + 112 + 32 + 16),
       "bytes of records and content");
    ok(card.device.counter(SLUICE_CNT_QUEUE_TAKEN(1)) == 11 && card.device.counter(SLUICE_CNT_QUEUE_DONE(1)) == 11,
       "entries of a queue");
    uint64_t records = 0, busy = 0;
    for (unsigned lane = 0; lane < (card.host.read32(SLUICE_REG_PARAMS0) & 255); lane++) {
        records += card.device.counter(SLUICE_CNT_LANE_RECORDS(lane));
        busy += card.device.counter(SLUICE_CNT_LANE_BUSY(lane));
    }
    ok(records >= 10 && busy > 1000, "work of the lanes");
    uint64_t before = card.device.counter(SLUICE_CNT_RX_BEATS);
    card.seals(src, 1000);
    ok(before && before == card.device.counter(SLUICE_CNT_RX_BEATS), "what is read is the snapshot");
}

namespace
{

// Clocks a record of many, by the card's own counter of clocks.
double pace(Card &card, bool open, unsigned length, unsigned count)
{
    uint64_t src = card.host.alloc(length + 300), cookie = 0;
    Bytes record = reference_seal(card.sealer, Bytes(length, 3), 0x97, 0, card.sealer.counter, nullptr);
    if (open) {
        card.host.put(src, record.data(), record.size());
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t dst = card.host.alloc(length + 300);
        card.ring->push(open ? open_entry(card.opener, src, (unsigned)record.size(), dst, length + 300, cookie++)
                             : seal_entry(card.sealer, src, length, dst, length + 300, cookie++));
    }
    uint64_t from = card.host.clocks;
    card.ring->bell();
    for (unsigned i = 0; i < count; i++) {
        sluice_cqe cqe;
        if (!card.ring->wait(cqe) || cqe.status != SLUICE_STATUS_OK) {
            printf("# status %u\n", cqe.status);
            return 1e9;
        }
    }
    card.ring->give();
    card.sealer.counter += count;
    return double(card.host.clocks - from) / count;
}

} // namespace

void test_speed(uint64_t seed)
{
    Card card(seed);
    uint64_t from = card.host.clocks;
    uint64_t src = card.host.alloc(2000);
    card.seals(src, 1400);
    printf("# one 1400-byte record alone: %llu clocks from doorbell to completion\n",
           (unsigned long long)(card.host.clocks - from));
    for (unsigned open = 0; open < 2; open++) {
        for (unsigned length : {64u, 1400u}) {
            double clocks = pace(card, open, length, length == 64 ? 200 : 60);
            printf("# %s, %u bytes, 2 lanes, AES-128 + SHA-256: %.1f clocks a record, %.2f bytes a clock\n",
                   open ? "open" : "seal", length, clocks, length / clocks);
            ok(length / clocks >= (length == 1400 ? 1.4 : 0.3), std::string(open ? "open" : "seal") + " of " +
                                                                    std::to_string(length) + " bytes: at least " +
                                                                    (length == 1400 ? "1.4" : "0.3") + " bytes a clock");
        }
    }
}
