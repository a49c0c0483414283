/* SPDX-License-Identifier: Apache-2.0 */
#include "thread.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Those that a thread's own fault raises, which a blocked one would die of unseen. */
static const int faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};

struct start {
    void *(*main)(void *arg);
    void *arg;
};

static void *run(void *arg)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct start start = *(struct start *)arg;

    free(arg);
    (void)syscall(SYS_capset, &header, none); /* refused only to who has none, or is confined already */
    return start.main(start.arg);
}

int thread_start(pthread_t *thread, void *(*main)(void *arg), void *arg)
{
    struct start *start = malloc(sizeof *start);
    sigset_t all, before;
    int err;

    if (!start) {
        return -ENOMEM;
    }
    *start = (struct start){main, arg};
    sigfillset(&all);
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
        sigdelset(&all, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(thread, NULL, run, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        free(start);
    }
    return -err;
}
