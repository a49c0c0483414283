// SPDX-License-Identifier: Apache-2.0
//
// Instructions of RV32I as words (RISC-V Instruction Set Manual, volume I, chapter 24).
#ifndef TESTS_RTL_CPU_RV32_H
#define TESTS_RTL_CPU_RV32_H

#include <cstdint>

namespace rv
{
enum Opcode : uint32_t {
    Load = 0x03,
    Fence = 0x0f,
    OpImm = 0x13,
    Auipc = 0x17,
    Store = 0x23,
    Op = 0x33,
    Lui = 0x37,
    Branch = 0x63,
    Jalr = 0x67,
    Jal = 0x6f,
    System = 0x73,
};

constexpr uint32_t r(uint32_t funct7, unsigned rs2, unsigned rs1, uint32_t funct3, unsigned rd, uint32_t opcode)
{
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

constexpr uint32_t i(int32_t imm, unsigned rs1, uint32_t funct3, unsigned rd, uint32_t opcode)
{
    return ((uint32_t)imm & 0xfff) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

constexpr uint32_t s(int32_t imm, unsigned rs2, unsigned rs1, uint32_t funct3)
{
    return r((uint32_t)imm >> 5 & 0x7f, rs2, rs1, funct3, (uint32_t)imm & 31, Store);
}

constexpr uint32_t b(int32_t offset, unsigned rs2, unsigned rs1, uint32_t funct3)
{
    uint32_t o = (uint32_t)offset;
    return r((o >> 12 & 1) << 6 | (o >> 5 & 0x3f), rs2, rs1, funct3, (o >> 1 & 15) << 1 | (o >> 11 & 1), Branch);
}

constexpr uint32_t jal(int32_t offset, unsigned rd)
{
    uint32_t o = (uint32_t)offset;
    return (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12 | rd << 7 | Jal;
}

constexpr uint32_t lui(uint32_t value, unsigned rd)
{
    return (value & 0xfffff000) | rd << 7 | Lui;
}

constexpr uint32_t addi(int32_t imm, unsigned rs1, unsigned rd)
{
    return i(imm, rs1, 0, rd, OpImm);
}

constexpr uint32_t lw(int32_t imm, unsigned rs1, unsigned rd)
{
    return i(imm, rs1, 2, rd, Load);
}

constexpr uint32_t sw(int32_t imm, unsigned rs1, unsigned rs2)
{
    return s(imm, rs2, rs1, 2);
}

// The upper part of an address that a signed 12-bit offset of low() completes.
constexpr uint32_t high(uint32_t value)
{
    return value + 0x800;
}

constexpr int32_t low(uint32_t value)
{
    return (int32_t)(value << 20) >> 20;
}

constexpr uint32_t csr(uint32_t number, unsigned rs1, uint32_t funct3, unsigned rd)
{
    return number << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | System;
}

constexpr uint32_t Nop = 0x13, Ecall = 0x73, Ebreak = 0x100073, Mret = 0x30200073, Wfi = 0x10500073;
constexpr uint32_t Mstatus = 0x300, Misa = 0x301, Mie = 0x304, Mtvec = 0x305, Mscratch = 0x340, Mepc = 0x341, Mcause = 0x342,
                   Mtval = 0x343, Mip = 0x344, Mhartid = 0xf14;
} // namespace rv

#endif
