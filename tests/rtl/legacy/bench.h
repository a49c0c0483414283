// SPDX-License-Identifier: Apache-2.0
//
// What the benches of single cores share: TAP, a seeded generator, and a core that is clocked and whose outputs are summed up.
// A bench is compiled against a core made by `verilator --prefix Vdut`, from its RTL or from its netlist.
#ifndef TESTS_RTL_LEGACY_BENCH_H
#define TESTS_RTL_LEGACY_BENCH_H

#include <cstdint>
#include <string>
#include <vector>

#include "Vdut.h"

using Bytes = std::vector<uint8_t>;

// Prints the line of a test and remembers a failure.
void ok(bool passed, const std::string &what);

// Prints the plan and gives the exit status of the program.
int finish();

// From SEED in the environment, or from the clock; prints it.
uint64_t seed_of_run();

Bytes from_hex(const std::string &hex);

// splitmix64
class Rng
{
  public:
    explicit Rng(uint64_t seed) : state_(seed)
    {
    }
    uint64_t next();
    uint64_t below(uint64_t limit);
    Bytes bytes(size_t count);

  private:
    uint64_t state_;
};

class Clocked
{
  public:
    Clocked();
    ~Clocked();

    // The rising edge; `sampled` is what the core's outputs were before it, for the sum that tells two implementations apart.
    void tick(uint64_t sampled);
    void settle();
    // Prints the sum over all clocks so far as a TAP comment.
    void print_trace() const;

    uint64_t clocks = 0;
    Vdut dut;

  private:
    uint64_t trace_ = 0xcbf29ce484222325;
};

#endif
