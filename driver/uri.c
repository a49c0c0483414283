/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that are cards, by URI. */
#include "card.h"

int sim_open(const char *where, const struct sluice_options *options, struct sluice_card **card)
{
    struct transport *transport;
    int err = vfio_user_open(where, options->timeout_ms, &transport);

    return err ? err : card_open("sim", transport, options, card);
}

int pci_open(const char *where, const struct sluice_options *options, struct sluice_card **card)
{
    struct transport *transport;
    int err = vfio_open(where, &transport);

    return err ? err : card_open("pci", transport, options, card);
}
