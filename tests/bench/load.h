/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work for the simulated card. The rings of several queue pairs are filled and all doorbells rung while the simulation is
 * stopped, nothing is sent to it until the last completion is there, and its clock stands still while the card is idle: so the
 * card's counters say the same on every machine. A difficulty here ends the program.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "bound.h"
#include "sluice.h"
#include "tests/driver/sim_child.h"

#define LOAD_QUEUES 8u

enum load_mode { LOAD_SEAL, LOAD_OPEN, LOAD_MIXED };

struct load_queue {
    struct sluice_qp *qp;
    struct sluice_sa *seal, *open;
    uint8_t *clear, *sealed, *out; /* MEMORY of load.c each */
};

struct load {
    struct sim_child *sim;
    struct sluice_card *card;
    struct sluice_info info;
    unsigned queues;
    struct load_queue queue[LOAD_QUEUES];
    struct sluice_sa_config config; /* of the SAs that there are */
    uint32_t content, record;
};

/* What a run took, by the card's counters. */
struct load_figures {
    struct sluice_stats stats;
    struct bound bound;
};

/* Starts a simulation, with further arguments that end with NULL, and opens its card. */
void load_begin(struct load *l, const char *const arguments[]);
void load_end(struct load *l);
/* SAs of both directions for every queue, with the window on and counters from 0, and records of `content` bytes from now on. */
void load_suite(struct load *l, const struct sluice_sa_config *config, uint32_t content);
/* For every queue another SA to open with, to which nothing has come yet. */
void load_reopen(struct load *l);
/*
 * `records` in all, a multiple of twice the queues, shared out evenly. `from`: the place of a queue's first record in its
 * memory; what is opened there has been sealed before. Mixed: seals and opens take turns.
 */
void load_run(struct load *l, enum load_mode mode, unsigned from, unsigned records, struct load_figures *f);
/* One record alone; clocks from the doorbell until the interrupt has been sent and the card is idle. */
uint64_t load_alone(struct load *l, enum load_mode mode);

#endif
