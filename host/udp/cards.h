/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cards of a process: the configured one, the software engine while it is dead, and the configured one again once it has
 * come back, for which a thread looks. A dead card is closed when nobody has a reference to it any more, so that it can be opened
 * again. Any thread.
 */
#ifndef HOST_UDP_CARDS_H
#define HOST_UDP_CARDS_H

#include <stddef.h>

#include "sluice.h"

struct cards;

/* What an engine may take for one record, in milliseconds, before it is dead (sluice_options.operation_ms). */
#define CARDS_OPERATION_MS 10000u

/* -errno of sluice_open. A card is not recovered: the software engine takes over, and engine.c does again what was in flight. */
int cards_open(const char *uri, size_t dma_bytes, unsigned operation_ms, struct cards **cards);
/* The same while another process has the card: begins with the software engine, and with cards_look to look for it. */
int cards_open_later(const char *uri, size_t dma_bytes, unsigned operation_ms, struct cards **cards);
void cards_look(struct cards *cards);
/* Another process is to have the card: it is not looked for any more once it is given up by cards_replace. */
void cards_give(struct cards *cards);
void cards_close(struct cards *cards); /* all of them, references or not */
/* The one to use now, with a reference. */
struct sluice_card *cards_take(struct cards *cards);
/* Another reference to one that the caller has one to; the end of one. */
void cards_keep(struct cards *cards, struct sluice_card *card);
void cards_leave(struct cards *cards, struct sluice_card *card);
/* `dead` has answered -ENODEV: returns the software engine, with a reference; NULL: it cannot be had, or is the one that died. */
struct sluice_card *cards_replace(struct cards *cards, struct sluice_card *dead);

#endif
