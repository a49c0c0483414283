/* SPDX-License-Identifier: Apache-2.0 */
/* The suites of the secure-UDP record (PROTOCOL.md). DES, 3DES and NULL are not offered and have no row here. */
#ifndef HOST_UDP_SUITE_H
#define HOST_UDP_SUITE_H

#include <stdint.h>

#include "sluice.h"

#define SUITE_COUNT 6

struct suite {
    uint8_t id;
    const char *name; /* as in configurations: "aes256-sha256-128-etm" */
    enum sluice_cipher cipher;
    enum sluice_mac mac;
    uint8_t mac_len;
    enum sluice_form form;
};

/* NULL: unknown. */
const struct suite *suite_by_id(uint8_t id);
const struct suite *suite_by_name(const char *name);
/* The same as a check of an option. -EINVAL. */
int suite_check_name(const char *name, void *field);
/* Ids in the order in which they are offered by default. */
extern const uint8_t suite_default_order[SUITE_COUNT];
/* Names of all suites, comma-separated, for messages. */
extern const char suite_names[];

#endif
