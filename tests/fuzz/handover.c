/* SPDX-License-Identifier: Apache-2.0 */
/* What one sluiced says to the one that takes over; what decodes must encode to something that says the same. */
#include <assert.h>
#include <string.h>

#include "sluiced/handover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

union what {
    struct handover_hello hello;
    struct handover_proxy proxy;
    struct handover_socket socket;
    struct handover_association association;
    struct handover_target target;
    struct handover_epoch epoch;
    struct handover_nonces nonces;
    struct handover_count count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static union what first, second;
    uint8_t out[HANDOVER_MAX], again[HANDOVER_MAX];
    enum handover_type type = handover_type(data, len);
    if (!type || len > HANDOVER_MAX || handover_decode(type, data, len, &first))
        return 0;
    size_t n = handover_encode(type, &first, out);
    int rc = handover_decode(type, out, n, &second);
    assert(!rc && handover_encode(type, &second, again) == n && !memcmp(out, again, n));
    return 0;
}
