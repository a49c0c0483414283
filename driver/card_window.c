/* SPDX-License-Identifier: Apache-2.0 */
/* Replay windows to and from a card, by way of the admin queue's page. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "card.h"

static void decode(const struct sluice_sa_window *from, struct sluice_window *window)
{
    *window = (struct sluice_window){
        .floor = le64toh(from->floor), .current = le64toh(from->current), .former = le64toh(from->former), .state = from->state};
    memcpy(window->current_bits, from->current_bits, sizeof window->current_bits);
    memcpy(window->former_bits, from->former_bits, sizeof window->former_bits);
}

static void encode(const struct sluice_window *window, struct sluice_sa_window *to)
{
    *to = (struct sluice_sa_window){.floor = htole64(window->floor),
                                    .current = htole64(window->current),
                                    .former = htole64(window->former),
                                    .state = (uint8_t)window->state};
    memcpy(to->current_bits, window->current_bits, sizeof to->current_bits);
    memcpy(to->former_bits, window->former_bits, sizeof to->former_bits);
}

static int export(struct card *card, struct card_sa *sa, struct sluice_window *window)
{
    struct sluice_sqe sqe;
    int err = card_bring_in(card, sa);

    if (err) {
        return err;
    }
    sqe = card_sa_command(sa, SLUICE_OP_WINDOW_EXPORT);
    sqe.dst = htole64(admin_page(&card->admin));
    card_store_len(sqe.dst_len, SLUICE_SA_WINDOW_BYTES);
    err = admin_command(&card->admin, &sqe, NULL);
    decode(card->admin.page, window);
    return err;
}

/* What a recovery must know of what was accepted elsewhere. */
static void note_window(struct card_sa *sa, const struct sluice_window *window)
{
    if (window->state & SLUICE_WINDOW_CURRENT && (!sa->any || window->current > sa->top)) {
        sa->top = window->current;
        sa->any = true;
    }
    if (sa->kept && window->floor > sa->kept->counter) {
        sa->kept->counter = window->floor;
    }
}

static int import(struct card *card, struct card_sa *sa, const struct sluice_window *window)
{
    struct sluice_sqe sqe;
    int err = card_bring_in(card, sa);

    if (err) {
        return err;
    }
    sqe = card_sa_command(sa, SLUICE_OP_WINDOW_IMPORT);
    sqe.src = htole64(admin_page(&card->admin));
    card_store_len(sqe.src_len, SLUICE_SA_WINDOW_BYTES);
    encode(window, card->admin.page);
    err = admin_command(&card->admin, &sqe, NULL);
    if (!err) {
        note_window(sa, window);
    }
    return err;
}

int card_sa_window_export(struct sluice_sa *sa, struct sluice_window *window)
{
    struct card *card = card_of(sa->card);
    unsigned tries = 0;
    int err;

    do {
        err = card_enter(card);
        if (!err) {
            err = export(card, card_sa_of(sa), window);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    return err;
}

int card_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window)
{
    struct card *card = card_of(sa->card);
    unsigned tries = 0;
    int err;

    do {
        err = card_enter(card);
        if (!err) {
            err = import(card, card_sa_of(sa), window);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    return err;
}
