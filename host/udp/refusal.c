/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/refusal.h"

const char *refusal_name(enum refusal refusal)
{
    static const char *const names[] = {
#define X(id, name) name,
        REFUSAL_LIST(X)
#undef X
    };
    return (unsigned)refusal < REFUSAL_COUNT ? names[refusal] : "unknown";
}

enum refusal refusal_of_status(enum sluice_status status)
{
    switch (status) {
    case SLUICE_STATUS_BAD_LENGTH:
        return REFUSAL_BAD_LENGTH;
    case SLUICE_STATUS_BAD_FORMAT:
        return REFUSAL_BAD_FORMAT;
    case SLUICE_STATUS_FORGED_NONCE:
        return REFUSAL_FORGED_NONCE;
    case SLUICE_STATUS_AUTH_FAILED:
        return REFUSAL_AUTH_FAILED;
    case SLUICE_STATUS_REPLAYED:
        return REFUSAL_REPLAYED;
    default:
        return REFUSAL_ENGINE;
    }
}
