/* SPDX-License-Identifier: Apache-2.0 */
/* What lib.c has. */
#ifndef SLUICE_FW_STRING_H
#define SLUICE_FW_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *memory, int value, size_t bytes);

#endif
