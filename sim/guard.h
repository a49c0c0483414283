/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access to memory that another process shares and may take away: a file that was truncated after it was mapped raises SIGBUS.
 * Only the thread that runs the simulation uses these.
 */
#ifndef SIM_GUARD_H
#define SIM_GUARD_H

#include <stdint.h>

/* Takes over SIGBUS. 0 or -errno. */
int guard_install(void);
/* Copy from and to shared memory. -EFAULT: it is no longer there (some of it may have been copied). */
int guard_load(uint8_t *to, const uint8_t *shared, unsigned count);
/* Bytes become visible in ascending order, aligned 8 bytes at once, each word with release order, as a PCIe write does. */
int guard_store(uint8_t *shared, const uint8_t *from, unsigned count);

#endif
