/* SPDX-License-Identifier: Apache-2.0 */
/* Entries for the fake card, and what their completions must say. */
#ifndef TESTS_FIRMWARE_COMMANDS_H
#define TESTS_FIRMWARE_COMMANDS_H

#include "fake_hw.h"

#define AT       0x1000u
#define ADDRESS  (FAKE_HOST + AT)
#define NOWHERE  UINT64_C(0x40)
#define BLOCK    SLUICE_SQE_BYTES
#define COUNT(x) (sizeof(x) / sizeof *(x))

/* A fresh card, booted. */
void begin(void);
struct sluice_sqe entry(uint8_t op);
void put24(uint8_t to[3], uint32_t value);
/* Has the entry served; false, and a note, unless this is what comes back. */
bool gives(struct sluice_sqe sqe, uint32_t status, uint32_t length);

/* The parameter block at AT, one that is right, and the entry that creates an SA of it. */
struct sluice_sa_params *params(void);
void good_params(void);
struct sluice_sqe create(uint32_t slot);

#endif
