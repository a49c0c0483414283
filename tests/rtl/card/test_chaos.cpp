// SPDX-License-Identifier: Apache-2.0
//
// Robustness: under load, faults of the link, noise and resets at random moments every operation must end with the status that
// the faults which hit it say, every byte must be OpenSSL's, no write may fall outside the buffers that operations named, and
// after a reset no key is left and the card works on. CHAOS=n says how many lives, CHAOS_VERBOSE=1 tells of each.
#include <cstdio>
#include <cstdlib>

#include "chaos.h"
#include "memories.h"
#include "tests.h"

namespace chaos
{

const unsigned longest = 250000; // clocks of the longest operation, 16 KiB of 3DES, behind another

Chaos::Chaos(uint64_t seed) : host(seed), device(host)
{
    host.spoil = [this](const Span &) { return spoil(); };
    host.may_write = [this](const Span &write) { return named(write); };
    floor = host.mark();
    if (host.below(2)) {
        host.top.cfg_cpl_hdr_i = (uint8_t)(9 + host.below(28)); // at least enough for a read of 512 bytes
        host.top.cfg_cpl_data_i = (uint16_t)(33 + host.below(400));
    }
    host.reset();
}

bool Chaos::expect(bool kept, const char *what)
{
    if (!kept) {
        printf("# clock %llu: %s\n", (unsigned long long)host.clocks, what);
        good = false;
    }
    return kept;
}

Fault Chaos::spoil()
{
    static const Fault kinds[] = {Fault::Ur,    Fault::Ca,         Fault::Poisoned, Fault::Ecrc,
                                  Fault::Short, Fault::WrongCount, Fault::Middle};
    if (host.below(10000) >= spoil_rate) {
        return Fault::None;
    }
    if (silences && host.below(8) == 0) {
        silences--;
        return host.below(2) ? Fault::Silence : Fault::Late;
    }
    return kinds[host.below(6)];
}

bool Chaos::named(const Span &write) const
{
    auto it = writable.upper_bound(write.address);
    if (it == writable.begin()) {
        return false;
    }
    --it;
    return write.address + write.length <= it->first + it->second;
}

// ---------------------------------------------------------------- a life

void Chaos::weather()
{
    host.options = Options();
    host.options.jitter = host.below(3) * 200;
    host.options.reorder = host.below(2);
    host.options.random_split = host.below(2);
    host.options.stall = host.below(3) ? 0 : host.below(50);
    host.options.gap = host.below(3) ? 0 : host.below(40);
    host.options.straddle = host.below(4) != 0;
    host.top.cfg_mps_i = (uint8_t)host.below(3);
    host.top.cfg_mrrs_i = (uint8_t)host.below(4);
}

void Chaos::begin()
{
    spoil_rate = 0;
    ops.clear();
    queues.clear();
    readable.clear();
    writable = {{0, 0}};
    host.rewind(floor);
    host.hits.clear();
    expect(device.start(), "the card does not become ready");
    features = host.read32(SLUICE_REG_FEATURES);
    writable[device.aq->cq] = 32 * device.aq->depth();
    unsigned count = host.read32(SLUICE_REG_PARAMS0) >> 8 & 255;
    uint16_t slot = (uint16_t)host.below(200);
    queues.resize(count);
    for (unsigned i = 0; i < count; i++) {
        Queue &q = queues[i];
        q.ring = device.queue(i + 1, 3 + host.below(3));
        if (!expect(q.ring != nullptr, "a queue pair cannot be created")) {
            return;
        }
        writable[q.ring->cq] = 32 * q.ring->depth();
        q.parties.resize(1 + host.below(3));
        for (Party &p : q.parties) {
            p.sealer = oracle::random_sa(host, features);
            p.opener = p.sealer;
            p.opener.params.direction = SLUICE_DIRECTION_OPEN;
            p.opener.params.limit = 0;
            p.opener.params.replay = !oracle::tls(p.opener) && p.opener.params.mac != SLUICE_MAC_NONE;
            for (Sa *sa : {&p.sealer, &p.opener}) {
                sluice_cqe cqe = device.create(*sa, slot++);
                if (!expect(cqe.status == SLUICE_STATUS_OK, "an SA cannot be created")) {
                    printf("# status %u, %u\n", cqe.status, cqe.length);
                }
            }
            p.next = p.sealer.params.counter;
        }
    }
    static const unsigned rates[] = {0, 20, 100, 400};
    spoil_rate = rates[host.below(4)];
    silences = host.below(5);
}

void Chaos::noise()
{
    unsigned turn = host.below(12);
    if (turn == 0) {
        // A completion that nobody asked for.
        host.send({0x4a000001, 0x00080004, 0x01000000u | (64 + host.below(192)) << 8, (uint32_t)host.rng()}, 0);
    } else if (turn == 1) {
        expect(host.read32(SLUICE_REG_MAGIC) == SLUICE_MAGIC, "a register is read wrong");
    } else if (turn == 2) {
        uint8_t tag = host.next_tag();
        host.send({0x42000001u, 0x0008000fu | (uint32_t)tag << 8, (uint32_t)host.rng() & ~3u, 0}); // a write to I/O space
        Tlp tlp = host.answer(tag, 2000);
        expect(tlp.size() == 3 && (tlp[1] >> 13 & 7) == 1, "a request that is not supported is not answered so");
    }
}

void Chaos::drain()
{
    size_t left = 0;
    do {
        left = ops.size();
        host.until(
            [&] {
                unsigned pending = 0;
                for (Queue &q : queues) {
                    settle(q);
                    pending += q.pending;
                }
                return pending == 0;
            },
            longest);
    } while (!ops.empty() && ops.size() < left);
    for (const Queue &q : queues) {
        expect(q.pending == 0, "operations did not end");
    }
    host.until([&] { return host.top.idle_o && host.quiet(); }, 30000);
    expect(host.top.idle_o, "the card is not idle");
}

// An orderly end: SAs and queue pairs are destroyed.
void Chaos::leave()
{
    spoil_rate = 0;
    for (Queue &q : queues) {
        for (Party &p : q.parties) {
            bool gone = device.destroy(p.sealer).status == SLUICE_STATUS_OK;
            expect(device.destroy(p.opener).status == SLUICE_STATUS_OK && gone, "an SA cannot be destroyed");
        }
        expect(device.stop(q.ring->queue).status == SLUICE_STATUS_OK, "a queue pair cannot be destroyed");
    }
    host.until([&] { return host.top.idle_o; }, 3000);
    no_key_left(false);
}

// The rings are overwritten by a reset only.
void Chaos::no_key_left(bool rings)
{
    unsigned looked = 0;
    for (const std::string &name : memories::left(rings, &looked)) {
        printf("# not empty: %s\n", name.c_str());
        expect(false, "something is left in a memory that keys pass through");
    }
    expect(looked > 10, "memories are not to be seen");
}

void Chaos::reset(unsigned kind)
{
    resets[kind]++;
    wiped += (unsigned)ops.size();
    if (kind >= 4) {
        host.top.cfg_bus_master_i = 0;
        host.run(host.below(9000));
        host.top.cfg_bus_master_i = host.below(2);
    }
    switch (kind % 4) {
    case 0:
        host.write32(SLUICE_REG_CTRL, 1);
        host.run(20);
        break;
    case 1:
        host.top.cfg_flr_i = 1;
        host.clock();
        host.top.cfg_flr_i = 0;
        break;
    case 2:
        host.top.cfg_link_up_i = 0;
        host.run(1 + host.below(100));
        host.top.cfg_link_up_i = 1;
        break;
    default:
        host.top.rst_ni = 0;
        host.run(3);
        host.top.rst_ni = 1;
    }
    spoil_rate = 0;
    if (kind % 4) {
        host.run(2000); // what is on its way comes
        host.forget_reads();
    }
    bool ready = host.until([&] { return (host.read32(SLUICE_REG_STATUS) & 9) == 1; }, 3000);
    host.top.cfg_bus_master_i = 1;
    if (!expect(ready, "the card does not become ready after a reset")) {
        printf("# last answer after %u clocks, status %x, tx %u %u, rx %u %u\n", host.last_answer, host.read32(SLUICE_REG_STATUS),
               host.top.tx_valid_o, host.top.tx_ready_i, host.top.rx_valid_i, host.top.rx_ready_o);
    }
    no_key_left(true);
    writable = {{0, 0}};
    uint64_t writes = host.writes_seen, reads = host.reads_seen;
    host.run(500);
    expect(writes == host.writes_seen && reads == host.reads_seen, "something is sent after a reset");
}

void Chaos::life()
{
    begin();
    weather();
    uint64_t until = host.clocks + 2000 + host.below(25000);
    while (good && host.clocks < until) {
        for (Queue &q : queues) {
            push_some(q);
            settle(q);
        }
        noise();
        host.run(host.below(600));
    }
    if (queues.empty() || !queues.back().ring) {
        return;
    }
    unsigned kind = host.below(9);
    expect(!memories::left(true).empty(), "memories hold nothing under load");
    if (verbose) {
        printf("# clock %llu: end %u, %zu operations in flight, %u reads spoilt\n", (unsigned long long)host.clocks, kind,
               ops.size(), hits);
    }
    if (kind < 6) {
        reset(kind);
        return;
    }
    drain();
    leave();
}

} // namespace chaos

void test_chaos(uint64_t seed)
{
    static const char *const names[] = {"soft", "FLR", "link down", "hard", "bus mastering off, soft", "bus mastering off, FLR"};
    const char *env = getenv("CHAOS");
    unsigned most = env ? (unsigned)atoi(env) : 14, lives = 0;
    chaos::Chaos c(seed);
    c.verbose = getenv("CHAOS_VERBOSE") != nullptr;
    for (; lives < most && c.good; lives++) {
        c.life();
    }
    printf("# %u lives, %llu clocks: %u whole records, %u parts, %u verified, %u page lists; %u reads spoilt, %u entries lost, "
           "%u operations wiped\n# resets:",
           lives, (unsigned long long)c.host.clocks, c.whole, c.parts, c.verified, c.lists, c.hits, c.lost, c.wiped);
    for (auto [kind, count] : c.resets) {
        printf(" %s %u", names[kind], count);
    }
    printf("\n# statuses:");
    for (auto [status, count] : c.tally) {
        printf(" %u: %u", status, count);
    }
    printf("\n");
    ok(c.good, "faults, noise and resets at random: every operation ends as the rules say, no key is left, the card works on");
    ok(c.host.broken_rules == 0, "the card keeps the rules of the link");
}
