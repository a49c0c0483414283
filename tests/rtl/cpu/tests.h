// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_RTL_CPU_TESTS_H
#define TESTS_RTL_CPU_TESTS_H

#include <random>
#include <string>

#include "machine.h"

void ok(bool passed, const std::string &what);
// What the core asked for counts in the comparison of RTL and netlist.
void add_trace(const Machine &machine);
// Programs written by hand, whose results the manual says.
void directed_tests(std::mt19937_64 &rng);

#endif
