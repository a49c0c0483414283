/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_FW_START_H
#define SLUICE_FW_START_H

/* Called by start.S. Neither returns: firmware_trap stops the processor, which is what its watchdog would do. */
_Noreturn void firmware_main(void);
_Noreturn void firmware_trap(void);

#endif
