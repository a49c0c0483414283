/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cards of a process: the configured engine, and the software engine once it has died. Both stay open until cards_close,
 * since buffers in their memory are still about. Any thread.
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
void cards_close(struct cards *cards);
/* The one to use now. */
struct sluice_card *cards_current(struct cards *cards);
/* `dead` has answered -ENODEV: returns the one to use instead, opened by the first who asks; NULL: there is none (`dead` is it).
 */
struct sluice_card *cards_replace(struct cards *cards, struct sluice_card *dead);

#endif
