/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware with faults that a test can ask for: `random` with one of these lengths instead of an answer. Linked with
 * --wrap=random_bytes and --wrap=firmware_step; any other length is served.
 */
#include "fault.h"

#include "admin.h"
#include "firmware.h"
#include "sluice_regs.h"

#define NOWHERE 0x40000000u

uint32_t __real_random_bytes(const struct command *c, uint32_t *length);
uint32_t __wrap_random_bytes(const struct command *c, uint32_t *length);
bool __real_firmware_step(void);
bool __wrap_firmware_step(void);

static bool hang_next;

static _Noreturn void hang(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

/* The canary lies below the stack. */
static void spoil_stack(void)
{
    extern uint32_t stack_end;

    *(volatile uint32_t *)&stack_end = 0;
}

uint32_t __wrap_random_bytes(const struct command *c, uint32_t *length)
{
    switch (c->dst_len) {
    case FAULT_HANG:
        hang();
    case FAULT_HANG_LATER:
        hang_next = true;
        break;
    case FAULT_ILLEGAL:
        __asm__ volatile(".word 0");
        break;
    case FAULT_MISALIGNED:
        __asm__ volatile("lw zero, 1(%0)" : : "r"(c) : "memory"); /* of C code a compiler makes aligned loads */
        break;
    case FAULT_ACCESS:
        return *(volatile uint32_t *)NOWHERE;
    case FAULT_STORE:
        *(volatile uint32_t *)(uintptr_t)firmware_ids = 0;
        break;
    case FAULT_STACK:
        spoil_stack();
        break;
    default:
        return __real_random_bytes(c, length);
    }
    return SLUICE_STATUS_OK;
}

bool __wrap_firmware_step(void)
{
    if (hang_next) {
        hang();
    }
    return __real_firmware_step();
}
