/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/epochs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sluiced/association.h"

static struct proxy_epoch *former_of(const struct proxy_epoch *e)
{
    return (struct proxy_epoch *)e->epoch.former;
}

/* ---- table */

static unsigned bucket(const struct worker *worker, const uint8_t cid[CID_BYTES])
{
    uint32_t bits;
    memcpy(&bits, cid, sizeof bits); /* a cid looks random to everybody else */
    return bits & worker->table_mask;
}

struct proxy_epoch *epochs_find(const struct worker *worker, const uint8_t cid[CID_BYTES])
{
    struct proxy_epoch *e = worker->table[bucket(worker, cid)];
    while (e && memcmp(e->epoch.cid, cid, CID_BYTES) != 0)
        e = e->hash_next;
    return e;
}

static void hash_in(struct proxy_epoch *e)
{
    struct worker *worker = e->association->worker;
    struct proxy_epoch **at = &worker->table[bucket(worker, e->epoch.cid)];
    e->hash_next = *at;
    *at = e;
}

static void hash_out(struct proxy_epoch *e)
{
    struct worker *worker = e->association->worker;
    struct proxy_epoch **at = &worker->table[bucket(worker, e->epoch.cid)];
    while (*at && *at != e)
        at = &(*at)->hash_next;
    if (*at)
        *at = e->hash_next;
}

/* ---- making */

static int draw_cid(const struct worker *worker, uint8_t cid[CID_BYTES])
{
    struct cid_place place = {.member = worker->proxy->member, .worker = (uint8_t)worker->index};
    do {
        if (getrandom(&place.random, sizeof place.random, 0) != sizeof place.random)
            return -EIO;
        if (cid_make(worker->cid_key, &place, cid))
            return -EIO;
    } while (epochs_find(worker, cid));
    return 0;
}

int epochs_draw(struct association *a)
{
    if (a->making)
        return -EALREADY;
    struct proxy_epoch *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    if (draw_cid(a->worker, e->epoch.cid)) {
        free(e);
        return -EIO;
    }
    e->association = a;
    a->making = e;
    return 0;
}

static struct proxy_epoch *of_task(struct task *task)
{
    return (struct proxy_epoch *)((char *)task - offsetof(struct proxy_epoch, task));
}

/* A card may block, and then the helper does it; the software engine's SAs are not worth its wakening. The rest is done from the
 * loop in any case. */
static void post(struct proxy_epoch *e, struct sluice_card *card)
{
    struct worker *worker = e->association->worker;
    e->busy = true;
    e->task.mailbox = worker->mailbox;
    if (e->task.run && !sas_at_once(card)) {
        helper_post(worker->proxy->admin, &e->task);
        return;
    }
    if (e->task.run)
        e->task.run(&e->task);
    mailbox_post_own(worker->mailbox, &e->task);
}

static void run_make(struct task *task)
{
    struct proxy_epoch *e = of_task(task);
    struct cards *cards = e->association->worker->proxy->cards;
    e->made = sas_create(&e->epoch.sas, cards, e->card);
    cards_leave(cards, e->card);
    e->card = NULL;
}

/* The SAs may be on a card that has died meanwhile, or could not be made for that reason: the engine makes them again. */
static int attach(struct proxy_epoch *e)
{
    struct worker *worker = e->association->worker;
    if (e->made && e->made != -ENODEV && e->made != -ETIMEDOUT)
        return e->made;
    if (e->made)
        worker_flush(worker); /* so that it finds the card dead */
    int rc = engine_attach(worker->engine, &e->epoch.sas);
    e->epoch.attached = !rc;
    return rc;
}

static void done_make(struct task *task)
{
    struct proxy_epoch *e = of_task(task);
    struct worker *worker = e->association->worker;
    if (worker->frozen) {
        task->next = worker->late;
        worker->late = task;
        return;
    }
    e->busy = false;
    if (e->epoch.going)
        epochs_settle(e);
    else
        association_made(e->association, attach(e));
}

int epochs_make(struct association *a, const struct keys_agreement *agreement, const struct keys *keys)
{
    struct proxy_epoch *e = a->making;
    int rc = epoch_init(&e->epoch, SAS_PROXY, agreement, keys, a->worker->policy->options.replay != REPLAY_OFF,
                        (uint64_t)worker_now());
    if (rc)
        return rc;
    e->task = (struct task){.run = run_make, .done = done_make};
    e->card = cards_take(a->worker->proxy->cards);
    if (sas_at_once(e->card)) {
        e->busy = true;
        run_make(&e->task);
        done_make(&e->task);
    } else {
        post(e, e->card);
    }
    return 0;
}

int epochs_begin(struct association *a, const struct keys_agreement *agreement, const struct keys *keys)
{
    struct proxy_epoch *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->association = a;
    a->agreement = *agreement;
    a->making = e;
    return epoch_init(&e->epoch, SAS_PROXY, agreement, keys, a->worker->policy->options.replay != REPLAY_OFF,
                      (uint64_t)worker_now());
}

int epochs_take(struct association *a)
{
    struct proxy_epoch *e = a->making;
    int rc = engine_attach(a->worker->engine, &e->epoch.sas);
    e->epoch.attached = !rc;
    if (rc)
        epochs_end_making(a);
    else
        epochs_adopt(a);
    return rc;
}

void epochs_adopt(struct association *a)
{
    struct proxy_epoch *e = a->making;
    a->making = NULL;
    e->epoch.former = a->newest ? &a->newest->epoch : NULL;
    a->newest = e;
    if (!a->sealing)
        a->sealing = e;
    hash_in(e);
    epochs_tick(a);
}

void epochs_seal_with(struct association *a, struct proxy_epoch *e)
{
    if (a->sealing && a->sealing->epoch.number < e->epoch.number)
        a->sealing = e;
}

/* ---- ending */

static void unlink_one(struct proxy_epoch *e)
{
    struct association *a = e->association;
    if (a->newest == e) {
        a->newest = former_of(e);
        return;
    }
    for (struct proxy_epoch *at = a->newest; at; at = former_of(at)) {
        if (at->epoch.former == &e->epoch)
            at->epoch.former = e->epoch.former;
    }
}

static void done_destroy(struct task *task)
{
    struct proxy_epoch *e = of_task(task);
    struct association *a = e->association;
    unlink_one(e);
    a->going--;
    sas_wipe(&e->epoch.sas);
    explicit_bzero(e, sizeof *e);
    free(e);
    association_settle(a);
}

static void run_destroy(struct task *task)
{
    sas_destroy(&of_task(task)->epoch.sas);
}

/* Whoever calls may still look at it, so it goes from the loop in any case. */
void epochs_settle(struct proxy_epoch *e)
{
    struct worker *worker = e->association->worker;
    if (!e->epoch.going || e->busy || e->epoch.sas.in_flight)
        return;
    if (e->epoch.attached)
        engine_detach(worker->engine, &e->epoch.sas);
    e->epoch.attached = false;
    bool made = e->epoch.sas.seal || e->epoch.sas.open;
    e->task = (struct task){.run = made ? run_destroy : NULL, .done = done_destroy};
    post(e, e->epoch.sas.card);
}

static void end(struct proxy_epoch *e)
{
    if (e->epoch.going)
        return;
    hash_out(e);
    e->epoch.going = true;
    e->association->going++;
    epochs_settle(e);
}

void epochs_end_making(struct association *a)
{
    struct proxy_epoch *e = a->making;
    a->making = NULL;
    if (e)
        end(e);
}

void epochs_end_all(struct association *a)
{
    epochs_end_making(a);
    for (struct proxy_epoch *e = a->newest; e; e = former_of(e))
        end(e);
}

void epochs_tick(struct association *a)
{
    struct epoch *old;
    while (a->newest && a->sealing && (old = epoch_to_end(&a->newest->epoch, &a->sealing->epoch, (uint64_t)worker_now())))
        end((struct proxy_epoch *)old);
}

bool epochs_broken(const struct association *a)
{
    return a->sealing && !a->sealing->epoch.sas.card;
}
