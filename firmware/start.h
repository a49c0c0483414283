/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_FW_START_H
#define SLUICE_FW_START_H

#include <stdint.h>

/* Called by start.S. Neither returns: firmware_trap keeps what happened for the log of the next boot and stops the processor. */
_Noreturn void firmware_main(void);
_Noreturn void firmware_trap(uint32_t cause, uint32_t pc, uint32_t value);

#endif
