/* SPDX-License-Identifier: Apache-2.0 */
/* A record lane and a stream lane of OpenSSL, as far as the firmware's own jobs go: small records, one slot. */
#ifndef TESTS_FIRMWARE_FAKE_LANE_H
#define TESTS_FIRMWARE_FAKE_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw.h"

#define FAKE_RING_BYTES 32768u
#define FAKE_PART_BYTES 1024u

struct fake_lane {
    uint8_t ring[FAKE_RING_BYTES];
    bool has_result;
    struct hw_result result;
    uint64_t counter; /* of the result */
    uint8_t keys[64]; /* of a job of kind keys */
    bool sealed;      /* the last job */
    /* A record in parts under way. */
    uint8_t parts[FAKE_PART_BYTES];
    uint32_t parts_len, parts_made, parts_total;
    struct hw_job parts_job;
    uint8_t parts_nonce[16];
};

/* `words`: the SA's 128 bytes. */
void fake_lane_run(struct fake_lane *lane, const struct hw_job *job, const uint8_t *words, const uint8_t nonce[16]);

#endif
