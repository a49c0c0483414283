/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/suite.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct suite suites[SUITE_COUNT] = {
    {0x01, "aes128-sha256-128-etm", SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, 16, SLUICE_FORM_UDP_ETM},
    {0x02, "aes256-sha256-128-etm", SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, 16, SLUICE_FORM_UDP_ETM},
    {0x03, "aes128-sha256-mte", SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, 32, SLUICE_FORM_UDP_MTE},
    {0x04, "aes256-sha256-mte", SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, 32, SLUICE_FORM_UDP_MTE},
    {0x05, "aes128-sha1-mte", SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, 20, SLUICE_FORM_UDP_MTE},
    {0x06, "aes256-sha1-mte", SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, 20, SLUICE_FORM_UDP_MTE},
};

const uint8_t suite_default_order[SUITE_COUNT] = {0x02, 0x01, 0x04, 0x03, 0x06, 0x05};

const char suite_names[] = "aes128-sha256-128-etm, aes256-sha256-128-etm, aes128-sha256-mte, aes256-sha256-mte, "
                           "aes128-sha1-mte, aes256-sha1-mte";

const struct suite *suite_by_id(uint8_t id)
{
    for (unsigned i = 0; i < SUITE_COUNT; i++) {
        if (suites[i].id == id)
            return &suites[i];
    }
    return NULL;
}

const struct suite *suite_by_name(const char *name)
{
    for (unsigned i = 0; i < SUITE_COUNT; i++) {
        if (!strcmp(suites[i].name, name))
            return &suites[i];
    }
    return NULL;
}

int suite_check_name(const char *name, void *field)
{
    (void)field;
    return suite_by_name(name) ? 0 : -EINVAL;
}
