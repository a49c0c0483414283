/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions: what the caller gave is checked here, then the card's engine does it. */
#include "sluice.h"

#include <errno.h>
#include <string.h>

#include "engine.h"
#include "pages.h"
#include "sa_config.h"
#include "shape.h"
#include "window.h"

#define DEFAULT_TIMEOUT_MS   30000u
#define LEAST_DEPTH          (1u << SLUICE_MIN_QUEUE_DEPTH_LOG2)
#define PART_BITS            (SLUICE_PART | SLUICE_PART_FIRST | SLUICE_PART_LAST)
#define COALESCE_MOST        255u
#define DEFAULT_PING_MS      1000u
#define DEFAULT_OPERATION_MS 30000u
#define OPERATION_LEAST_MS   20u
#define KEEP_ALIVE_LEAST     10u
#define KEEP_ALIVE_MOST      0xffffffu

static const struct {
    const char *scheme;
    int (*open)(const char *where, const struct sluice_options *options, struct sluice_card **card);
} engines[] = {
    {"soft:", soft_open},
    {"sim:", sim_open},
    {"pci:", pci_open},
};

int sluice_open(const char *uri, const struct sluice_options *options, struct sluice_card **card)
{
    struct sluice_options with = options ? *options : (struct sluice_options){0};

    if (with.timeout_ms == 0) {
        with.timeout_ms = DEFAULT_TIMEOUT_MS;
    }
    if (with.ping_ms == 0) {
        with.ping_ms = DEFAULT_PING_MS;
    }
    if (with.operation_ms == 0) {
        with.operation_ms = DEFAULT_OPERATION_MS;
    }
    if (with.operation_ms < OPERATION_LEAST_MS) {
        with.operation_ms = OPERATION_LEAST_MS;
    }
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        size_t len = strlen(engines[i].scheme);

        if (strncmp(uri, engines[i].scheme, len) == 0) {
            return engines[i].open(uri + len, &with, card);
        }
    }
    return -EINVAL;
}

void sluice_close(struct sluice_card *card)
{
    if (card) {
        card->ops->close(card);
    }
}

int sluice_card_info(struct sluice_card *card, struct sluice_info *info)
{
    return card->ops->info(card, info);
}

int sluice_card_ping(struct sluice_card *card)
{
    return card->ops->ping(card);
}

int sluice_card_stats(struct sluice_card *card, struct sluice_stats *stats)
{
    return card->ops->stats(card, stats);
}

void *sluice_mem_alloc(struct sluice_card *card, size_t bytes)
{
    return dma_alloc(&card->mem, bytes, DMA_ALIGN);
}

void sluice_mem_free(struct sluice_card *card, void *mem)
{
    dma_free(&card->mem, mem);
}

int sluice_sa_create(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **sa)
{
    struct sluice_sa_config checked;
    int err = sa_config_check(config, card->features, &checked);

    if (!err) {
        err = card->ops->sa_create(card, &checked, sa);
        explicit_bzero(&checked, sizeof checked);
    }
    if (!err) {
        (*sa)->card = card;
        (*sa)->explicit_nonce = config->nonce_mode == SLUICE_NONCE_MODE_EXPLICIT;
        (*sa)->tls = form_is_tls(config->form);
        (*sa)->chained = config->form == SLUICE_FORM_TLS10;
        (*sa)->window = config->direction == SLUICE_DIRECTION_OPEN && config->replay;
        (*sa)->counts = config->direction == SLUICE_DIRECTION_SEAL && !(*sa)->explicit_nonce;
    }
    return err;
}

void sluice_sa_destroy(struct sluice_sa *sa)
{
    if (sa) {
        sa->card->ops->sa_destroy(sa);
    }
}

int sluice_sa_window_export(struct sluice_sa *sa, struct sluice_window *window)
{
    int err = sa->window ? sa->card->ops->sa_window_export(sa, window) : -EINVAL;

    return err ? err : window_clean(window);
}

int sluice_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window)
{
    struct sluice_window clean = *window;
    int err = sa->window ? window_clean(&clean) : -EINVAL;

    return err ? err : sa->card->ops->sa_window_import(sa, &clean);
}

int sluice_sa_query(struct sluice_sa *sa, struct sluice_sa_state *state)
{
    return sa->card->ops->sa_query(sa, state);
}

int sluice_sa_modify(struct sluice_sa *sa, uint64_t counter, uint64_t limit)
{
    return sa->counts ? sa->card->ops->sa_modify(sa, counter, limit) : -EINVAL;
}

int sluice_sa_reserve(struct sluice_sa *sa, uint64_t counter)
{
    if (!sa->window) {
        return -EINVAL;
    }
    sa->card->ops->sa_reserve(sa, counter);
    return 0;
}

int sluice_card_health(struct sluice_card *card, struct sluice_card_health *health)
{
    return card->ops->health(card, health);
}

int sluice_card_selftest(struct sluice_card *card, struct sluice_selftest *result)
{
    return card->ops->selftest(card, result);
}

int sluice_card_log(struct sluice_card *card, struct sluice_card_event *events, unsigned max, bool clear)
{
    return card->ops->log(card, events, max, clear);
}

int sluice_card_zeroise(struct sluice_card *card)
{
    return card->ops->zeroise(card);
}

int sluice_card_reset(struct sluice_card *card)
{
    return card->ops->reset(card);
}

int sluice_card_random(struct sluice_card *card, void *to, size_t bytes)
{
    return card->ops->random(card, to, bytes);
}

int sluice_card_keep_alive(struct sluice_card *card, unsigned milliseconds)
{
    if (milliseconds && (milliseconds < KEEP_ALIVE_LEAST || milliseconds > KEEP_ALIVE_MOST)) {
        return -EINVAL;
    }
    return card->ops->keep_alive(card, milliseconds);
}

int sluice_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp)
{
    unsigned entries = LEAST_DEPTH;
    int err;

    if (depth == 0 || depth > card->max_depth) {
        return -EINVAL;
    }
    while (entries < depth) {
        entries *= 2;
    }
    err = card->ops->qp_create(card, entries, qp);
    if (!err) {
        (*qp)->card = card;
        (*qp)->depth = entries;
        (*qp)->in_flight = 0;
    }
    return err;
}

void sluice_qp_destroy(struct sluice_qp *qp)
{
    if (qp) {
        qp->card->ops->qp_destroy(qp);
    }
}

static bool place_fits(const struct dma *mem, void *at, void *const *list, uint32_t len)
{
    return list ? pages_inside(mem, list, len) : dma_inside(mem, at, len);
}

static bool places_fit(const struct dma *mem, const struct sluice_op *op)
{
    return place_fits(mem, op->src, op->src_list, op->src_len) &&
           (op->type == SLUICE_OP_TYPE_VERIFY || place_fits(mem, op->dst, op->dst_list, op->dst_len));
}

/* What the operation needs of the engine beyond its SA's cipher, MAC and form. */
static uint32_t features_needed(const struct sluice_op *op)
{
    return (op->part || op->type == SLUICE_OP_TYPE_VERIFY ? FEATURE(CUT_THROUGH) : 0) |
           (op->src_list || op->dst_list ? FEATURE(PAGE_LIST) : 0);
}

/* 0, or why not. */
static int check_op(const struct sluice_card *card, const struct sluice_op *op)
{
    if (op->type == SLUICE_OP_TYPE_NOP) {
        return 0;
    }
    if ((op->type != SLUICE_OP_TYPE_SEAL && op->type != SLUICE_OP_TYPE_OPEN && op->type != SLUICE_OP_TYPE_VERIFY) || !op->sa ||
        op->sa->card != card || op->part & ~PART_BITS || !places_fit(&card->mem, op)) {
        return -EINVAL;
    }
    return features_needed(op) & ~card->features ? -EOPNOTSUPP : 0;
}

int sluice_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count)
{
    unsigned room = qp->depth - qp->in_flight;
    unsigned fit = 0;
    int taken = 0;

    while (fit < count && fit < room && !taken) {
        taken = check_op(qp->card, &ops[fit]);
        fit += !taken;
    }
    if (fit == 0 && taken) {
        return taken;
    }
    taken = qp->card->ops->submit(qp, ops, fit);
    if (taken > 0) {
        qp->in_flight += (unsigned)taken;
    }
    return taken;
}

int sluice_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max)
{
    int taken = qp->card->ops->poll(qp, done, max);

    if (taken > 0) {
        qp->in_flight -= (unsigned)taken;
    }
    return taken;
}

int sluice_qp_fd(const struct sluice_qp *qp)
{
    return qp->fd;
}

int sluice_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds)
{
    return count > COALESCE_MOST ? -EINVAL : qp->card->ops->qp_coalesce(qp, count, microseconds);
}

int sluice_qp_arm(struct sluice_qp *qp)
{
    return qp->card->ops->arm(qp);
}

unsigned sluice_qp_in_flight(const struct sluice_qp *qp)
{
    return qp->in_flight;
}
