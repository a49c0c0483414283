// SPDX-License-Identifier: Apache-2.0
//
// What the processor is told, what it may not ask for, and what it shares with records and DMA.
#include "kit.h"

#include <cstdio>

namespace
{

// The event is told once it has happened and not before, and by its own bit alone.
bool told(Card &card, unsigned bit, const std::function<void()> &act)
{
    Bus &bus = card.bus;
    bus.store(MGMT_EVENT_PENDING, ~0u);
    bus.store(MGMT_EVENT_ENABLE, 1u << bit);
    card.host.run(3);
    bool before = bus.irq();
    act();
    bool good = !before && card.host.until([&] { return bus.irq(); }, 60000);
    uint32_t pending = bus.load(MGMT_EVENT_PENDING);
    bus.store(MGMT_EVENT_ENABLE, ~(1u << bit) & ~pending);
    card.host.run(3);
    good = good && (pending >> bit & 1) && !bus.irq();
    bus.store(MGMT_EVENT_ENABLE, 1u << bit);
    bus.store(MGMT_EVENT_PENDING, 1u << bit);
    card.host.run(3);
    good = good && !bus.irq();
    bus.store(MGMT_EVENT_ENABLE, 0);
    if (!good) {
        printf("# event %u, pending %x\n", bit, pending);
    }
    return good;
}

Sa seal_sa(Host &host)
{
    return make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
}

} // namespace

void test_events(uint64_t seed)
{
    Card card(seed);
    Host &host = card.host;
    Bus &bus = card.bus;
    bus.store(MGMT_DMA_PLACE, 0x100 | 64u << 16);
    ok(told(card, MGMT_EVENT_PENDING_DMA_SHIFT, [&] { bus.store(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_CLEAR); }) &&
           told(card, MGMT_EVENT_PENDING_SA_SHIFT, [&] { bus.store(MGMT_SA_COMMAND, MGMT_SA_COMMAND_GET); }),
       "the end of a DMA and of an SA command is told");
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_ALL);
    Bytes words = sa_words(make_sa(host, SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL));
    bus.put(0x300, words.data(), 128);
    bool good = told(card, MGMT_EVENT_PENDING_RESULTS_SHIFT, [&] { give_key_job(bus); });
    good = good && told(card, MGMT_EVENT_PENDING_LANE_SHIFT, [&] { bus.store(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_RELEASE); });
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_NONE);
    good = good && host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 500);
    ok(good, "so is that of a lane's command, and the results of a job");
    ok(told(card, MGMT_EVENT_PENDING_MARCH_SHIFT, [&] { bus.store(MGMT_SYS_MARCH, 1); }), "and of the march test");

    good = card.ready();
    Ring &aq = *card.device.aq;
    const uint32_t door = 0xfee00000; // where the host takes interrupts
    host.write32(SLUICE_REG_MSIX_TABLE(0), door);
    host.write32(SLUICE_REG_MSIX_TABLE(0) + 4, 0);
    host.write32(SLUICE_REG_MSIX_TABLE(0) + 8, 0x42);
    host.write32(SLUICE_REG_MSIX_TABLE(0) + 12, 0);
    aq.give(true);
    aq.push({});
    aq.bell();
    bus.store(MGMT_DMA_PLACE, 0xb80);
    good = good && host.until([&] { return bus.load(MGMT_DMA_WAITING) == 1; }, 500) &&
           bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_TAKE) == 0 && host.messages.empty();
    good = good && told(card, MGMT_EVENT_PENDING_COMPLETED_SHIFT, [&] { bus.store(MGMT_QUEUE_COMPLETE, 0); });
    ok(good, "so is a completion that was accepted");
    good = host.until([&] { return !host.messages.empty(); }, 1000) && host.messages[0].address == door &&
           host.messages[0].data == 0x42;
    host.run(500);
    ok(good && host.messages.size() == 1, "the admin queue pair's interrupt comes once it is armed");
    ok(told(card, MGMT_EVENT_PENDING_STOPPED_SHIFT, [&] { host.write32(SLUICE_REG_AQ_CTRL, 0); }),
       "the processor hears of the admin queue pair's end");
}

void test_refused(uint64_t seed)
{
    Card card(seed);
    Host &host = card.host;
    Bus &bus = card.bus;
    bool good = true;
    bus.store(MGMT_DMA_PLACE, 0x100 | 64u << 16);
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_ALL);
    for (uint32_t what : {0u, 5u, 7u, 15u}) {
        good = good && bus.command(MGMT_DMA_COMMAND, what) == 1;
    }
    for (uint32_t what : {0u, 6u, 7u, 15u}) {
        good = good && bus.command(MGMT_LANE_COMMAND, what) == 1;
    }
    ok(good, "commands that DMA and LANE do not know are errors");
    good = bus.command(MGMT_DMA_COMMAND, MGMT_DMA_COMMAND_CLEAR) == 0;
    good = good && bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_RELEASE) == 0;
    ok(good, "and the next one is not");
    bus.store(MGMT_LANE_OWN, MGMT_LANE_OWN_NONE);

    good = host.until([&] { return bus.load(MGMT_LANE_OWN) == 0; }, 500) && card.ready();
    Io io(card);
    Sa sa = seal_sa(host);
    good = good && install(card, sa, 17) && seals(card, io, sa, 300);
    dma(bus, 0xdead00000000ull, 0, 16);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_KEYS) == SLUICE_STATUS_DMA_ERROR;
    ok(good, "a key that cannot be read is a DMA error");
    Sa next = seal_sa(host);
    ok(install(card, next, 18) && seals(card, io, next, 200), "and the next key job gives its key");
}

// The processor's words in the buffer, while DMA reads or writes others of it; what is longer than without it has waited.
static bool words_hold(Card &card, uint32_t command, unsigned &waited)
{
    Bus &bus = card.bus;
    bool good = true;
    bus.store(MGMT_BUFFER, 0);
    const unsigned store = bus.took;
    bus.load(MGMT_BUFFER);
    const unsigned load = bus.took;
    dma(bus, card.host.alloc(2048, 4096), 0, 2048);
    bus.store(MGMT_DMA_COMMAND, command);
    do {
        uint32_t at = MGMT_BUFFER + 0x800 + 4 * card.host.below(0x100), value = (uint32_t)card.host.rng();
        bus.store(at, value);
        waited += bus.took > store;
        good = good && bus.load(at) == value && !bus.fault;
        waited += bus.took > load;
        card.host.run(card.host.below(5));
    } while (bus.load(MGMT_DMA_COMMAND) >> 31);
    return good;
}

void test_shared(uint64_t seed)
{
    Card card(seed);
    Host &host = card.host;
    Bus &bus = card.bus;
    bool good = true;
    unsigned in = 0, out = 0;
    host.options.latency = 200;
    for (unsigned i = 0; i < 20; i++) {
        good = words_hold(card, MGMT_DMA_COMMAND_IN, in) && words_hold(card, MGMT_DMA_COMMAND_OUT, out) && good;
    }
    printf("# %u accesses waited for what came, %u for what left\n", in, out);
    ok(good && in && out, "the processor's words in the buffer are right, and wait for DMA");

    good = card.ready();
    Io io(card);
    Sa busy = seal_sa(host), sa = seal_sa(host);
    good = good && install(card, busy, 3) && install(card, sa, 9);
    Traffic traffic(card, io, busy);
    bus.store(MGMT_SA_OFFSET, 0xe00);
    for (unsigned i = 0; good && i < 120; i++) {
        traffic.step();
        bus.store(MGMT_SA_SLOT, 9);
        good = bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_OUT) == 0 &&
               bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_SCRUB) == 0;
        host.run(host.below(60));
        good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_IN) == 0;
        host.run(host.below(60));
    }
    good = traffic.end() && good;
    printf("# %u records went by meanwhile\n", traffic.came);
    ok(good && traffic.came > 15 && seals(card, io, sa, 700), "SA words come out whole while records need others");
}
