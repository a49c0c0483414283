/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's reads of host memory that have not been answered in full: when each is due, where its data comes from, and how its
 * completions are cut and ordered. Keeps account of the completion credits that the card must have reserved.
 */
#ifndef SIM_READS_H
#define SIM_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"
#include "tlp.h"

#define READS_TAGS 256u

/* Not in use; waits for its time and its memory; the client was asked for the data; `status` and `data` are settled. */
enum read_state { READ_FREE, READ_WAITS, READ_ASKED, READ_SETTLED };

/*
 * What is wrong with memory that cannot be read: its completions say so, are poisoned, or come after the card must have given the
 * read up.
 */
enum reads_fault { READS_UNSUPPORTED, READS_ABORTED, READS_POISONED, READS_LATE, READS_FAULTS };

#define READS_FAULT_PAGE  4096u
#define READS_LATE_CLOCKS 1500000u

struct read {
    enum read_state state;
    enum reads_fault fault; /* READS_FAULTS: none */
    struct tlp_head head;
    uint64_t due;     /* cycle of its first completion, at the earliest */
    uint64_t give_up; /* cycle at which a read of unmapped memory is refused; 0: not decided */
    uint64_t address; /* next byte to be returned */
    unsigned left;    /* bytes still to be returned */
    enum tlp_status status;
    uint8_t *data; /* from the first DW of the request; TLP_MAX_PAYLOAD bytes of room */
};

struct reads_config {
    unsigned latency;        /* clocks from request to first completion */
    unsigned split;          /* percent of completions cut short at random */
    bool reorder;            /* completions of different reads in any order, latency up to doubled */
    unsigned header_credits; /* the pool */
    unsigned data_credits;   /* 16 bytes each */
    unsigned error_one_in;   /* one of so many completions is an error or poisoned; 0: none */
    unsigned hang_one_in;    /* one of so many reads is never answered; 0: none */
    struct {
        uint64_t address, bytes; /* every second page of this is so, beginning with the second; 0 bytes: none */
    } fault[READS_FAULTS];
};

struct reads {
    struct reads_config config;
    struct rng *rng;
    struct read by_tag[READS_TAGS];
    uint8_t order[READS_TAGS]; /* tags in order of arrival */
    unsigned count;
    unsigned header_used, data_used;
    uint64_t hung; /* reads that are never answered */
};

/* 0 or -ENOMEM. */
int reads_init(struct reads *r, const struct reads_config *config, struct rng *rng);
void reads_free(struct reads *r);

/* Takes a read request. NULL, or the rule that the card broke: tag in use, pool exceeded. `rcb` in bytes. */
const char *reads_take(struct reads *r, const struct tlp_head *h, uint64_t cycle, unsigned rcb);
/* Forgets every read. */
void reads_forget(struct reads *r);

/* The next read in state READ_WAITS that is due, from position *at on (0 at first); NULL: no more. */
struct read *reads_due(struct reads *r, unsigned *at, uint64_t cycle);
/* Is there a read that time alone will settle or answer, not the client? */
bool reads_pending(const struct reads *r);

/* Makes the next completion, of at most `most` bytes (a multiple of `rcb`). False: none is ready. */
bool reads_complete(struct reads *r, struct tlp *out, uint64_t cycle, unsigned rcb, unsigned most);

#endif
