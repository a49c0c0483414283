/* SPDX-License-Identifier: Apache-2.0 */
/* The program of the card: what start.S calls. Not part of the tests on the host. */
#include "start.h"

#include "firmware.h"
#include "hw.h"
#include "log.h"
#include "sluice_regs.h"

#define CANARY 0x5afe57acu

extern uint32_t stack_end; /* link.ld: nothing but the canary lies between the data and the stack */

/* At a fixed place of the image. */
__attribute__((section(".ids"), used)) const volatile uint32_t firmware_ids[2] = {1u << SLUICE_FW_VERSION_MAJOR_SHIFT, 0};

void firmware_main(void)
{
    volatile uint32_t *canary = &stack_end;

    *canary = CANARY;
    firmware_begin();
    for (;;) {
        if (*canary != CANARY) {
            firmware_trap(LOG_STACK, 0, *canary);
        }
        if (!firmware_step()) {
            hw_sleep();
        }
    }
}

void firmware_trap(uint32_t cause, uint32_t pc, uint32_t value)
{
    log_trap(cause, pc, value);
    hw_stop();
}
