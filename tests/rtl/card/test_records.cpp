// SPDX-License-Identifier: Apache-2.0
//
// Sealing and opening through the whole card, compared with OpenSSL: every cipher, MAC and form, lengths at the edges, any
// alignment, under easy and hard weather on the link.
#include <cstdio>
#include <cstring>
#include <map>

#include "tests.h"

namespace
{

struct Job {
    Bytes expected;
    uint64_t dst, counter;
    unsigned write, length;
    uint8_t status;
};

const uint8_t guard = 0xa5;

class Records
{
  public:
    Records(uint64_t seed) : host(seed), device(host)
    {
        host.reset();
        good = device.start();
        for (unsigned q = 1; q <= 2; q++) {
            rings[q - 1] = device.queue(q, 5);
            good = good && rings[q - 1];
        }
    }
    void pair(unsigned cipher, unsigned mac, unsigned form, unsigned mac_len, bool explicit_nonce);
    void one(unsigned length, unsigned pad);
    void finish();
    Host host;
    Device device;
    std::unique_ptr<Ring> rings[2];
    bool good;

  private:
    uint64_t room(size_t bytes);
    void submit(unsigned ring, const sluice_sqe &sqe, const Job &job);
    bool collect(unsigned ring);
    void check(const sluice_cqe &cqe);

    Sa sealer, opener;
    std::map<uint64_t, Job> jobs;
    uint16_t slot = 0;
    uint64_t cookie = 1;
    unsigned pending[2] = {};
};

void Records::pair(unsigned cipher, unsigned mac, unsigned form, unsigned mac_len, bool explicit_nonce)
{
    if (slot) {
        good = device.destroy(sealer).status == 0 && device.destroy(opener).status == 0 && good;
    }
    sealer = make_sa(host, cipher, mac, form, SLUICE_DIRECTION_SEAL, mac_len);
    sealer.params.nonce_mode = explicit_nonce;
    opener = sealer;
    opener.params.direction = SLUICE_DIRECTION_OPEN;
    opener.params.limit = 0;
    opener.params.replay = 1;
    good = device.create(sealer, (uint16_t)(slot % 256)).status == 0 && good;
    good = device.create(opener, (uint16_t)((slot + 1) % 256)).status == 0 && good;
    slot = (uint16_t)(slot + 2);
}

uint64_t Records::room(size_t bytes)
{
    uint64_t at = host.alloc(bytes + 128, 64, host.below(4) != 0) + 16 + host.below(64);
    if (host.below(4) == 0) {
        at = host.alloc(bytes + 8192, 4096) + 4096 - host.below(200);
    }
    Bytes fill(bytes + 32, guard);
    host.put(at - 16, fill.data(), fill.size());
    return at;
}

void Records::submit(unsigned ring, const sluice_sqe &sqe, const Job &job)
{
    jobs[sqe.cookie] = job;
    while (pending[ring] >= rings[ring]->depth() - 1) {
        rings[ring]->bell();
        if (!collect(ring)) {
            good = false;
            return;
        }
    }
    rings[ring]->push(sqe);
    pending[ring]++;
    if (host.below(3) == 0) {
        rings[ring]->bell();
        host.run(host.below(200));
    }
}

void Records::check(const sluice_cqe &cqe)
{
    auto it = jobs.find(cqe.cookie);
    if (it == jobs.end()) {
        printf("# unknown cookie\n");
        good = false;
        return;
    }
    const Job &job = it->second;
    uint64_t counter;
    memcpy(&counter, cqe.counter, 8);
    Bytes got = host.get(job.dst - 16, job.write + 32), want(16, guard);
    want.insert(want.end(), job.expected.begin(), job.expected.end());
    want.resize(16 + job.write, 0);
    want.resize(32 + job.write, guard);
    if (cqe.status != job.status || cqe.length != job.length || counter != job.counter || got != want) {
        size_t at = 0;
        while (at < got.size() && got[at] == want[at]) {
            at++;
        }
        printf("# cookie %llu: status %u (%u) length %u (%u) counter %llx (%llx), %zu bytes, first difference at %zd\n",
               (unsigned long long)cqe.cookie, cqe.status, job.status, cqe.length, job.length, (unsigned long long)counter,
               (unsigned long long)job.counter, got.size() - 32, (ssize_t)at - 16);
        good = false;
    }
    jobs.erase(it);
}

bool Records::collect(unsigned ring)
{
    sluice_cqe cqe;
    if (!rings[ring]->wait(cqe)) {
        return false;
    }
    pending[ring]--;
    check(cqe);
    rings[ring]->give();
    return true;
}

void Records::one(unsigned length, unsigned pad)
{
    Bytes content(length);
    uint8_t nonce[16] = {}, type = (uint8_t)host.rng();
    bool explicit_nonce = sealer.params.nonce_mode;
    for (uint8_t &b : content) {
        b = (uint8_t)host.rng();
    }
    for (unsigned i = 0; explicit_nonce && i < 16; i++) {
        nonce[i] = (uint8_t)host.rng();
    }
    uint64_t counter = explicit_nonce ? 0 : sealer.counter++;
    Bytes record = reference_seal(sealer, content, type, pad, counter, nonce);
    unsigned size = (unsigned)record.size(), most = content_most(opener, size);

    uint64_t src = room(length), dst = room(size);
    host.put(src, content.data(), length);
    sluice_sqe sqe = seal_entry(sealer, src, length, dst, size + host.below(100), cookie++);
    sqe.content_type = type;
    sqe.pad = (uint8_t)pad;
    memcpy(sqe.nonce, nonce, 16);
    unsigned ring = 0;
    submit(ring, sqe, {record, dst, counter, size, size, 0});

    Job job = {content, 0, counter, most, length, 0};
    if (host.below(5) == 0) {
        size_t at = 13 + host.below(size - 13 - nonce_size(opener));
        record[at] ^= (uint8_t)(1u << host.below(8));
        if (opener.params.mac != SLUICE_MAC_NONE) {
            bool told = opener.params.cipher != SLUICE_CIPHER_NULL && !explicit_nonce;
            job = {Bytes(), 0, told ? counter : 0, most, 0, SLUICE_STATUS_AUTH_FAILED};
        } else {
            record[at] = reference_seal(sealer, content, type, pad, counter, nonce)[at]; // without a MAC nothing tells
        }
    }
    uint64_t src2 = room(size);
    job.dst = room(most);
    host.put(src2, record.data(), size);
    submit(1, open_entry(opener, src2, size, job.dst, most + host.below(50), cookie++), job);
}

void Records::finish()
{
    for (unsigned r = 0; r < 2; r++) {
        rings[r]->bell();
        while (pending[r] && collect(r)) {
        }
        good = good && pending[r] == 0;
    }
}

void weather(Host &host, unsigned kind)
{
    host.options = Options();
    if (kind >= 1) {
        host.options.jitter = 300;
        host.options.reorder = true;
        host.options.random_split = true;
    }
    if (kind >= 2) {
        host.options.stall = 40;
        host.options.gap = 30;
        host.top.cfg_mps_i = 1;
    }
    if (kind >= 3) {
        host.top.cfg_mrrs_i = 0;
        host.top.cfg_mps_i = 2;
    }
}

} // namespace

void test_records(uint64_t seed)
{
    static const unsigned ciphers[] = {SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES256, SLUICE_CIPHER_AES192, SLUICE_CIPHER_NULL};
    static const unsigned edges[] = {0,  1,  2,   15,  16,  17,  31,  32,  47,   48,   63,
                                     64, 65, 127, 128, 255, 256, 511, 512, 1399, 1400, 1401};

    for (unsigned kind = 0; kind < 4; kind++) {
        Records r(seed + kind);
        weather(r.host, kind);
        for (unsigned round = 0; round < 8 && r.good; round++) {
            unsigned mac = round % 2 ? SLUICE_MAC_SHA1 : SLUICE_MAC_SHA256, form = round / 2 % 2;
            unsigned mac_len = round < 4 ? 0 : 16 + r.host.below(4);
            r.pair(ciphers[(round / 2 + round / 4 * 2 + kind) % 4], mac, form, mac_len, round == 7);
            for (unsigned i = 0; i < 12; i++) {
                unsigned pick = r.host.below(sizeof edges / sizeof *edges + 8);
                unsigned length = pick < sizeof edges / sizeof *edges ? edges[pick] : r.host.below(3000);
                r.one(length, r.host.below(4) ? 0 : r.host.below(15));
            }
            if (round == 3) {
                r.one(16384, 0);
                r.one(16384, 14);
            }
            r.finish();
        }
        r.pair(SLUICE_CIPHER_NULL, SLUICE_MAC_NONE, kind % 2, 0, false);
        for (unsigned i = 0; i < 6; i++) {
            r.one(i * 7, 0);
        }
        r.finish();
        ok(r.good, "records sealed and opened are OpenSSL's, bytes around them untouched, weather " + std::to_string(kind));
        ok(r.host.broken_rules == 0 && r.host.unexpected == 0, "the card keeps the rules of the link");
        ok(r.host.until([&] { return r.host.top.idle_o && r.host.quiet(); }, 2000), "the card is idle at the end");
    }
}
