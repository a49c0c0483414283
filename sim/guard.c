/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

/* A signal handler has no context but what is static. */
static sigjmp_buf escape;
static volatile sig_atomic_t guarded;

static void on_bus_error(int signal)
{
    if (guarded)
        siglongjmp(escape, 1);
    /* Not ours: back to the default action, which ends the process when the faulting instruction runs again. */
    (void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

int guard_install(void)
{
    struct sigaction action = {.sa_handler = on_bus_error, .sa_flags = SA_NODEFER};

    return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

int guard_load(uint8_t *to, const uint8_t *shared, unsigned count)
{
    if (sigsetjmp(escape, 0)) {
        guarded = 0;
        return -EFAULT;
    }
    guarded = 1;
    memcpy(to, shared, count);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    guarded = 0;
    return 0;
}

static void store(uint8_t *shared, const uint8_t *from, unsigned count)
{
    unsigned i = 0;

    while (i < count) {
        if ((uintptr_t)(shared + i) % 8 == 0 && count - i >= 8) {
            uint64_t word = 0;

            memcpy(&word, from + i, 8);
            __atomic_store_n((uint64_t *)(void *)(shared + i), word, __ATOMIC_RELEASE);
            i += 8;
        } else {
            __atomic_store_n(shared + i, from[i], __ATOMIC_RELEASE);
            i++;
        }
    }
}

int guard_store(uint8_t *shared, const uint8_t *from, unsigned count)
{
    if (sigsetjmp(escape, 0)) {
        guarded = 0;
        return -EFAULT;
    }
    guarded = 1;
    store(shared, from, count);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    guarded = 0;
    return 0;
}
