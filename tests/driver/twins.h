/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of SAs, one seals and one opens, each on the simulated card and on the software engine, which must agree in everything.
 */
#ifndef TESTS_DRIVER_TWINS_H
#define TESTS_DRIVER_TWINS_H

#include "kit.h"

#define TWINS_RECORD_MOST 256u

/* One SA of each engine with the same parameters. */
struct twin {
    struct sluice_sa *sim, *soft;
};

struct pair {
    struct sluice_sa_config config;
    struct twin seal, open;
    uint8_t last[TWINS_RECORD_MOST]; /* record that was opened last */
    uint32_t last_len;
};

extern struct kit twins_sim, twins_soft;

/* Opens both engines; 0 or -errno. */
int twins_open(const char *uri, const struct sluice_options *options);
void twins_close(void);
/* Of a kind chosen at random; waits for a card that is not seeded yet. */
bool twins_make(struct pair *p);
/* Of a kind whose nonces are counters. */
bool twins_make_counting(struct pair *p);
void twins_destroy(struct pair *p);
/* A random record sealed, and opened again. */
bool twins_seal_and_open(struct pair *p);
/* The last record, once more. */
bool twins_open_again(struct pair *p, enum sluice_status expected);
/* What both SAs are at: counters, limits, replay windows. */
bool twins_same_state(struct pair *p);

#endif
