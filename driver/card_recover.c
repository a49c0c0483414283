/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a card that hangs to one that works: "Recovery" in sluice.h. The queue pairs are held still meanwhile, so that
 * no doorbell of before comes after the reset; their threads see a queue pair with nothing to do. SAs are installed again when an
 * operation needs them, and by the keeper.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "card.h"
#include "card_qp.h"
#include "reinstall.h"

#define TRIES 3u

static void hold_queues(struct card *card)
{
    for (unsigned n = 1; n < CARD_QUEUES; n++) {
        if (card->qp[n]) {
            pthread_mutex_lock(&card->qp[n]->lock);
        }
    }
}

static void let_queues_go(struct card *card)
{
    for (unsigned n = 1; n < CARD_QUEUES; n++) {
        if (card->qp[n]) {
            pthread_mutex_unlock(&card->qp[n]->lock);
            (void)eventfd_write(card->event[n], 1);
        }
    }
}

static int restart_queues(struct card *card)
{
    int err = 0;

    for (unsigned n = 1; n < CARD_QUEUES && !err; n++) {
        if (card->qp[n]) {
            err = card_qp_restart(card, card->qp[n]);
        }
    }
    return err;
}

/* ---------------------------------------------------------------- SAs */

static void free_slots(struct card *card)
{
    memset(card->slot_taken, 0, card->info.sa_slots * sizeof *card->slot_taken);
    memset(card->slot, 0, card->info.sa_slots * sizeof(struct card_sa *));
}

/* Counters that nobody has used and nobody has seen accepted. */
static bool raise_counters(struct card_sa *sa)
{
    struct sluice_sa_config *c = sa->kept;

    if (sa->sa.counts) {
        c->counter = sa->any && sa->top >= c->counter ? sa->top + 1 : c->counter;
        return reinstall_seal(&c->counter, &c->limit);
    }
    if (sa->sa.window) {
        c->counter = reinstall_floor(c->counter, sa->any, sa->top, sa->reserved);
    }
    return true;
}

static void lose_sa(struct card *card, struct card_sa *sa)
{
    bool was_in = atomic_load(&sa->place) == PLACE_IN;

    if (atomic_load(&sa->place) == PLACE_DEAD) {
        return;
    }
    if (!sa->kept) {
        card_sa_dead(sa, SLUICE_STATUS_NO_SUCH_SA);
    } else if (!raise_counters(sa)) {
        card_sa_dead(sa, SLUICE_STATUS_COUNTER_EXHAUSTED);
    } else {
        sa->fixed = false;
        atomic_store(&sa->amid, false);
        atomic_store(&sa->place, PLACE_NOWHERE);
        if (was_in || atomic_load(&sa->waiting)) {
            keeper_ask(card, sa, 0);
        }
    }
}

static void lose_sas(struct card *card)
{
    free_slots(card);
    for (unsigned i = 0; i < card->info.sa_count; i++) {
        if (card->sas[i]) {
            lose_sa(card, card->sas[i]);
        }
    }
}

void card_forget_sas(struct card *card)
{
    hold_queues(card);
    free_slots(card);
    for (unsigned i = 0; i < card->info.sa_count; i++) {
        struct card_sa *sa = card->sas[i];

        if (sa && sa->kept) {
            explicit_bzero(sa->kept, sizeof *sa->kept);
            sa->kept = NULL;
        }
        if (sa && atomic_load(&sa->place) != PLACE_DEAD) {
            card_sa_dead(sa, SLUICE_STATUS_NO_SUCH_SA);
        }
    }
    let_queues_go(card);
}

/* ---------------------------------------------------------------- the card */

static int restart(struct card *card)
{
    int err = card_start(card);

    err = err ? err : admin_restart(&card->admin);
    return err ? err : restart_queues(card);
}

/* The card is reset before anything is taken down: what it had finished is in the rings by then, and nothing follows. */
int card_recover(struct card *card)
{
    struct transport *t = card->transport;
    int err;

    hold_queues(card);
    err = t->ops->reset(t);
    for (unsigned n = 1; n < CARD_QUEUES; n++) {
        if (card->qp[n]) {
            card_qp_abort(card, card->qp[n]);
        }
    }
    lose_sas(card);
    err = err ? err : restart(card);
    for (unsigned tries = 1; err && tries < TRIES && !card_gone(card); tries++) {
        err = t->ops->reset(t);
        err = err ? err : restart(card);
    }
    atomic_store(&card->keeper.missed, 0);
    atomic_fetch_add(&card->resets, 1);
    if (err) {
        t->ops->give_up(t);
        err = -ENODEV;
    }
    let_queues_go(card);
    return err;
}

void card_start_over(struct card *card)
{
    if (card->recover) {
        (void)card_recover(card);
    } else {
        card->transport->ops->give_up(card->transport);
    }
}
