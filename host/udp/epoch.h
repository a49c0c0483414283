/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of an association from one rekey to the next: SAs, cids, and when they are to be followed and to go (PROTOCOL.md,
 * "Rekeying"). An association has a list of them, newest first: the newest may be known to this end alone, so that the one to
 * seal with is told apart. Belongs to one thread.
 */
#ifndef HOST_UDP_EPOCH_H
#define HOST_UDP_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "udp/sas.h"

#define EPOCHS_MOST          4u    /* of an association at a time; the oldest gives way */
#define EPOCH_FORMER_SECONDS 30u   /* that a former one is kept after the first authentic record of the one after it */
#define EPOCH_MARGIN         4096u /* records before the end of the keys at which a rekey begins, at the latest */

/* Secret. */
struct epoch {
    struct sas sas; /* first: epoch_of */
    uint32_t number;
    uint8_t cid[8];      /* on records that this end receives */
    uint8_t take_up[32]; /* key of the proof that takes the association up */
    bool attached;       /* the engine knows its SAs */
    bool heard;          /* an authentic record of it has come */
    bool going;          /* no record of it is looked at any more */
    uint64_t born;       /* seconds */
    uint64_t expires;    /* seconds; 0: not yet */
    struct epoch *former;
};

/* When the keys are to be renewed, as configured. */
struct epoch_limits {
    uint64_t records; /* sealed; 0: what the suite and the nonce mode allow alone */
    unsigned seconds;
};

/* -ENOMEM. */
int epoch_init(struct epoch *epoch, enum sas_end end, const struct keys_agreement *agreement, const struct keys *keys,
               bool replay, uint64_t now);
static inline struct epoch *epoch_of(struct sas *sas)
{
    return (struct epoch *)sas;
}
/* Its keys are old or nearly used up: a rekey is to begin. */
bool epoch_is_worn(const struct epoch *epoch, const struct epoch_limits *limits, uint64_t now);
/* An authentic record of it has come: those before it are to go after a while. */
void epoch_heard(struct epoch *epoch, uint64_t now);
/* How many there are that are not going. */
unsigned epoch_count(const struct epoch *newest);
/* The oldest of those whose time is over, or, when there are more than EPOCHS_MOST, the oldest; never `sealing` or a newer one.
 * NULL: none. */
struct epoch *epoch_to_end(struct epoch *newest, const struct epoch *sealing, uint64_t now);

#endif
