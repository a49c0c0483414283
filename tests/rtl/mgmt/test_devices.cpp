// SPDX-License-Identifier: Apache-2.0
//
// Bus, SYS, EVENT, DMA, QUEUE and SA.
#include "kit.h"

#include <cstdio>
#include <cstring>

#include "Vsluice_card___024root.h"

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

    good = host.until([&] { return bus.load(MGMT_SA_VALUE) >> 31 == 0; }, 2 * SLUICE_VIRTUAL_SAS);
    for (uint32_t index : {0u, 1u, SLUICE_VIRTUAL_SAS - 1u}) {
        bus.store(MGMT_SA_BLOB, index);
        bus.store(MGMT_SA_VALUE, index + 5);
    }
    for (uint32_t index : {0u, 1u, SLUICE_VIRTUAL_SAS - 1u, 2u}) {
        bus.store(MGMT_SA_BLOB, index);
        good = good && bus.load(MGMT_SA_VALUE) == (index == 2 ? 0 : index + 5);
    }
    ok(good, "the table of blobs keeps generations");
    bus.store(MGMT_SA_VALUE, 1u << MGMT_SA_VALUE_FORGET_SHIFT);
    good = bus.load(MGMT_SA_VALUE) >> 31;
    good = host.until([&] { return bus.load(MGMT_SA_VALUE) >> 31 == 0; }, 2 * SLUICE_VIRTUAL_SAS) && good;
    for (uint32_t index : {0u, 1u, SLUICE_VIRTUAL_SAS - 1u}) {
        bus.store(MGMT_SA_BLOB, index);
        good = good && bus.load(MGMT_SA_VALUE) == 0;
    }
    ok(good, "and forgets them");
}
