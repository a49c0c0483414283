/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "udp/engine_internal.h"

struct engine_qp *engine_qp_find(const struct engine *engine, const struct sluice_card *card)
{
    struct engine_qp *qp = engine->qps;
    while (qp && qp->card != card)
        qp = qp->next;
    return qp;
}

/* ---- beginning and end */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct engine_qp *qp = arg;
    (void)fd;
    (void)what;
    qp->armed = false;
    qp->fired = true;
    engine_run(qp->engine);
}

static int start(struct engine_qp *qp)
{
    const struct engine_options *options = &qp->engine->options;
    struct sluice_info info;
    int rc = sluice_card_info(qp->card, &info);
    if (!rc)
        rc = sluice_qp_create(qp->card, options->depth < info.max_depth ? options->depth : info.max_depth, &qp->qp);
    if (!rc)
        rc = pool_new(qp->card, options->chunks, &qp->pool);
    if (rc)
        return rc;
    qp->can_die = strcmp(info.engine, "soft") != 0;
    qp->event = event_new(qp->engine->base, sluice_qp_fd(qp->qp), EV_READ | EV_PERSIST, on_event, qp);
    return qp->event && !event_add(qp->event, NULL) ? 0 : -ENOMEM;
}

int engine_qp_open(struct engine *engine, struct sluice_card *card, struct engine_qp **out)
{
    struct engine_qp *qp = calloc(1, sizeof *qp);
    if (!qp)
        return -ENOMEM;
    qp->engine = engine;
    qp->card = card;
    qp->staged_end = &qp->staged;
    qp->next = engine->qps;
    engine->qps = qp;
    cards_keep(engine->cards, card);
    int rc = start(qp);
    if (!rc && qp->can_die && sluice_qp_arm(qp->qp) == 0)
        qp->armed = true;
    if (rc)
        engine_qp_close(qp);
    else
        *out = qp;
    return rc;
}

void engine_qp_silence(struct engine_qp *qp)
{
    if (qp->event)
        event_free(qp->event);
    qp->event = NULL;
    if (qp->qp)
        sluice_qp_destroy(qp->qp);
    qp->qp = NULL;
}

void engine_qp_close(struct engine_qp *qp)
{
    struct engine_qp **at = &qp->engine->qps;
    while (*at != qp)
        at = &(*at)->next;
    *at = qp->next;
    engine_qp_silence(qp);
    pool_free(qp->pool);
    cards_leave(qp->engine->cards, qp->card);
    free(qp);
}

bool engine_qp_arm(struct engine_qp *qp)
{
    if (qp->armed || !qp->qp)
        return true;
    if (!qp->can_die && !qp->fired && !sluice_qp_in_flight(qp->qp))
        return true; /* nothing will come, not even its end */
    int rc = sluice_qp_arm(qp->qp);
    qp->armed = rc == 0;
    qp->fired = false;
    return rc == 0;
}

/* ---- SAs */

int engine_move_sas(struct engine_qp *to, struct sas *sas)
{
    if (sas->card) {
        sas_skip(sas);
        sas_destroy(sas);
    }
    return sas_create(sas, to->engine->cards, to->card);
}

int engine_attach(struct engine *engine, struct sas *sas)
{
    struct engine_qp *qp = engine_qp_find(engine, sas->card);
    if (sas->card && !qp && engine_qp_open(engine, sas->card, &qp)) /* another has taken over, which is not known here yet */
        qp = NULL;
    int rc = qp && qp->qp ? 0 : engine_move_sas(engine->current, sas);
    if (rc)
        return rc;
    sas->prev = NULL;
    sas->next = engine->sas_list;
    if (sas->next)
        sas->next->prev = sas;
    engine->sas_list = sas;
    return 0;
}

void engine_detach(struct engine *engine, struct sas *sas)
{
    assert(!sas->in_flight);
    if (sas->prev)
        sas->prev->next = sas->next;
    else
        engine->sas_list = sas->next;
    if (sas->next)
        sas->next->prev = sas->prev;
    sas->prev = sas->next = NULL;
}

bool engine_is_former(const struct engine *engine, const struct sas *sas)
{
    return sas->card && sas->card != engine->current->card;
}

/* ---- a card that comes back */

static bool is_used(const struct engine_qp *qp)
{
    const struct sas *sas = qp->engine->sas_list;
    while (sas && sas->card != qp->card)
        sas = sas->next;
    return sas || qp->jobs || !pool_is_idle(qp->pool);
}

static void follow(struct engine *engine)
{
    struct sluice_info info;
    if (engine->current->can_die)
        return; /* its death is found by a job */
    struct sluice_card *card = cards_take(engine->cards);
    struct engine_qp *qp = engine_qp_find(engine, card);
    if (card != engine->current->card && (qp || !engine_qp_open(engine, card, &qp))) {
        engine->current = qp;
        engine->callbacks.returned(engine->callbacks.arg, sluice_card_info(card, &info) ? "" : info.engine);
    }
    cards_leave(engine->cards, card);
}

void engine_tick(struct engine *engine)
{
    struct engine_qp *next;
    follow(engine);
    for (struct engine_qp *qp = engine->qps; qp; qp = next) {
        next = qp->next;
        if (qp != engine->current && !is_used(qp))
            engine_qp_close(qp);
    }
}
