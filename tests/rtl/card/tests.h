// SPDX-License-Identifier: Apache-2.0
//
// Groups of tests, each on a card that it brings up itself.
#pragma once

#include "device.h"

void test_registers(uint64_t seed);
void test_tlps(uint64_t seed);
void test_admin(uint64_t seed);
void test_fields(uint64_t seed);
void test_records(uint64_t seed);
void test_entries(uint64_t seed);
void test_any(uint64_t seed);
void test_parts(uint64_t seed);
void test_lanes(uint64_t seed);
void test_rings(uint64_t seed);
void test_windows(uint64_t seed);
void test_faults(uint64_t seed);
void test_msix(uint64_t seed);
void test_resets(uint64_t seed);
void test_counters(uint64_t seed);
void test_speed(uint64_t seed);
void test_load(uint64_t seed);
void test_coalescing(uint64_t seed);
void test_fairness(uint64_t seed);
void test_noise(uint64_t seed);
void test_storm(uint64_t seed);
void test_chaos(uint64_t seed);
void test_firmware(uint64_t seed);
