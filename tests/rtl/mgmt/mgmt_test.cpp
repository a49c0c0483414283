// SPDX-License-Identifier: Apache-2.0
//
// The management's devices in the card, in Verilator: the test drives the processor's bus, and is the host as well.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <openssl/sha.h>

#include "Vsluice_card___024root.h"
#include "bus.h"
#include "verilated.h"

namespace
{

const unsigned all_lanes = LANES + 1;
const uint32_t everyone = (1u << all_lanes) - 1;

// ---------------------------------------------------------------- the card, without firmware

struct Card {
    explicit Card(uint64_t seed) : host(seed), bus(host), device(host)
    {
        host.options.self_test = true;
        host.reset();
        boot = host.clocks;
        host.until([&] { return bus.running(); }, 20000);
        boot = host.clocks - boot;
    }
    bool ready()
    {
        bus.store(MGMT_SYS_READY, 1);
        return device.start();
    }
    Host host;
    Bus bus;
    Device device;
    uint64_t boot;
};

void put64(Bytes &to, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        to.push_back((uint8_t)(value >> (8 * i)));
    }
}

// Inner or outer HMAC-SHA-256 state as SA words have it.
void put_state(Bytes &to, const uint8_t *key, uint8_t pad)
{
    uint8_t block[64];
    SHA256_CTX ctx;
    for (unsigned i = 0; i < 64; i++) {
        block[i] = (uint8_t)((i < 32 ? key[i] : 0) ^ pad);
    }
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, block, 64);
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned b = 0; b < 4; b++) {
            to.push_back((uint8_t)(ctx.h[i] >> (8 * b)));
        }
    }
}

Bytes sa_words(const Sa &sa, bool states = true)
{
    const sluice_sa_params &p = sa.params;
    Bytes out = {p.cipher, p.mac, p.form, p.direction, p.mac_len, p.nonce_mode, 0, p.tls_minor};
    out.insert(out.end(), p.cid, p.cid + 8);
    out.resize(32);
    out.insert(out.end(), p.cipher_key, p.cipher_key + 32);
    if (states) {
        put_state(out, p.mac_key, 0x36);
        put_state(out, p.mac_key, 0x5c);
    }
    out.resize(128);
    return out;
}

uint32_t meta(const Sa &sa, uint8_t gen)
{
    const sluice_sa_params &p = sa.params;
    return p.replay | (uint32_t)p.nonce_mode << 1 | (uint32_t)p.mac_len << 2 | (uint32_t)p.form << 8 | (uint32_t)p.mac << 11 |
           (uint32_t)p.cipher << 13 | (uint32_t)p.direction << 16 | (uint32_t)gen << 17;
}

void write64(Bus &bus, uint32_t lo, uint64_t value)
{
    bus.store(lo, (uint32_t)value);
    bus.store(lo + 4, (uint32_t)(value >> 32));
}

uint64_t read64(Bus &bus, uint32_t lo)
{
    uint64_t low = bus.load(lo);
    return low | (uint64_t)bus.load(lo + 4) << 32;
}

void dma(Bus &bus, uint64_t address, uint32_t offset, uint32_t length)
{
    write64(bus, MGMT_DMA_ADDR_LO, address);
    bus.store(MGMT_DMA_PLACE, offset | length << 16);
}

// ---------------------------------------------------------------- bus, SYS, EVENT, TIMER

void test_bus(uint64_t seed)
{
    Card card(seed);
    Bus &bus = card.bus;
    printf("# reset to processor: %llu clocks\n", (unsigned long long)card.boot);
    ok(card.boot < 12000, "the processor runs once everything is overwritten");
    ok(bus.load(MGMT_SYS_CAUSE) == 0x101, "cause: power on, and the strap");
    ok(!(card.host.read32(SLUICE_REG_STATUS) & 1), "not ready until the firmware says so");

    bool good = true;
    for (uint32_t at :
         {MGMT_SECRET, MGMT_SECRET + 0x3fc, 0x10001000u, 0x20000800u, 0x30010000u, 0x40000000u, 0x6000u, 0x8000u, 0xfffffffcu}) {
        bus.load(at);
        good = good && bus.fault;
    }
    bus.store(MGMT_BAR, 0);
    good = good && bus.fault;
    bus.store(MGMT_SYS_PONG, 0, 3);
    good = good && bus.fault;
    ok(good, "what is not there, and the secret half, faults");
    bus.store(MGMT_SECRET, 1);
    good = !bus.fault;
    bus.store(0, 0);
    good = good && bus.fault;
    bus.store(0x5c00, 0x12345678);
    good = good && !bus.fault && bus.took == 2 && bus.load(0x5c00) == 0x12345678 && bus.took == 2;
    bus.store(0x5c00, 0xaaaaaaaa, 4);
    good = good && bus.load(0x5c00) == 0x12aa5678;
    bus.store(MGMT_BUFFER + 0x124, 0x87654321);
    bus.store(MGMT_BUFFER + 0x124, 0xffffffff, 2);
    good = good && bus.load(MGMT_BUFFER + 0x124) == 0x8765ff21 && bus.load(MGMT_BUFFER + 0x120) == 0;
    ok(good, "memory and buffer keep words and bytes, code is not written");
    ok(bus.load(MGMT_BAR + SLUICE_REG_MAGIC) == SLUICE_MAGIC &&
           bus.load(MGMT_BAR + SLUICE_REG_PARAMS0) == card.host.read32(SLUICE_REG_PARAMS0),
       "registers of BAR 0 can be read");

    bus.store(MGMT_SYS_VERSION, 0x10203);
    bus.store(MGMT_SYS_STATE, 3);
    bus.store(MGMT_SYS_HEALTH, 5);
    bus.store(MGMT_SYS_LANES, 1);
    bus.store(MGMT_EVENT_ENABLE, 1u << MGMT_EVENT_PENDING_PING_SHIFT);
    bool before = bus.irq();
    card.host.write32(SLUICE_REG_PING, 77);
    card.host.run(20);
    good = !before && bus.irq() && bus.load(MGMT_SYS_PING) == 77;
    bus.store(MGMT_EVENT_PENDING, ~0u);
    bus.store(MGMT_SYS_PONG, 77);
    card.host.run(3);
    ok(good && !bus.irq() && card.host.read32(SLUICE_REG_PONG) == 77, "PING is an event, PONG its answer");
    ok(card.host.read32(SLUICE_REG_FW_VERSION) == 0x10203 && card.host.read32(SLUICE_REG_FW_STATE) == 3 &&
           card.host.read32(SLUICE_REG_HEALTH) == 5 && card.host.read32(SLUICE_REG_LANES_OK) == 1,
       "the host reads what the firmware says of itself");
    bus.store(MGMT_SYS_LANES, everyone);

    ok(card.ready(), "ready when the firmware says so");
    bus.store(MGMT_SYS_WATCHDOG, 500);
    card.host.run(400);
    good = bus.running();
    bus.store(MGMT_SYS_WATCHDOG, 500);
    card.host.run(400);
    good = good && bus.running();
    card.host.run(200);
    ok(good && !bus.running() && card.host.read32(SLUICE_REG_FW_STATE) == SLUICE_FW_STATE_HUNG &&
           (card.host.read32(SLUICE_REG_STATUS) & 3) == 1,
       "the watchdog stops the processor, and nothing else");
    card.host.write32(SLUICE_REG_CTRL, 1);
    card.host.run(50);
    ok(card.host.until([&] { return bus.running(); }, 20000) && bus.load(MGMT_SYS_CAUSE) == 0x108,
       "a soft reset starts it again");
    bus.store(MGMT_SYS_READY, 1);
    bus.store(MGMT_SYS_FATAL, 1);
    card.host.run(10);
    ok(!bus.running() && (card.host.read32(SLUICE_REG_STATUS) & 3) == 2, "fatal: stopped, not ready");

    card.host.write32(SLUICE_REG_CTRL, 1);
    card.host.run(50);
    good = card.host.until([&] { return bus.running(); }, 20000) && bus.load(0x5ffc) == 0 && !bus.fault;
    card.host.top.rootp->sluice_card__DOT__u_mgmt__DOT__u_cpu__DOT__u_ram__DOT__words[0x5ffc / 4] ^= 1ull << 20;
    bus.load(0x5ffc, 11);
    good = good && !bus.fault;
    bus.load(0x5ffc);
    good = good && bus.fault;
    card.host.run(10);
    ok(good && !bus.running() && (card.host.read32(SLUICE_REG_STATUS) & 3) == 2 &&
           (card.host.read32(SLUICE_REG_HEALTH) & SLUICE_HEALTH_PARITY),
       "a bit of the processor's memory that turns stops the card");
}

// ---------------------------------------------------------------- DMA, QUEUE

void test_dma(uint64_t seed)
{
    Card card(seed);
    Host &host = card.host;
    Bus &bus = card.bus;
    bool good = card.ready();
    for (unsigned round = 0; round < 20; round++) {
        unsigned length = 16 * (1 + host.below(36)), offset = 16 * host.below(0x60);
        uint64_t at = host.alloc(2048) + host.below(64);
        Bytes data(length);
        for (auto &b : data) {
            b = (uint8_t)host.rng();
        }
        host.put(at, data.data(), length);
        dma(bus, at, offset, length);
        good = good && bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_IN) == 0 && bus.get(offset, length) == data;
        uint64_t to = host.alloc(2048, 64);
        offset &= ~31u;
        length = 32 * (1 + host.below(36));
        dma(bus, to + 32, offset, length);
        Bytes expected = bus.get(offset, length);
        good = good && bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_OUT) == 0;
        host.run(100);
        good = good && host.get(to + 32, length) == expected && host.get(to, 32) == Bytes(32, 0) &&
               host.get(to + 32 + length, 32) == Bytes(32, 0);
    }
    ok(good, "DMA brings any bytes into the buffer and 32-byte pieces out of it");
    Bytes key(128, 0);
    uint64_t at = host.alloc(128);
    key[63] = 1;
    key[64 + 5] = 1;
    key[127] = 1;
    host.put(at, key.data(), 128);
    dma(bus, at, 0xbc0, 128);
    good = bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_IN) == 0 && bus.load(MGMT_DMA_NONZERO) == 0x8002;
    bus.load(MGMT_BUFFER + 0xc04);
    good = good && bus.fault;
    dma(bus, at, 0xbe0, 64);
    good = good && bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_OUT) == 1;
    ok(good, "the secret half tells which words are zero, and nothing else");
    dma(bus, 0xdead00000000ull, 0, 64);
    ok(bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_IN) == 1, "a reading that fails is an error");
    bus.store(MGMT_DMA_PLACE, 0x40 | 32u << 16);
    bus.store(MGMT_BUFFER + 0x40, 5);
    bus.store(MGMT_BUFFER + 0x5c, 5);
    bus.store(MGMT_BUFFER + 0x60, 5);
    bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_CLEAR);
    ok(bus.load(MGMT_BUFFER + 0x40) == 0 && bus.load(MGMT_BUFFER + 0x5c) == 0 && bus.load(MGMT_BUFFER + 0x60) == 5,
       "clear writes zeros");

    bus.store(MGMT_EVENT_ENABLE, 1);
    bus.store(MGMT_DMA_PLACE, 0xb80);
    good = bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_TAKE) == 1 && !bus.irq();
    sluice_sqe sqe = {};
    sqe.op = 0x42;
    sqe.cookie = host.rng();
    card.device.aq->push(sqe);
    card.device.aq->bell();
    good = good && host.until([&] { return bus.irq(); }, 100) && bus.load(MGMT_DMA_WAITING) == 1;
    good = good && bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_TAKE) == 0 && !bus.irq();
    Bytes entry = bus.get(0xb80, 64);
    good = good && !memcmp(entry.data(), &sqe, 64);
    write64(bus, MGMT_QUEUE_COOKIE_LO, sqe.cookie);
    bus.store(MGMT_QUEUE_LENGTH, 1234);
    bus.command(MGMT_QUEUE_COMPLETE, SLUICE_STATUS_UNSUPPORTED);
    sluice_cqe cqe;
    good = good && card.device.aq->wait(cqe) && cqe.cookie == sqe.cookie && cqe.length == 1234 &&
           cqe.status == SLUICE_STATUS_UNSUPPORTED;
    ok(good, "an entry is taken and completed");
    card.device.aq->give();
    card.device.aq->push(sqe);
    card.device.aq->bell();
    good = host.until([&] { return bus.irq(); }, 100) && bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_TAKE) == 0;
    host.write32(SLUICE_REG_AQ_CTRL, 0);
    host.write32(SLUICE_REG_AQ_CTRL, 3 | 1u << 31);
    host.run(20);
    Bytes before = host.get(card.device.aq->cq, 256);
    bus.command(MGMT_QUEUE_COMPLETE, 0);
    host.run(300);
    ok(good && host.get(card.device.aq->cq, 256) == before, "no completion when the queue was stopped in between");
}

// ---------------------------------------------------------------- SA

struct Io {
    Io(Card &card) : ring(card.host, 1, 4)
    {
        card.bus.store(MGMT_QUEUE_NUMBER, 1);
        card.bus.store(MGMT_QUEUE_DEPTH, 4);
        write64(card.bus, MGMT_QUEUE_SQ_LO, ring.sq);
        write64(card.bus, MGMT_QUEUE_CQ_LO, ring.cq);
        card.bus.command(MGMT_QUEUE_COMMAND, MGMT_QUEUE_COMMAND_CREATE);
    }
    Ring ring;
};

// Installs by devices alone, the key by a key job.
bool install(Card &card, Sa &sa, uint16_t slot)
{
    Bus &bus = card.bus;
    uint64_t at = card.host.alloc(128);
    card.host.put(at, sa.params.mac_key, 32);
    Bytes words = sa_words(sa, false);
    bus.put(0xc00, words.data(), 128);
    bus.store(MGMT_SA_SLOT, slot);
    sa.slot = slot;
    bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_GET);
    sa.gen = (uint8_t)((bus.load(MGMT_SA_META) >> MGMT_SA_META_GEN_SHIFT) + 1);
    bus.store(MGMT_SA_OFFSET, 0xc00);
    bool good = bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_IN) == 0;
    bus.store(MGMT_SA_META, meta(sa, sa.gen));
    write64(bus, MGMT_SA_NEXT_LO, sa.params.counter);
    write64(bus, MGMT_SA_LIMIT_LO, sa.params.limit);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_SET) == 0;
    dma(bus, at, 0, 16);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_KEYS) == 0;
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_VALID) == 0;
    return good && bus.load(MGMT_SA_STATE) == 1;
}

bool seals(Card &card, Io &io, Sa &sa, unsigned length, uint8_t status = SLUICE_STATUS_OK)
{
    Host &host = card.host;
    Bytes content(length);
    for (auto &b : content) {
        b = (uint8_t)host.rng();
    }
    uint64_t src = host.alloc(length), dst = host.alloc(length + 512);
    host.put(src, content.data(), length);
    io.ring.push(seal_entry(sa, src, length, dst, length + 512, 1));
    io.ring.bell();
    sluice_cqe cqe;
    io.ring.wait(cqe);
    io.ring.give();
    if (status != SLUICE_STATUS_OK || cqe.status != SLUICE_STATUS_OK) {
        return cqe.status == status;
    }
    uint8_t none[16] = {};
    Bytes record = reference_seal(sa, content, seal_entry(sa, 0, 0, 0, 0, 0).content_type, 0, sa.counter, none);
    sa.counter++;
    return host.get(dst, record.size()) == record;
}

void test_sa(uint64_t seed)
{
    Card card(seed);
    Host &host = card.host;
    Bus &bus = card.bus;
    bool good = card.ready();
    Io io(card);
    Sa sa = make_sa(host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
    good = good && install(card, sa, 9) && seals(card, io, sa, 100) && seals(card, io, sa, 1400);
    ok(good, "an SA is made of words, meta, counters and a key job, and seals as OpenSSL does");

    bus.store(MGMT_SA_META, 0);
    good = bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_GET) == 0 && bus.load(MGMT_SA_META) == meta(sa, sa.gen) &&
           read64(bus, MGMT_SA_NEXT_LO) == sa.counter && read64(bus, MGMT_SA_LIMIT_LO) == sa.params.limit;
    ok(good, "what the dispatcher knows of it can be read");
    write64(bus, MGMT_SA_NEXT_LO, sa.counter - 1);
    good = bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_RAISE) == 1 && seals(card, io, sa, 50);
    sa.counter += 10;
    write64(bus, MGMT_SA_NEXT_LO, sa.counter);
    write64(bus, MGMT_SA_LIMIT_LO, sa.counter + 2);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_RAISE) == 0 && seals(card, io, sa, 50) &&
           seals(card, io, sa, 50) && seals(card, io, sa, 50, SLUICE_STATUS_COUNTER_EXHAUSTED);
    write64(bus, MGMT_SA_LIMIT_LO, sa.counter + 1);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_LIMIT) == 0 && seals(card, io, sa, 50) &&
           seals(card, io, sa, 50, SLUICE_STATUS_COUNTER_EXHAUSTED);
    ok(good, "counter and limit are raised, never lowered");

    sa.counter++;
    write64(bus, MGMT_SA_NEXT_LO, sa.counter);
    write64(bus, MGMT_SA_LIMIT_LO, sa.counter + 100);
    bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_RAISE);
    good = true;
    for (uint32_t lanes : {0u, 1u, 2u, 4u}) {
        bus.store(MGMT_SYS_LANES, lanes);
        good = good && seals(card, io, sa, 5000, lanes & 3 ? SLUICE_STATUS_OK : SLUICE_STATUS_HARDWARE_FAULT);
    }
    bus.store(MGMT_SYS_LANES, everyone);
    ok(good, "without a lane in service that could do it an operation is a hardware fault");

    // From slot 9 to slot 200 by way of the secret half.
    write64(bus, MGMT_SA_NEXT_LO, sa.counter);
    write64(bus, MGMT_SA_LIMIT_LO, sa.counter + 100);
    bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_RAISE);
    bus.store(MGMT_SA_OFFSET, 0x100);
    good = bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_OUT) == 1 && bus.get(0x100, 128) == Bytes(128, 0);
    bus.store(MGMT_SA_OFFSET, 0xf00);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_OUT) == 0;
    Bytes rest;
    put64(rest, sa.counter);
    put64(rest, sa.counter + 100);
    put64(rest, meta(sa, 77));
    bus.put(0xf80, rest.data(), rest.size());
    bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_DROP);
    good = good && seals(card, io, sa, 50, SLUICE_STATUS_NO_SUCH_SA);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_SCRUB) == 0;
    bus.store(MGMT_SA_SLOT, 200);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_IN) == 0;
    bus.store(MGMT_SA_OFFSET, 0xf80);
    bus.store(MGMT_SA_META, 0);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_LOAD) == 0 && bus.load(MGMT_SA_META) == meta(sa, 77) &&
           read64(bus, MGMT_SA_NEXT_LO) == sa.counter && read64(bus, MGMT_SA_LIMIT_LO) == sa.counter + 100;
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_SET) == 0 &&
           bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_VALID) == 0;
    sa.slot = 200;
    sa.gen = 77;
    good = good && seals(card, io, sa, 300);
    ok(good, "an SA moves to another slot through the secret half");
    bus.store(MGMT_SA_SLOT, 9);
    good = (bus.load(MGMT_SA_STATE) & 1) == 0;
    bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_DROP_ALL);
    ok(good && seals(card, io, sa, 50, SLUICE_STATUS_NO_SUCH_SA), "all SAs are dropped at once");

    Sa open = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN);
    open.params.replay = 1;
    good = install(card, open, 3);
    sluice_sa_window window = {};
    window.floor = open.params.counter;
    window.current = open.params.counter + 500;
    window.state = 1;
    window.current_bits[(window.current % 2048) / 8] = (uint8_t)(1 << window.current % 8);
    bus.put(0x200, &window, sizeof window);
    bus.store(MGMT_SA_OFFSET, 0x200);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WINDOW_IN) == 0;
    bus.store(MGMT_SA_OFFSET, 0x800);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WINDOW_OUT) == 0;
    Bytes back = bus.get(0x800, sizeof window);
    ok(good && !memcmp(back.data(), &window, sizeof window), "a window goes in and out");

    good = bus.load(MGMT_SA_VALUE) >> 31 == 0 || host.until([&] { return false; }, 16384) || true;
    for (uint32_t index : {0u, 1u, 16383u}) {
        bus.store(MGMT_SA_BLOB, index);
        bus.store(MGMT_SA_VALUE, index + 5);
    }
    for (uint32_t index : {0u, 1u, 16383u, 2u}) {
        bus.store(MGMT_SA_BLOB, index);
        good = good && bus.load(MGMT_SA_VALUE) == (index == 2 ? 0 : index + 5);
    }
    ok(good, "the table of blobs keeps generations");
}

// ---------------------------------------------------------------- LANE

// A record in the service lane or in all lanes, sealed and opened again; compared with OpenSSL's.
bool lane_job(Bus &bus, const Sa &sa, uint32_t words, const Bytes &source, uint32_t ring, unsigned length, uint64_t counter)
{
    Bytes w = sa_words(sa);
    bus.put(words, w.data(), 128);
    bus.put(0x400, source.data(), source.size());
    bus.store(MGMT_LANE_SOURCE, 0x400 | ring << 16);
    bus.store(MGMT_LANE_COUNT, (uint32_t)source.size());
    bool good = bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_WRITE) == 0;
    bus.store(MGMT_LANE_JOB, sa.params.direction | 0x80u << 8);
    bus.store(MGMT_LANE_LENGTHS, length);
    write64(bus, MGMT_LANE_COUNTER_LO, counter);
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
    Bytes record = reference_seal(sa, content, 0x80, 0, 0, nonce), source = content, shifted(3, 0);
    bus.put(0x3f0, nonce, 16);
    round_up(source);
    bus.store(MGMT_LANE_LANES, lanes);
    bool good = lane_job(bus, sa, words, source, 16, length, 0);
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
        good = good && both_ways(card, sa, 0xf00, 1 + host.below(30), records, false);
    }
    ok(good, "before ready all lanes do a job and are compared");

    // One lane is wrong: its ring, spoilt while the job is at work, in a word of the record.
    bus.store(MGMT_LANE_LANES, records);
    Sa key = make_sa(host, SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    Bytes raw(key.params.mac_key, key.params.mac_key + 32), states;
    put_state(states, key.params.mac_key, 0x36);
    put_state(states, key.params.mac_key, 0x5c);
    bus.put(0x400, raw.data(), 32);
    Bytes words = sa_words(key, false);
    bus.put(0x300, words.data(), 128);
    bus.store(MGMT_LANE_SOURCE, 0x400);
    bus.store(MGMT_LANE_COUNT, 32);
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_WRITE);
    bus.store(MGMT_LANE_JOB, 2);
    bus.store(MGMT_LANE_LENGTHS, 32);
    bus.store(MGMT_LANE_BLOCKS, 0x300);
    bus.store(MGMT_LANE_KEYS, 0x7c0);
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_START);
    good = host.until([&] { return bus.load(MGMT_LANE_DONE) == records; }, 3000) && bus.get(0x7c0, 64) == states;
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_RELEASE);
    ok(good, "a key job's words come to the buffer");
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_NONE);
    good = host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 500) && card.ready();
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_ALL);
    ok(good && bus.load(MGMT_LANE_OWN) == 0, "the lanes are given back, and cannot be had again once ready");

    // The service lane, under load.
    Io io(card);
    Sa load = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    good = install(card, load, 5);
    unsigned sent = 0, came = 0, bad = 0;
    uint64_t src = host.alloc(1400), dst = host.alloc(2048);
    std::function<void()> traffic = [&] {
        sluice_cqe cqe;
        while (sent - came < 8) {
            io.ring.push(seal_entry(load, src, 1400, dst, 2048, sent++));
            io.ring.bell();
        }
        while (io.ring.pop(cqe)) {
            bad += cqe.status != SLUICE_STATUS_OK;
            came++;
            io.ring.give();
        }
    };
    for (unsigned round = 0; good && round < 4; round++) {
        traffic();
        bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_SERVICE);
        good = good && host.until(
                           [&] {
                               traffic();
                               return bus.load(MGMT_LANE_OWN) >> 31;
                           },
                           20000);
        traffic();
        Sa sa = make_sa(host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        good = good && both_ways(card, sa, round & 1 ? 0xf00 : 0x300, 500, 1, !(round & 1));
        traffic();
        bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_NONE);
        good = good && host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 1000);
    }
    host.until(
        [&] {
            sluice_cqe cqe;
            while (io.ring.pop(cqe)) {
                bad += cqe.status != SLUICE_STATUS_OK;
                came++;
                io.ring.give();
            }
            return came == sent;
        },
        60000);
    printf("# %u records went by meanwhile\n", came);
    ok(good && !bad && came == sent && came > 20, "the service lane seals and opens while records go by");
}

// ---------------------------------------------------------------- march

uint32_t march(Card &card, const std::function<void()> &spoil, unsigned after)
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
            root->sluice_card__DOT__g_stream__BRA__0__KET____DOT__u_stream__DOT__u_store__DOT__gen_banks__BRA__5__KET____DOT__words
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
    ok(march(
           card, [] {}, 2) == 0 &&
           card.ready(),
       "and zeros are left");
    card.bus.store(MGMT_SYS_MARCH, 15);
    ok(!(card.bus.load(MGMT_SYS_MARCH) >> 31), "no march once the card is ready");
}

} // namespace

int main(int argc, char **argv)
{
    const char *env = getenv("SEED");
    uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : env ? strtoull(env, nullptr, 0) : (uint64_t)time(nullptr);
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } groups[] = {{"bus", test_bus}, {"dma", test_dma}, {"sa", test_sa}, {"lane", test_lane}, {"march", test_march}};
    printf("# SEED=%llu\n", (unsigned long long)seed);
    Verilated::randReset(2);
    Verilated::randSeed((int)(seed & 0x7fffffff) | 1);
    for (const auto &group : groups) {
        bool wanted = argc < 3;
        for (int i = 2; i < argc; i++) {
            wanted |= !strcmp(argv[i], group.name);
        }
        if (wanted) {
            printf("# %s\n", group.name);
            group.run(seed);
        }
    }
    plan_end();
    return failures != 0;
}
