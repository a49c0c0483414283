/* SPDX-License-Identifier: Apache-2.0 */
/* What a datagram goes through: detector, header, an open under a fixed key on the software engine; and control messages. No
 * input is authentic. */
#include <assert.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "sluice.h"
#include "udp/control.h"
#include "udp/record.h"
#include "udp/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ROOM 32768u

static struct {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sas[SUITE_COUNT];
    struct sluice_sa_config configs[SUITE_COUNT];
    uint8_t *src, *dst;
} rig;

static void set_up(void)
{
    if (rig.card)
        return;
    if (sluice_open("soft:", NULL, &rig.card) || sluice_qp_create(rig.card, 4, &rig.qp))
        abort();
    rig.src = sluice_mem_alloc(rig.card, ROOM);
    rig.dst = sluice_mem_alloc(rig.card, ROOM);
    for (uint8_t i = 0; i < SUITE_COUNT; i++) {
        const struct suite *suite = suite_by_id(i + 1);
        rig.configs[i] = (struct sluice_sa_config){.cipher = suite->cipher,
                                                   .mac = suite->mac,
                                                   .form = suite->form,
                                                   .direction = SLUICE_DIRECTION_OPEN,
                                                   .mac_len = suite->mac_len,
                                                   .replay = 1,
                                                   .cid = "fuzzcid",
                                                   .counter = 1};
        if (sluice_sa_create(rig.card, &rig.configs[i], &rig.sas[i]))
            abort();
    }
}

static void open_record(const uint8_t *data, size_t len, unsigned suite)
{
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_OPEN, .sa = rig.sas[suite], .src = rig.src, .dst = rig.dst, .src_len = (uint32_t)len};
    struct sluice_done result;
    op.dst_len = sluice_content_max(&rig.configs[suite], (uint32_t)len);
    if (len > ROOM || op.dst_len > ROOM)
        return;
    memcpy(rig.src, data, len);
    if (sluice_qp_submit(rig.qp, &op, 1) != 1)
        return;
    while (!sluice_qp_poll(rig.qp, &result, 1))
        ;
    assert(result.status != SLUICE_STATUS_OK && !result.length);
}

static void control(const uint8_t *data, size_t len)
{
    struct control_message message;
    struct evbuffer *in = evbuffer_new();
    evbuffer_add(in, data, len);
    while (control_take(in, &message) > 0)
        control_close_reason(&message);
    evbuffer_free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct record_header header;
    set_up();
    if (!len)
        return 0;
    unsigned suite = data[0] % SUITE_COUNT;
    data++;
    len--;
    control(data, len);
    if (record_detect(data, len) == RECORD_KIND_RECORD)
        record_header_decode(data, len, &header);
    open_record(data, len, suite);
    return 0;
}
