/* SPDX-License-Identifier: Apache-2.0 */
/* The block of parameters, on both sides; what decodes must encode to something that says the same. */
#include <assert.h>
#include <string.h>

#include "socks/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void one(const uint8_t *data, size_t len, enum socks_params_side side)
{
    struct socks_params first, second;
    uint8_t out[2 + SOCKS_PARAMS_MAX], again[2 + SOCKS_PARAMS_MAX];
    if (socks_params_decode(data, len, side, &first))
        return;
    size_t n = socks_params_encode(&first, side, out);
    assert(n <= sizeof out && n - 2 == ((size_t)out[0] << 8 | out[1]));
    int rc = socks_params_decode(out + 2, n - 2, side, &second);
    assert(!rc && socks_params_encode(&second, side, again) == n && !memcmp(out, again, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > SOCKS_PARAMS_MAX)
        return 0;
    one(data, len, SOCKS_PARAMS_REQUEST);
    one(data, len, SOCKS_PARAMS_REPLY);
    return 0;
}
