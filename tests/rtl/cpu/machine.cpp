// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "layout.h"
#include "rv32.h"

Machine::Machine(std::mt19937_64 &rng, std::vector<uint8_t> image, unsigned latency)
    : memory(std::move(image)), dut(new Vdut), rng_(rng), latency_(latency)
{
    memory.resize(MEMORY_SIZE);
    dut->clk_i = dut->rst_ni = 0;
    dut->bus_ready_i = dut->bus_err_i = dut->irq_software_i = dut->irq_external_i = dut->ram_spoil_i = 0;
    for (unsigned i = 0; i < 3; i++) {
        dut->clk_i = 1;
        dut->eval();
        dut->clk_i = 0;
        dut->eval();
    }
    dut->rst_ni = 1;
    dut->eval();
}

Machine::~Machine()
{
    dut->final();
}

void Machine::note(uint32_t what)
{
    trace = (trace ^ what) * 16777619u;
}

uint32_t Machine::word(uint32_t address) const
{
    uint32_t value = 0, at = address - MEMORY;
    if (at <= MEMORY_SIZE - 4) {
        memcpy(&value, &memory[at], 4);
    }
    return value;
}

void Machine::put(uint32_t address, uint32_t value)
{
    memcpy(&memory[address - MEMORY], &value, 4);
}

uint32_t kind(uint32_t instruction)
{
    uint32_t opcode = instruction & 0x7f, funct3 = instruction >> 12 & 7;
    if (opcode == rv::Lui || opcode == rv::Auipc || opcode == rv::Jal) {
        return opcode;
    }
    if (opcode == rv::System && funct3 == 0) {
        return instruction;
    }
    bool shift = opcode == rv::OpImm && funct3 == 5;
    return (instruction & (opcode == rv::Op || shift ? 0xfe000000 : 0)) | funct3 << 12 | opcode;
}

// The request is served; false: nothing is there.
bool Machine::access()
{
    uint32_t address = dut->bus_addr_o;
    bool write = dut->bus_we_o;
    dut->bus_rdata_i = 0;
    if (address >= MEMORY && address - MEMORY < MEMORY_SIZE) {
        for (unsigned n = 0; write && n < 4; n++) {
            if (dut->bus_be_o >> n & 1) {
                memory[address - MEMORY + n] = (uint8_t)(dut->bus_wdata_o >> 8 * n);
            }
        }
        dut->bus_rdata_i = word(address);
        if (!write && address >= PROGRAMS && address < LOG) {
            fetched.insert(kind(word(address)));
        }
    } else if (address == MSIP) {
        dut->irq_software_i = write ? dut->bus_wdata_o & 1 : dut->irq_software_i;
        dut->bus_rdata_i = dut->irq_software_i;
    } else if (address == FINISHER && write) {
        finished = true;
    } else {
        return false;
    }
    return true;
}

// Behind a rising edge before which the core had asked.
void Machine::answer()
{
    dut->bus_ready_i = 0;
    if (wait_ > 0) {
        wait_--;
        return;
    }
    note(dut->bus_addr_o ^ dut->bus_be_o);
    note(dut->bus_we_o ? dut->bus_wdata_o : (uint32_t)clocks);
    requests++;
    dut->bus_err_i = !access();
    dut->bus_ready_i = 1;
}

void Machine::step()
{
    const bool asked = dut->bus_valid_o && !dut->bus_ready_i;
    dut->clk_i = 1;
    dut->eval();
    if (asked) {
        answer();
    } else {
        dut->bus_ready_i = 0;
        wait_ = latency_ ? (unsigned)(rng_() % (latency_ + 1)) : 0;
    }
    dut->clk_i = 0;
    dut->eval();
    clocks++;
}

bool Machine::run(uint64_t limit)
{
    while (!finished && clocks < limit) {
        step();
    }
    return finished;
}

bool qemu(const std::string &directory, std::vector<uint8_t> &memory)
{
    const std::string file = directory + "/qemu.memory", log = directory + "/qemu.log";
    memory.resize(4 << 20); // QEMU's device tree is behind our memory
    {
        std::ofstream out(file, std::ios::binary);
        out.write((const char *)memory.data(), (std::streamsize)memory.size());
    }
    const std::string command =
        "timeout 60 qemu-system-riscv32 -M virt,memory-backend=ram -m 4M -bios none -display none "
        "-monitor none -serial none -no-reboot -object memory-backend-file,id=ram,size=4M,share=on,mem-path=" +
        file +
        " -cpu rv32,m=off,a=off,f=off,d=off,c=off,s=off,u=off,h=off,zba=off,zbb=off,zbc=off,zbs=off,"
        "mmu=off,pmp=off </dev/null >" +
        log + " 2>&1";
    bool ran = system(command.c_str()) == 0;
    std::ifstream in(file, std::ios::binary);
    in.read((char *)memory.data(), (std::streamsize)memory.size());
    memory.resize(MEMORY_SIZE);
    if (!ran) {
        std::string line;
        for (std::ifstream lines(log); std::getline(lines, line);) {
            printf("# qemu: %s\n", line.c_str());
        }
    }
    return ran;
}
