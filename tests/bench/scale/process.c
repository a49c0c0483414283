/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t thread_cpu(const char *path)
{
    char text[64] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    (void)!fgets(text, sizeof text, file);
    fclose(file);
    return strtoull(text, NULL, 10);
}

uint64_t process_cpu(pid_t pid)
{
    char folder[64], path[400];
    uint64_t sum = 0;
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(folder);
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        snprintf(path, sizeof path, "%s/%s/schedstat", folder, task->d_name);
        sum += task->d_name[0] == '.' ? 0 : thread_cpu(path);
    }
    if (tasks)
        closedir(tasks);
    return sum;
}

struct process_memory process_memory(pid_t pid)
{
    struct process_memory memory = {0};
    char line[128];
    snprintf(line, sizeof line, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(line, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (!strncmp(line, "Rss:", 4))
            memory.rss = 1024 * strtoull(line + 4, NULL, 10);
        if (!strncmp(line, "Pss:", 4))
            memory.pss = 1024 * strtoull(line + 4, NULL, 10);
    }
    if (file)
        fclose(file);
    return memory;
}

bool process_pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (long i = 0; i < sysconf(_SC_NPROCESSORS_CONF); i++) {
        if (cpu < 0 || i == cpu)
            CPU_SET((size_t)i, &set);
    }
    return !sched_setaffinity(0, sizeof set, &set);
}

void process_nap(unsigned ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

uint64_t process_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
