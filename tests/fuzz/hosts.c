/* SPDX-License-Identifier: Apache-2.0 */
/* A file in the form of /etc/hosts. */
#include <assert.h>

#include "net/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct net_addr addresses[2];
    FILE *file = len ? fmemopen((void *)data, len, "r") : NULL;
    struct hosts *hosts = file ? hosts_read(file) : NULL;
    unsigned found = hosts_find(hosts, "localhost", addresses, 2);
    assert(found <= 2 && (!found || addresses[0].len));
    hosts_free(hosts);
    if (file)
        fclose(file);
    return 0;
}
