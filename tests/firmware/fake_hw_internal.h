/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the model share. */
#ifndef TESTS_FIRMWARE_FAKE_HW_INTERNAL_H
#define TESTS_FIRMWARE_FAKE_HW_INTERNAL_H

#include "fake_hw.h"

/* A rule of the hardware: the firmware must not do what this is about. */
void rule(bool kept, const char *what);
bool in_buffer(uint32_t at, uint32_t bytes);

#endif
