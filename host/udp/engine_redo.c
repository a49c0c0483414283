/* SPDX-License-Identifier: Apache-2.0 */
/* A card that has died: what was in flight there is done again. */
#include <errno.h>
#include <stdlib.h>

#include "udp/engine_internal.h"

static int by_turn(const void *a, const void *b)
{
    const struct engine_slot *x = *(struct engine_slot *const *)a, *y = *(struct engine_slot *const *)b;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

/* Memory of the former card is given back; the source is copied by engine_prepare. */
static bool prepare_again(struct engine_qp *qp, struct engine_job *job)
{
    struct engine_job former = *job;
    if (engine_prepare(qp, job)) {
        *job = former;
        return false;
    }
    chunk_unref(former.src_chunk);
    chunk_unref(former.dst_chunk);
    return true;
}

static void restage(struct engine_qp *qp, struct engine_job *job)
{
    if (!prepare_again(qp, job)) {
        engine_finish_unsubmitted(job, SLUICE_STATUS_ABORTED);
        return;
    }
    engine_slot_of(job)->on->jobs--;
    engine_stage(qp, job);
}

/* Everything submitted or staged there is staged again, in the former order. Returns how many had been submitted; 0 also without
 * memory. */
static unsigned redo(struct engine_qp *dead, struct engine_qp *qp)
{
    struct engine *engine = dead->engine;
    unsigned count = 0;
    struct engine_job *staged = dead->staged;
    struct engine_slot **again = calloc(engine->options.depth, sizeof(struct engine_slot *));
    dead->staged = NULL;
    dead->staged_end = &dead->staged;
    for (unsigned i = 0; i < engine->options.depth; i++) {
        if (engine->slots[i].on != dead || !engine->slots[i].submitted)
            continue;
        if (again)
            again[count++] = &engine->slots[i];
        else
            engine_finish_unsubmitted(&engine->slots[i].job, SLUICE_STATUS_ABORTED);
    }
    if (again)
        qsort(again, count, sizeof(struct engine_slot *), by_turn);
    for (unsigned i = 0; i < count; i++)
        restage(qp, &again[i]->job);
    free(again);
    while (staged) {
        struct engine_job *job = staged;
        staged = job->next;
        restage(qp, job);
    }
    return count;
}

static int take_over(struct engine_qp *dead, struct engine_qp **qp)
{
    struct engine *engine = dead->engine;
    struct sluice_card *card = cards_replace(engine->cards, dead->card);
    if (!card)
        return -ENODEV;
    *qp = engine_qp_find(engine, card);
    int rc = *qp ? 0 : engine_qp_open(engine, card, qp);
    cards_leave(engine->cards, card);
    return rc;
}

bool engine_replace(struct engine_qp *dead)
{
    struct engine *engine = dead->engine;
    struct engine_qp *qp;
    while (engine_poll(dead) > 0)
        ;
    engine_qp_silence(dead);
    int rc = take_over(dead, &qp);
    if (rc) {
        engine->callbacks.failed(engine->callbacks.arg, -rc);
        return false;
    }
    if (engine->current == dead)
        engine->current = qp;
    for (struct sas *sas = engine->sas_list; sas; sas = sas->next) {
        if (sas->card == dead->card)
            (void)engine_move_sas(qp, sas); /* one that cannot be made is on no card: its jobs are aborted, its owner sees it */
    }
    engine->callbacks.replaced(engine->callbacks.arg, "soft", redo(dead, qp));
    return true;
}
