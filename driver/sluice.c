/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions: what the caller gave is checked here, then the card's engine does it. */
#include "sluice.h"

#include <errno.h>
#include <string.h>

#include "engine.h"
#include "sa_config.h"
#include "shape.h"
#include "sluice_regs.h"

#define DEFAULT_TIMEOUT_MS 30000u
#define LEAST_DEPTH        (1u << SLUICE_MIN_QUEUE_DEPTH_LOG2)

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
    }
    return err;
}

void sluice_sa_destroy(struct sluice_sa *sa)
{
    if (sa) {
        sa->card->ops->sa_destroy(sa);
    }
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

static bool op_fits(const struct sluice_card *card, const struct sluice_op *op)
{
    if (op->type == SLUICE_OP_TYPE_NOP) {
        return true;
    }
    return (op->type == SLUICE_OP_TYPE_SEAL || op->type == SLUICE_OP_TYPE_OPEN) && op->sa && op->sa->card == card &&
           dma_inside(&card->mem, op->src, op->src_len) && dma_inside(&card->mem, op->dst, op->dst_len);
}

int sluice_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count)
{
    unsigned room = qp->depth - qp->in_flight;
    unsigned fit = 0;
    int taken;

    while (fit < count && fit < room && op_fits(qp->card, &ops[fit])) {
        fit++;
    }
    if (fit == 0 && count > 0 && room > 0) {
        return -EINVAL;
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

int sluice_qp_arm(struct sluice_qp *qp)
{
    return qp->card->ops->arm(qp);
}

unsigned sluice_qp_in_flight(const struct sluice_qp *qp)
{
    return qp->in_flight;
}
