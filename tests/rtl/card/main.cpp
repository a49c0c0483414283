// SPDX-License-Identifier: Apache-2.0
//
// The whole card in Verilator against a host of TLPs. SEED=n or the first argument repeats a run; further arguments name groups.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "tests.h"
#include "verilated.h"

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } groups[] = {
        {"registers", test_registers},
        {"tlps", test_tlps},
        {"admin", test_admin},
        {"fields", test_fields},
        {"records", test_records},
        {"entries", test_entries},
        {"any", test_any},
        {"parts", test_parts},
        {"lanes", test_lanes},
        {"rings", test_rings},
        {"windows", test_windows},
        {"faults", test_faults},
        {"msix", test_msix},
        {"resets", test_resets},
        {"counters", test_counters},
        {"speed", test_speed},
        {"load", test_load},
        {"coalescing", test_coalescing},
        {"fairness", test_fairness},
        {"noise", test_noise},
        {"storm", test_storm},
        {"chaos", test_chaos},
        {"firmware", test_firmware},
    };
    const char *env = getenv("SEED");
    uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : env ? strtoull(env, nullptr, 0) : (uint64_t)time(nullptr);

    printf("# SEED=%llu\n", (unsigned long long)seed);
    Verilated::randReset(2);
    Verilated::randSeed((int)(seed & 0x7fffffff) | 1);
    for (const auto &group : groups) {
        bool wanted = argc < 3;
        for (int i = 2; i < argc; i++) {
            wanted |= !strcmp(argv[i], group.name);
        }
        if (wanted) {
            printf("# %s\n", group.name);
            group.run(seed);
        }
    }
    plan_end();
    return failures != 0;
}
