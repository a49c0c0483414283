/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which SAs are on the card. One that has no operation in flight may be exported to host memory, the least recently used first,
 * and is imported again when it is needed (sa_export and sa_import, "Admin commands" in rtl/README.md). Only a card with
 * FEATURES.managed does this; on others an SA is in from its making to its end. The admin lock is held throughout.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"

void card_place(struct card *card, struct card_sa *sa, uint16_t slot, uint8_t gen)
{
    sa->sa.slot = slot;
    sa->sa.gen = gen;
    card->slot_taken[slot] = true;
    card->slot[slot] = sa;
    atomic_store_explicit(&sa->used, card_now_ns(), memory_order_relaxed);
    atomic_store(&sa->place, PLACE_IN);
}

void card_sa_dead(struct card_sa *sa, enum sluice_status verdict)
{
    atomic_store(&sa->verdict, verdict);
    atomic_store(&sa->place, PLACE_DEAD);
    free(sa->blob);
    sa->blob = NULL;
}

/* ---------------------------------------------------------------- out */

static bool may_go(struct card_sa *sa)
{
    return sa && !sa->fixed && atomic_load(&sa->place) == PLACE_IN && atomic_load(&sa->refs) == 1 && !atomic_load(&sa->amid);
}

static struct card_sa *least_recent(struct card *card)
{
    struct card_sa *found = NULL;
    int64_t oldest = INT64_MAX;

    for (unsigned i = 0; i < card->info.sa_slots; i++) {
        struct card_sa *sa = card->slot[i];

        if (may_go(sa) && atomic_load_explicit(&sa->used, memory_order_relaxed) < oldest) {
            oldest = atomic_load_explicit(&sa->used, memory_order_relaxed);
            found = sa;
        }
    }
    return found;
}

static int export(struct card *card, struct card_sa *sa)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_SA_EXPORT,
                             .sa = htole16(sa->sa.slot),
                             .sa_gen = sa->sa.gen,
                             .dst = htole64(admin_page(&card->admin)),
                             .seq = htole64(sa->id)};
    int err;

    if (!sa->blob) {
        sa->blob = malloc(SLUICE_SA_BLOB_BYTES);
    }
    if (!sa->blob) {
        return -ENOMEM;
    }
    card_store_len(sqe.dst_len, SLUICE_SA_BLOB_BYTES);
    err = admin_command(&card->admin, &sqe, NULL);
    memcpy(sa->blob, card->admin.page, SLUICE_SA_BLOB_BYTES);
    return err;
}

/* The thread that submits on the SA either sees that it is leaving, or its reference is seen here (card_io.c). */
static int send_out(struct card *card, struct card_sa *sa)
{
    int err = 0;

    atomic_store(&sa->place, PLACE_LEAVING);
    if (atomic_load(&sa->refs) == 1 && !atomic_load(&sa->amid)) {
        err = export(card, sa);
        if (!err || err == -ENOENT) {
            card->slot[sa->sa.slot] = NULL;
            card->slot_taken[sa->sa.slot] = false;
        }
        if (!err) {
            card->swaps_out++;
            atomic_store(&sa->place, PLACE_OUT);
            return 0;
        }
        if (err == -ENOENT) { /* the card has zeroised of itself */
            card_sa_dead(sa, SLUICE_STATUS_NO_SUCH_SA);
            return 0;
        }
    }
    sa->fixed = err == -EOVERFLOW;
    atomic_store(&sa->place, PLACE_IN);
    return sa->fixed ? 0 : err;
}

static bool free_slot(const struct card *card, uint16_t *slot)
{
    for (unsigned i = 0; i < card->info.sa_slots; i++) {
        if (!card->slot_taken[i]) {
            *slot = (uint16_t)i;
            return true;
        }
    }
    return false;
}

int card_slot(struct card *card, uint16_t *slot)
{
    while (!free_slot(card, slot)) {
        struct card_sa *sa = card->managed ? least_recent(card) : NULL;
        int err = sa ? send_out(card, sa) : card->managed ? -EBUSY : -ENOSPC;

        if (err) {
            return err;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- in */

static int import(struct card *card, struct card_sa *sa, uint16_t slot, uint8_t *gen)
{
    struct sluice_sqe sqe = {
        .op = SLUICE_OP_SA_IMPORT, .sa = htole16(slot), .src = htole64(admin_page(&card->admin)), .seq = htole64(sa->id)};
    uint32_t got = 0;
    int err;

    card_store_len(sqe.src_len, SLUICE_SA_BLOB_BYTES);
    memcpy(card->admin.page, sa->blob, SLUICE_SA_BLOB_BYTES);
    err = admin_command(&card->admin, &sqe, &got);
    *gen = (uint8_t)got;
    return err;
}

/* What an operation says when its SA cannot be had. Errors that may pass are not among them. */
static enum sluice_status verdict_of(int err)
{
    return err == -EOVERFLOW ? SLUICE_STATUS_COUNTER_EXHAUSTED : SLUICE_STATUS_HARDWARE_FAULT;
}

int card_bring_in(struct card *card, struct card_sa *sa)
{
    uint16_t slot;
    uint8_t gen;
    bool out;
    int err;

    if (atomic_load(&sa->place) == PLACE_IN || atomic_load(&sa->place) == PLACE_DEAD) {
        return atomic_load(&sa->place) == PLACE_IN ? 0 : -ENOENT;
    }
    err = card_slot(card, &slot);
    if (err) {
        return err;
    }
    out = atomic_load(&sa->place) == PLACE_OUT;
    assert(out || sa->kept);
    err = out ? import(card, sa, slot, &gen) : card_sa_install(card, sa->kept, slot, &gen);
    if (!err) {
        card->swaps_in += out;
        card_place(card, sa, slot, gen);
    } else if (err != -EAGAIN && err != -ENODEV && !(err == -ETIMEDOUT && card->recover)) {
        card_sa_dead(sa, verdict_of(err));
    }
    return err;
}
