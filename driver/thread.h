/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own threads. */
#ifndef SLUICE_THREAD_H
#define SLUICE_THREAD_H

#include <pthread.h>

/* Starts one that takes no signals but for its own faults: they are the program's. It has no capabilities: a program that gives
 * up its own later can do that for the thread that asks alone. 0 or -errno. */
int thread_start(pthread_t *thread, void *(*main)(void *arg), void *arg);

#endif
