/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations of every sort, the same to two engines, of which one is the software engine: status, length, counter, next
 * IV, sure content, every byte of memory around source and destination, and the replay windows must be the same. One of these is
 * for one thread, with a queue pair and SAs of its own on each engine; several may share the two cards.
 */
#ifndef TESTS_DRIVER_MIX_H
#define TESTS_DRIVER_MIX_H

#include "card.h"
#include "layout.h"
#include "reference.h"
#include "sluice_regs.h"

#define MIX_PAIRS   10u /* of SAs: one seals, one opens what it sealed */
#define MIX_BURST   24u /* operations submitted at once */
#define MIX_RECORDS 32u /* kept to be opened */
#define MIX_HALF    6u  /* pages for a source, and as many for a destination */
#define MIX_SLOT    (2 * MIX_HALF)
#define MIX_ROOM    (MIX_HALF * LAYOUT_PAGE)

enum { SOFT, CARD, ENGINES };

struct mix_engine {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa[MIX_PAIRS][2]; /* by direction */
    struct card_sa odd[MIX_PAIRS][2];   /* what wrong handles point to; more than enough for either engine */
    uint8_t *arena[MIX_BURST];          /* MIX_SLOT pages each */
    uint8_t *bad[MIX_BURST];            /* MIX_HALF pages; on the card, the second, fourth and sixth cannot be read. NULL: none */
    struct sluice_done done[MIX_BURST];
};

/* A sealed record. */
struct mix_record {
    unsigned pair;
    uint32_t len;
    uint64_t seq;
    uint8_t iv[16];
    uint8_t bytes[REFERENCE_ROOM];
};

/* A record that an SA is in the middle of, in parts: record or content. */
struct mix_stream {
    bool live, begun;
    uint32_t len, at;
    uint64_t seq;
    uint8_t iv[16];
    uint8_t type, pad, style;
    uint8_t bytes[REFERENCE_ROOM];
};

/* One operation. */
struct mix_plan {
    struct sluice_op op; /* without addresses */
    unsigned pair, direction;
    struct layout src, dst;
    bool odd, in_place;
    bool bad;                      /* its source lies in `bad` */
    bool hit;                      /* and cannot be read */
    uint32_t src_bytes, dst_bytes; /* of the layouts; src_len or dst_len may be any number */
};

struct mix {
    struct mix_engine engine[ENGINES];
    struct sluice_sa_config config[MIX_PAIRS]; /* for sealing */
    struct mix_record record[MIX_RECORDS];
    unsigned records;
    struct mix_stream stream[MIX_PAIRS][2];
    struct mix_plan plan[MIX_BURST];
    uint8_t source[MIX_ROOM];                         /* of the operation that is being planned */
    uint8_t saved[MIX_BURST][MIX_SLOT * LAYOUT_PAGE]; /* of a hit operation: memory before it */
    uint32_t features;
    bool windows;       /* the card has windows of two incarnations */
    unsigned bad_share; /* one in so many operations lies in `bad`; 0: none */
    unsigned number;
    uint64_t operations, rounds, hits, statuses[16], parts, lists;
};

/* Needs engine[].card, and bad[] with bad_share, set. false: notes tell why. */
bool mix_open(struct mix *m, unsigned number);
/* A burst of operations to their ends, and now and then something else: other SAs, another queue pair, windows that move. */
bool mix_round(struct mix *m);
void mix_close(struct mix *m);

/* mix_sa.c */
bool mix_make_pair(struct mix *m, unsigned pair);
void mix_end_pair(struct mix *m, unsigned pair);
/* Exports a window from both, compares, and puts it in another place, or one made up. */
bool mix_windows(struct mix *m, unsigned pair);
bool mix_has_windows(struct mix *m);

/* mix_plan.c: chooses operation `index` and fills m->source. */
void mix_choose(struct mix *m, struct mix_plan *p, unsigned index);

#endif
