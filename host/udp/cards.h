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

/* -errno of sluice_open. */
int cards_open(const char *uri, size_t dma_bytes, struct cards **cards);
void cards_close(struct cards *cards);
/* The one to use now. */
struct sluice_card *cards_current(struct cards *cards);
/* `dead` has answered -ENODEV: returns the one to use instead, opened by the first who asks; NULL: there is none (`dead` is it).
 */
struct sluice_card *cards_replace(struct cards *cards, struct sluice_card *dead);

#endif
