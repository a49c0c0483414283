/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <string.h>

#include "tap.h"

void put24(uint8_t to[3], uint32_t value)
{
    memcpy(to, &value, 3);
}

struct sluice_sqe entry(uint8_t op)
{
    return (struct sluice_sqe){.op = op, .cookie = tap_random()};
}

bool gives(struct sluice_sqe sqe, uint32_t status, uint32_t length)
{
    struct sluice_cqe cqe = fake_command(&sqe);

    if (cqe.status != status || cqe.length != length || cqe.cookie != sqe.cookie) {
        tap_note("op %#x: status %u, length %u", (unsigned)sqe.op, (unsigned)cqe.status, (unsigned)cqe.length);
        return false;
    }
    return true;
}

void begin(void)
{
    fake_reset();
    fake_boot();
}

struct sluice_sa_params *params(void)
{
    return (struct sluice_sa_params *)(void *)(fake.host + AT);
}

struct sluice_sqe create(uint32_t slot)
{
    struct sluice_sqe sqe = entry(SLUICE_OP_SA_CREATE);

    sqe.sa = (uint16_t)slot;
    sqe.src = ADDRESS;
    put24(sqe.src_len, SLUICE_SA_PARAMS_BYTES);
    return sqe;
}

void good_params(void)
{
    *params() = (struct sluice_sa_params){.cipher = SLUICE_CIPHER_AES128,
                                          .mac = SLUICE_MAC_SHA1,
                                          .form = SLUICE_FORM_UDP_MTE,
                                          .direction = SLUICE_DIRECTION_SEAL,
                                          .mac_len = 20,
                                          .counter = UINT64_C(5) << 48 | 9,
                                          .limit = UINT64_C(6) << 48};
    tap_fill(params()->cid, 8);
    tap_fill(params()->cipher_key, 16);
    tap_fill(params()->mac_key, 20);
}
