// SPDX-License-Identifier: Apache-2.0
//
// Bad submission entries, rings at their edges, order within an SA.
#include <cstdio>
#include <cstring>
#include <map>

#include "tests.h"

namespace
{

// A card with one queue pair, a sealing and an opening SA.
class Bench
{
  public:
    Bench(uint64_t seed, unsigned depth_log2, unsigned cipher = SLUICE_CIPHER_AES128, bool replay = true)
        : host(seed), device(host)
    {
        host.reset();
        device.start();
        ring = device.queue(1, depth_log2);
        sealer = make_sa(host, cipher, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        opener = sealer;
        opener.params.direction = SLUICE_DIRECTION_OPEN;
        opener.params.limit = 0;
        opener.params.replay = replay;
        device.create(sealer, 3);
        device.create(opener, 255);
        src = host.alloc(20000);
        dst = host.alloc(20000);
    }
    sluice_cqe one(const sluice_sqe &sqe)
    {
        sluice_cqe cqe;
        ring->push(sqe);
        ring->bell();
        ring->wait(cqe);
        ring->give();
        return cqe;
    }
    Host host;
    Device device;
    std::unique_ptr<Ring> ring;
    Sa sealer, opener;
    uint64_t src, dst;
};

void status(Bench &b, sluice_sqe sqe, unsigned want, const char *what)
{
    Bytes before(400, 0x77);
    b.host.put(b.dst, before.data(), before.size());
    sqe.cookie = b.host.rng();
    sluice_cqe cqe = b.one(sqe);
    ok(cqe.status == want && cqe.cookie == sqe.cookie && cqe.length == 0 && b.host.get(b.dst, 400) == before, what);
}

uint64_t counter_of(const sluice_cqe &cqe)
{
    uint64_t counter;
    memcpy(&counter, cqe.counter, 8);
    return counter;
}

} // namespace

void test_entries(uint64_t seed)
{
    Bench b(seed, 3);
    sluice_sqe seal = seal_entry(b.sealer, b.src, 100, b.dst, 300, 0);
    sluice_sqe sqe = seal;

    sqe.op = 0x14;
    status(b, sqe, SLUICE_STATUS_UNSUPPORTED, "an unknown operation is unsupported");
    sqe.op = SLUICE_OP_IDENTIFY;
    status(b, sqe, SLUICE_STATUS_UNSUPPORTED, "an admin operation is unsupported on an I/O queue");
    sqe = seal;
    sqe.flags = SLUICE_SQE_FLAG_PART;
    status(b, sqe, SLUICE_STATUS_UNSUPPORTED, "a flag is unsupported");
    sqe = seal;
    sqe.seq = 1;
    status(b, sqe, SLUICE_STATUS_UNSUPPORTED, "seq is 0 here");
    sqe = open_entry(b.opener, b.src, 100, b.dst, 300, 0);
    sqe.nonce[15] = 1;
    status(b, sqe, SLUICE_STATUS_UNSUPPORTED, "an open has no nonce field");
    sqe = seal;
    sqe.sa = 256;
    status(b, sqe, SLUICE_STATUS_NO_SUCH_SA, "a slot out of range");
    sqe.sa = 4;
    status(b, sqe, SLUICE_STATUS_NO_SUCH_SA, "a slot that is free");
    sqe = seal;
    sqe.sa_gen++;
    status(b, sqe, SLUICE_STATUS_SA_MISMATCH, "another generation");
    status(b, seal_entry(b.opener, b.src, 100, b.dst, 300, 0), SLUICE_STATUS_SA_MISMATCH, "sealing with an SA that opens");
    status(b, seal_entry(b.sealer, b.src, 16385, b.dst, 20000, 0), SLUICE_STATUS_BAD_LENGTH, "16385 bytes of content");
    status(b, seal_entry(b.sealer, b.src, 0x800010, b.dst, 20000, 0), SLUICE_STATUS_BAD_LENGTH, "8 MiB of content");
    sqe = seal;
    sqe.pad = 16;
    status(b, sqe, SLUICE_STATUS_BAD_LENGTH, "more than 255 bytes of padding");
    status(b, seal_entry(b.sealer, b.src, 100, b.dst, 13 + 112 + 20 + 16 - 1, 0), SLUICE_STATUS_OUTPUT_TOO_SMALL,
           "a byte too little for the record");
    status(b, open_entry(b.opener, b.src, 13 + 15 + 20 + 16, b.dst, 300, 0), SLUICE_STATUS_BAD_LENGTH,
           "a record with a part of a block");
    status(b, open_entry(b.opener, b.src, 13 + 20 + 16, b.dst, 300, 0), SLUICE_STATUS_BAD_LENGTH, "a record without a block");
    status(b, open_entry(b.opener, b.src, 5, b.dst, 300, 0), SLUICE_STATUS_BAD_LENGTH, "a record of 5 bytes");
    status(b, open_entry(b.opener, b.src, 13 + 16656 + 20 + 16, b.dst, 20000, 0), SLUICE_STATUS_BAD_LENGTH, "a record too long");
    status(b, open_entry(b.opener, b.src, 13 + 112 + 20 + 16, b.dst, 110, 0), SLUICE_STATUS_OUTPUT_TOO_SMALL,
           "a byte too little for the content");
    status(b, open_entry(b.opener, b.src, 13 + 112 + 20 + 16, b.dst, 111, 0), SLUICE_STATUS_BAD_FORMAT, "a record of zeros");
    Bytes record = reference_seal(b.sealer, Bytes(100, 1), 0x97, 0, b.sealer.counter, nullptr);
    record[4] ^= 1;
    b.host.put(b.src, record.data(), record.size());
    status(b, open_entry(b.opener, b.src, (unsigned)record.size(), b.dst, 300, 0), SLUICE_STATUS_BAD_LENGTH,
           "a header with another length");
    record[4] ^= 1;
    record.back() ^= 1;
    b.host.put(b.src, record.data(), record.size());
    status(b, open_entry(b.opener, b.src, (unsigned)record.size(), b.dst, 300, 0), SLUICE_STATUS_FORGED_NONCE,
           "a nonce that was never made");
    sqe = {};
    sqe.op = SLUICE_OP_NOP;
    status(b, sqe, SLUICE_STATUS_OK, "nop");
    sluice_cqe cqe = b.one(seal);
    ok(cqe.status == SLUICE_STATUS_OK && counter_of(cqe) == b.sealer.counter, "none of them used up a counter");
    sqe = seal;
    sqe.src = 0xdead00000000ull;
    status(b, sqe, SLUICE_STATUS_DMA_ERROR, "a source that is not there");
    cqe = b.one(seal);
    ok(cqe.status == SLUICE_STATUS_OK && counter_of(cqe) == b.sealer.counter + 2, "a seal whose source failed did use one up");

    Sa few = make_sa(b.host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    few.params.counter = 0xfffffffffffffffeull;
    few.params.limit = 0;
    b.device.create(few, 20);
    sluice_sqe last = seal_entry(few, b.src, 10, b.dst, 300, 1);
    bool good = b.one(last).status == SLUICE_STATUS_OK;
    cqe = b.one(last);
    ok(good && cqe.status == SLUICE_STATUS_OK && counter_of(cqe) == ~0ull, "the last counter of the last incarnation is used");
    status(b, last, SLUICE_STATUS_COUNTER_EXHAUSTED, "and none after it");
    ok(b.host.broken_rules == 0, "the card keeps the rules of the link");
}

static void order(uint64_t seed)
{
    Bench b(seed, 7);
    std::map<uint64_t, unsigned> sa_of;
    Sa sas[4] = {b.sealer, b.sealer, b.sealer, b.sealer};
    b.host.options.jitter = 400;
    b.host.options.reorder = true;
    for (unsigned i = 1; i < 4; i++) {
        sas[i] = make_sa(b.host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, i % 2, SLUICE_DIRECTION_SEAL);
        b.device.create(sas[i], (uint16_t)(30 + i));
    }
    for (uint64_t cookie = 0; cookie < 120; cookie++) {
        unsigned i = b.host.below(4), bytes = b.host.below(8) ? b.host.below(200) : b.host.below(4000);
        sluice_sqe sqe = seal_entry(sas[i], b.src, bytes, b.host.alloc(6000), b.host.below(10) ? 6000 : 10, cookie);
        b.ring->push(sqe);
        sa_of[cookie] = i;
    }
    b.ring->bell();
    std::map<unsigned, uint64_t> last, counter;
    bool good = true;
    unsigned heads = 0;
    for (unsigned n = 0; n < 120; n++) {
        sluice_cqe cqe;
        good = b.ring->wait(cqe) && good;
        unsigned i = sa_of[cqe.cookie];
        good = good && (!last.count(i) || last[i] < cqe.cookie);
        last[i] = cqe.cookie;
        if (cqe.status == SLUICE_STATUS_OK) {
            good = good && counter_of(cqe) == sas[i].counter++;
        } else {
            good = good && cqe.status == SLUICE_STATUS_OUTPUT_TOO_SMALL && counter_of(cqe) == 0;
        }
        good = good && cqe.sq_head >= heads && cqe.sq_head <= 120;
        heads = cqe.sq_head;
    }
    b.ring->give();
    ok(good, "completions of an SA come in the order of submission, counters without a gap");
}

static void full_ring(uint64_t seed)
{
    Bench b(seed, 3);
    auto other = b.device.queue(2, 2);
    sluice_sqe sqe = {};
    sluice_cqe cqe;
    sqe.op = SLUICE_OP_NOP;

    for (unsigned i = 0; i < 7; i++) {
        b.ring->push(sqe);
    }
    b.ring->bell();
    b.host.run(1500);
    unsigned there = 0;
    while (b.ring->pop(cqe)) {
        there++;
    }
    for (unsigned i = 0; i < 5; i++) {
        b.ring->push(sqe);
    }
    b.ring->bell();
    b.host.run(1500);
    ok(there == 7 && !b.ring->pop(cqe) && b.host.until([&] { return b.host.top.idle_o; }, 20000),
       "a full completion ring stops its queue, and the card is idle");
    bool good = other != nullptr;
    for (unsigned i = 0; good && i < 10; i++) {
        other->push(sqe);
        other->bell();
        good = other->wait(cqe, 3000);
        other->give();
    }
    ok(good, "and stops no other");
    b.ring->give();
    good = true;
    for (unsigned i = 0; i < 5; i++) {
        good = b.ring->wait(cqe, 3000) && good;
    }
    ok(good, "it goes on when completions were taken");
    b.ring->give();

    b.device.snapshot();
    uint64_t bad = b.device.counter(SLUICE_CNT_BAD_DOORBELL);
    b.host.write32(SLUICE_REG_SQ_DOORBELL(1), 8);
    b.host.write32(SLUICE_REG_SQ_DOORBELL(1), 0x10000);
    b.host.write32(SLUICE_REG_CQ_DOORBELL(1), (b.ring->head + 1) % 8);
    b.host.write32(SLUICE_REG_SQ_DOORBELL(3), 1);
    b.host.write32(SLUICE_REG_CQ_DOORBELL(8), 0);
    b.device.snapshot();
    ok(b.device.counter(SLUICE_CNT_BAD_DOORBELL) == bad + 5, "doorbells out of range or of no queue are refused and counted");
    good = true;
    for (unsigned i = 0; i < 100; i++) {
        unsigned n = 1 + b.host.below(7);
        for (unsigned k = 0; k < n; k++) {
            sqe.cookie = i * 8 + k;
            b.ring->push(sqe);
        }
        b.ring->bell();
        for (unsigned k = 0; k < n; k++) {
            good = b.ring->wait(cqe, 3000) && cqe.cookie == i * 8 + k && good;
        }
        b.ring->give();
    }
    ok(good && b.host.broken_rules == 0, "rings go round many times");
}

void test_rings(uint64_t seed)
{
    order(seed);
    full_ring(seed);
}
