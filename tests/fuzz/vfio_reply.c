/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vfio-user server answers, as libsluice's client reads it: the whole client runs against a socket whose other end has
 * already said everything that the fuzzer made up, and hung up.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport.h"
#include "vfio_user_msg.h"

#define SAID_MOST  65536u
#define DATA_MOST  8192u
#define TIMEOUT_MS 1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Well-formed headers for the fuzzer's bodies: ids and commands in the order in which the client asks. */
static size_t frame(const uint8_t *data, size_t size, uint8_t *said)
{
    static const uint16_t commands[] = {
        VU_VERSION,      VU_DEVICE_GET_INFO, VU_DEVICE_GET_REGION_INFO, VU_DEVICE_GET_REGION_INFO, VU_DEVICE_GET_IRQ_INFO,
        VU_DEVICE_RESET, VU_REGION_READ};
    size_t len = 0;

    for (uint16_t id = 0; id < sizeof commands / sizeof *commands && size > 0; id++) {
        struct vu_header h = {.id = id, .command = commands[id], .flags = VU_FLAG_REPLY};
        size_t body = data[0] < size - 1 ? data[0] : size - 1;

        h.size = (uint32_t)(sizeof h + body);
        memcpy(said + len, &h, sizeof h);
        memcpy(said + len + sizeof h, data + 1, body);
        len += sizeof h + body;
        data += body + 1;
        size -= body + 1;
    }
    return len;
}

static void talk(int client)
{
    struct transport *t;
    uint64_t value;

    if (vfio_user_adopt(client, TIMEOUT_MS, &t)) {
        return;
    }
    if (t->ops->reset(t) == 0) {
        (void)t->ops->read(t, 0, &value, sizeof value);
    }
    t->ops->close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t said[SAID_MOST];
    size_t len = size - 1;
    int pair[2];

    if (size < 1 || size > DATA_MOST || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return 0;
    }
    /* The first byte: as it comes, or in frames. */
    if (data[0] & 1) {
        len = frame(data + 1, size - 1, said);
    } else {
        memcpy(said, data + 1, len);
    }
    if (write(pair[1], said, len) != (ssize_t)len) {
        abort();
    }
    shutdown(pair[1], SHUT_WR);
    talk(pair[0]);
    close(pair[1]);
    return 0;
}
