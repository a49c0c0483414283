/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned results, failures;
static uint64_t seed_taken;
static _Thread_local uint64_t state;

static void begin_at(uint64_t from)
{
    state = (from + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

void tap_begin(void)
{
    const char *seed = getenv("SEED");
    uint64_t from = seed && *seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("# SEED=%llu\n", (unsigned long long)from);
    seed_taken = from;
    begin_at(from);
}

void tap_thread(unsigned number)
{
    begin_at(seed_taken ^ (uint64_t)(number + 1) << 40);
}

bool tap_ok(bool good, const char *format, ...)
{
    va_list args;

    failures += !good;
    printf("%sok %u - ", good ? "" : "not ", ++results);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    return good;
}

void tap_note(const char *format, ...)
{
    va_list args;

    printf("# ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void tap_skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    exit(0);
}

int tap_end(void)
{
    printf("1..%u\n", results);
    return failures ? 1 : 0;
}

uint64_t tap_random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t tap_below(uint32_t below)
{
    return (uint32_t)((tap_random() >> 32) * below >> 32);
}

void tap_fill(void *mem, size_t bytes)
{
    uint8_t *p = mem;

    for (size_t i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(tap_random() >> 56);
    }
}
