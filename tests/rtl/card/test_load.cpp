// SPDX-License-Identifier: Apache-2.0
//
// Many operations at once: completions in common TLPs, small writes beside large ones, register reads at load, interrupts that
// wait, queues that flood.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests.h"
#include "traffic.h"

namespace
{

const uint32_t door = 0xfee00000;

sluice_sqe nop(uint64_t cookie)
{
    sluice_sqe sqe = {};
    sqe.op = SLUICE_OP_NOP;
    sqe.cookie = cookie;
    return sqe;
}

unsigned io_queues(Host &host)
{
    return host.read32(SLUICE_REG_PARAMS0) >> 8 & 255;
}

void batches(uint64_t seed)
{
    Host host(seed);
    Device device(host);
    sluice_cqe cqe;
    host.reset();
    device.start();
    auto ring = device.queue(1, 5);
    bool good = true;
    unsigned entries = 0, tlps = 0, most = 0;
    host.log_writes = true;
    for (unsigned round = 0; round < 12; round++) {
        unsigned n = 1 + host.below(31);
        host.writes.clear();
        for (unsigned i = 0; i < n; i++) {
            ring->push(nop(100 * round + i));
        }
        ring->bell();
        for (unsigned i = 0; i < n; i++) {
            good = ring->wait(cqe, 4000) && cqe.cookie == 100 * round + i && cqe.status == SLUICE_STATUS_OK && good;
        }
        ring->give();
        entries += n;
        tlps += static_cast<unsigned>(host.writes.size());
        for (const Host::Write &w : host.writes) {
            most = std::max(most, w.bytes);
            good = good && w.bytes % 32 == 0 && w.address >= ring->cq && w.address + w.bytes <= ring->cq + 32 * ring->depth();
        }
    }
    printf("# %u completion entries in %u TLPs\n", entries, tlps);
    ok(good && most == 128, "completion entries of a queue leave up to four in a TLP, none over the ring's end");
    ok(tlps * 2 < entries, "and two at least, on the average, where they are ready");
    uint64_t from = host.clocks;
    ring->push(nop(1));
    ring->bell();
    good = ring->wait(cqe, 4000);
    printf("# a nop alone: %llu clocks from doorbell to completion\n", (unsigned long long)(host.clocks - from));
    ok(good && host.clocks - from < 125 + 100, "one alone does not wait for others");
    ok(host.broken_rules == 0, "the card keeps the rules of the link");
}

// One queue seals what is large, the other does nothing, quickly; the host asks for registers all the time.
void small_beside_large(uint64_t seed)
{
    Traffic t(seed, true);
    Stream &large = t.add(Stream::Seal, 16384, 6);
    auto ring = t.device.queue(2, 4);
    uint64_t slowest = 0, answer = 0;
    unsigned between = 0;
    sluice_cqe cqe;
    t.check = 4;
    t.fill();
    t.run(30000);
    t.host.log_writes = true;
    for (unsigned i = 0; i < 60; i++) {
        uint64_t from = t.host.clocks;
        t.host.writes.clear();
        ring->push(nop(i));
        ring->bell();
        bool there = false;
        while (!there && t.host.clocks - from < 5000) {
            t.run(8);
            there = ring->pop(cqe);
        }
        ring->give();
        slowest = std::max(slowest, t.host.clocks - from);
        t.run(40);
        for (size_t w = 1; w + 1 < t.host.writes.size(); w++) {
            bool entry = t.host.writes[w].address >= ring->cq && t.host.writes[w].address < ring->cq + 512;
            between +=
                entry && t.host.writes[w - 1].bytes == 128 && t.host.writes[w + 1].address == t.host.writes[w - 1].address + 128;
        }
        uint8_t tag = t.host.next_tag();
        t.host.send({1, 0x00080000u | (uint32_t)tag << 8 | 0xf, 0xfe000000u | SLUICE_REG_MAGIC});
        bool right = t.host.answer(tag).size() == 4;
        answer = std::max(answer, right ? t.host.answered - t.host.asked : ~uint64_t(0));
        t.run(40 + t.host.below(400));
    }
    printf("# slowest nop %llu clocks, slowest register read %llu\n", (unsigned long long)slowest, (unsigned long long)answer);
    ok(slowest < 1000 && between > 0, "completions go between the TLPs of a large write");
    ok(answer <= 64, "a register read is answered within 64 clocks while the link is full");
    t.drain();
    ok(large.bad == 0 && large.done == large.pushed && t.host.broken_rules == 0, "and the large records are right");
}

} // namespace

void test_load(uint64_t seed)
{
    batches(seed);
    small_beside_large(seed);
}

namespace
{

sluice_cqe coalesce(Device &device, unsigned queue, unsigned count, unsigned clocks)
{
    sluice_sqe sqe = {};
    sqe.op = SLUICE_OP_QUEUE_COALESCE;
    sqe.sa = static_cast<uint16_t>(queue);
    sqe.pad = static_cast<uint8_t>(count);
    for (unsigned i = 0; i < 3; i++) {
        sqe.src_len[i] = static_cast<uint8_t>(clocks >> 8 * i);
    }
    return device.admin(sqe);
}

// Arms, sends so many nops and waits for their completions; interrupts since.
unsigned nops(Host &host, Ring &ring, unsigned count)
{
    sluice_cqe cqe;
    size_t before = host.messages.size();
    ring.give(true);
    for (unsigned i = 0; i < count; i++) {
        ring.push(nop(i));
    }
    ring.bell();
    for (unsigned i = 0; i < count; i++) {
        ring.wait(cqe, 4000);
    }
    host.run(60);
    return static_cast<unsigned>(host.messages.size() - before);
}

} // namespace

void test_coalescing(uint64_t seed)
{
    Host host(seed);
    Device device(host);
    host.reset();
    device.start();
    auto ring = device.queue(1, 5);
    for (unsigned v = 0; v < 2; v++) {
        host.write32(SLUICE_REG_MSIX_TABLE(v), door + 16 * v);
        host.write32(SLUICE_REG_MSIX_TABLE(v) + 4, 0);
        host.write32(SLUICE_REG_MSIX_TABLE(v) + 8, v);
        host.write32(SLUICE_REG_MSIX_TABLE(v) + 12, 0);
    }
    ok(nops(host, *ring, 1) == 1, "without coalescing one completion is enough");
    host.until([&] { return host.top.idle_o; }, 40000); // the management is done with what follows a reset

    ok(coalesce(device, 1, 4, 3000).status == SLUICE_STATUS_OK, "coalescing is set");
    size_t before = host.messages.size();
    uint64_t from = host.clocks;
    ok(nops(host, *ring, 3) == 0 && !host.top.idle_o, "fewer than the number: the interrupt waits, and the card is not idle");
    host.until([&] { return host.messages.size() > before; }, 5000);
    uint64_t waited = host.clocks - from;
    ok(host.messages.size() == before + 1 && waited >= 3000 && waited < 3000 + 400, "it comes when the time is over");
    host.run(4000);
    ok(host.messages.size() == before + 1 && host.top.idle_o, "once, and then the card is idle");
    nops(host, *ring, 1);
    host.until([&] { return host.top.idle_o; }, 4000);
    ok(host.messages.size() == before + 2, "the card is not idle before it is sent: the clock may stop then");
    ok(nops(host, *ring, 4) == 1, "as many as the number: it comes at once");
    host.run(4000);
    ok(nops(host, *ring, 9) == 1, "more are one interrupt too");
    host.run(4000);
    ok(nops(host, *ring, 2) == 0, "two wait");
    before = host.messages.size();
    ring->give(true);
    host.run(4000);
    ok(host.messages.size() == before && host.top.idle_o,
       "completions that were taken meanwhile need no interrupt, nor its time");
    ok(nops(host, *ring, 0) == 0 && nops(host, *ring, 5) == 1, "and the next ones do");

    coalesce(device, 1, 3, 0);
    ok(nops(host, *ring, 2) == 0 && host.until([&] { return host.top.idle_o; }, 100),
       "without a time the number alone counts, and the card may be idle");
    before = host.messages.size();
    sluice_cqe cqe;
    ring->push(nop(1));
    ring->bell();
    ring->wait(cqe, 3000);
    host.run(60);
    ok(host.messages.size() == before + 1, "with the third it comes");

    coalesce(device, 1, 200, 300);
    before = host.messages.size();
    nops(host, *ring, 1);
    host.run(400);
    ok(host.messages.size() == before + 1, "a number that the ring cannot hold leaves the time");
    device.stop(1);
    ring = device.queue(1, 3);
    ok(nops(host, *ring, 1) == 1, "a queue pair that is created again does not coalesce");
    ok(coalesce(device, 0, 1, 1).status == SLUICE_STATUS_INVALID_FIELD &&
           coalesce(device, io_queues(host) + 1, 1, 1).status == SLUICE_STATUS_INVALID_FIELD &&
           coalesce(device, 2, 1, 1).status == SLUICE_STATUS_INVALID_FIELD,
       "there is none for the admin queue, nor for a queue pair that does not exist");
    ok(host.broken_rules == 0, "the card keeps the rules of the link");
}

namespace
{

// The same the other way round: a flood of small records, and one of the largest at a time.
void large_beside_small(uint64_t seed)
{
    Traffic t(seed, true);
    Stream &flood = t.add(Stream::Mixed, 64, 100);
    Stream &large = t.add(Stream::Mixed, 16384, 1);
    t.check = 16;
    t.fill();
    t.run(60000);
    uint64_t from = t.host.clocks;
    flood.done = large.done = 0;
    large.longest = 0;
    t.run(200000);
    double clocks = double(t.host.clocks - from);
    printf("# in a flood of 64 bytes, one in %.1f clocks: a 16 KiB record in %.0f clocks, the slowest in %llu\n",
           clocks / std::max(1u, flood.done), clocks / std::max(1u, large.done), (unsigned long long)large.longest);
    ok(large.done >= 6 && large.longest <= 40000 && flood.bad == 0 && large.bad == 0,
       "a large record gets its share in a flood of small ones");
    ok(clocks / std::max(1u, flood.done) <= 600.0 / (t.host.read32(SLUICE_REG_PARAMS0) & 255),
       "and they do not wait for it, though it works on one lane all the time");
    t.drain();
}

} // namespace

// Queue 1 floods with the largest records, every other queue has one small record in flight all the time.
void test_fairness(uint64_t seed)
{
    large_beside_small(seed);
    Traffic t(seed, true);
    unsigned queues = io_queues(t.host), lanes = t.host.read32(SLUICE_REG_PARAMS0) & 255;
    t.add(Stream::Seal, 16384, 100);
    for (unsigned q = 1; q < queues; q++) {
        t.add(Stream::Mixed, 64, 1);
    }
    t.check = 4;
    t.fill();
    t.run(60000);
    for (Stream &s : t.all) {
        s.longest = 0;
        s.done = 0;
    }
    unsigned clocks = 200000;
    uint64_t from = t.host.clocks;
    t.run(clocks);
    uint64_t slowest = 0;
    unsigned fewest = ~0u, bad = t.all[0].bad;
    for (unsigned q = 1; q < queues; q++) {
        slowest = std::max(slowest, t.all[q].longest);
        fewest = std::min(fewest, t.all[q].done);
        bad += t.all[q].bad;
    }
    double flood = double(t.host.clocks - from) / std::max(1u, t.all[0].done);
    printf(
        "# %u lanes: the flood gets a 16 KiB record in %.0f clocks; of each other queue %u records at least, the slowest in %llu "
        "clocks\n",
        lanes, flood, fewest, (unsigned long long)slowest);
    ok(bad == 0 && t.host.broken_rules == 0, "a queue that floods and others: all records are right");
    ok(fewest >= clocks / 12000, "the others get their share");
    ok(slowest <= 12000, "none of their records waits long");
    t.drain();
}
