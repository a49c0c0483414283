/* SPDX-License-Identifier: Apache-2.0 */
/* A sluiced as a child of the test, with a configuration, certificate and directory of its own. */
#ifndef TESTS_HOST_PROXY_H
#define TESTS_HOST_PROXY_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct proxy_child {
    pid_t pid, former; /* former: from which pid has taken over; 0: none */
    char directory[64];
    uint16_t tls_port, plain_port;
};

/* `extra` is added to the configuration. 0 once it is ready, else -1 (its log goes to stderr). */
int proxy_start(struct proxy_child *proxy, const char *extra);
/* A number of its status: "total.records_in" or "total.refused.noise"; -1: no answer or no such key. */
long long proxy_count(const struct proxy_child *proxy, const char *key);
/* Waits up to 3 s until that number is at least `least`. Returns it. */
long long proxy_wait(const struct proxy_child *proxy, const char *key, long long least);
/* Sends a signal and waits for the end, of a former one, too; returns the exit status, 128 + n for a signal, -1 after `seconds`.
 */
int proxy_stop(struct proxy_child *proxy, int number, int seconds);
/* Another sluiced takes over from it, which needs upgrade_socket = "upgrade" in `extra`; then `pid` is the new one. Returns the
 * milliseconds in which nothing was read, -1 when it failed. */
long long proxy_upgrade(struct proxy_child *proxy);
/* Removes its directory. */
void proxy_clean(struct proxy_child *proxy);

#endif
