// SPDX-License-Identifier: Apache-2.0
//
// Operations that only some lanes can do, in floods: other queue pairs go on as if nothing were there, a queue pair that floods
// is not fetched from without end, and all of it is done in the end.
#include <algorithm>
#include <cstdio>

#include "tests.h"

namespace
{

struct Lanes {
    explicit Lanes(uint64_t seed) : host(seed), device(host)
    {
        host.reset();
        device.start();
        flood = device.queue(1, 7);
        probe = device.queue(2, 3);
        aes = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        legacy = make_sa(host, SLUICE_CIPHER_DES3, SLUICE_MAC_MD5, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        tls = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE, SLUICE_DIRECTION_SEAL);
        device.create(aes, 1);
        device.create(legacy, 2);
        device.create(tls, 3);
        src = host.alloc(8192);
        dst = host.alloc(8192);
    }
    unsigned latency(unsigned times) // of the slowest of 64-byte seals, one at a time
    {
        unsigned most = 0;
        for (unsigned i = 0; i < times; i++) {
            sluice_cqe cqe;
            uint64_t begin = host.clocks;
            probe->push(seal_entry(aes, src, 64, dst, 300, i));
            probe->bell();
            good = probe->wait(cqe, 400000) && cqe.status == SLUICE_STATUS_OK && good;
            probe->give();
            most = std::max(most, (unsigned)(host.clocks - begin));
        }
        return most;
    }
    void run(const char *what, const std::function<sluice_sqe(unsigned)> &entry);
    Host host;
    Device device;
    std::unique_ptr<Ring> flood, probe;
    Sa aes, legacy, tls;
    uint64_t src, dst, taken_before = 0;
    unsigned alone = 0;
    bool good = true;
};

void Lanes::run(const char *what, const std::function<sluice_sqe(unsigned)> &entry)
{
    const unsigned count = 120;
    for (unsigned i = 0; i < count; i++) {
        flood->push(entry(i));
    }
    flood->bell();
    host.run(3000);
    device.snapshot();
    unsigned taken = (unsigned)(device.counter(SLUICE_CNT_QUEUE_TAKEN(1)) - taken_before), most = latency(20);
    bool all = true;
    for (unsigned i = 0; i < count; i++) {
        sluice_cqe cqe;
        all = flood->wait(cqe, 400000) && cqe.cookie == i && cqe.status == SLUICE_STATUS_OK && all;
    }
    flood->give();
    taken_before += count;
    printf("# %s: %u entries taken after 3000 clocks, others' 64-byte seals at most %u clocks\n", what, taken, most);
    ok(good && most < alone + 300, std::string("beside a flood of ") + what + " another queue pair goes on");
    ok(taken < 60, "the flooding one is fetched from only as its operations get lanes");
    ok(all, "and all of it is done, in its order");
}

} // namespace

void test_lanes(uint64_t seed)
{
    Lanes l(seed);
    l.alone = l.latency(10);
    printf("# a 64-byte seal alone: at most %u clocks\n", l.alone);
    l.run("3DES and MD5", [&](unsigned i) { return seal_entry(l.legacy, l.src, 2000, l.dst + 300, 3000, i); });
    l.run("parts", [&](unsigned i) {
        sluice_sqe sqe = seal_entry(l.tls, l.src, 2000, l.dst + 300, 2400, i);
        bool first = i % 4 == 0, last = i % 4 == 3;
        sqe.flags = (uint16_t)(SLUICE_SQE_FLAG_PART | (first ? SLUICE_SQE_FLAG_FIRST : 0) | (last ? SLUICE_SQE_FLAG_LAST : 0));
        sqe.content_type = first ? 23 : 0;
        sqe.total = first ? 8000 : 0;
        return sqe;
    });
    ok(l.host.broken_rules == 0 && l.host.until([&] { return l.host.top.idle_o && l.host.quiet(); }, 3000),
       "the card keeps the rules of the link, and is idle at the end");
}
