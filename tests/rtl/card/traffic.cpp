// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

#include <cstdio>
#include <cstring>

static const unsigned log2_depth = 7, step = 8;

Traffic::Traffic(uint64_t seed, bool paced) : host(seed), device(host)
{
    host.reset();
    host.options.paced = paced;
    device.start();
    all.reserve(16);
}

Stream &Traffic::add(Stream::Kind kind, unsigned size, unsigned in_flight, unsigned cipher, unsigned mac, unsigned form)
{
    unsigned number = static_cast<unsigned>(all.size());
    all.emplace_back();
    Stream &s = all.back();
    s.kind = kind;
    s.size = size;
    s.most = in_flight;
    s.ring = device.queue(number + 1, log2_depth);
    s.sealer = make_sa(host, cipher, mac, form, SLUICE_DIRECTION_SEAL, 16);
    s.opener = s.sealer;
    s.opener.params.direction = SLUICE_DIRECTION_OPEN;
    s.opener.params.limit = 0;
    device.create(s.sealer, static_cast<uint16_t>(2 * number));
    device.create(s.opener, static_cast<uint16_t>(2 * number + 1));
    for (unsigned i = 0; i < in_flight; i++) {
        Bytes content(size);
        for (uint8_t &b : content) {
            b = static_cast<uint8_t>(host.rng());
        }
        Bytes record = reference_seal(s.sealer, content, 0x97, 0, s.sealer.counter, nullptr);
        s.record_size = static_cast<unsigned>(record.size());
        s.slots.push_back({host.alloc(size + 64), host.alloc(record.size()), host.alloc(record.size() + 64), 0, false, true});
        host.put(s.slots.back().clear, content.data(), content.size());
        host.put(s.slots.back().sealed, record.data(), record.size());
    }
    return s;
}

void Traffic::spoil(Stream &s, unsigned slots, Fault fault)
{
    for (unsigned i = 0; i < slots; i++) {
        Stream::Slot &slot = s.slots[i];
        slot.clear = host.alloc((s.size + 4095) / 4096 * 4096, 4096);
        slot.spoilt = true;
        for (unsigned page = 0; page < s.size; page += 4096) {
            host.fault(slot.clear + page, fault);
        }
    }
}

void Traffic::again()
{
    all.clear();
    done = 0;
    refill = true;
    device.start();
}

bool Traffic::inside()
{
    bool good = true;
    auto within = [](const Host::Write &w, uint64_t from, uint64_t bytes) {
        return w.address >= (from & ~3ull) && w.address + w.bytes <= ((from + bytes + 3) & ~3ull);
    };
    for (const Host::Write &w : host.writes) {
        bool named = w.address >> 20 == 0xfee || within(w, device.aq->cq, 32 * device.aq->depth());
        for (const Stream &s : all) {
            named = named || within(w, s.ring->cq, 32 * s.ring->depth());
            for (size_t i = 0; i < s.slots.size() && !named; i++) {
                named = !s.slots[i].spoilt && within(w, s.slots[i].out, s.record_size);
            }
        }
        good = good && named;
    }
    host.writes.clear();
    return good;
}

void Traffic::push(Stream &s)
{
    bool any = false;
    for (unsigned i = 0; i < s.most; i++) {
        Stream::Slot &slot = s.slots[i];
        if (!slot.free) {
            continue;
        }
        slot.open = s.kind == Stream::Open || (s.kind == Stream::Mixed && s.pushed % 2);
        slot.free = false;
        slot.from = host.clocks;
        s.ring->push(slot.open ? open_entry(s.opener, slot.sealed, s.record_size, slot.out, s.record_size, i)
                               : seal_entry(s.sealer, slot.clear, s.size, slot.out, s.record_size, i));
        s.pushed++;
        any = true;
    }
    if (any) {
        s.ring->bell();
    }
}

// The same record is opened again and again: all but the first are replays, which are written out too.
bool Traffic::right(Stream &s, const sluice_cqe &cqe, const Stream::Slot &slot)
{
    if (slot.spoilt) {
        s.failed++;
        return cqe.status == SLUICE_STATUS_DMA_ERROR;
    }
    if (cqe.status != SLUICE_STATUS_OK && !(slot.open && cqe.status == SLUICE_STATUS_REPLAYED)) {
        printf("# queue %u: status %u\n", s.ring->queue, cqe.status);
        return false;
    }
    if (done % check) {
        return true;
    }
    uint64_t counter;
    memcpy(&counter, cqe.counter, 8);
    Bytes content = host.get(slot.clear, s.size);
    return slot.open ? host.get(slot.out, s.size) == content
                     : host.get(slot.out, s.record_size) == reference_seal(s.sealer, content, 0x97, 0, counter, nullptr);
}

void Traffic::collect(Stream &s)
{
    sluice_cqe cqe;
    while (s.ring->pop(cqe)) {
        Stream::Slot &slot = s.slots.at(cqe.cookie);
        s.bad += slot.free || !right(s, cqe, slot);
        slot.free = true;
        s.longest = std::max(s.longest, host.clocks - slot.from);
        s.done++;
        s.untold++;
        done++;
    }
    if (s.untold >= 16 || s.untold * 2 >= s.most) {
        s.untold = 0;
        s.ring->give();
        if (refill) {
            push(s);
        }
    }
}

void Traffic::fill()
{
    for (Stream &s : all) {
        push(s);
    }
}

void Traffic::run(unsigned clocks)
{
    for (unsigned i = 0; i < clocks; i += step) {
        host.run(step);
        for (Stream &s : all) {
            collect(s);
        }
    }
}

void Traffic::until(unsigned count)
{
    for (unsigned limit = 200000; done < count && limit; limit--) {
        run(step);
    }
}

void Traffic::drain()
{
    unsigned pushed = 0;
    refill = false;
    for (const Stream &s : all) {
        pushed += s.pushed;
    }
    until(pushed);
}
