// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

static unsigned tests, failures;

void ok(bool passed, const std::string &what)
{
    printf("%sok %u - %s\n", passed ? "" : "not ", ++tests, what.c_str());
    failures += !passed;
}

int finish()
{
    printf("1..%u\n", tests);
    return failures ? 1 : 0;
}

uint64_t seed_of_run()
{
    const char *given = getenv("SEED");
    uint64_t seed = given && *given ? strtoull(given, nullptr, 0)
                                    : (uint64_t)std::chrono::system_clock::now().time_since_epoch().count() % 1000000007;
    printf("# SEED=%" PRIu64 "\n", seed);
    return seed;
}

Bytes from_hex(const std::string &hex)
{
    Bytes bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back((uint8_t)std::stoul(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

uint64_t Rng::next()
{
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t Rng::below(uint64_t limit)
{
    return next() % limit;
}

Bytes Rng::bytes(size_t count)
{
    Bytes bytes(count);
    for (auto &byte : bytes) {
        byte = (uint8_t)next();
    }
    return bytes;
}

Clocked::Clocked()
{
    dut.clk_i = 0;
    dut.rst_ni = 0;
    dut.eval();
}

Clocked::~Clocked()
{
    dut.final();
}

void Clocked::settle()
{
    dut.eval();
}

void Clocked::tick(uint64_t sampled)
{
    trace_ = (trace_ ^ sampled) * 0x100000001b3;
    dut.clk_i = 1;
    dut.eval();
    dut.clk_i = 0;
    dut.eval();
    clocks++;
}

void Clocked::print_trace() const
{
    printf("# trace %016" PRIx64 " of %" PRIu64 " clocks\n", trace_, clocks);
}
