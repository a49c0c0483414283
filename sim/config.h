/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space of the function, 4 KiB: header, PM, MSI-X, PCIe endpoint, AER, DSN (PCI Express base specification, chapter
 * 7). The hard PCIe block keeps it on a real card; here it is the model's.
 */
#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_BYTES 4096u

struct config_host { /* what firmware and host set up before a driver sees the device */
    unsigned mps;    /* bytes, 128 to 512 */
    unsigned mrrs;   /* bytes, 128 to 4096 */
    unsigned rcb;    /* bytes, 64 or 128 */
    unsigned vectors;
};

struct config {
    struct config_host host;
    uint8_t value[CONFIG_BYTES];
    uint8_t writable[CONFIG_BYTES]; /* bits that a write sets */
    uint8_t clearing[CONFIG_BYTES]; /* bits that a written 1 clears */
};

enum config_error { CONFIG_ERR_UNSUPPORTED, CONFIG_ERR_POISONED, CONFIG_ERR_TIMEOUT, CONFIG_ERR_UNEXPECTED };

void config_init(struct config *c, const struct config_host *host);
/* What a function level reset leaves, with the base address, memory decoding and host settings put back as VFIO does. */
void config_reset(struct config *c);
/* [offset, offset + count) lies inside the space. */
void config_read(const struct config *c, uint32_t offset, uint8_t *to, unsigned count);
/* True when the write asks for a function level reset. */
bool config_write(struct config *c, uint32_t offset, const uint8_t *from, unsigned count);

bool config_bus_master(const struct config *c); /* and in D0 */
bool config_memory(const struct config *c);     /* decodes its BAR: enabled, and in D0 */
uint32_t config_bar0(const struct config *c);
uint8_t config_mps(const struct config *c);  /* code: 128 << n bytes */
uint8_t config_mrrs(const struct config *c); /* code: 128 << n bytes */
bool config_rcb(const struct config *c);
bool config_msix_enable(const struct config *c);
bool config_msix_mask(const struct config *c);
void config_set_msix_enable(struct config *c, bool on);

/* Notes an error that the card reported. True when the function would send an error message to the root for it. */
bool config_report(struct config *c, enum config_error error);

#endif
