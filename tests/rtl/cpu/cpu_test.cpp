// SPDX-License-Identifier: Apache-2.0
//
// The core against QEMU with random programs, and alone where QEMU differs or has no answer. SEED=n repeats a run, IMAGES=n makes
// n memories full of programs instead of two.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "generator.h"
#include "layout.h"
#include "machine.h"
#include "rv32.h"
#include "tests.h"

static unsigned tests, failures;
static uint32_t trace_of_all;

void ok(bool passed, const std::string &what)
{
    printf("%sok %u - %s\n", passed ? "" : "not ", ++tests, what.c_str());
    failures += !passed;
}

void add_trace(const Machine &machine)
{
    trace_of_all = (trace_of_all ^ machine.trace) * 16777619u;
}

static std::vector<uint8_t> contents(const char *file)
{
    std::ifstream in(file, std::ios::binary);
    return std::vector<uint8_t>(std::istreambuf_iterator<char>(in), {});
}

static bool compared(uint32_t address)
{
    return !(address >= FRAME && address < PROGRAMS && address != LOG_NEXT) &&
           !(address >= OWN_LOG && address < OWN_LOG + OWN_LOG_SIZE) && address < RAM_DATA;
}

static uint32_t word_of(const std::vector<uint8_t> &memory, uint32_t address)
{
    uint32_t word;
    memcpy(&word, &memory[address - MEMORY], 4);
    return word;
}

static bool same(const std::vector<uint8_t> &expected, const Machine &machine)
{
    unsigned differences = 0;
    for (uint32_t at = MEMORY; at < MEMORY + MEMORY_SIZE && differences < 8; at += 4) {
        if (compared(at) && word_of(expected, at) != machine.word(at)) {
            printf("# %08x: %08x, QEMU %08x%s\n", at, machine.word(at), word_of(expected, at),
                   at >= RESULTS ? ""
                   : at >= LOG   ? " (log of traps)"
                                 : "");
            differences++;
        }
    }
    return differences == 0;
}

// Each entry must be what a load or store at that place does with a misaligned address.
static bool misaligned_as_said(const Machine &machine, unsigned &count)
{
    for (uint32_t at = OWN_LOG; at < machine.word(OWN_NEXT); at += 16, count++) {
        uint32_t instruction = machine.word(machine.word(at + 4)), size = 1u << (instruction >> 12 & 3);
        bool store = machine.word(at) == 6;
        if ((instruction & 0x7f) != (store ? 0x23 : 0x03) || machine.word(at + 8) % size == 0) {
            return false;
        }
    }
    return true;
}

// RV32I, Zicsr, FENCE.I and WFI; MRET is in every trap.
static bool all_fetched(const std::set<uint32_t> &fetched)
{
    std::set<uint32_t> wanted = {rv::Lui,
                                 rv::Auipc,
                                 rv::Jal,
                                 rv::Jalr,
                                 rv::Ecall,
                                 rv::Ebreak,
                                 rv::Wfi,
                                 rv::Fence,
                                 rv::Fence | 1u << 12,
                                 0x40000000 | rv::Op};
    for (uint32_t funct3 = 0; funct3 < 8; funct3++) {
        for (uint32_t opcode : {rv::Load, rv::Store, rv::Branch, rv::OpImm, rv::Op, rv::System}) {
            bool is = opcode == rv::Load     ? funct3 != 3 && funct3 < 6
                      : opcode == rv::Store  ? funct3 < 3
                      : opcode == rv::Branch ? funct3 != 2 && funct3 != 3
                                             : opcode != rv::System || (funct3 != 0 && funct3 != 4);
            if (is) {
                wanted.insert(funct3 << 12 | opcode);
            }
        }
    }
    wanted.insert(0x40005000 | rv::Op);
    wanted.insert(0x40005000 | rv::OpImm);
    return std::includes(fetched.begin(), fetched.end(), wanted.begin(), wanted.end());
}

static void one_image(std::mt19937_64 &rng, const std::string &directory, const std::vector<uint8_t> &support, unsigned latency,
                      std::set<uint32_t> &all)
{
    Generator generator(rng, support);
    std::vector<uint8_t> image = generator.image(512, 30 + (unsigned)(rng() % 200)), expected = image;
    Machine machine(rng, image, latency);
    bool reference = qemu(directory, expected), ran = machine.run(20000000);
    unsigned misaligned = 0, traps = (machine.word(LOG_NEXT) - LOG) / 16;
    all.insert(machine.fetched.begin(), machine.fetched.end());
    bool passed = reference && ran && same(expected, machine) && misaligned_as_said(machine, misaligned);
    ok(passed, std::to_string(generator.programs) + " random programs, " + std::to_string(traps) + " traps, " +
                   std::to_string(misaligned) + " misaligned accesses as QEMU, memory after 1 to " + std::to_string(1 + latency) +
                   " clocks");
    printf("# %llu clocks\n", (unsigned long long)machine.clocks);
    add_trace(machine);
}

int main(int argc, char **argv)
{
    Verilated::commandArgs(argc, argv);
    const char *given = getenv("SEED"), *images = getenv("IMAGES");
    uint64_t seed = given ? strtoull(given, nullptr, 0) : std::random_device{}();
    std::mt19937_64 rng(seed);
    Verilated::randReset(2);
    Verilated::randSeed((int)(seed % 1000000) + 1);
    printf("# SEED=%llu\n", (unsigned long long)seed);
    const std::string program = argv[0], directory = program.substr(0, program.rfind('/'));
    const std::vector<uint8_t> support = contents((directory + "/programs.bin").c_str());
    directed_tests(rng);
    std::set<uint32_t> fetched;
    for (unsigned i = 0; i < (images ? (unsigned)atoi(images) : 2); i++) {
        one_image(rng, directory, support, i % 2 ? 3 : 0, fetched);
    }
    ok(all_fetched(fetched), "every instruction of RV32I, Zicsr, FENCE.I and WFI was among them");
    printf("# trace %08x\n1..%u\n", trace_of_all, tests);
    return failures != 0;
}
