/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's admin queue: entries of any kind, with blocks that any bytes may be in, on the card of tests/firmware, which
 * ends the program when the firmware does with it what it must not.
 */
#include <assert.h>
#include <string.h>

#include "fake_hw.h"
#include "firmware.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BLOCK_AT 0x1000u
#define NEAR     0x01u /* of the byte before an entry: addresses are made such as the host has */
#define AGAIN    0x02u /* what was written to the host last is what is read now: a blob comes back */

static void take(const uint8_t **data, size_t *len, void *to, size_t bytes)
{
    size_t some = *len < bytes ? *len : bytes;

    memset(to, 0, bytes);
    memcpy(to, *data, some);
    *data += some;
    *len -= some;
}

/* An entry, and up to 255 bytes where its source may be. */
static void command(const uint8_t **data, size_t *len)
{
    struct sluice_sqe sqe;
    uint8_t head[2];

    take(data, len, head, sizeof head);
    take(data, len, &sqe, sizeof sqe);
    if (head[0] & NEAR) {
        sqe.src = FAKE_HOST + BLOCK_AT + (sqe.src & 0x4f);
        sqe.dst = FAKE_HOST + BLOCK_AT + (sqe.dst & 0x4f);
    }
    if (!(head[0] & AGAIN)) {
        take(data, len, fake.host + BLOCK_AT, head[1]);
    }
    fake_command(&sqe);
    assert(fake.cqe.status <= SLUICE_STATUS_INVALID_FIELD);
    assert(fake.cqe.status != SLUICE_STATUS_INVALID_FIELD || fake.cqe.length < SLUICE_SQE_BYTES + SLUICE_SA_PARAMS_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    tap_thread(1);
    fake_reset();
    fake_boot();
    while (len) {
        command(&data, &len);
    }
    return 0;
}
