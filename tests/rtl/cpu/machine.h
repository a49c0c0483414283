// SPDX-License-Identifier: Apache-2.0
//
// The core with memory and devices on its bus, as QEMU's machine `virt` has them; and QEMU.
#ifndef TESTS_RTL_CPU_MACHINE_H
#define TESTS_RTL_CPU_MACHINE_H

#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "Vdut.h"

class Machine
{
  public:
    // Answers a request after 1 to 1 + `latency` clocks.
    Machine(std::mt19937_64 &rng, std::vector<uint8_t> memory, unsigned latency);
    ~Machine();
    // Until the program wrote to FINISHER; false when that did not happen in so many clocks.
    bool run(uint64_t limit);
    void step();
    uint32_t word(uint32_t address) const;
    void put(uint32_t address, uint32_t word);

    std::vector<uint8_t> memory;
    uint64_t clocks = 0, requests = 0;
    uint32_t trace = 2166136261; // FNV-1a over all that the core asked for, and when
    std::set<uint32_t> fetched;  // instructions of the programs without registers and immediates: kind() of each
    bool finished = false;
    std::unique_ptr<Vdut> dut;

  private:
    bool access();
    void answer();
    void note(uint32_t what);
    std::mt19937_64 &rng_;
    unsigned latency_, wait_ = 0;
};

// Opcode, funct3 and, where it tells two apart, bit 30 of funct7; all of what neither computes nor jumps.
uint32_t kind(uint32_t instruction);

// Runs an image on QEMU and leaves what memory holds then; false if it does not come to its end.
bool qemu(const std::string &directory, std::vector<uint8_t> &memory);

#endif
