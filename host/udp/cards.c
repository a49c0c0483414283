/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/cards.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_SECONDS 1u /* until a dead card is looked for; twice as long each time, */
#define MOST_SECONDS  30u
#define SOUND_SECONDS 60u /* and from the beginning again for one that has lived so long */

struct kept {
    struct sluice_card *card;
    unsigned references;
    struct kept *next;
};

struct cards {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread; /* looks for the configured one, closes the dead */
    bool watched, ending, given;
    char *uri;
    struct sluice_options options;
    struct sluice_card *current, *spare; /* spare: the software engine, once the configured one has died */
    struct kept *kept;                   /* every one that is open */
    unsigned delay;
    time_t opened, look; /* when the current one was, when to look for another */
};

static time_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- what is open */

static struct kept *find(const struct cards *cards, const struct sluice_card *card)
{
    struct kept *k = cards->kept;
    while (k && k->card != card)
        k = k->next;
    return k;
}

static int add(struct cards *cards, const char *uri, struct sluice_card **card)
{
    struct kept *k = calloc(1, sizeof *k);
    if (!k)
        return -ENOMEM;
    int rc = sluice_open(uri, &cards->options, &k->card);
    if (rc) {
        free(k);
        return rc;
    }
    *card = k->card;
    pthread_mutex_lock(&cards->lock);
    k->next = cards->kept;
    cards->kept = k;
    pthread_mutex_unlock(&cards->lock);
    return 0;
}

static struct kept **place_of_dead(struct cards *cards)
{
    for (struct kept **at = &cards->kept; *at; at = &(*at)->next) {
        if (!(*at)->references && (*at)->card != cards->current && (*at)->card != cards->spare)
            return at;
    }
    return NULL;
}

/* ---- a card that comes back. Both are called with the lock, and give it up meanwhile. */

static bool close_dead(struct cards *cards)
{
    struct kept **at = place_of_dead(cards), *dead = at ? *at : NULL;
    if (!dead)
        return false;
    *at = dead->next;
    pthread_mutex_unlock(&cards->lock);
    sluice_close(dead->card);
    free(dead);
    pthread_mutex_lock(&cards->lock);
    return true;
}

/* Only one at a time can have a card open. */
static bool may_look(const struct cards *cards)
{
    return !cards->given && cards->spare && cards->current == cards->spare && cards->kept->card == cards->spare &&
           !cards->kept->next;
}

static void look(struct cards *cards)
{
    struct sluice_card *card;
    pthread_mutex_unlock(&cards->lock);
    int rc = add(cards, cards->uri, &card);
    pthread_mutex_lock(&cards->lock);
    if (!rc) {
        cards->current = card;
        cards->opened = now();
    }
    cards->delay = cards->delay * 2 < MOST_SECONDS ? cards->delay * 2 : MOST_SECONDS;
    cards->look = now() + (time_t)cards->delay;
}

static void *watch(void *arg)
{
    struct cards *cards = arg;
    pthread_mutex_lock(&cards->lock);
    while (!cards->ending) {
        struct timespec until = {.tv_sec = cards->look};
        if (close_dead(cards))
            continue;
        if (!may_look(cards))
            pthread_cond_wait(&cards->changed, &cards->lock);
        else if (now() >= cards->look)
            look(cards);
        else
            pthread_cond_timedwait(&cards->changed, &cards->lock, &until);
    }
    pthread_mutex_unlock(&cards->lock);
    return NULL;
}

/* It is started by the first death, as confined as whoever finds that. Signals are for the threads that were there before. */
static void start_watch(struct cards *cards)
{
    sigset_t all, former;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    cards->watched = !pthread_create(&cards->thread, NULL, watch, cards);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
}

/* ---- beginning and end */

static void init(struct cards *cards)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&cards->lock, NULL);
    pthread_cond_init(&cards->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct cards *create(const char *uri, size_t dma_bytes, unsigned operation_ms)
{
    struct cards *cards = calloc(1, sizeof *cards);
    if (!cards)
        return NULL;
    init(cards);
    cards->options = (struct sluice_options){.dma_bytes = dma_bytes, .operation_ms = operation_ms};
    cards->delay = FIRST_SECONDS;
    cards->opened = now();
    cards->uri = strdup(uri);
    if (cards->uri)
        return cards;
    cards_close(cards);
    return NULL;
}

static int open_first(struct cards *cards, const char *uri, struct cards **out)
{
    int rc = cards ? add(cards, uri, &cards->current) : -ENOMEM;
    if (rc)
        cards_close(cards);
    else
        *out = cards;
    return rc;
}

int cards_open(const char *uri, size_t dma_bytes, unsigned operation_ms, struct cards **out)
{
    return open_first(create(uri, dma_bytes, operation_ms), uri, out);
}

int cards_open_later(const char *uri, size_t dma_bytes, unsigned operation_ms, struct cards **out)
{
    int rc = open_first(create(uri, dma_bytes, operation_ms), "soft:", out);
    if (!rc)
        (*out)->spare = (*out)->current;
    return rc;
}

void cards_look(struct cards *cards)
{
    pthread_mutex_lock(&cards->lock);
    cards->look = now() + (time_t)cards->delay;
    if (!cards->watched)
        start_watch(cards);
    pthread_mutex_unlock(&cards->lock);
}

void cards_give(struct cards *cards)
{
    pthread_mutex_lock(&cards->lock);
    cards->given = true;
    pthread_mutex_unlock(&cards->lock);
}

void cards_close(struct cards *cards)
{
    if (!cards)
        return;
    pthread_mutex_lock(&cards->lock);
    cards->ending = true;
    pthread_cond_signal(&cards->changed);
    pthread_mutex_unlock(&cards->lock);
    if (cards->watched)
        pthread_join(cards->thread, NULL);
    for (struct kept *k = cards->kept, *next; k; k = next) {
        next = k->next;
        sluice_close(k->card);
        free(k);
    }
    pthread_cond_destroy(&cards->changed);
    pthread_mutex_destroy(&cards->lock);
    free(cards->uri);
    free(cards);
}

/* ---- references */

struct sluice_card *cards_take(struct cards *cards)
{
    pthread_mutex_lock(&cards->lock);
    struct sluice_card *card = cards->current;
    find(cards, card)->references++;
    pthread_mutex_unlock(&cards->lock);
    return card;
}

void cards_keep(struct cards *cards, struct sluice_card *card)
{
    pthread_mutex_lock(&cards->lock);
    find(cards, card)->references++;
    pthread_mutex_unlock(&cards->lock);
}

void cards_leave(struct cards *cards, struct sluice_card *card)
{
    pthread_mutex_lock(&cards->lock);
    if (!--find(cards, card)->references)
        pthread_cond_signal(&cards->changed);
    pthread_mutex_unlock(&cards->lock);
}

static void bury(struct cards *cards)
{
    cards->current = cards->spare;
    if (now() - cards->opened >= (time_t)SOUND_SECONDS)
        cards->delay = FIRST_SECONDS;
    cards->look = now() + (time_t)cards->delay;
    if (!cards->watched)
        start_watch(cards);
    pthread_cond_signal(&cards->changed);
}

/* Each worker that comes here first opens one; those that come too late are closed again. */
static void need_spare(struct cards *cards)
{
    struct sluice_card *spare = NULL;
    pthread_mutex_lock(&cards->lock);
    bool there = cards->spare;
    pthread_mutex_unlock(&cards->lock);
    if (there || add(cards, "soft:", &spare))
        return;
    pthread_mutex_lock(&cards->lock);
    if (!cards->spare)
        cards->spare = spare;
    pthread_mutex_unlock(&cards->lock);
}

struct sluice_card *cards_replace(struct cards *cards, struct sluice_card *dead)
{
    need_spare(cards);
    pthread_mutex_lock(&cards->lock);
    if (cards->spare && dead == cards->current && dead != cards->spare)
        bury(cards);
    struct sluice_card *spare = dead == cards->spare ? NULL : cards->spare;
    if (spare)
        find(cards, spare)->references++;
    pthread_mutex_unlock(&cards->lock);
    return spare;
}
