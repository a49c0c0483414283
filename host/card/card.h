/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-command `card` of sluice: what a card says of itself, and what it is told to do. */
#ifndef HOST_CARD_CARD_H
#define HOST_CARD_CARD_H

#include <jansson.h>

#include "sluice.h"

/* Arguments are those after the sub-command's name; returns the exit status. */
int card_command(int argc, char **argv);

/*
 * Each does a command on an open card and says what came of it as a JSON object, which the caller has to release. 0 or -errno
 * (then *result is untouched); 1: it was done, and the card is not well.
 */
int card_show_info(struct sluice_card *card, json_t **result);
int card_show_selftest(struct sluice_card *card, json_t **result);
int card_show_log(struct sluice_card *card, json_t **result);
int card_show_stats(struct sluice_card *card, json_t **result);
int card_do_reset(struct sluice_card *card, json_t **result);
int card_do_zeroise(struct sluice_card *card, json_t **result);

/*
 * Engines that could be opened here, as far as that can be seen without opening them. `uris`: further ones, NULL after the last.
 * 0 or -errno, as above.
 */
int card_list(char *const uris[], const struct sluice_pci_places *places, json_t **result);
void card_print_list(const json_t *list);

/* The object's members one a line, arrays of objects as tables. */
void card_print(const json_t *object);

#endif
