/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of load balancers. */
#include <assert.h>
#include <string.h>

#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct net_addr source = {.len = 0};
    int whole = len < PROXY_HEADER_FIRST ? -1 : proxy_header_length(data);
    assert(whole <= (int)PROXY_HEADER_MAX);
    int rc = proxy_header_source(data, len, &source);
    assert(rc <= 0 || (whole == (int)len && net_addr_is_destination(&source)));
    assert(rc > 0 || !source.len);
    return 0;
}
