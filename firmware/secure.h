/* SPDX-License-Identifier: Apache-2.0 */
/* What needs entropy, and what forgets everything: the generator, its seeding in the background, zeroise, keep-alive. */
#ifndef SLUICE_FW_SECURE_H
#define SLUICE_FW_SECURE_H

#include <stdbool.h>
#include <stdint.h>

/* Before everything else of this. */
void secure_init(void);
/* Begins to collect entropy. */
void secure_begin(void);
/* Does a little of what goes on in the background. False: there was nothing to do. */
bool secure_step(void);
/* The host has written PING. */
void secure_alive(void);
/* When something must happen without an event: for hw_alarm. */
uint64_t secure_alarm(void);

/* Forgets every key: of SAs, which are dropped at once, of the generator, of wrapping. */
enum { SECURE_BY_COMMAND = 1, SECURE_BY_KEEP_ALIVE = 2, SECURE_BY_SELF_TEST = 3 };
void secure_forget(uint32_t why);

/* ok, or why there are no random numbers: hardware_fault, not_ready. */
uint32_t secure_status(void);
/* The service lane gave no answer, or one that cannot be: it goes out of service. */
void secure_lose_lane(void);
/* Random bytes to the buffer's open half; both multiples of 16. Returns a status. */
uint32_t secure_random(uint32_t at, uint32_t bytes);

#endif
