// SPDX-License-Identifier: Apache-2.0
//
// LANE, and the march test of all memories.
#include "kit.h"

#include <cstdio>

#include "Vsluice_card___024root.h"

#define STREAM(name) root->sluice_card__DOT__g_stream__BRA__0__KET____DOT__u_stream__DOT__##name

namespace
{

// ---------------------------------------------------------------- LANE

// A record in the service lane or in all lanes, sealed and opened again; compared with OpenSSL's.
bool lane_job(Bus &bus, const Sa &sa, uint32_t words, const Bytes &source, uint32_t ring, unsigned length, unsigned pad)
{
    Bytes w = sa_words(sa);
    bus.put(words, w.data(), 128);
    bus.put(0x400, source.data(), source.size());
    bus.store(MGMT_LANE_SOURCE, 0x400 | ring << 16);
    bus.store(MGMT_LANE_COUNT, (uint32_t)source.size());
    bool good = bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_WRITE) == 0;
    bus.store(MGMT_LANE_JOB, sa.params.direction | 0x80u << 8 | pad << 16);
    bus.store(MGMT_LANE_LENGTHS, length);
    write64(bus, MGMT_LANE_COUNTER_LO, 0);
    bus.store(MGMT_LANE_BLOCKS, words | 0x3f0u << 16);
    return good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_START) == 0;
}

void round_up(Bytes &bytes)
{
    bytes.resize((bytes.size() + 15) / 16 * 16);
}

bool both_ways(Card &card, Sa sa, uint32_t words, unsigned length, uint32_t lanes, bool copies)
{
    Bus &bus = card.bus;
    Host &host = card.host;
    Bytes content(length);
    for (auto &b : content) {
        b = (uint8_t)host.rng();
    }
    uint8_t nonce[16];
    for (auto &b : nonce) {
        b = (uint8_t)host.rng();
    }
    sa.params.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
    unsigned pad = host.below(15);
    Bytes record = reference_seal(sa, content, 0x80, pad, 0, nonce), source = content, shifted(3, 0);
    bus.put(0x3f0, nonce, 16);
    round_up(source);
    bus.store(MGMT_LANE_LANES, lanes);
    bool good = lane_job(bus, sa, words, source, 16, length, pad);
    good = good && host.until([&] { return (bus.load(MGMT_LANE_DONE) & lanes) == lanes; }, 3000);
    bus.store(MGMT_LANE_SELECT, 0);
    host.run(5);
    uint32_t result = bus.load(MGMT_LANE_RESULT);
    good = good && (result & 255) == 0 && (result >> 8 & 15) == 3 && result >> 16 == 0 &&
           (bus.load(MGMT_LANE_LENGTHS_OUT) & 0x7fff) == record.size();
    shifted.insert(shifted.end(), record.begin(), record.end());
    bus.put(0x800, shifted.data(), shifted.size());
    bus.store(MGMT_LANE_SOURCE, 0x803 | 3u << 16);
    bus.store(MGMT_LANE_COUNT, (uint32_t)record.size());
    bus.store(MGMT_LANE_EXPECT, (uint32_t)record.size() << 16);
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COMPARE) == 0 && bus.load(MGMT_LANE_BAD) == 0;
    if (!good) {
        printf("# seal of %u bytes, bad %x, result %08x\n", length, bus.load(MGMT_LANE_BAD), result);
    }
    unsigned wrong = host.below((unsigned)record.size());
    bus.store(MGMT_BUFFER + ((0x803 + wrong) & ~3u), ~bus.load(MGMT_BUFFER + ((0x803 + wrong) & ~3u)), 1u << ((3 + wrong) & 3));
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COMPARE) == 0 && bus.load(MGMT_LANE_BAD) == lanes;
    bus.put(0x800, shifted.data(), shifted.size());
    bus.store(MGMT_LANE_EXPECT, (uint32_t)(record.size() + 1) << 16);
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COMPARE) == 0 && bus.load(MGMT_LANE_BAD) == lanes;
    round_up(shifted);
    bus.store(MGMT_LANE_SOURCE, 0x400);
    bus.store(MGMT_LANE_COUNT, (uint32_t)shifted.size());
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COPY) == 0;
    Bytes copied = bus.get(0x403, record.size());
    good = good && copied == record;
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_RELEASE);
    good = good && bus.load(MGMT_LANE_DONE) == 0;

    sa.params.direction = SLUICE_DIRECTION_OPEN;
    good = good && lane_job(bus, sa, words, shifted, 0, (unsigned)record.size(), 0);
    good = good && host.until([&] { return (bus.load(MGMT_LANE_DONE) & lanes) == lanes; }, 3000);
    Bytes padded = content;
    padded.resize(1024);
    bus.put(0x800, padded.data(), (length + 15) / 16 * 16);
    bus.store(MGMT_LANE_SOURCE, 0x800 | 16u << 16);
    bus.store(MGMT_LANE_COUNT, length);
    bus.store(MGMT_LANE_EXPECT, length << 16);
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COMPARE) == 0 && bus.load(MGMT_LANE_BAD) == 0;
    bus.store(MGMT_LANE_SOURCE, 0x400 | 16u << 16);
    bus.store(MGMT_LANE_COUNT, (length + 15) / 16 * 16);
    uint32_t refused = bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COPY);
    good = good && refused == !copies && (refused || bus.get(0x400, length) == content);
    bus.store(MGMT_LANE_SOURCE, 0xe00 | 16u << 16);
    bus.store(MGMT_LANE_COUNT, 64);
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COPY) == 0;
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_RELEASE);
    return good;
}

// Words written anywhere into the rings, compared there and copied back; past its end a ring goes on at its beginning.
bool whole_ring(Card &card)
{
    Bus &bus = card.bus;
    Host &host = card.host;
    bool good = true;
    bus.store(MGMT_LANE_LANES, (1u << LANES) - 1);
    bus.store(MGMT_LANE_SELECT, LANES - 1);
    bus.store(MGMT_LANE_EXPECT, 0);
    for (unsigned place : {0u, 0x4560u, 0x7000u, 0x7fe0u}) {
        unsigned count = 16 * (3 + host.below(24));
        Bytes data(count);
        for (auto &b : data) {
            b = (uint8_t)host.rng();
        }
        bus.put(0x400, data.data(), count);
        bus.store(MGMT_LANE_SOURCE, 0x400 | place << 16);
        bus.store(MGMT_LANE_COUNT, count);
        good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_WRITE) == 0;
        bus.store(MGMT_LANE_SOURCE, 0x800 | place << 16);
        good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_COPY) == 0 && bus.get(0x800, count) == data;
    }
    bus.store(MGMT_LANE_SELECT, 0);
    return good;
}

} // namespace

void test_lane(uint64_t seed)
{
    Card card(seed);
    Host &host = card.host;
    Bus &bus = card.bus;
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_ALL);
    bool good = bus.load(MGMT_LANE_OWN) >> 31;
    const uint32_t records = (1u << LANES) - 1;
    for (unsigned form : {SLUICE_FORM_UDP_MTE, SLUICE_FORM_UDP_ETM}) {
        Sa sa = make_sa(host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, form, SLUICE_DIRECTION_SEAL);
        good = good && both_ways(card, sa, 0x300, 100 + host.below(400), records, true);
        good = good && whole_ring(card);
        good = good && both_ways(card, sa, 0xf00, 1 + host.below(30), records, false);
    }
    ok(good, "before ready all lanes do a job and are compared; rings are written and read at any place");

    Sa key = make_sa(host, SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    Bytes raw(key.params.mac_key, key.params.mac_key + 32), states;
    put_state(states, key.params.mac_key, 0x36);
    put_state(states, key.params.mac_key, 0x5c);
    bus.put(0x400, raw.data(), 32);
    Bytes words = sa_words(key, false);
    bus.put(0x300, words.data(), 128);
    give_key_job(bus);
    good = host.until([&] { return bus.load(MGMT_LANE_DONE) == records; }, 3000) && bus.get(0x7c0, 64) == states;
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_RELEASE);
    ok(good, "a key job's words come to the buffer");
    // A lane with a result that nobody takes stands for one that hangs.
    bus.store(MGMT_LANE_LANES, 1);
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_START);
    host.run(1000);
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_NONE);
    ok(!host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 500),
       "lanes in service are not given back before they are idle");
    bus.store(MGMT_SYS_LANES, everyone & ~1u);
    good = host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 500);
    host.write32(SLUICE_REG_CTRL, 1);
    host.run(50);
    good = good && host.until([&] { return bus.running(); }, 20000);
    ok(good, "a lane that is out of service keeps nobody waiting");
    good = card.ready();
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_ALL);
    ok(good && bus.load(MGMT_LANE_OWN) == 0, "the lanes are given back, and cannot be had again once ready");

    // The service lane, under load.
    Io io(card);
    Sa load = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    good = install(card, load, 5);
    Traffic traffic(card, io, load);
    for (unsigned round = 0; good && round < 4; round++) {
        traffic.step();
        bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_SERVICE);
        good = good && host.until(
                           [&] {
                               traffic.step();
                               return bus.load(MGMT_LANE_OWN) >> 31;
                           },
                           20000);
        traffic.step();
        Sa sa = make_sa(host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        good = good && both_ways(card, sa, round & 1 ? 0xf00 : 0x300, 500, 1, !(round & 1));
        traffic.step();
        bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_NONE);
        good = good && host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 1000);
    }
    good = traffic.end() && good;
    printf("# %u records went by meanwhile\n", traffic.came);
    ok(good && traffic.came > 20, "the service lane seals and opens while records go by");
}

// ---------------------------------------------------------------- march

static uint32_t march(Card &card, const std::function<void()> &spoil, unsigned after)
{
    card.bus.store(MGMT_SYS_MARCH, 15);
    uint64_t begin = card.host.clocks;
    card.host.run(after);
    spoil();
    while (card.bus.load(MGMT_SYS_MARCH) >> 31 && card.host.clocks - begin < 200000) {
        card.host.run(50);
    }
    if (after == 1) {
        printf("# march: %llu clocks\n", (unsigned long long)(card.host.clocks - begin));
    }
    return card.bus.load(MGMT_SYS_MARCH);
}

void test_march(uint64_t seed)
{
    Card card(seed);
    auto *root = card.host.top.rootp;
    ok(march(
           card, [] {}, 1) == 0,
       "good memories pass");
    uint32_t bad = march(
        card, [&] { root->sluice_card__DOT__u_sa__DOT__word_q[1000][2] ^= 1u << 7; }, 11000);
    ok(bad == 1, "a bit of the SA words");
    bad = march(
        card, [&] { root->sluice_card__DOT__u_window__DOT__even_mem[8000] ^= 1u << 31; }, 8500);
    ok(bad == 2, "a bit of the windows' words");
    bad = march(
        card, [&] { root->sluice_card__DOT__u_window__DOT__floor_lo_mem[255] ^= 1; }, 9500);
    ok(bad == 2, "a bit of the windows' floors");
    bad = march(
        card,
        [&] {
            STREAM(u_store__DOT__gen_banks__BRA__5__KET____DOT__words)
            [1023] ^= 1u << 3;
        },
        11000);
    ok(bad == 4, "a bit of the stream state");
    bad = march(
        card,
        [&] {
            root->sluice_card__DOT__g_lane__BRA__1__KET____DOT__u_lane__DOT__u_ring__DOT__gen_bytes__BRA__9__KET____DOT__ring
                [77] ^= 1;
        },
        1000);
    ok(bad == 8 && card.bus.load(MGMT_SYS_MARCH_RINGS) == 2, "a bit of a ring");
    bad = march(
        card,
        [&] {
            STREAM(u_ring__DOT__gen_bytes__BRA__4__KET____DOT__ring)
            [2000] ^= 1u << 7;
        },
        2500);
    ok(bad == 8 && card.bus.load(MGMT_SYS_MARCH_RINGS) == 1u << LANES, "a bit of the stream lane's ring");
    ok(march(
           card, [] {}, 2) == 0 &&
           card.ready(),
       "and zeros are left");
    card.bus.store(MGMT_SYS_MARCH, 15);
    ok(!(card.bus.load(MGMT_SYS_MARCH) >> 31), "no march once the card is ready");
}
