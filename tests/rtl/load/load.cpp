// SPDX-License-Identifier: Apache-2.0
//
// The card under full load in its steady state: every ring is kept full, and clocks a record are measured between two counts of
// completions. card_load [KIND [SIZE [QUEUES [RECORDS]]]], KIND seal, open or mixed; without them a table of all.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../card/device.h"
#include "verilated.h"

namespace
{

const unsigned buffers = 16, log2_depth = 7;

struct Queue {
    std::unique_ptr<Ring> ring;
    Sa sealer, opener;
    std::vector<uint64_t> clear, sealed, out;
    unsigned pushed = 0, done = 0, untold = 0;
};

struct Load {
    Load(uint64_t seed, unsigned queues, unsigned cipher, unsigned mac, unsigned form, unsigned bytes)
        : host(seed), device(host), size(bytes)
    {
        host.reset();
        host.options.paced = true;
        device.start();
        for (unsigned q = 0; q < queues; q++) {
            all.emplace_back();
            up(all.back(), q, cipher, mac, form);
        }
    }
    void up(Queue &q, unsigned number, unsigned cipher, unsigned mac, unsigned form)
    {
        q.ring = device.queue(number + 1, log2_depth);
        q.sealer = make_sa(host, cipher, mac, form, SLUICE_DIRECTION_SEAL, 16);
        q.opener = q.sealer;
        q.opener.params.direction = SLUICE_DIRECTION_OPEN;
        q.opener.params.limit = 0;
        device.create(q.sealer, static_cast<uint16_t>(2 * number));
        device.create(q.opener, static_cast<uint16_t>(2 * number + 1));
        for (unsigned b = 0; b < buffers; b++) {
            Bytes record = reference_seal(q.sealer, Bytes(size, 3), 0x97, 0, q.sealer.counter, nullptr);
            q.clear.push_back(host.alloc(size + 64));
            q.sealed.push_back(host.alloc(record.size()));
            q.out.push_back(host.alloc(record.size() + 300));
            host.put(q.sealed.back(), record.data(), record.size());
            record_size = static_cast<unsigned>(record.size());
        }
    }
    void fill(Queue &q, unsigned kind)
    {
        bool any = false;
        while (q.pushed - q.done < q.ring->depth() - 1) {
            unsigned b = q.pushed % buffers;
            bool open = kind == 1 || (kind == 2 && q.pushed % 2);
            q.ring->push(open ? open_entry(q.opener, q.sealed[b], record_size, q.out[b], record_size, q.pushed)
                              : seal_entry(q.sealer, q.clear[b], size, q.out[b], record_size, q.pushed));
            q.pushed++;
            any = true;
        }
        if (any) {
            q.ring->bell();
        }
    }
    void collect(Queue &q, unsigned kind)
    {
        sluice_cqe cqe;
        while (q.ring->pop(cqe)) {
            // The same record is opened again and again: all but the first are replays, which are written out too.
            if (cqe.status != SLUICE_STATUS_OK && cqe.status != SLUICE_STATUS_REPLAYED) {
                printf("# status %u\n", cqe.status);
                exit(1);
            }
            q.done++;
            q.untold++;
            done++;
        }
        if (q.untold >= 16) {
            q.untold = 0;
            q.ring->give();
            fill(q, kind);
        }
    }
    void until(unsigned count, unsigned kind)
    {
        while (done < count) {
            for (unsigned i = 0; i < 8; i++) {
                host.clock();
            }
            for (Queue &q : all) {
                collect(q, kind);
            }
        }
    }
    Host host;
    Device device;
    unsigned size, record_size = 0, done = 0;
    std::vector<Queue> all;
};

void row(unsigned kind, unsigned size, unsigned queues, unsigned records, unsigned cipher, unsigned mac, unsigned form)
{
    static const char *const names[] = {"seal", "open", "mixed"};
    Load load(1, queues, cipher, mac, form, size);
    unsigned lanes = load.host.read32(SLUICE_REG_PARAMS0) & 255;
    for (Queue &q : load.all) {
        load.fill(q, kind);
    }
    load.until(records / 2 + 64, kind);
    Host &h = load.host;
    auto counters = [&](std::vector<uint64_t> &c) {
        load.device.snapshot();
        c.clear();
        for (unsigned l = 0; l < lanes; l++) {
            for (unsigned i = 0; i < 3; i++) {
                c.push_back(load.device.counter(SLUICE_CNT_LANE_BUSY(l) + 8 * i));
            }
        }
        c.push_back(load.device.counter(SLUICE_CNT_TAG_STALL));
        c.push_back(load.device.counter(SLUICE_CNT_LANE_STALL));
        c.push_back(load.device.counter(SLUICE_CNT_TX_STALL));
        c.push_back(load.device.counter(SLUICE_CNT_CYCLES));
    };
    std::vector<uint64_t> before, after;
    counters(before);
    unsigned from = load.done;
    uint64_t clocks = h.clocks, txb = h.tx_bytes, rxb = h.rx_bytes, wr = h.writes_seen, rd = h.reads_seen;
    load.until(from + records, kind);
    double n = load.done - from, c = static_cast<double>(h.clocks - clocks);
    double tx = static_cast<double>(h.tx_bytes - txb) / 16, rx = static_cast<double>(h.rx_bytes - rxb) / 16;
    double writes = static_cast<double>(h.writes_seen - wr) / n, reads = static_cast<double>(h.reads_seen - rd) / n;
    counters(after);
    double part[3] = {}, cycles = static_cast<double>(after[3 * lanes + 3] - before[3 * lanes + 3]);
    for (unsigned i = 0; i < 3 * lanes; i++) {
        part[i % 3] += 100 * static_cast<double>(after[i] - before[i]) / cycles / lanes;
    }
    auto per = [&](unsigned i) { return 100 * static_cast<double>(after[3 * lanes + i] - before[3 * lanes + i]) / cycles; };
    printf("%-5s %5u: %7.1f clocks, %5.2f B/clock; tx %5.1f%% rx %5.1f%%; writes %4.1f reads %4.2f a record; lanes busy %3.0f%% "
           "starved "
           "%3.0f%% blocked %3.0f%%; stalls tag %3.0f%% lane %3.0f%% tx %3.0f%%\n",
           names[kind], size, c / n, n * size / c, 100 * tx / c, 100 * rx / c, writes, reads, part[0], part[1], part[2], per(0),
           per(1), per(2));
    fflush(stdout);
    if (h.broken_rules) {
        exit(1);
    }
}

} // namespace

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {64, 256, 512, 1400, 16384};
    const char *mac_name = getenv("MAC"), *cipher_name = getenv("CIPHER"), *form_name = getenv("FORM");
    unsigned mac = mac_name && !strcmp(mac_name, "sha1") ? SLUICE_MAC_SHA1 : SLUICE_MAC_SHA256;
    unsigned cipher = cipher_name && !strcmp(cipher_name, "aes256") ? SLUICE_CIPHER_AES256 : SLUICE_CIPHER_AES128;
    unsigned form = form_name && !strcmp(form_name, "mte") ? SLUICE_FORM_UDP_MTE : SLUICE_FORM_UDP_ETM;
    unsigned kind = argc > 1 ? (argv[1][0] == 'o' ? 1 : argv[1][0] == 'm' ? 2 : 0) : 3;
    unsigned queues = argc > 3 ? static_cast<unsigned>(atoi(argv[3])) : 8;

    Verilated::randReset(2);
    Verilated::randSeed(1);
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned size : sizes) {
            if ((kind == 3 || k == kind) && (argc < 3 || atoi(argv[2]) == static_cast<int>(size))) {
                row(k, size, queues,
                    argc > 4      ? static_cast<unsigned>(atoi(argv[4]))
                    : size > 4000 ? 200
                                  : 600,
                    cipher, mac, form);
            }
        }
    }
    return 0;
}
