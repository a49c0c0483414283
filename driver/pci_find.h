/* SPDX-License-Identifier: Apache-2.0 */
/* Cards on PCI: sluice_pci_list and its relations in sluice.h. */
#ifndef SLUICE_PCI_FIND_H
#define SLUICE_PCI_FIND_H

#include "sluice.h"

#define PCI_VFIO_DRIVER "vfio-pci"
#define PCI_BUS         "bus/pci/devices"

/* *places, or what stands for it when it is NULL, with the defaults filled in. */
struct sluice_pci_places pci_places(const struct sluice_pci_places *places);

/* What finding the card saw that its description does not tell. */
struct pci_seen {
    bool answers;      /* config space is there */
    bool capabilities; /* and more of it than its first 64 bytes */
};

/* Fills in card->lacks, card->lack and card->ready from the rest of it. */
void pci_lacks(const struct sluice_pci_places *places, const struct pci_seen *seen, struct sluice_pci_card *card);

#endif
