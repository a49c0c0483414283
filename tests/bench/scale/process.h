/* SPDX-License-Identifier: Apache-2.0 */
/* What a process uses, as the kernel counts it. */
#ifndef TESTS_BENCH_SCALE_PROCESS_H
#define TESTS_BENCH_SCALE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_memory {
    uint64_t rss, pss; /* bytes */
};

/* CPU time of all its threads, in nanoseconds; threads that have ended do not count. */
uint64_t process_cpu(pid_t pid);
struct process_memory process_memory(pid_t pid);
/* This thread, and what it starts from now on, runs on that processor alone; -1: on any. False: there is none of that number. */
bool process_pin(int cpu);
void process_nap(unsigned ms);
uint64_t process_clock(void); /* nanoseconds */

#endif
