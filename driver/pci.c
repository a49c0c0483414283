/* SPDX-License-Identifier: Apache-2.0 */
/* The cards: not there yet. */
#include <errno.h>

#include "engine.h"

int pci_open(const char *where, const struct sluice_options *options, struct sluice_card **card)
{
    (void)where;
    (void)options;
    (void)card;
    return -ENOSYS;
}

int sim_open(const char *where, const struct sluice_options *options, struct sluice_card **card)
{
    return pci_open(where, options, card);
}
