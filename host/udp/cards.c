/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/cards.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct cards {
    pthread_mutex_t lock;
    size_t dma_bytes;
    struct sluice_card *first, *spare; /* spare: the software engine, once `first` is dead */
};

int cards_open(const char *uri, size_t dma_bytes, unsigned operation_ms, struct cards **out)
{
    struct sluice_options options = {.dma_bytes = dma_bytes, .operation_ms = operation_ms};
    struct cards *cards = calloc(1, sizeof *cards);
    if (!cards)
        return -ENOMEM;
    int rc = sluice_open(uri, &options, &cards->first);
    if (rc) {
        free(cards);
        return rc;
    }
    pthread_mutex_init(&cards->lock, NULL);
    cards->dma_bytes = dma_bytes;
    *out = cards;
    return 0;
}

void cards_close(struct cards *cards)
{
    if (!cards)
        return;
    if (cards->spare)
        sluice_close(cards->spare);
    sluice_close(cards->first);
    pthread_mutex_destroy(&cards->lock);
    free(cards);
}

struct sluice_card *cards_current(struct cards *cards)
{
    pthread_mutex_lock(&cards->lock);
    struct sluice_card *card = cards->spare ? cards->spare : cards->first;
    pthread_mutex_unlock(&cards->lock);
    return card;
}

struct sluice_card *cards_replace(struct cards *cards, struct sluice_card *dead)
{
    struct sluice_options options = {.dma_bytes = cards->dma_bytes};
    pthread_mutex_lock(&cards->lock);
    if (dead == cards->first && !cards->spare && sluice_open("soft:", &options, &cards->spare))
        cards->spare = NULL;
    struct sluice_card *card = dead == cards->first ? cards->spare : NULL;
    pthread_mutex_unlock(&cards->lock);
    return card;
}
