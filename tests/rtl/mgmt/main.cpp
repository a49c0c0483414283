// SPDX-License-Identifier: Apache-2.0
//
// The management's devices in the card, in Verilator: the test drives the processor's bus, and is the host as well.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "kit.h"
#include "verilated.h"

int main(int argc, char **argv)
{
    const char *env = getenv("SEED");
    uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : env ? strtoull(env, nullptr, 0) : (uint64_t)time(nullptr);
    static const struct {
        const char *name;
        void (*run)(uint64_t seed);
    } groups[] = {{"bus", test_bus}, {"events", test_events}, {"refused", test_refused}, {"shared", test_shared},
                  {"dma", test_dma}, {"sa", test_sa},         {"lane", test_lane},       {"march", test_march}};
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
