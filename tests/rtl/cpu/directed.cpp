// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <cstring>

#include "layout.h"
#include "rv32.h"

namespace
{
constexpr uint32_t Handler = MEMORY + 0x8000, Seen = MEMORY + 0x9000;
enum { Cause, Pc, Value, Status, Marker }; // words of Seen

// A program from reset on. Its first trap ends it; what the trap's registers hold then is in Seen, with x28 as the marker.
class Program : public Machine
{
  public:
    explicit Program(std::mt19937_64 &rng, unsigned latency = 0) : Machine(rng, {}, latency)
    {
        static const uint32_t shown[] = {rv::Mcause, rv::Mepc, rv::Mtval, rv::Mstatus};
        pc = Handler;
        set(31, Seen);
        for (unsigned n = 0; n < 4; n++) {
            emit(rv::csr(shown[n], 0, 2, 30));
            emit(rv::sw(4 * (int)n, 31, 30));
        }
        emit(rv::sw(4 * Marker, 31, 28));
        finish();
        pc = MEMORY;
        set(1, Handler);
        emit(rv::csr(rv::Mtvec, 1, 1, 0));
        set(28, 0x1234567);
    }
    ~Program()
    {
        add_trace(*this);
    }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;

    void emit(uint32_t word)
    {
        put(pc, word);
        pc += 4;
    }
    void set(unsigned rd, uint32_t value)
    {
        emit(rv::lui(rv::high(value), rd));
        emit(rv::addi(rv::low(value), rd, rd));
    }
    void finish()
    {
        set(31, FINISHER);
        emit(rv::sw(0, 31, 0));
        emit(rv::jal(0, 0));
    }
    uint32_t seen(unsigned what) const
    {
        return word(Seen + 4 * what);
    }
    bool trapped(uint32_t cause, uint32_t at, uint32_t value)
    {
        return run(10000) && seen(Cause) == cause && seen(Pc) == at && seen(Value) == value && seen(Marker) == 0x1234567;
    }

    uint32_t pc;
};

// x28 is what is loaded into, or not.
bool misaligned_access(std::mt19937_64 &rng, bool store, uint32_t funct3, unsigned by)
{
    Program p(rng, 2);
    const uint32_t target = MEMORY + 0xa000;
    p.put(target, 0x11223344);
    p.put(target + 4, 0x55667788);
    p.set(5, target);
    uint32_t at = p.pc;
    p.emit(store ? rv::s((int)by, 28, 5, funct3) : rv::i((int)by, 5, funct3, 28, rv::Load));
    return p.trapped(store ? 6 : 4, at, target + by) && p.word(target) == 0x11223344 && p.word(target + 4) == 0x55667788;
}

void misaligned(std::mt19937_64 &rng)
{
    bool passed = true;
    for (unsigned by = 1; by < 4; by++) {
        passed = passed && misaligned_access(rng, false, 2, by) && misaligned_access(rng, true, 2, by);
    }
    for (uint32_t by : {1u, 3u}) {
        passed = passed && misaligned_access(rng, false, 1, by) && misaligned_access(rng, false, 5, by) &&
                 misaligned_access(rng, true, 1, by);
    }
    ok(passed, "misaligned loads and stores trap with their address, and change neither register nor memory");
}

void jumps(std::mt19937_64 &rng)
{
    bool passed = true;
    for (int32_t offset : {2, 6, -2, 2046, -4094}) {
        Program jal(rng), branch(rng), jalr(rng);
        uint32_t at = jal.pc;
        jal.emit(rv::jal(offset, 28));
        branch.emit(rv::b(offset, 5, 5, 0));
        passed = passed && jal.trapped(0, at, at + (uint32_t)offset) && branch.trapped(0, at, at + (uint32_t)offset);
        jalr.set(5, MEMORY + 0x100);
        at = jalr.pc;
        jalr.emit(rv::i(3, 5, 0, 28, rv::Jalr));
        passed = passed && jalr.trapped(0, at, MEMORY + 0x102);
    }
    ok(passed, "jumps to half words trap in their own place, with the target, and do not link");
    Program away(rng);
    away.set(5, 0x12345678);
    away.emit(rv::i(0, 5, 0, 0, rv::Jalr));
    ok(away.trapped(1, 0x12345678, 0x12345678), "a fetch from where nothing is traps there");
}

void interrupts(std::mt19937_64 &rng)
{
    static const uint32_t bits[] = {0x800, 0x8, 0x80};
    bool passed = true;
    for (unsigned first = 0; first < 3; first++) { // of all that are enabled, in their order
        Program p(rng);
        uint32_t enabled = 0;
        for (unsigned n = first; n < 3; n++) {
            enabled |= bits[n];
        }
        p.set(5, enabled);
        p.emit(rv::csr(rv::Mie, 5, 1, 0));
        p.set(6, MTIMECMP);
        p.emit(rv::sw(4, 6, 0));
        p.emit(rv::sw(0, 6, 0));
        p.emit(rv::lw(0, 6, 7));
        p.emit(rv::csr(rv::Mstatus, 8, 6, 0));
        uint32_t at = p.pc;
        p.emit(rv::jal(0, 0));
        p.dut->irq_software_i = p.dut->irq_external_i = 1;
        static const uint32_t causes[] = {0x8000000b, 0x80000003, 0x80000007};
        passed = passed && p.trapped(causes[first], at, 0) && p.seen(Status) == 0x1880;
    }
    ok(passed, "of pending interrupts the external one comes first, then software, then timer");
}

// Sleeps with and without MIE; `line` is raised after a while.
bool sleeps(std::mt19937_64 &rng, bool enabled)
{
    Program p(rng);
    p.set(5, 0x800);
    p.emit(rv::csr(rv::Mie, 5, 1, 0));
    p.emit(enabled ? rv::csr(rv::Mstatus, 8, 6, 0) : rv::Nop);
    p.emit(rv::Wfi);
    uint32_t behind = p.pc;
    p.emit(rv::Ecall);
    while (!p.dut->sleep_o && p.clocks < 1000) {
        p.step();
    }
    bool passed = p.dut->sleep_o;
    for (unsigned i = 0; i < 1000; i++) {
        p.dut->irq_software_i = i & 1; // not enabled: does not wake it
        p.step();
        passed = passed && p.dut->sleep_o && !p.dut->bus_valid_o;
    }
    p.dut->irq_external_i = 1;
    return passed && p.trapped(enabled ? 0x8000000b : 11, behind, 0);
}

void waiting(std::mt19937_64 &rng)
{
    ok(sleeps(rng, true), "WFI sleeps without a request until an enabled interrupt is pending, which is taken behind it");
    ok(sleeps(rng, false), "with interrupts off it goes on behind WFI");
}

uint64_t clocks_of(std::mt19937_64 &rng, uint32_t instruction, unsigned count)
{
    Program p(rng);
    p.set(5, RAM_DATA);
    p.set(6, MEMORY + 0x1004);
    for (unsigned n = 0; n < count; n++) {
        p.emit(instruction);
    }
    p.finish();
    p.run(10000);
    return p.clocks;
}

void speed(std::mt19937_64 &rng)
{
    static const struct {
        const char *name;
        uint32_t instruction;
        unsigned clocks;
    } kinds[] = {
        {"arithmetic", rv::r(0, 6, 5, 0, 7, rv::Op), 2},
        {"a shift", rv::r(0x20, 6, 5, 5, 7, rv::Op), 2},
        {"reading mcause", rv::csr(rv::Mcause, 0, 2, 7), 2},
        {"a branch not taken", rv::b(8, 0, 0, 1), 4},
        {"a branch taken", rv::b(4, 0, 0, 0), 4},
        {"a jump", rv::jal(4, 1), 4},
        {"a load", rv::lw(0, 6, 7), 5},
        {"a store to the core's memory", rv::sw(0, 5, 6), 5},
    };
    for (const auto &kind : kinds) {
        double each = (double)(clocks_of(rng, kind.instruction, 60) - clocks_of(rng, kind.instruction, 10)) / 50;
        ok(each == kind.clocks, std::string(kind.name) + " takes " + std::to_string(kind.clocks) + " clocks");
    }
}

// A word in the core's memory whose byte 0 has the wrong parity, at x5.
void spoil(Program &p)
{
    p.set(5, RAM_DATA + 0x40);
    p.emit(rv::sw(0, 5, 28));
    p.emit(rv::sw(4, 5, 28));
    p.emit(rv::Wfi); // the bench's turn
    p.emit(rv::s(0, 28, 5, 0));
    p.emit(rv::Wfi);
    for (bool on : {true, false}) {
        while (!p.dut->sleep_o && p.clocks < 1000) {
            p.step();
        }
        p.dut->ram_spoil_i = on;
        p.dut->irq_external_i = 1;
        while (p.dut->sleep_o && p.clocks < 1000) {
            p.step();
        }
        p.dut->irq_external_i = 0;
    }
}

void parity(std::mt19937_64 &rng)
{
    auto program = [&rng](auto rest) {
        Program p(rng);
        p.set(6, 0x800);
        p.emit(rv::csr(rv::Mie, 6, 1, 0));
        uint32_t begin = p.pc;
        p.pc += 7 * 4;
        uint32_t at = p.pc;
        rest(p);
        p.pc = begin;
        spoil(p);
        return p.run(10000) && p.seen(Marker) == 0x1234567 && p.seen(Pc) != 0 ? std::make_pair(p.seen(Cause), p.seen(Pc) - at)
                                                                              : std::make_pair(~0u, 0u);
    };
    auto load = program([](Program &p) { p.emit(rv::lw(0, 5, 28)); });
    auto fetch = program([](Program &p) { p.emit(rv::i(0, 5, 0, 0, rv::Jalr)); });
    auto beside = program([](Program &p) {
        p.emit(rv::i(1, 5, 0, 7, rv::Load));
        p.emit(rv::lw(4, 5, 7));
        p.emit(rv::Ecall);
    });
    auto healed = program([](Program &p) {
        p.emit(rv::sw(0, 5, 28));
        p.emit(rv::lw(0, 5, 28));
        p.emit(rv::Ecall);
    });
    ok(load == std::make_pair(5u, 0u) && fetch.first == 1,
       "a byte with the wrong parity is an access fault, of a load and of a fetch");
    ok(beside == std::make_pair(11u, 8u) && healed == std::make_pair(11u, 8u),
       "the bytes beside it are not, nor is it once written again");
}

void timer(std::mt19937_64 &rng)
{
    Program p(rng);
    p.set(5, MTIME);
    p.emit(rv::lw(0, 5, 6));
    p.emit(rv::lw(0, 5, 7));
    p.emit(rv::r(0x20, 6, 7, 0, 28, rv::Op)); // 5 clocks
    p.emit(rv::addi(200, 7, 7));
    p.set(5, MTIMECMP);
    p.set(8, 0x80);
    p.emit(rv::csr(rv::Mie, 8, 1, 0));
    p.emit(rv::csr(rv::Mstatus, 8, 6, 0));
    p.emit(rv::sw(0, 5, 7));
    bool disarmed = !p.dut->timer_armed_o;
    p.emit(rv::sw(4, 5, 0));
    p.emit(rv::Wfi);
    uint32_t behind = p.pc;
    while (!p.dut->sleep_o && p.clocks < 1000) {
        p.step();
    }
    bool armed = p.dut->timer_armed_o;
    while (p.dut->sleep_o && p.clocks < 1000) {
        p.step();
    }
    uint64_t woke = p.clocks;
    ok(p.run(10000) && disarmed && armed && p.seen(Cause) == 0x80000007 && p.seen(Pc) == behind && p.seen(Marker) == 5 &&
           woke > 200 && woke < 300,
       "the timer counts clocks and wakes the core");
}

void reset(std::mt19937_64 &rng)
{
    static const uint32_t writable[][2] = {
        {rv::Mstatus, 0x88}, {rv::Mie, 0x888},    {rv::Mtvec, 0xfffffffc}, {rv::Mepc, ~3u}, {rv::Mcause, 0x8000000f},
        {rv::Mtval, ~0u},    {rv::Mscratch, ~0u}, {rv::Misa, 0},           {rv::Mip, 0}};
    const unsigned count = sizeof writable / sizeof *writable;
    Program p(rng);
    p.pc = MEMORY;
    p.set(5, MEMORY + 0xa000);
    p.set(6, 0xfffffff7); // interrupts stay off
    for (unsigned n = 0; n < count; n++) {
        p.emit(rv::csr(writable[n][0], 0, 2, 7)); // after reset
        p.emit(rv::sw(8 * (int)n, 5, 7));
        p.emit(rv::csr(writable[n][0], 6, 1, 0));
        p.emit(rv::csr(writable[n][0], 0, 2, 7));
        p.emit(rv::sw(8 * (int)n + 4, 5, 7));
    }
    p.finish();
    bool passed = true;
    for (unsigned round = 0; round < 2; round++) {
        p.finished = false;
        passed = passed && p.run(p.clocks + 10000);
        for (unsigned n = 0; n < count; n++) {
            uint32_t number = writable[n][0], was = p.word(MEMORY + 0xa000 + 8 * n), is = p.word(MEMORY + 0xa004 + 8 * n);
            uint32_t fixed = number == rv::Mstatus ? 0x1800 : number == rv::Misa ? 0x40000100 : 0;
            passed = passed && was == fixed && is == (fixed | (writable[n][1] & 0xfffffff7));
        }
        for (uint64_t n = rng() % 50; n > 0; n--) {
            p.step();
        }
        p.dut->rst_ni = 0;
        p.step();
        p.dut->rst_ni = 1;
        p.memory[0xa000] = 0xff;
    }
    ok(passed, "reset starts from the beginning with every register at its first value; only their defined bits can be written");
}
} // namespace

void directed_tests(std::mt19937_64 &rng)
{
    misaligned(rng);
    jumps(rng);
    interrupts(rng);
    waiting(rng);
    speed(rng);
    parity(rng);
    timer(rng);
    reset(rng);
}
