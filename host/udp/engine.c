/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "udp/engine_internal.h"

#define BURST 64

/* ---- beginning and end */

int engine_new(struct event_base *base, struct cards *cards, const struct engine_options *options,
               const struct engine_callbacks *callbacks, struct engine **out)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return -ENOMEM;
    engine->base = base;
    engine->cards = cards;
    engine->options = *options;
    engine->callbacks = *callbacks;
    engine->slots = calloc(options->depth, sizeof *engine->slots);
    struct sluice_card *card = cards_take(cards);
    int rc = engine->slots ? engine_qp_open(engine, card, &engine->current) : -ENOMEM;
    cards_leave(cards, card);
    if (rc) {
        engine_free(engine);
        return rc;
    }
    for (unsigned i = 0; i < options->depth; i++) {
        engine->slots[i].job.next = engine->free;
        engine->free = &engine->slots[i].job;
    }
    engine->free_count = options->depth;
    *out = engine;
    return 0;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    for (struct engine_qp *qp = engine->qps; qp; qp = qp->next)
        engine_qp_silence(qp);
    while (engine->sas_list) {
        engine->sas_list->in_flight = 0;
        engine_detach(engine, engine->sas_list);
    }
    while (engine->qps)
        engine_qp_close(engine->qps);
    free(engine->slots);
    free(engine);
}

struct pool *engine_pool(struct engine *engine)
{
    return engine->current->pool;
}

struct sluice_card *engine_card(struct engine *engine)
{
    return engine->current->card;
}

unsigned engine_room(const struct engine *engine)
{
    return engine->free_count;
}

unsigned engine_in_flight(const struct engine *engine)
{
    return engine->options.depth - engine->free_count;
}

/* ---- jobs */

static uint32_t result_room(const struct engine_job *job)
{
    if (job->type == SLUICE_OP_TYPE_SEAL)
        return sluice_record_size(&job->sas->seal_config, job->src_len, 0);
    uint32_t max = sluice_content_max(&job->sas->open_config, job->src_len);
    return max < SLUICE_MAX_CONTENT ? max : SLUICE_MAX_CONTENT;
}

/* The engine reaches only the memory of its own card: a source that lies in a former card's is copied. */
static int bring_source(struct engine_qp *qp, struct engine_job *job)
{
    struct chunk *chunk;
    if (job->src_chunk->card == qp->card) {
        chunk_ref(job->src_chunk);
        return 0;
    }
    uint8_t *copy = pool_reserve(qp->pool, job->src_len, &chunk);
    if (!copy)
        return -ENOBUFS;
    memcpy(copy, job->src, job->src_len);
    job->src = copy;
    job->src_chunk = chunk;
    return 0;
}

int engine_prepare(struct engine_qp *qp, struct engine_job *job)
{
    job->dst_len = result_room(job);
    if (!job->dst_len)
        return -EMSGSIZE;
    int rc = bring_source(qp, job);
    if (rc)
        return rc;
    job->dst = pool_reserve(qp->pool, job->dst_len, &job->dst_chunk);
    if (job->dst)
        return 0;
    chunk_unref(job->src_chunk);
    return -ENOBUFS;
}

void engine_stage(struct engine_qp *qp, struct engine_job *job)
{
    struct engine_slot *slot = engine_slot_of(job);
    job->next = NULL;
    *qp->staged_end = job;
    qp->staged_end = &job->next;
    qp->jobs++;
    slot->on = qp;
    slot->submitted = false;
}

/* SAs that could be made nowhere have no card: their jobs end when they are submitted. */
static struct engine_qp *qp_of(const struct engine *engine, const struct sas *sas)
{
    struct engine_qp *qp = engine->current;
    return sas->card == qp->card || !sas->card ? qp : engine_qp_find(engine, sas->card);
}

int engine_submit(struct engine *engine, const struct engine_job *wanted)
{
    struct engine_job *job = engine->free;
    struct engine_qp *qp = qp_of(engine, wanted->sas);
    if (!job)
        return -ENOBUFS;
    if (wanted->type == SLUICE_OP_TYPE_SEAL && !sas_left(wanted->sas))
        return -EOVERFLOW;
    struct engine_job *next = job->next;
    *job = *wanted;
    int rc = engine_prepare(qp, job);
    if (rc) {
        job->next = next;
        return rc;
    }
    engine->free = next;
    engine->free_count--;
    job->sas->in_flight++;
    engine_stage(qp, job);
    return 0;
}

/* The nonce is the end of the record. A set that is full refuses what it cannot remember. */
static void judge_nonce(struct engine_job *job)
{
    unsigned block = sluice_cipher_block(job->sas->open_config.cipher);
    uint8_t nonce[NONCES_BYTES] = {0};
    memcpy(nonce, job->src + job->src_len - block, block);
    int rc = nonces_take(job->sas->nonces, nonce);
    job->newest = !rc; /* there is no order */
    job->duplicate = rc == -EEXIST;
    if (rc)
        job->status = SLUICE_STATUS_REPLAYED;
}

/* Shadows the receive window, so that the next engine goes on with it. */
static void judge_counter(struct engine_job *job)
{
    struct sas *sas = job->sas;
    job->duplicate = job->newest = false;
    if (job->type != SLUICE_OP_TYPE_OPEN)
        return;
    if (job->status == SLUICE_STATUS_OK && job->counter > sas->open_top) {
        sas->open_top = job->counter;
        job->newest = true;
    }
    if (job->status == SLUICE_STATUS_OK && sas->nonces)
        judge_nonce(job);
    else if (job->status == SLUICE_STATUS_REPLAYED)
        job->duplicate = job->counter >= sas->open_config.counter && job->counter + SLUICE_REPLAY_WINDOW > sas->open_top;
}

static void finish(struct engine_job *job)
{
    struct engine_slot *slot = engine_slot_of(job);
    struct engine *engine = slot->on->engine;
    struct chunk *src = job->src_chunk, *dst = job->dst_chunk;
    judge_counter(job);
    job->sas->in_flight--;
    slot->submitted = false;
    slot->on->jobs--;
    slot->on = NULL;
    engine->callbacks.done(engine->callbacks.arg, job);
    chunk_unref(src);
    chunk_unref(dst);
    job->next = engine->free;
    engine->free = job;
    engine->free_count++;
}

void engine_finish_unsubmitted(struct engine_job *job, enum sluice_status status)
{
    job->status = status;
    job->length = 0;
    job->counter = 0;
    finish(job);
}

/* A nonce that was drawn is wiped, so that it is never used again. */
static void draw_nonce(struct engine *engine, uint8_t nonce[16])
{
    while (engine->random_left < 16) {
        if (getrandom(engine->random, sizeof engine->random, 0) == sizeof engine->random)
            engine->random_left = sizeof engine->random;
    }
    engine->random_left -= 16;
    memcpy(nonce, engine->random + engine->random_left, 16);
    explicit_bzero(engine->random + engine->random_left, 16);
}

static void fill_op(struct engine *engine, struct sluice_op *op, struct engine_job *job)
{
    memset(op, 0, sizeof *op);
    op->type = job->type;
    op->sa = job->type == SLUICE_OP_TYPE_SEAL ? job->sas->seal : job->sas->open;
    op->src = job->src;
    op->src_len = job->src_len;
    op->dst = job->dst;
    op->dst_len = job->dst_len;
    op->content_type = job->type == SLUICE_OP_TYPE_SEAL ? job->content_type : 0;
    op->cookie = (uintptr_t)job;
    if (job->type == SLUICE_OP_TYPE_SEAL && job->sas->seal_config.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT)
        draw_nonce(engine, op->nonce);
}

static struct engine_job *unstage(struct engine_qp *qp)
{
    struct engine_job *job = qp->staged;
    qp->staged = job->next;
    if (!qp->staged)
        qp->staged_end = &qp->staged;
    return job;
}

static void mark_submitted(struct engine_qp *qp, unsigned count)
{
    while (count--) {
        struct engine_job *job = unstage(qp);
        engine_slot_of(job)->submitted = true;
        engine_slot_of(job)->turn = qp->engine->next_turn++;
        if (job->type == SLUICE_OP_TYPE_SEAL)
            job->sas->seal_next++;
    }
}

/* Gives staged jobs to the queue pair: how many, or -errno. */
static int submit_burst(struct engine_qp *qp)
{
    struct sluice_op ops[BURST];
    unsigned count = 0;
    while (qp->staged && !qp->staged->sas->card) /* it could not be made on this engine */
        engine_finish_unsubmitted(unstage(qp), SLUICE_STATUS_ABORTED);
    for (struct engine_job *job = qp->staged; job && job->sas->card && count < BURST; job = job->next)
        fill_op(qp->engine, &ops[count++], job);
    if (!count)
        return 0;
    int taken = sluice_qp_submit(qp->qp, ops, count);
    if (taken == -EINVAL) {
        engine_finish_unsubmitted(unstage(qp), SLUICE_STATUS_UNSUPPORTED);
        return 1;
    }
    if (taken > 0)
        mark_submitted(qp, (unsigned)taken);
    return taken;
}

int engine_poll(struct engine_qp *qp)
{
    struct sluice_done done[BURST];
    int count = sluice_qp_poll(qp->qp, done, BURST);
    for (int i = 0; i < count; i++) {
        struct engine_job *job = (struct engine_job *)(uintptr_t)done[i].cookie; /* NOLINT(performance-no-int-to-ptr) */
        if (done[i].status == SLUICE_STATUS_ABORTED && qp->can_die)
            continue;
        job->status = done[i].status;
        job->length = done[i].length;
        job->counter = done[i].counter;
        finish(job);
    }
    return count;
}

/* ---- running */

enum { SUBMITTED = 1, POLLED = 2 };

/* What was done, or -ENODEV. */
static int turn(struct engine_qp *qp)
{
    if (!qp->qp)
        return 0;
    int submitted = submit_burst(qp);
    int polled = submitted == -ENODEV ? -ENODEV : engine_poll(qp);
    if (polled == -ENODEV)
        return -ENODEV;
    return (submitted > 0 ? SUBMITTED : 0) | (polled > 0 ? POLLED : 0);
}

/* A turn of each; the first that has died ends it. */
static int turn_all(struct engine *engine, struct engine_qp **dead)
{
    int did = 0;
    for (struct engine_qp *qp = engine->qps; qp; qp = qp->next) {
        int rc = turn(qp);
        if (rc < 0) {
            *dead = qp;
            return rc;
        }
        did |= rc;
    }
    return did;
}

static bool arm_all(struct engine *engine)
{
    bool armed = true;
    for (struct engine_qp *qp = engine->qps; qp; qp = qp->next)
        armed = engine_qp_arm(qp) && armed;
    return armed;
}

void engine_leave(struct engine *engine)
{
    if (engine->current->can_die)
        (void)engine_replace(engine->current);
}

void engine_run(struct engine *engine)
{
    struct engine_qp *dead;
    bool burst = false;
    for (;;) {
        int did = turn_all(engine, &dead);
        if (did < 0) {
            if (!engine_replace(dead))
                return;
            continue;
        }
        burst |= did & POLLED;
        if (did)
            continue;
        if (burst)
            engine->callbacks.burst(engine->callbacks.arg);
        burst = false;
        if (arm_all(engine))
            return;
    }
}
