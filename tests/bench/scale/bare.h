/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL alone can do: accept, handshake, close, one after the other, in a process of its own. */
#ifndef TESTS_BENCH_SCALE_BARE_H
#define TESTS_BENCH_SCALE_BARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bare {
    pid_t pid;
    uint16_t port;
};

/* `folder` has cert.pem and key.pem. With `tickets`, each client is given one to come back by. */
bool bare_start(struct bare *bare, const char *folder, bool tickets);
void bare_stop(struct bare *bare);

#endif
