/* SPDX-License-Identifier: Apache-2.0 */
/* SAs of a card: making, ending, asking. Which of them are on the card is card_swap.c. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card.h"
#include "deadline.h"

#define LOOK_US 200 /* at operations that are waited for */

void card_store_len(uint8_t field[3], uint32_t len)
{
    len = len < CARD_LENGTH_MOST ? len : CARD_LENGTH_MOST; /* more than any record has, so that the card's answer is the same */
    field[0] = (uint8_t)len;
    field[1] = (uint8_t)(len >> 8);
    field[2] = (uint8_t)(len >> 16);
}

struct sluice_sqe card_sa_command(const struct card_sa *sa, uint8_t op)
{
    return (struct sluice_sqe){.op = op, .sa = htole16(sa->sa.slot), .sa_gen = sa->sa.gen};
}

static void encode_params(const struct sluice_sa_config *c, struct sluice_sa_params *p)
{
    *p = (struct sluice_sa_params){.cipher = (uint8_t)c->cipher,
                                   .mac = (uint8_t)c->mac,
                                   .form = (uint8_t)c->form,
                                   .direction = (uint8_t)c->direction,
                                   .mac_len = c->mac_len,
                                   .nonce_mode = (uint8_t)c->nonce_mode,
                                   .replay = c->replay,
                                   .tls_minor = c->tls_minor,
                                   .counter = htole64(c->counter),
                                   .limit = htole64(c->limit)};
    memcpy(p->cid, c->cid, sizeof p->cid);
    memcpy(p->cipher_key, c->cipher_key, sizeof p->cipher_key);
    memcpy(p->mac_key, c->mac_key, sizeof p->mac_key);
}

int card_sa_install(struct card *card, const struct sluice_sa_config *config, uint16_t slot, uint8_t *gen)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_SA_CREATE,
                             .sa = htole16(slot),
                             .src = htole64(admin_page(&card->admin)),
                             .src_len = {SLUICE_SA_PARAMS_BYTES}};
    uint32_t got = 0;
    int err;

    encode_params(config, card->admin.page);
    err = admin_command(&card->admin, &sqe, &got);
    explicit_bzero(card->admin.page, SLUICE_SA_PARAMS_BYTES);
    *gen = (uint8_t)got;
    return err;
}

/* ---------------------------------------------------------------- the table */

static int list(struct card *card, struct card_sa *sa)
{
    for (unsigned i = 0; i < card->info.sa_count; i++) {
        unsigned id = (card->next_id + i) % card->info.sa_count;

        if (!card->sas[id]) {
            card->sas[id] = sa;
            card->next_id = id + 1;
            sa->id = (uint16_t)id;
            sa->listed = true;
            return 0;
        }
    }
    return -ENOSPC;
}

static void unlist(struct card *card, struct card_sa *sa)
{
    card->sas[sa->id] = NULL;
    sa->listed = false;
    if (sa->kept) {
        explicit_bzero(sa->kept, sizeof *sa->kept);
        sa->kept = NULL;
    }
}

static int install(struct card *card, const struct sluice_sa_config *config, struct card_sa *sa)
{
    uint16_t slot = 0;
    uint8_t gen = 0;
    int err = list(card, sa);

    if (err) {
        return err;
    }
    err = card_slot(card, &slot);
    err = err ? err : card_sa_install(card, config, slot, &gen);
    if (err) {
        unlist(card, sa);
        return err;
    }
    card_place(card, sa, slot, gen);
    if (card->recover) {
        sa->kept = &card->kept[sa->id];
        *sa->kept = *config;
    }
    return 0;
}

int card_sa_create(struct sluice_card *base, const struct sluice_sa_config *config, struct sluice_sa **out)
{
    struct card *card = card_of(base);
    struct card_sa *sa = line_alloc(sizeof *sa);
    unsigned tries = 0;
    int err;

    if (!sa) {
        return -ENOMEM;
    }
    atomic_init(&sa->refs, 1);
    atomic_init(&sa->place, PLACE_NOWHERE);
    STAILQ_INIT(&sa->queue);
    do {
        err = card_enter(card);
        if (!err) {
            err = install(card, config, sa);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    if (err) {
        card_sa_free(sa);
        return err;
    }
    *out = &sa->sa;
    return 0;
}

void card_sa_free(struct card_sa *sa)
{
    free(sa->blob);
    free(sa);
}

/* A slot whose SA the card would not destroy stays taken. */
void card_sa_remove(struct card *card, struct card_sa *sa)
{
    struct sluice_sqe sqe = card_sa_command(sa, SLUICE_OP_SA_DESTROY);
    int err;

    if (atomic_load(&sa->place) == PLACE_IN) {
        card->slot[sa->sa.slot] = NULL;
        err = card_gone(card) ? -ENODEV : admin_command(&card->admin, &sqe, NULL);
        if (err == 0 || err == -ENOENT) { /* the card may have zeroised of itself */
            card->slot_taken[sa->sa.slot] = false;
        }
    }
    atomic_store(&sa->place, PLACE_DEAD); /* the keeper may have been asked for it */
    unlist(card, sa);
}

/* An SA that nobody has any more but that is in the table still: operations had waited for it when it was destroyed. */
void card_sa_unref(struct card *card, struct card_sa *sa)
{
    unsigned left = atomic_fetch_sub(&sa->refs, 1) - 1;

    if (left == 1) {
        keeper_feed(card);
    } else if (left == 0) {
        if (sa->listed) {
            keeper_ask(card, sa, 0);
        } else {
            card_sa_free(sa);
        }
    }
}

/* The card waits for operations that it has begun; those that it has fetched and not begun would end as no_such_sa. */
static void await_operations(struct card *card, const struct card_sa *sa)
{
    const struct timespec pause = {.tv_nsec = LOOK_US * 1000};
    int64_t deadline = deadline_in(card->timeout_ms);

    while (atomic_load(&sa->refs) > 1 && card_qp_works_on(card, sa) && !card_gone(card) && deadline_left(deadline)) {
        nanosleep(&pause, NULL);
    }
}

/* Operations that the card has are waited for. Those that wait for the SA have to be polled first; the keeper then ends it. */
void card_sa_destroy(struct sluice_sa *base)
{
    struct card *card = card_of(base->card);
    struct card_sa *sa = card_sa_of(base);

    await_operations(card, sa);
    if (card_enter(card)) {
        pthread_mutex_lock(&card->admin.lock); /* it hangs or is gone, and the commands below know it */
    }
    if (atomic_load(&sa->waiting) == 0) {
        card_sa_remove(card, sa);
    }
    card_leave(card);
    card_sa_unref(card, sa);
}

/* ---------------------------------------------------------------- questions and changes */

static int query(struct card *card, struct card_sa *sa, struct sluice_sa_state *state)
{
    const struct sluice_sa_query *answer = card->admin.page;
    struct sluice_sqe sqe = card_sa_command(sa, SLUICE_OP_SA_QUERY);
    int err;

    sqe.dst = htole64(admin_page(&card->admin));
    sqe.dst_len[0] = SLUICE_SA_QUERY_BYTES;
    err = admin_command(&card->admin, &sqe, NULL);
    if (!err) {
        *state = (struct sluice_sa_state){
            .counter = le64toh(answer->counter), .limit = le64toh(answer->limit), .busy = answer->busy & 1};
    }
    return err;
}

static int modify(struct card *card, struct card_sa *sa, uint64_t counter, uint64_t limit)
{
    struct sluice_sa_change *change = card->admin.page;
    struct sluice_sqe sqe = card_sa_command(sa, SLUICE_OP_SA_MODIFY);
    int err;

    *change = (struct sluice_sa_change){.counter = htole64(counter), .limit = htole64(limit)};
    sqe.src = htole64(admin_page(&card->admin));
    sqe.src_len[0] = SLUICE_SA_CHANGE_BYTES;
    err = admin_command(&card->admin, &sqe, NULL);
    if (!err && sa->kept) {
        sa->kept->counter = counter ? counter : sa->kept->counter;
        sa->kept->limit = limit ? limit : sa->kept->limit;
    }
    return err;
}

int card_sa_query(struct sluice_sa *base, struct sluice_sa_state *state)
{
    struct card *card = card_of(base->card);
    unsigned tries = 0;
    int err;

    do {
        err = card_enter(card);
        if (!err) {
            err = card_bring_in(card, card_sa_of(base));
            err = err ? err : query(card, card_sa_of(base), state);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    return err;
}

int card_sa_modify(struct sluice_sa *base, uint64_t counter, uint64_t limit)
{
    struct card *card = card_of(base->card);
    unsigned tries = 0;
    int err;

    do {
        err = card_enter(card);
        if (!err) {
            err = card_bring_in(card, card_sa_of(base));
            err = err ? err : modify(card, card_sa_of(base), counter, limit);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    return err;
}

void card_sa_reserve(struct sluice_sa *base, uint64_t counter)
{
    card_sa_of(base)->reserved = counter;
}
