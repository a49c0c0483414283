// SPDX-License-Identifier: Apache-2.0
//
// What every trap of a random program does: it is written down, and the program goes on behind it. Interrupts are cleared at
// their source. Misaligned accesses are done here, a byte at a time, as QEMU does them without a trap.
#include <stdint.h>

#include "layout.h"

#define WORD(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define BYTE(address) (*(volatile uint8_t *)(uintptr_t)(address))
#define READ_CSR(name)                                                                                                           \
    ({                                                                                                                           \
        uint32_t value_;                                                                                                         \
        __asm__ volatile("csrr %0, " #name : "=r"(value_));                                                                      \
        value_;                                                                                                                  \
    })

void trap(uint32_t *x);

static void append(uint32_t next, uint32_t cause, uint32_t pc, uint32_t value)
{
    uint32_t at = WORD(next);
    WORD(at) = cause;
    WORD(at + 4) = pc;
    WORD(at + 8) = value;
    WORD(at + 12) = READ_CSR(mstatus) & 0x1888;
    WORD(next) = at + 16;
}

static void interrupt(uint32_t cause)
{
    if ((cause & 15) == 3) {
        WORD(MSIP) = 0;
    } else {
        WORD(MTIMECMP) = 0xffffffff;
        WORD(MTIMECMP + 4) = 0xffffffff;
    }
}

static void load(uint32_t *x, uint32_t instruction, uint32_t address)
{
    uint32_t value = BYTE(address) | (uint32_t)BYTE(address + 1) << 8;
    uint32_t kind = instruction >> 12 & 7;
    if (kind == 2) {
        value |= (uint32_t)BYTE(address + 2) << 16 | (uint32_t)BYTE(address + 3) << 24;
    } else if (kind == 1) {
        value = (uint32_t)(int16_t)value;
    }
    x[instruction >> 7 & 31] = value;
}

static void store(const uint32_t *x, uint32_t instruction, uint32_t address)
{
    uint32_t value = x[instruction >> 20 & 31], bytes = (instruction >> 12 & 3) == 2 ? 4 : 2;
    for (uint32_t i = 0; i < bytes; i++) {
        BYTE(address + i) = (uint8_t)(value >> 8 * i);
    }
}

// What QEMU 7.2 says too: of an instruction of 16 bits no more than these, of a misaligned jump's target only what JALR had.
static uint32_t known_value(uint32_t cause, uint32_t pc, uint32_t value)
{
    if (cause == 2 && (value & 3) != 3) {
        return value & 0xffff;
    }
    return cause == 0 && (WORD(pc) & 0x7f) != 0x67 ? 0 : value;
}

void trap(uint32_t *x)
{
    uint32_t cause = READ_CSR(mcause), pc = READ_CSR(mepc), value = READ_CSR(mtval);
    if (cause >> 31) {
        append(LOG_NEXT, cause, pc, value);
        interrupt(cause);
        return;
    }
    if (cause == 4 || cause == 6) {
        append(OWN_NEXT, cause, pc, value);
        if (cause == 4) {
            load(x, WORD(pc), value);
        } else {
            store(x, WORD(pc), value);
        }
    } else {
        value = known_value(cause, pc, value);
        __asm__ volatile("csrw mtval, %0" ::"r"(value));
        append(LOG_NEXT, cause, pc, value);
    }
    uint32_t back = cause == 1 ? x[1] : pc + 4;
    __asm__ volatile("csrw mepc, %0" ::"r"(back));
}
