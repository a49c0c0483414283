// SPDX-License-Identifier: Apache-2.0
#include "bus.h"

#include <cstdio>
#include <cstring>

#include "Vsluice_card___024root.h"

#define CORE(name) host.top.rootp->sluice_card__DOT__u_mgmt__DOT__u_cpu__DOT__u_core__DOT__##name

Bus::Bus(Host &h) : host(h)
{
    CORE(asked_q) = CORE(done_q);
    CORE(asleep_q) = 0;
}

bool Bus::running()
{
    return CORE(running_q);
}

bool Bus::irq()
{
    return CORE(irq_q);
}

void Bus::access(uint32_t address, bool we, uint32_t value, unsigned be)
{
    CORE(addr_q) = address;
    CORE(we_q) = we;
    CORE(wdata_q) = value;
    CORE(be_q) = (uint8_t)be;
    CORE(asked_q) = !CORE(done_q);
    for (took = 0; CORE(asked_q) != CORE(done_q); took++) {
        if (took == 2000) {
            printf("# no answer at %08x\n", address);
            fault = true;
            return;
        }
        host.clock();
    }
    fault = CORE(err_q);
}

void Bus::store(uint32_t address, uint32_t value, unsigned be)
{
    access(address, true, value, be);
}

uint32_t Bus::load(uint32_t address, unsigned be)
{
    access(address, false, 0, be);
    return CORE(rdata_q);
}

void Bus::put(uint32_t offset, const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 4) {
        uint32_t word = 0;
        memcpy(&word, (const uint8_t *)data + i, bytes - i < 4 ? bytes - i : 4);
        store(MGMT_BUFFER + offset + (uint32_t)i, word);
    }
}

Bytes Bus::get(uint32_t offset, size_t bytes)
{
    Bytes out(bytes);
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(load(MGMT_BUFFER + ((offset + (uint32_t)i) & ~3u)) >> (8 * ((offset + i) & 3)));
    }
    return out;
}

uint32_t Bus::command(uint32_t reg, uint32_t what, unsigned limit)
{
    store(reg, what);
    uint64_t end = host.clocks + limit;
    uint32_t state = 1u << 31;
    while (state >> 31 && host.clocks < end) {
        state = load(reg);
    }
    if (state >> 31) {
        printf("# command %u of %08x does not end\n", what, reg);
    }
    return state;
}
