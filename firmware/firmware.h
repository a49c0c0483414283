/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_FW_FIRMWARE_H
#define SLUICE_FW_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

/* As registers FW_VERSION and FW_BUILD have them; scripts/fwhex.py puts the build id into the image, behind the compiler's back.
 */
extern const volatile uint32_t firmware_ids[2];

/* From the reset to `ready`, or to `failed`. */
void firmware_begin(void);
/* One turn of the main loop. False: there was nothing to do, and nothing will be before the next event. */
bool firmware_step(void);

#endif
