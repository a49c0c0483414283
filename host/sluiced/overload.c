/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/overload.h"

#include <fcntl.h>
#include <malloc.h>
#include <mimalloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/worker.h"

#define TELL_SECONDS 10

/* Not there in a build with sanitizers, which have an allocator of their own. */
#pragma weak mi_collect

/* What is refused for want of room, by the names of its counters. */
#define REASONS(X)                                                                                                               \
    X(CONNECTIONS_REFUSED, connections_refused, "connections_refused")                                                           \
    X(CONNECTIONS_OVER, connections_over, "connections_over")                                                                    \
    X(HANDSHAKES_OVER, handshakes_over, "handshakes_over")                                                                       \
    X(ASSOCIATIONS_REFUSED, associations_refused, "associations_refused")                                                        \
    X(ASSOCIATIONS_OVER, associations_over, "associations_over")                                                                 \
    X(MEMORY_REFUSED, memory_refused, "memory_refused")                                                                          \
    X(ACCEPTS_FAILED, accepts_failed, "accepts_failed")                                                                          \
    X(AUTH_SHED, auth_shed, "auth_shed")                                                                                         \
    X(RATE, refused[REFUSAL_RATE], "rate")                                                                                       \
    X(NO_BUFFER, refused[REFUSAL_NO_BUFFER], "no_buffer")

enum reason {
#define X(id, counter, name) REASON_##id,
    REASONS(X)
#undef X
        REASON_COUNT
};

struct overload {
    int fd; /* /proc/self/statm, kept open for when no file can be opened any more; -1: not there */
    atomic_bool memory, scarce;
    atomic_ullong resident;
    uint64_t told[REASON_COUNT];
    time_t told_at[REASON_COUNT];
};

static unsigned long long resident(const struct overload *overload)
{
    char text[128];
    ssize_t n = overload->fd < 0 ? -1 : pread(overload->fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return 0;
    text[n] = 0;
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) * (unsigned long long)sysconf(_SC_PAGESIZE) : 0;
}

struct overload *overload_new(void)
{
    struct overload *overload = calloc(1, sizeof *overload);
    if (!overload)
        return NULL;
    overload->fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    overload->resident = resident(overload);
    return overload;
}

void overload_free(struct overload *overload)
{
    if (!overload)
        return;
    if (overload->fd >= 0)
        close(overload->fd);
    free(overload);
}

bool overload_memory(const struct overload *overload)
{
    return atomic_load_explicit(&overload->memory, memory_order_relaxed);
}

unsigned long long overload_resident(const struct overload *overload)
{
    return atomic_load_explicit(&overload->resident, memory_order_relaxed);
}

/* ---- memory */

void overload_release(const struct overload *overload)
{
    if (!atomic_load_explicit(&overload->scarce, memory_order_relaxed))
        return;
    if (mi_collect)
        mi_collect(true);
    else
        malloc_trim(0);
}

static void look_at_memory(struct proxy *proxy)
{
    struct overload *overload = proxy->overload;
    unsigned long long most = (unsigned long long)proxy->policy->options.max_memory << 20, now = resident(overload);
    bool before = overload_memory(overload);
    atomic_store(&overload->scarce, most && now > most - most / 16);
    overload_release(overload);
    now = resident(overload);
    bool over = most && now > (before ? most - most / 16 : most);
    atomic_store(&overload->resident, now);
    atomic_store(&overload->memory, over);
    if (over != before)
        log_event(&proxy->log, LOG_LEVEL_WARNING, over ? "memory_over" : "memory_under", "resident=%llu max=%llu", now, most);
}

/* ---- telling */

static void sum_reasons(const struct proxy *proxy, uint64_t counts[REASON_COUNT])
{
    memset(counts, 0, REASON_COUNT * sizeof *counts);
    for (unsigned i = 0; i < proxy->worker_count; i++) {
        const struct stats *stats = &proxy->workers[i]->stats;
#define X(id, counter, name) counts[REASON_##id] += atomic_load_explicit(&stats->counter, memory_order_relaxed);
        REASONS(X)
#undef X
    }
}

void overload_tick(struct proxy *proxy)
{
    static const char *const names[] = {
#define X(id, counter, name) name,
        REASONS(X)
#undef X
    };
    struct overload *overload = proxy->overload;
    uint64_t counts[REASON_COUNT];
    time_t now = worker_now();
    look_at_memory(proxy);
    sum_reasons(proxy, counts);
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (counts[i] == overload->told[i] || now - overload->told_at[i] < TELL_SECONDS)
            continue;
        log_event(&proxy->log, LOG_LEVEL_WARNING, "overload", "reason=%s count=%llu", names[i],
                  (unsigned long long)(counts[i] - overload->told[i]));
        overload->told[i] = counts[i];
        overload->told_at[i] = now;
    }
}
