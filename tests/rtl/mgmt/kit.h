// SPDX-License-Identifier: Apache-2.0
//
// The card without firmware, and what the tests of its devices share.
#pragma once

#include "bus.h"

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

void write64(Bus &bus, uint32_t lo, uint64_t value);

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

// Seals of one SA, eight at a time in the queue pair, for as long as step is called.
struct Traffic {
    Traffic(Card &card, Io &io, const Sa &sa);
    void step();
    bool end(); // all have come, and were good
    unsigned sent = 0, came = 0, bad = 0;

  private:
    void take();
    Host &host_;
    Ring &ring_;
    const Sa &sa_;
    uint64_t src_, dst_;
};

void put64(Bytes &to, uint64_t value);
void put_state(Bytes &to, const uint8_t *key, uint8_t pad);
Bytes sa_words(const Sa &sa, bool states = true);
uint32_t meta(const Sa &sa, uint8_t gen);
uint64_t read64(Bus &bus, uint32_t lo);
void dma(Bus &bus, uint64_t address, uint32_t offset, uint32_t length);
bool install(Card &card, Sa &sa, uint16_t slot);
bool seals(Card &card, Io &io, Sa &sa, unsigned length, uint8_t status = SLUICE_STATUS_OK);

// A key job in every record lane: SA words at 0x300, key of 32 bytes at 0x400; its words go to 0x7c0.
void give_key_job(Bus &bus);

void test_bus(uint64_t seed);
void test_events(uint64_t seed);
void test_refused(uint64_t seed);
void test_shared(uint64_t seed);
void test_dma(uint64_t seed);
void test_sa(uint64_t seed);
void test_lane(uint64_t seed);
void test_march(uint64_t seed);
