// SPDX-License-Identifier: Apache-2.0
#include "generator.h"

#include <algorithm>
#include <cstring>

#include "layout.h"
#include "rv32.h"

static constexpr uint32_t ProgramsEnd = LOG - 0x1000;

Generator::Generator(std::mt19937_64 &rng, const std::vector<uint8_t> &support) : rng_(rng), image_(MEMORY_SIZE)
{
    std::copy(support.begin(), support.end(), image_.begin());
}

unsigned Generator::below(unsigned limit)
{
    return (unsigned)(rng_() % limit);
}

unsigned Generator::reg()
{
    return below(32);
}

unsigned Generator::reg_but_0()
{
    return 1 + below(31);
}

// Often one at which carries, signs and comparisons change.
uint32_t Generator::value()
{
    static const uint32_t edges[] = {0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0xfffff800, 0x7ff, 0x800, 31, 32};
    switch (below(4)) {
    case 0:
        return edges[below(sizeof edges / sizeof *edges)];
    case 1:
        return below(2) ? below(64) : 0 - below(64);
    default:
        return (uint32_t)rng_();
    }
}

uint32_t Generator::pc() const
{
    return pc_;
}

void Generator::emit(uint32_t word)
{
    memcpy(&image_[pc_ - MEMORY], &word, 4);
    pc_ += 4;
}

void Generator::set(unsigned rd, uint32_t value)
{
    emit(rv::lui(rv::high(value), rd));
    emit(rv::addi(rv::low(value), rd, rd));
}

// Any instruction that does nothing but compute; `not_written` is no register of its result.
uint32_t Generator::random_alu(unsigned not_written)
{
    unsigned rd = reg();
    rd = rd == not_written ? 0 : rd;
    uint32_t funct3 = below(8);
    bool alternative = below(2) && (funct3 == 0 || funct3 == 5);
    switch (below(8)) {
    case 0:
        return rv::lui((uint32_t)rng_(), rd);
    case 1:
        return (rv::lui((uint32_t)rng_(), rd) & ~0x7fu) | rv::Auipc;
    case 2:
    case 3:
    case 4:
        if (funct3 == 1 || funct3 == 5) {
            return rv::r(funct3 == 5 && alternative ? 0x20 : 0, below(32), reg(), funct3, rd, rv::OpImm);
        }
        return rv::i((int32_t)value(), reg(), funct3, rd, rv::OpImm);
    default:
        return rv::r(alternative ? 0x20 : 0, reg(), reg(), funct3, rd, rv::Op);
    }
}

void Generator::alu()
{
    emit(random_alu(0));
}

// Loads and stores in memory of either kind, one in ten of them misaligned: our trap changes registers that QEMU leaves alone,
// and the one behind it makes them equal again.
void Generator::memory()
{
    static const uint32_t loads[] = {0, 1, 2, 4, 5};
    bool is_store = below(2);
    uint32_t funct3 = is_store ? below(3) : loads[below(5)], size = 1u << (funct3 & 3);
    uint32_t address = (below(2) ? DATA : RAM_DATA) + below(DATA_SIZE - 8);
    address = below(10) ? address & ~(size - 1) : address;
    int32_t offset = (int32_t)below(4096) - 2048;
    unsigned base = reg_but_0();
    set(base, address - (uint32_t)offset);
    emit(is_store ? rv::s(offset, reg(), base, funct3) : rv::i(offset, base, funct3, reg(), rv::Load));
    if (address & (size - 1)) {
        emit(rv::Ecall);
    }
}

void Generator::memory_fault()
{
    bool is_store = below(2);
    uint32_t funct3 = below(3);
    unsigned base = reg_but_0();
    set(base, 0xc0000000 + (below(0x10000000) & ~3u));
    int32_t offset = (int32_t)(below(1024) * 4) - 2048;
    emit(is_store ? rv::s(offset, reg(), base, funct3) : rv::i(offset, base, funct3, reg(), rv::Load));
}

// Some items that are jumped over, or not.
void Generator::skip(int32_t *at_branch)
{
    uint32_t from = pc();
    emit(rv::Nop);
    depth_++;
    for (unsigned n = below(4); n > 0; n--) {
        item();
    }
    depth_--;
    *at_branch = (int32_t)(pc() - from);
    pc_ = from;
}

void Generator::branch()
{
    static const uint32_t kinds[] = {0, 1, 4, 5, 6, 7};
    int32_t offset;
    unsigned a = reg(), b = below(4) ? reg() : a;
    skip(&offset);
    emit(rv::b(offset, b, a, kinds[below(6)]));
    pc_ += (uint32_t)offset - 4;
}

void Generator::jump()
{
    int32_t offset;
    skip(&offset);
    emit(rv::jal(offset, reg()));
    pc_ += (uint32_t)offset - 4;
}

void Generator::jump_register()
{
    uint32_t from = pc();
    unsigned base = reg_but_0(), rd = reg();
    int32_t offset, imm = (int32_t)below(4096) - 2048;
    pc_ += 8;
    skip(&offset);
    uint32_t to = pc() + (uint32_t)offset + below(2); // bit 0 of a target is dropped
    emit(rv::i(imm, base, 0, rd, rv::Jalr));
    pc_ = from;
    set(base, to - (uint32_t)imm);
    pc_ = to & ~1u;
}

// There and back: over a block, into it, and out of it behind the way back.
void Generator::jump_back()
{
    int32_t over;
    skip(&over);
    emit(rv::jal(over + 4, reg()));
    pc_ += (uint32_t)over - 4;
    emit(rv::jal(8, reg()));
    emit(rv::jal(-over, reg()));
}

// Where no memory is; the trap returns to x1.
void Generator::jump_away()
{
    unsigned base = reg_but_0();
    set(base, 0xc0000000 + (below(0x10000000) & ~3u));
    emit(rv::i((int32_t)(below(1024) * 4) - 2048 + (int32_t)below(2), base, 0, 1, rv::Jalr));
}

void Generator::jump_misaligned()
{
    static const uint32_t kinds[] = {0, 1, 4, 5, 6, 7};
    unsigned base = reg_but_0();
    switch (below(3)) {
    case 0:
        set(base, pc() + (below(64) * 4) + 2);
        emit(rv::i(0, base, 0, reg(), rv::Jalr));
        break;
    case 1:
        emit(rv::jal((int32_t)(below(64) * 4) - 126, reg()));
        break;
    default:
        emit(rv::b((int32_t)(below(64) * 4) - 126, reg(), reg(), kinds[below(6)]));
    }
}

void Generator::loop()
{
    unsigned counter = reg_but_0(), length = 1 + below(6);
    set(counter, 1 + below(8));
    for (unsigned n = 0; n < length; n++) {
        emit(random_alu(counter));
    }
    emit(rv::addi(-1, counter, counter));
    emit(rv::b(-4 * ((int32_t)length + 1), 0, counter, 1));
}

void Generator::csr()
{
    static const uint32_t free[] = {rv::Mtval, rv::Mepc, rv::Mcause};
    static const uint32_t masks[] = {0xffffffff, 0xfffffffc, 0x8000000f};
    unsigned which = below(3), source = reg_but_0();
    switch (below(4)) {
    case 0: // a value that the register holds whole
        set(source, value() & masks[which]);
        emit(rv::csr(free[which], source, 1, reg()));
        break;
    case 1: // set and clear, with x0 too: then nothing is written
        emit(rv::csr(rv::Mtval, reg(), 2 + below(2), reg()));
        break;
    case 2:
        emit(rv::csr(rv::Mtval, below(32), 5 + below(3), reg()));
        break;
    default: // there and back, for traps want it
        emit(rv::csr(rv::Mscratch, source, 1, source));
        emit(rv::csr(rv::Mscratch, source, 1, source));
    }
    emit(rv::csr(free[below(3)], 0, 2 + below(2), reg()));
}

void Generator::csr_mstatus()
{
    static const uint32_t shown[] = {rv::Misa, rv::Mie, rv::Mip, rv::Mtvec, rv::Mhartid};
    unsigned rd = reg_but_0(), mask = reg_but_0();
    mask = mask == rd ? rd % 31 + 1 : mask;
    emit(rv::csr(rv::Mstatus, 8, 5 + below(3) % 2 + 1, 0));
    emit(rv::csr(rv::Mstatus, 0, 2, rd));
    set(mask, 0x88); // QEMU 7.2 says user mode in MPP after MRET even where there is none
    emit(rv::r(0, mask, rd, 7, rd, rv::Op));
    emit(rv::csr(shown[below(5)], 0, 2, reg()));
}

void Generator::csr_illegal()
{
    static const uint32_t none[] = {0x100, 0x105, 0x141, 0x180, 0x200, 0x5c0, 0x7c0, 0x800, 0x9c0, 0xbc0, 0xcc0, 0xfc0};
    static const uint32_t kinds[] = {1, 2, 3, 5, 6, 7};
    if (below(2)) {
        emit(rv::csr(none[below(sizeof none / sizeof *none)], reg(), kinds[below(6)], reg()));
    } else { // read only; QEMU 7.2 lets a register pass that holds no bits to set or clear
        unsigned source = reg_but_0();
        set(source, value() | 1);
        emit(rv::csr(rv::Mhartid, source, kinds[below(6)], reg()));
    }
}

void Generator::illegal()
{
    static const uint32_t opcodes[] = {0x07, 0x0b, 0x1b, 0x1f, 0x27, 0x2b, 0x2f, 0x3b, 0x3f, 0x43, 0x47,
                                       0x4b, 0x4f, 0x53, 0x57, 0x5b, 0x5f, 0x6b, 0x77, 0x7b, 0x7f};
    static const uint32_t system[] = {0x00200073, 0x10200073, 0x30300073, 0x302000f3, 0x30208073,
                                      0x000000f3, 0x00008073, 0x105000f3, 0x7b200073};
    uint32_t word = (uint32_t)rng_() & ~0x7fu, funct3;
    switch (below(7)) {
    case 0:
        word |= opcodes[below(sizeof opcodes / sizeof *opcodes)];
        break;
    case 1: // 16 bits
        word |= (below(32) << 2) | below(3);
        break;
    case 2: // SUB and SRA have bit 30; nothing else has more than funct3
        funct3 = word >> 12 & 7;
        word |= below(2) ? rv::Op : rv::OpImm;
        if ((word & 0x7f) == rv::OpImm) {
            word = (word & ~0x7000u) | (below(2) ? 0x1000 : 0x5000);
            funct3 = 0;
        }
        if (word >> 25 == 0 || (word >> 25 == 0x20 && (funct3 == 0 || funct3 == 5 || (word & 0x7000) == 0x5000))) {
            word |= 0x80000000;
        }
        break;
    case 3: {
        static const uint32_t loads[] = {3, 6, 7};
        word = (word & ~0x7000u) | loads[below(3)] << 12 | rv::Load;
        break;
    }
    case 4:
        word = (word & ~0x7000u) | (3 + below(5)) << 12 | rv::Store;
        break;
    case 5:
        word = below(2) ? (word & ~0x7000u) | (2 + below(2)) << 12 | rv::Branch
                        : (word & ~0x7000u) | (1 + below(7)) << 12 | rv::Jalr;
        break;
    default:
        word = below(2) ? system[below(sizeof system / sizeof *system)] : (word & ~0x7000u) | 4u << 12 | rv::System;
    }
    emit(word);
}

void Generator::system()
{
    static const uint32_t words[] = {rv::Ecall, rv::Ebreak, 0x0ff0000f, 0x0000100f, 0x8330000f, 0x0100000f};
    emit(words[below(6)]);
}

// A pending interrupt is taken in front of the instruction behind the one that enables it.
void Generator::software_interrupt()
{
    unsigned a = reg_but_0(), b = reg_but_0();
    b = a == b ? a % 31 + 1 : b;
    emit(rv::csr(rv::Mstatus, 8, 7, 0));
    emit(rv::csr(rv::Mie, 8, 6, 0));
    set(a, MSIP);
    emit(rv::addi(1, 0, b));
    emit(rv::sw(0, a, b));
    emit(rv::lw(0, a, b));
    emit(rv::Nop);
    emit(rv::csr(rv::Mip, 0, 2, reg_but_0()));
    if (below(4) == 0) {
        emit(rv::Wfi);
    }
    if (below(4) == 0) { // masked by mie
        emit(rv::csr(rv::Mie, 8, 7, 0));
        emit(rv::csr(rv::Mstatus, 8, 6, 0));
        emit(random_alu(0));
        emit(rv::csr(rv::Mie, 8, 6, 0));
    } else {
        emit(rv::csr(rv::Mstatus, 8, 6, 0));
    }
    emit(random_alu(0));
    emit(rv::csr(rv::Mstatus, 8, 7, 0));
}

void Generator::timer_interrupt()
{
    unsigned a = reg_but_0(), b = reg_but_0();
    b = a == b ? a % 31 + 1 : b;
    emit(rv::csr(rv::Mstatus, 8, 7, 0));
    set(b, 0x80);
    emit(rv::csr(rv::Mie, b, 2, 0));
    set(a, MTIMECMP);
    emit(rv::sw(4, a, 0));
    emit(rv::sw(0, a, 0));
    emit(rv::lw(0, a, b));
    emit(rv::Nop);
    emit(rv::csr(rv::Mip, 0, 2, b));
    emit(rv::csr(rv::Mstatus, 8, 6, 0));
    emit(random_alu(0));
    emit(rv::csr(rv::Mstatus, 8, 7, 0));
}

// Sleeps until the timer, which comes some clocks later; what the time was stays in no register.
void Generator::wait()
{
    unsigned a = reg_but_0(), b = reg_but_0();
    b = a == b ? a % 31 + 1 : b;
    emit(rv::csr(rv::Mstatus, 8, 7, 0));
    set(b, 0x80);
    emit(rv::csr(rv::Mie, b, 2, 0));
    set(a, MTIME);
    emit(rv::lw(0, a, b));
    emit(rv::addi((int32_t)below(500), b, b));
    set(a, MTIMECMP);
    emit(rv::sw(0, a, b));
    emit(rv::sw(4, a, 0));
    emit(rv::Wfi);
    set(b, value());
    emit(rv::csr(rv::Mstatus, 8, 6, 0));
    emit(random_alu(0));
    emit(rv::csr(rv::Mstatus, 8, 7, 0));
}

void Generator::item()
{
    static const struct {
        unsigned weight;
        void (Generator::*make)();
    } kinds[] = {
        {40, &Generator::alu},
        {20, &Generator::memory},
        {1, &Generator::memory_fault},
        {10, &Generator::branch},
        {3, &Generator::jump},
        {3, &Generator::jump_register},
        {2, &Generator::jump_back},
        {1, &Generator::jump_away},
        {2, &Generator::jump_misaligned},
        {2, &Generator::loop},
        {3, &Generator::csr},
        {1, &Generator::csr_mstatus},
        {1, &Generator::csr_illegal},
        {2, &Generator::illegal},
        {2, &Generator::system},
        {1, &Generator::software_interrupt},
        {1, &Generator::timer_interrupt},
        {1, &Generator::wait},
    };
    unsigned sum = 0;
    for (const auto &kind : kinds) {
        sum += kind.weight;
    }
    unsigned choice = below(sum);
    for (const auto &kind : kinds) {
        if (choice < kind.weight) {
            if (depth_ < 2 || kind.make == &Generator::alu || kind.make == &Generator::memory) {
                (this->*kind.make)();
            } else {
                alu();
            }
            return;
        }
        choice -= kind.weight;
    }
}

// Random registers, random items, and the registers for all to see.
void Generator::program(unsigned items)
{
    for (unsigned rd = 1; rd < 32; rd++) {
        set(rd, value());
    }
    while (items-- > 0) {
        item();
    }
    uint32_t at = RESULTS + 128 * programs;
    emit(rv::csr(rv::Mtval, 31, 1, 0));
    emit(rv::lui(rv::high(at), 31));
    for (unsigned n = 1; n < 31; n++) {
        emit(rv::sw(rv::low(at) + 4 * (int32_t)n, 31, n));
    }
    emit(rv::csr(rv::Mtval, 0, 2, 30));
    emit(rv::sw(rv::low(at), 31, 30));
}

std::vector<uint8_t> Generator::image(unsigned count, unsigned items)
{
    pc_ = PROGRAMS;
    for (programs = 0; programs < count && pc_ < ProgramsEnd - 64 * items; programs++) {
        program(items);
    }
    set(31, END);
    emit(rv::i(0, 31, 0, 0, rv::Jalr));
    for (uint32_t at = DATA; at < DATA + DATA_SIZE; at++) {
        image_[at - MEMORY] = (uint8_t)rng_();
    }
    const uint32_t logs[] = {LOG, OWN_LOG};
    memcpy(&image_[LOG_NEXT - MEMORY], logs, sizeof logs);
    return image_;
}
