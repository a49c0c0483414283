// SPDX-License-Identifier: Apache-2.0
//
// The card under full load in its steady state: every ring is kept full, and clocks a record are measured between two counts of
// completions. card_load [KIND [SIZE [QUEUES [RECORDS]]]], KIND seal, open or mixed; without them a table of all.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../card/traffic.h"
#include "verilated.h"

namespace
{

void row(unsigned kind, unsigned size, unsigned queues, unsigned records, unsigned cipher, unsigned mac, unsigned form)
{
    static const char *const names[] = {"seal", "open", "mixed"};
    Traffic load(1, true);
    unsigned lanes = load.host.read32(SLUICE_REG_PARAMS0) & 255;
    load.check = 64;
    for (unsigned q = 0; q < queues; q++) {
        load.add(static_cast<Stream::Kind>(kind), size, 127, cipher, mac, form);
    }
    load.fill();
    load.until(records / 2 + 64);
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
    load.until(from + records);
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
    for (const Stream &s : load.all) {
        if (s.bad) {
            exit(1);
        }
    }
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
