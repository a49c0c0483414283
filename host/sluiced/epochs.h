/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The epochs of the proxy's associations: made and destroyed by the helper, found by cid. What an epoch is: udp/epoch.h. Belongs
 * to the association's worker.
 */
#ifndef SLUICED_EPOCHS_H
#define SLUICED_EPOCHS_H

#include "sluiced/helper.h"
#include "udp/cid.h"
#include "udp/epoch.h"

struct association;
struct worker;

struct proxy_epoch {
    struct epoch epoch; /* first: its `former` is a proxy_epoch too */
    struct association *association;
    struct task task;         /* of the admin helper */
    struct sluice_card *card; /* on which the SAs are to be made, with a reference until they are */
    bool busy;                /* the helper has it */
    int made;                 /* its result */
    struct proxy_epoch *hash_next;
};

static inline struct proxy_epoch *proxy_epoch_of(struct sas *sas)
{
    return (struct proxy_epoch *)sas;
}

struct proxy_epoch *epochs_find(const struct worker *worker, const uint8_t cid[CID_BYTES]);
/* Draws a cid for the association's next epoch, which is then association->making. -EALREADY: there is one; -ENOMEM, -EIO. */
int epochs_draw(struct association *association);
/* Has its SAs made by the helper; then association_made is called. The agreement and the keys are copied. -ENOMEM. */
int epochs_make(struct association *association, const struct keys_agreement *agreement, const struct keys *keys);
/* One that another process had begins here: it is association->making, and what belongs to it may be set before epochs_take makes
 * its SAs in this thread and adopts it. -ENOMEM; -errno of engine_attach, and it is gone. */
int epochs_begin(struct association *association, const struct keys_agreement *agreement, const struct keys *keys);
int epochs_take(struct association *association);
/* The one that was made is the newest now; the first one seals at once. */
void epochs_adopt(struct association *association);
/* The peer has this epoch: records are sealed under it from now on. */
void epochs_seal_with(struct association *association, struct proxy_epoch *epoch);
/* Ends those whose time is over. */
void epochs_tick(struct association *association);
/* Ends the one in the making, or all of them. */
void epochs_end_making(struct association *association);
void epochs_end_all(struct association *association);
/* Called after a job of it has ended: an epoch that is going may go then. */
void epochs_settle(struct proxy_epoch *epoch);
/* The engine that took over could not make its SAs. */
bool epochs_broken(const struct association *association);

#endif
