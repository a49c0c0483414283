// SPDX-License-Identifier: Apache-2.0
//
// Random programs: an image of memory that QEMU's machine `virt` and the core run alike.
#ifndef TESTS_RTL_CPU_GENERATOR_H
#define TESTS_RTL_CPU_GENERATOR_H

#include <cstdint>
#include <random>
#include <vector>

class Generator
{
  public:
    // `support`: start, traps and end, from MEMORY on (programs.bin).
    Generator(std::mt19937_64 &rng, const std::vector<uint8_t> &support);
    // As many programs as there is room for, up to `count`; each of `items` random things and their consequences.
    std::vector<uint8_t> image(unsigned count, unsigned items);
    // Of the last image.
    unsigned programs = 0;

  private:
    unsigned below(unsigned limit);
    unsigned reg();
    unsigned reg_but_0();
    uint32_t value();
    void emit(uint32_t word);
    void set(unsigned rd, uint32_t value);
    uint32_t random_alu(unsigned not_written);
    void alu();
    void memory();
    void memory_fault();
    void skip(int32_t *at_branch);
    void branch();
    void jump();
    void jump_register();
    void jump_back();
    void jump_away();
    void jump_misaligned();
    void loop();
    void csr();
    void csr_mstatus();
    void csr_illegal();
    void illegal();
    void system();
    void software_interrupt();
    void timer_interrupt();
    void wait();
    void item();
    void program(unsigned items);
    uint32_t pc() const;

    std::mt19937_64 &rng_;
    std::vector<uint8_t> image_;
    uint32_t pc_ = 0;
    unsigned depth_ = 0; // of items inside jumps
};

#endif
