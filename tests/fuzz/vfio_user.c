/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: what a vfio-user client may send to sluice-sim. The input is a list of writes to the socket, each
 * `u8 fds (0 to 3), u8 length, bytes`; the card is the stand-in of tests/sim. With bit 7 of the first byte set the version
 * exchange comes first by itself. Bounded: clocks run only as messages ask for them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guard.h"
#include "msix.h"
#include "vfu.h"

#define CLOCKS_BETWEEN 64

struct session {
    struct root root;
    struct vfu vfu;
    int peer, memory, event;
};

static void version(struct session *s)
{
    static const uint8_t message[20] = {1, 0, VFU_VERSION, 0, 20};

    if (send(s->peer, message, sizeof(message), MSG_DONTWAIT) != sizeof(message))
        abort();
}

static void write_some(struct session *s, const uint8_t *bytes, size_t len, unsigned nfds)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(3 * sizeof(int))];
    } control = {0};
    const int fds[3] = {s->memory, s->event, s->memory};
    struct iovec v = {(void *)(uintptr_t)bytes, len};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    struct cmsghdr *h = NULL;

    if (nfds > 0) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        h = CMSG_FIRSTHDR(&m);
    }
    if (h) {
        *h = (struct cmsghdr){.cmsg_len = CMSG_LEN(nfds * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(h), fds, nfds * sizeof(int));
    }
    (void)sendmsg(s->peer, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Serves what has come; the replies are read away, so that the server never waits for its client. */
static bool serve(struct session *s)
{
    uint8_t away[8192];
    int rc = 1;

    while (rc > 0) {
        rc = vfu_serve(&s->vfu);
        while (recv(s->peer, away, sizeof(away), MSG_DONTWAIT) > 0)
            continue;
    }
    for (unsigned i = 0; i < CLOCKS_BETWEEN && root_busy(&s->root); i++)
        root_step(&s->root);
    return rc == 0 && !root_fault(&s->root);
}

static void open_session(struct session *s)
{
    static const struct root_options options = {
        .seed = 1,
        .host = {.mps = 128, .mrrs = 512, .rcb = 64, .vectors = MSIX_VECTORS},
        .reads = {.latency = 10, .header_credits = 255, .data_credits = 4095},
    };
    struct root_remote remote = vfu_remote(&s->vfu);
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || guard_install() < 0)
        abort();
    if (root_open(&s->root, &options, &remote) < 0)
        abort();
    vfu_open(&s->vfu, &s->root, pair[0]);
    s->peer = pair[1];
    s->memory = memfd_create("fuzz", MFD_CLOEXEC);
    s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->memory < 0 || s->event < 0 || ftruncate(s->memory, 65536) < 0)
        abort();
}

static void close_session(struct session *s)
{
    vfu_close(&s->vfu);
    root_close(&s->root);
    close(s->peer);
    close(s->memory);
    close(s->event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session *s = calloc(1, sizeof(*s));
    bool going = s != NULL;

    if (!s)
        return 0;
    open_session(s);
    if (size > 0 && data[0] & 0x80)
        version(s);
    while (going && size >= 2) {
        size_t len = data[1] < size - 2 ? data[1] : size - 2;

        write_some(s, data + 2, len, data[0] & 3);
        going = serve(s);
        data += 2 + len;
        size -= 2 + len;
    }
    close_session(s);
    free(s);
    return 0;
}
