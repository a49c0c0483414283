/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine is inside libsluice: a table of functions, and objects whose first member is the common part below. sluice.c
 * checks the caller's arguments and dispatches; an engine sees only calls that keep the rules of sluice.h.
 */
#ifndef SLUICE_ENGINE_H
#define SLUICE_ENGINE_H

#include <stdbool.h>

#include "dma.h"
#include "sluice.h"

struct sluice_card {
    const struct engine_ops *ops;
    struct dma mem;
    uint32_t features;  /* bits of register FEATURES */
    unsigned max_depth; /* entries of a queue pair */
};

struct sluice_sa {
    struct sluice_card *card;
    uint16_t slot;
    uint8_t gen;
    bool explicit_nonce; /* seal: the submission's nonce field means something */
    bool tls;            /* its sequence number does */
    bool window;         /* open: it keeps a replay window */
    bool counts;         /* seal: its counters are the engine's */
    bool chained;        /* TLS 1.0: the nonce field of open does too, and the completion has the next IV in place of a counter */
};

struct sluice_qp {
    struct sluice_card *card;
    int fd;
    unsigned depth; /* a power of two */
    unsigned in_flight;
};

/* Every function returns 0 (or a count) or -errno, and follows what sluice.h says of the public function of its name. */
struct engine_ops {
    void (*close)(struct sluice_card *card);
    int (*info)(struct sluice_card *card, struct sluice_info *info);
    int (*ping)(struct sluice_card *card);
    int (*stats)(struct sluice_card *card, struct sluice_stats *stats);
    int (*sa_create)(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **sa);
    void (*sa_destroy)(struct sluice_sa *sa);
    /* Of an SA that has a window. Exported: clean, or left to be cleaned; imported: clean. */
    int (*sa_window_export)(struct sluice_sa *sa, struct sluice_window *window);
    int (*sa_window_import)(struct sluice_sa *sa, const struct sluice_window *window);
    int (*sa_query)(struct sluice_sa *sa, struct sluice_sa_state *state);
    /* Of an SA that counts. */
    int (*sa_modify)(struct sluice_sa *sa, uint64_t counter, uint64_t limit);
    void (*sa_reserve)(struct sluice_sa *sa, uint64_t counter);
    int (*health)(struct sluice_card *card, struct sluice_card_health *health);
    int (*selftest)(struct sluice_card *card, struct sluice_selftest *result);
    int (*log)(struct sluice_card *card, struct sluice_card_event *events, unsigned max, bool clear);
    int (*zeroise)(struct sluice_card *card);
    int (*reset)(struct sluice_card *card);
    int (*random)(struct sluice_card *card, void *to, size_t bytes);
    int (*keep_alive)(struct sluice_card *card, unsigned milliseconds);
    int (*qp_create)(struct sluice_card *card, unsigned depth, struct sluice_qp **qp);
    void (*qp_destroy)(struct sluice_qp *qp);
    int (*qp_coalesce)(struct sluice_qp *qp, unsigned count, unsigned microseconds);
    /* `count` ops that keep the rules, never more than depth - in_flight; takes all of them, or -ENODEV. */
    int (*submit)(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count);
    int (*poll)(struct sluice_qp *qp, struct sluice_done *done, unsigned max);
    int (*arm)(struct sluice_qp *qp);
};

/* Openers, by what follows the scheme in the URI; `options` has its defaults filled in. The card comes back whole. */
int soft_open(const char *where, const struct sluice_options *options, struct sluice_card **card);
int sim_open(const char *where, const struct sluice_options *options, struct sluice_card **card);
int pci_open(const char *where, const struct sluice_options *options, struct sluice_card **card);

#define FEATURE(name) (SLUICE_FEATURES_##name##_MASK << SLUICE_FEATURES_##name##_SHIFT)

#endif
