/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_FW_BYTES_H
#define SLUICE_FW_BYTES_H

#include <string.h>

/* Zeros that the compiler does not leave out. */
static inline void wipe(void *memory, size_t bytes)
{
    memset(memory, 0, bytes);
    __asm__ volatile("" ::"r"(memory) : "memory");
}

#endif
