/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BURST 64

struct engine {
    struct event_base *base;
    struct event *event; /* on the queue pair's eventfd */
    struct cards *cards;
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct pool *pool, *old_pool; /* old: of the card that died; its chunks are still about */
    struct engine_options options;
    struct engine_callbacks callbacks;
    bool can_die, armed;
    bool fired; /* the eventfd is readable until it is armed again */
    struct engine_slot *slots;
    struct engine_job *free;
    unsigned free_count;
    struct engine_job *staged, **staged_end;
    unsigned staged_count;
    struct sas *sas_list;
    uint64_t next_turn;
    uint8_t random[256]; /* nonces to come, which getrandom gives whole or not at all */
    unsigned random_left;
};

/* A job and what only this file knows of it. */
struct engine_slot {
    struct engine_job job; /* first: a job's address is its slot's */
    uint64_t turn;         /* order of submission */
    bool submitted;
};

static struct engine_slot *slot_of(struct engine_job *job)
{
    return (struct engine_slot *)job;
}

/* ---- queue pair */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct engine *engine = arg;
    (void)fd;
    (void)what;
    engine->armed = false;
    engine->fired = true;
    engine_run(engine);
}

static int start_on(struct engine *engine, struct sluice_card *card)
{
    struct sluice_info info;
    int rc = sluice_card_info(card, &info);
    if (rc)
        return rc;
    unsigned depth = engine->options.depth < info.max_depth ? engine->options.depth : info.max_depth;
    rc = sluice_qp_create(card, depth, &engine->qp);
    if (rc)
        return rc;
    rc = pool_new(card, engine->options.chunks, &engine->pool);
    if (rc)
        return rc;
    engine->event = event_new(engine->base, sluice_qp_fd(engine->qp), EV_READ | EV_PERSIST, on_event, engine);
    if (!engine->event || event_add(engine->event, NULL))
        return -ENOMEM;
    engine->card = card;
    engine->can_die = strcmp(info.engine, "soft") != 0;
    engine->armed = false;
    engine->fired = false;
    return 0;
}

static void stop(struct engine *engine)
{
    if (engine->event)
        event_free(engine->event);
    engine->event = NULL;
    if (engine->qp)
        sluice_qp_destroy(engine->qp);
    engine->qp = NULL;
}

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
    engine->staged_end = &engine->staged;
    engine->slots = calloc(options->depth, sizeof *engine->slots);
    int rc = engine->slots ? start_on(engine, cards_current(cards)) : -ENOMEM;
    if (rc) {
        engine_free(engine);
        return rc;
    }
    for (unsigned i = 0; i < options->depth; i++) {
        engine->slots[i].job.next = engine->free;
        engine->free = &engine->slots[i].job;
    }
    engine->free_count = options->depth;
    if (engine->can_die && sluice_qp_arm(engine->qp) == 0)
        engine->armed = true;
    *out = engine;
    return 0;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    stop(engine);
    while (engine->sas_list) {
        engine->sas_list->in_flight = 0;
        engine_detach(engine, engine->sas_list);
    }
    pool_free(engine->pool);
    pool_free(engine->old_pool);
    free(engine->slots);
    free(engine);
}

struct pool *engine_pool(struct engine *engine)
{
    return engine->pool;
}

struct sluice_card *engine_card(struct engine *engine)
{
    return engine->card;
}

unsigned engine_room(const struct engine *engine)
{
    return engine->free_count;
}

unsigned engine_in_flight(const struct engine *engine)
{
    return engine->options.depth - engine->free_count;
}

/* ---- SAs */

static int move_sas(struct engine *engine, struct sas *sas)
{
    if (sas->card) {
        sas_skip(sas);
        sas_destroy(sas);
    }
    return sas_create(sas, engine->card);
}

int engine_attach(struct engine *engine, struct sas *sas)
{
    int rc = sas->card == engine->card ? 0 : move_sas(engine, sas);
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

/* ---- jobs */

static uint32_t result_room(const struct engine_job *job)
{
    if (job->type == SLUICE_OP_TYPE_SEAL)
        return sluice_record_size(&job->sas->seal_config, job->src_len, 0);
    uint32_t max = sluice_content_max(&job->sas->open_config, job->src_len);
    return max < SLUICE_MAX_CONTENT ? max : SLUICE_MAX_CONTENT;
}

/* The engine reaches only the memory of its own card: a source that lies in a former card's is copied. */
static int bring_source(struct engine *engine, struct engine_job *job)
{
    struct chunk *chunk;
    if (job->src_chunk->card == engine->card) {
        chunk_ref(job->src_chunk);
        return 0;
    }
    uint8_t *copy = pool_reserve(engine->pool, job->src_len, &chunk);
    if (!copy)
        return -ENOBUFS;
    memcpy(copy, job->src, job->src_len);
    job->src = copy;
    job->src_chunk = chunk;
    return 0;
}

static int prepare(struct engine *engine, struct engine_job *job)
{
    job->dst_len = result_room(job);
    if (!job->dst_len)
        return -EMSGSIZE;
    int rc = bring_source(engine, job);
    if (rc)
        return rc;
    job->dst = pool_reserve(engine->pool, job->dst_len, &job->dst_chunk);
    if (job->dst)
        return 0;
    chunk_unref(job->src_chunk);
    return -ENOBUFS;
}

static void stage(struct engine *engine, struct engine_job *job)
{
    job->next = NULL;
    *engine->staged_end = job;
    engine->staged_end = &job->next;
    engine->staged_count++;
    slot_of(job)->submitted = false;
}

int engine_submit(struct engine *engine, const struct engine_job *wanted)
{
    struct engine_job *job = engine->free;
    if (!job)
        return -ENOBUFS;
    if (wanted->type == SLUICE_OP_TYPE_SEAL && !sas_left(wanted->sas))
        return -EOVERFLOW;
    struct engine_job *next = job->next;
    *job = *wanted;
    int rc = prepare(engine, job);
    if (rc) {
        job->next = next;
        return rc;
    }
    engine->free = next;
    engine->free_count--;
    job->sas->in_flight++;
    stage(engine, job);
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

static void finish(struct engine *engine, struct engine_job *job)
{
    struct chunk *src = job->src_chunk, *dst = job->dst_chunk;
    judge_counter(job);
    job->sas->in_flight--;
    slot_of(job)->submitted = false;
    engine->callbacks.done(engine->callbacks.arg, job);
    chunk_unref(src);
    chunk_unref(dst);
    job->next = engine->free;
    engine->free = job;
    engine->free_count++;
}

static void finish_unsubmitted(struct engine *engine, struct engine_job *job, enum sluice_status status)
{
    job->status = status;
    job->length = 0;
    job->counter = 0;
    finish(engine, job);
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

static struct engine_job *unstage(struct engine *engine)
{
    struct engine_job *job = engine->staged;
    engine->staged = job->next;
    if (!engine->staged)
        engine->staged_end = &engine->staged;
    engine->staged_count--;
    return job;
}

static void mark_submitted(struct engine *engine, unsigned count)
{
    while (count--) {
        struct engine_job *job = unstage(engine);
        slot_of(job)->submitted = true;
        slot_of(job)->turn = engine->next_turn++;
        if (job->type == SLUICE_OP_TYPE_SEAL)
            job->sas->seal_next++;
    }
}

/* Gives staged jobs to the queue pair: how many, or -errno. */
static int submit_burst(struct engine *engine)
{
    struct sluice_op ops[BURST];
    unsigned count = 0;
    while (engine->staged && !engine->staged->sas->card) /* it could not be made on this engine */
        finish_unsubmitted(engine, unstage(engine), SLUICE_STATUS_ABORTED);
    for (struct engine_job *job = engine->staged; job && job->sas->card && count < BURST; job = job->next)
        fill_op(engine, &ops[count++], job);
    if (!count)
        return 0;
    int taken = sluice_qp_submit(engine->qp, ops, count);
    if (taken == -EINVAL) {
        finish_unsubmitted(engine, unstage(engine), SLUICE_STATUS_UNSUPPORTED);
        return 1;
    }
    if (taken > 0)
        mark_submitted(engine, (unsigned)taken);
    return taken;
}

/* Takes completions: how many, or -errno. Those of a dying card's that were aborted stay in flight, to be done again. */
static int poll_burst(struct engine *engine)
{
    struct sluice_done done[BURST];
    int count = sluice_qp_poll(engine->qp, done, BURST);
    for (int i = 0; i < count; i++) {
        struct engine_job *job = (struct engine_job *)(uintptr_t)done[i].cookie; /* NOLINT(performance-no-int-to-ptr) */
        if (done[i].status == SLUICE_STATUS_ABORTED && engine->can_die)
            continue;
        job->status = done[i].status;
        job->length = done[i].length;
        job->counter = done[i].counter;
        finish(engine, job);
    }
    return count;
}

/* ---- a card that died */

static int by_turn(const void *a, const void *b)
{
    const struct engine_slot *x = *(struct engine_slot *const *)a, *y = *(struct engine_slot *const *)b;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

/* Memory of the former card is given back; the source is copied by prepare. */
static bool prepare_again(struct engine *engine, struct engine_job *job)
{
    struct engine_job former = *job;
    if (prepare(engine, job)) {
        *job = former;
        return false;
    }
    chunk_unref(former.src_chunk);
    chunk_unref(former.dst_chunk);
    return true;
}

static void restage(struct engine *engine, struct engine_job *job)
{
    if (prepare_again(engine, job))
        stage(engine, job);
    else
        finish_unsubmitted(engine, job, SLUICE_STATUS_ABORTED);
}

/* Everything submitted or staged is staged again, in the former order. Returns how many had been submitted; 0 also without
 * memory. */
static unsigned redo(struct engine *engine)
{
    unsigned count = 0;
    struct engine_job *staged = engine->staged;
    struct engine_slot **again = calloc(engine->options.depth, sizeof(struct engine_slot *));
    engine->staged = NULL;
    engine->staged_end = &engine->staged;
    engine->staged_count = 0;
    for (unsigned i = 0; i < engine->options.depth; i++) {
        if (!engine->slots[i].submitted)
            continue;
        if (again)
            again[count++] = &engine->slots[i];
        else
            finish_unsubmitted(engine, &engine->slots[i].job, SLUICE_STATUS_ABORTED);
    }
    if (again)
        qsort(again, count, sizeof(struct engine_slot *), by_turn);
    for (unsigned i = 0; i < count; i++)
        restage(engine, &again[i]->job);
    free(again);
    while (staged) {
        struct engine_job *job = staged;
        staged = job->next;
        restage(engine, job);
    }
    return count;
}

/* Goes over to the card that replaces this one. False: there is none. */
static bool replace(struct engine *engine)
{
    struct sluice_card *card = cards_replace(engine->cards, engine->card);
    if (!card) {
        engine->callbacks.failed(engine->callbacks.arg, ENODEV);
        return false;
    }
    while (poll_burst(engine) > 0)
        ;
    stop(engine);
    engine->old_pool = engine->pool;
    engine->pool = NULL;
    int rc = start_on(engine, card);
    if (rc) {
        engine->callbacks.failed(engine->callbacks.arg, -rc);
        return false;
    }
    for (struct sas *sas = engine->sas_list; sas; sas = sas->next) {
        if (move_sas(engine, sas))
            sas->card = NULL; /* its jobs are aborted, its owner sees it */
    }
    engine->callbacks.replaced(engine->callbacks.arg, "soft", redo(engine));
    return true;
}

/* ---- running */

static bool arm(struct engine *engine)
{
    if (engine->armed)
        return true;
    if (!engine->can_die && !engine->fired && !sluice_qp_in_flight(engine->qp))
        return true; /* nothing will come, not even its end */
    int rc = sluice_qp_arm(engine->qp);
    engine->armed = rc == 0;
    engine->fired = false;
    return rc == 0;
}

void engine_run(struct engine *engine)
{
    bool burst = false;
    for (;;) {
        int submitted = submit_burst(engine);
        int polled = submitted == -ENODEV ? -ENODEV : poll_burst(engine);
        if (polled == -ENODEV) {
            if (!replace(engine))
                return;
            continue;
        }
        burst |= polled > 0;
        if (submitted > 0 || polled > 0)
            continue;
        if (burst)
            engine->callbacks.burst(engine->callbacks.arg);
        burst = false;
        if (arm(engine))
            return;
    }
}
