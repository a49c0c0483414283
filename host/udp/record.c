/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sluice.h"

#define NAKED_HEADER_MIN 4

static bool is_record_type(uint8_t type)
{
    return type == RECORD_DATA || type == RECORD_ALERT || type == RECORD_HEARTBEAT || type == RECORD_PATH_CHECK;
}

enum record_kind record_detect(const uint8_t *data, size_t len)
{
    if (len >= SLUICE_UDP_HEADER_BYTES && is_record_type(data[0]) && data[1] == 3 && data[2] == 3)
        return RECORD_KIND_RECORD;
    if (len >= NAKED_HEADER_MIN && !data[0] && !data[1] && (data[3] == 1 || data[3] == 3 || data[3] == 4))
        return RECORD_KIND_NAKED;
    return RECORD_KIND_NOISE;
}

int record_header_decode(const uint8_t *data, size_t len, struct record_header *header)
{
    header->type = data[0];
    header->length = (uint16_t)(data[3] << 8 | data[4]);
    memcpy(header->cid, data + 5, sizeof header->cid);
    return header->length + 5u == len ? 0 : -EMSGSIZE;
}
