/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two SAs of an association on an engine, and all that is needed to make them again on another one without ever using a
 * counter twice: the keys, the first counter that was given to no engine, and the highest counter that was accepted.
 */
#ifndef HOST_UDP_SAS_H
#define HOST_UDP_SAS_H

#include <stdbool.h>

#include "sluice.h"
#include "udp/cards.h"
#include "udp/keys.h"
#include "udp/nonces.h"

#define SAS_FIRST_COUNTER 1u                    /* 0 is never used, so that floor - 1 is a counter */
#define SAS_RECORD_LIMIT  (1ull << 40)          /* records under one AES key; then the association ends */
#define SAS_RANDOM_LIMIT  (NONCES_MOST - 1024u) /* records in random mode; the rest is for those under way */
#define SAS_SKIP          64u                   /* counters left out on top of all those that may have been used */

enum sas_end { SAS_CLIENT, SAS_PROXY };

/* Secret. Belongs to one thread at a time. */
struct sas {
    struct cards *cards;
    struct sluice_card *card; /* on which the SAs are, with a reference; NULL: on none */
    struct sluice_sa *seal, *open;
    struct sluice_sa_config seal_config, open_config;
    uint64_t seal_next;      /* counters from here on were given to no engine; random mode: records sealed, and 1 */
    uint64_t open_top;       /* highest counter accepted; SAS_FIRST_COUNTER - 1 at first */
    struct nonces *nonces;   /* random mode: of records accepted; NULL: nothing is kept */
    unsigned in_flight;      /* jobs of the engine that name it */
    struct sas *prev, *next; /* the engine's list */
};

/* Which end we are says which keys and cid seal and which open. `replay`: keep the window, or the set of nonces. -ENOMEM. */
int sas_init(struct sas *sas, enum sas_end end, const struct keys_agreement *agreement, const struct keys *keys, bool replay);
/* Admin: may block. Makes both SAs on a card that the caller has a reference to (`cards` NULL: nobody counts them), anew when
 * there were some on another, which sas_destroy has ended. 0 or -errno of sluice_sa_create. */
int sas_create(struct sas *sas, struct cards *cards, struct sluice_card *card);
/* Admin: may block. Destroys the SAs; none of their operations may be in flight. */
void sas_destroy(struct sas *sas);
/* On this card neither of these two blocks: it is the software engine. */
bool sas_at_once(struct sluice_card *card);
/* Moves the counters so that the next sas_create skips every one possibly used. */
void sas_skip(struct sas *sas);
/* Records that may still be sealed under these keys. */
uint64_t sas_left(const struct sas *sas);
/* The longest content whose record is at most so long. */
uint32_t sas_content_most(const struct sas *sas, uint32_t record);
void sas_wipe(struct sas *sas);

#endif
