/* SPDX-License-Identifier: Apache-2.0 */
/* Replay windows to and from a card, by way of the admin queue's page. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "card.h"

static struct sluice_sqe command(const struct sluice_sa *sa, uint8_t op)
{
    return (struct sluice_sqe){.op = op, .sa = htole16(sa->slot), .sa_gen = sa->gen};
}

static void store_len(uint8_t field[3])
{
    field[0] = (uint8_t)SLUICE_SA_WINDOW_BYTES;
    field[1] = (uint8_t)(SLUICE_SA_WINDOW_BYTES >> 8);
    field[2] = 0;
}

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

int card_sa_window_export(struct sluice_sa *sa, struct sluice_window *window)
{
    struct card *card = card_of(sa->card);
    struct sluice_sqe sqe = command(sa, SLUICE_OP_WINDOW_EXPORT);
    int err;

    sqe.dst = htole64(admin_page(&card->admin));
    store_len(sqe.dst_len);
    pthread_mutex_lock(&card->admin.lock);
    err = card_gone(card) ? -ENODEV : admin_command(&card->admin, &sqe, NULL);
    decode(card->admin.page, window);
    pthread_mutex_unlock(&card->admin.lock);
    return err;
}

int card_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window)
{
    struct card *card = card_of(sa->card);
    struct sluice_sqe sqe = command(sa, SLUICE_OP_WINDOW_IMPORT);
    int err;

    sqe.src = htole64(admin_page(&card->admin));
    store_len(sqe.src_len);
    pthread_mutex_lock(&card->admin.lock);
    encode(window, card->admin.page);
    err = card_gone(card) ? -ENODEV : admin_command(&card->admin, &sqe, NULL);
    pthread_mutex_unlock(&card->admin.lock);
    return err;
}
