// SPDX-License-Identifier: Apache-2.0
//
// The admin queue pair: commands right and wrong, one by one (test_fields: all fields at random).
#include <cstdio>
#include <cstring>

#include "tests.h"

namespace
{

sluice_sqe command(uint8_t op)
{
    sluice_sqe sqe = {};
    sqe.op = op;
    return sqe;
}

void identify(Host &host, Device &device)
{
    uint64_t at = host.alloc(256);
    bool good = true;
    for (unsigned shift : {0u, 64u}) {
        Bytes fill(192, 0xa5);
        host.put(at, fill.data(), fill.size());
        sluice_sqe sqe = command(SLUICE_OP_IDENTIFY);
        sqe.dst = at + shift;
        sqe.dst_len[0] = 64;
        sluice_cqe cqe = device.admin(sqe);
        sluice_identify id;
        host.get(at + shift, &id, sizeof id);
        Bytes around = host.get(at, 192);
        good = good && cqe.status == SLUICE_STATUS_OK && id.magic == SLUICE_MAGIC && id.version == SLUICE_MAJOR << 16 &&
               id.features == host.read32(SLUICE_REG_FEATURES) && id.params0 == host.read32(SLUICE_REG_PARAMS0) &&
               id.params1 == host.read32(SLUICE_REG_PARAMS1) && id.clock_khz == 125000 && around[shift + 64] == 0xa5 &&
               (shift == 0 || around[shift - 1] == 0xa5);
    }
    ok(good, "identify writes what the registers say, and nothing around it");
    sluice_sqe sqe = command(SLUICE_OP_IDENTIFY);
    sqe.dst = at;
    sqe.dst_len[0] = 63;
    ok(device.admin(sqe).status == SLUICE_STATUS_OUTPUT_TOO_SMALL, "identify into 63 bytes is output too small");
    sqe.dst = at + 32;
    sqe.dst_len[0] = 64;
    sluice_cqe cqe = device.admin(sqe);
    ok(cqe.status == SLUICE_STATUS_INVALID_FIELD && cqe.length == 24, "identify to an address that is not aligned is refused");
}

void unsupported(Device &device)
{
    bool good = true;
    for (unsigned op : {0u, 9u, 0x10u, 0x11u, 0x12u, 0xffu}) {
        good = good && device.admin(command((uint8_t)op)).status == SLUICE_STATUS_UNSUPPORTED;
    }
    ok(good, "unknown and I/O operations on the admin queue are unsupported");
    sluice_sqe sqe = command(SLUICE_OP_SA_DESTROY);
    sqe.flags = 1;
    good = device.admin(sqe).status == SLUICE_STATUS_UNSUPPORTED;
    sqe.flags = 0;
    sqe.seq = 1ull << 63;
    ok(good && device.admin(sqe).status == SLUICE_STATUS_UNSUPPORTED, "fields that must be 0 are looked at");
}

void parameters(Host &host, Device &device)
{
    struct Wrong {
        const char *what;
        unsigned at, value, offset, status;
    };
    static const Wrong wrongs[] = {
        {"cipher", 0, 6, 64, SLUICE_STATUS_INVALID_FIELD},
        {"mac", 1, 4, 65, SLUICE_STATUS_INVALID_FIELD},
        {"form", 2, 5, 66, SLUICE_STATUS_INVALID_FIELD},
        {"direction", 3, 2, 67, SLUICE_STATUS_INVALID_FIELD},
        {"mac_len 9", 4, 9, 68, SLUICE_STATUS_INVALID_FIELD},
        {"mac_len 33", 4, 33, 68, SLUICE_STATUS_INVALID_FIELD},
        {"mac_len 15 in mte", 4, 15, 68, SLUICE_STATUS_INVALID_FIELD},
        {"nonce_mode", 5, 2, 69, SLUICE_STATUS_INVALID_FIELD},
        {"replay", 6, 2, 70, SLUICE_STATUS_INVALID_FIELD},
        {"tls_minor", 7, 1, 71, SLUICE_STATUS_INVALID_FIELD},
        {"limit", 30, 0x55, 88, SLUICE_STATUS_INVALID_FIELD},
        {"reserved1", 40, 1, 96, SLUICE_STATUS_INVALID_FIELD},
        {"reserved1's end", 63, 1, 96, SLUICE_STATUS_INVALID_FIELD},
        {"a byte behind the cipher key", 80, 1, 128, SLUICE_STATUS_INVALID_FIELD},
        {"a TLS form in sequence mode", 2, 2, 69, SLUICE_STATUS_INVALID_FIELD},
    };
    Sa plain = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    plain.params.counter = 0x0001000000000005ull;
    plain.params.limit = 0x0001000000000006ull;
    for (const Wrong &w : wrongs) {
        Sa sa = plain;
        reinterpret_cast<uint8_t *>(&sa.params)[w.at] = (uint8_t)w.value;
        sluice_cqe cqe = device.create(sa, 7);
        ok(cqe.status == w.status && cqe.length == w.offset, std::string("sa_create refuses ") + w.what);
    }
    Sa sa = plain;
    sa.params.mac = SLUICE_MAC_SHA1;
    sa.params.mac_len = 20;
    ok(device.create(sa, 7).length == 160, "sa_create refuses bytes behind the MAC key");
    sa = plain;
    sa.params.limit = 0x0002000000000000ull;
    ok(device.create(sa, 7).status == SLUICE_STATUS_OK, "a limit may be the beginning of the next incarnation");
    sluice_cqe cqe = device.create(plain, 7);
    ok(cqe.status == SLUICE_STATUS_INVALID_FIELD && cqe.length == 4, "a slot in use is refused");
    cqe = device.create(plain, 256);
    ok(cqe.status == SLUICE_STATUS_INVALID_FIELD && cqe.length == 4, "a slot out of range is refused");

    Sa stale = sa;
    stale.gen++;
    ok(device.destroy(stale).status == SLUICE_STATUS_SA_MISMATCH, "sa_destroy with another generation is refused");
    ok(device.destroy(sa).status == SLUICE_STATUS_OK && device.destroy(sa).status == SLUICE_STATUS_NO_SUCH_SA,
       "a slot is destroyed once");
    uint8_t before = sa.gen;
    device.create(plain, 7);
    ok(plain.gen == (uint8_t)(before + 1), "each creation of a slot has a generation of its own");
    device.destroy(plain);

    sluice_sqe sqe = command(SLUICE_OP_SA_CREATE);
    sqe.src = 0xdead0000;
    sqe.src_len[0] = 128;
    sqe.sa = 9;
    ok(device.admin(sqe).status == SLUICE_STATUS_DMA_ERROR, "a parameter block that cannot be read is a DMA error");
    ok(device.create(plain, 9).status == SLUICE_STATUS_OK, "and the slot is still free");
}

void queues(Host &host, Device &device)
{
    struct Wrong {
        const char *what;
        uint16_t queue;
        uint8_t depth;
        uint64_t src, dst;
        unsigned offset;
    };
    uint64_t sq = host.alloc(4096), cq = host.alloc(4096);
    const Wrong wrongs[] = {{"queue 0", 0, 4, sq, cq, 4},
                            {"a queue beyond the last", IO_QUEUES + 1, 4, sq, cq, 4},
                            {"2 entries", 1, 1, sq, cq, 7},
                            {"8192 entries", 1, 13, sq, cq, 7},
                            {"a ring at 32 bytes", 1, 4, sq + 32, cq, 16},
                            {"a completion ring at 8", 1, 4, sq, cq + 8, 24}};
    for (const Wrong &w : wrongs) {
        sluice_sqe sqe = command(SLUICE_OP_QUEUE_CREATE);
        sqe.sa = w.queue;
        sqe.pad = w.depth;
        sqe.src = w.src;
        sqe.dst = w.dst;
        sluice_cqe cqe = device.admin(sqe);
        ok(cqe.status == SLUICE_STATUS_INVALID_FIELD && cqe.length == w.offset, std::string("queue_create refuses ") + w.what);
    }
    auto ring = device.queue(1, 2);
    ok(ring && !device.queue(1, 2), "a queue pair is created once");
    ok(device.stop(1).status == SLUICE_STATUS_OK && device.stop(1).status == SLUICE_STATUS_INVALID_FIELD, "and destroyed once");
    ring = device.queue(1, 2);
    sluice_sqe sqe = command(SLUICE_OP_NOP);
    sluice_cqe cqe = {};
    if (ring) {
        ring->push(sqe);
        ring->bell();
        ring->wait(cqe, 2000);
    }
    ok(ring && cqe.status == SLUICE_STATUS_OK, "it works when it is created again");
}

void stopped_at_work(Host &host, Device &device)
{
    Sa sa = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    uint64_t at = host.alloc(128);
    bool silent = true, works = true;
    host.put(at, &sa.params, sizeof sa.params);
    for (unsigned after = 120; after < 400; after += 20) {
        sluice_sqe sqe = command(SLUICE_OP_SA_CREATE);
        sqe.sa = (uint16_t)(after % SA_COUNT);
        sqe.src = at;
        sqe.src_len[0] = 128;
        device.aq->push(sqe);
        device.aq->bell();
        host.run(after);
        host.write32(SLUICE_REG_AQ_CTRL, 3);
        host.run(20);
        Bytes before = host.get(device.aq->cq, 256);
        host.run(600);
        silent = silent && host.get(device.aq->cq, 256) == before;
        works = works && device.start() && device.admin(command(0)).status == SLUICE_STATUS_UNSUPPORTED;
    }
    ok(silent && works, "stopped while it works on a command, it completes nothing, and can be started again");
}

} // namespace

void test_admin(uint64_t seed)
{
    Host host(seed);
    Device device(host);
    host.reset();
    ok(device.start(), "the admin queue starts");
    identify(host, device);
    unsupported(device);
    parameters(host, device);
    queues(host, device);
    host.write32(SLUICE_REG_AQ_CTRL, 3);
    ok(device.start() && device.admin(command(0)).status == SLUICE_STATUS_UNSUPPORTED, "the admin queue can be started again");
    stopped_at_work(host, device);
    ok(host.broken_rules == 0 && host.unexpected == 0, "the card keeps the rules of the link");
}
