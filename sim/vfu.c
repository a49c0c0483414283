/* SPDX-License-Identifier: Apache-2.0 */
#include "vfu.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"

typedef int (*handler)(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);

static const handler handlers[] = {
    [VFU_VERSION] = vfu_version,
    [VFU_DMA_MAP] = vfu_dma_map,
    [VFU_DMA_UNMAP] = vfu_dma_unmap,
    [VFU_GET_INFO] = vfu_get_info,
    [VFU_GET_REGION_INFO] = vfu_get_region_info,
    [VFU_GET_IRQ_INFO] = vfu_get_irq_info,
    [VFU_SET_IRQS] = vfu_set_irqs,
    [VFU_REGION_READ] = vfu_region_read,
    [VFU_REGION_WRITE] = vfu_region_write,
    [VFU_RESET] = vfu_reset,
    [VFU_REGION_WRITE_MULTI] = vfu_region_write_multi,
};

void vfu_open(struct vfu *v, struct root *root, int fd)
{
    memset(v, 0, sizeof(*v));
    v->root = root;
    v->request_fd = -1;
    v->client_max_data = TLP_MAX_PAYLOAD;
    conn_open(&v->conn, fd);
}

void vfu_close(struct vfu *v)
{
    struct root *r = v->root;

    conn_close(&v->conn);
    if (v->request_fd >= 0)
        close(v->request_fd);
    if (r->error_fd >= 0)
        close(r->error_fd);
    r->error_fd = -1;
    dma_clear(&r->dma);
    msix_clear(&r->msix);
    root_reset_function(r);
    vfu_open(v, r, -1);
}

void vfu_announce_end(struct vfu *v)
{
    notify(v->request_fd);
}

static int dispatch(struct vfu *v, const struct vfu_header *h, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    handler f = h->command < sizeof(handlers) / sizeof(handlers[0]) ? handlers[h->command] : NULL;

    if (!f)
        return -ENOTSUP;
    if (v->conn.fds_lost || v->negotiated == (h->command == VFU_VERSION))
        return -EINVAL;
    return f(v, body, len, reply);
}

static int answer(struct vfu *v, const struct vfu_header *h, int rc, const struct vfu_reply *reply)
{
    struct vfu_header out = {.id = h->id, .command = h->command, .flags = VFU_TYPE_REPLY};

    if (h->flags & VFU_NO_REPLY)
        return 0;
    if (rc == 0)
        return conn_send(&v->conn, &out, reply->body, reply->body_len, reply->data, reply->data_len);
    out.flags |= VFU_ERROR;
    out.error = (uint32_t)-rc;
    return conn_send(&v->conn, &out, NULL, 0, NULL, 0);
}

static void take_read_reply(struct vfu *v, const struct vfu_header *h, const uint8_t *body, size_t len)
{
    struct vfu_dma_access a;

    for (unsigned tag = 0; tag < READS_TAGS; tag++) {
        const struct read *q = &v->root->reads.by_tag[tag];

        if (q->state != READ_ASKED || v->read_id[tag] != h->id)
            continue;
        memset(&a, 0, sizeof(a));
        if (len >= sizeof(a))
            memcpy(&a, body, sizeof(a));
        if (h->flags & VFU_ERROR || a.count != q->head.length * 4 || len != sizeof(a) + a.count)
            root_remote_read_done(v->root, (uint8_t)tag, NULL);
        else
            root_remote_read_done(v->root, (uint8_t)tag, body + sizeof(a));
        return;
    }
}

/* Replies that nothing waits for (any more) are passed over. */
static void take_reply(struct vfu *v, const struct vfu_header *h, const uint8_t *body, size_t len)
{
    if (h->command == VFU_DMA_READ)
        take_read_reply(v, h, body, len);
    else if (h->command == VFU_DMA_WRITE)
        root_remote_write_done(v->root, !(h->flags & VFU_ERROR));
}

static int handle(struct vfu *v)
{
    const struct vfu_header h = v->conn.in.header;
    const uint8_t *body = v->conn.in.bytes + sizeof(h);
    size_t len = h.size - sizeof(h);
    uint32_t type = h.flags & VFU_TYPE_MASK;
    struct vfu_reply reply;

    if (type == VFU_TYPE_REPLY) {
        take_reply(v, &h, body, len);
        return 0;
    }
    reply.body_len = 0;
    reply.data_len = 0;
    return answer(v, &h, type == VFU_TYPE_COMMAND ? dispatch(v, &h, body, len, &reply) : -EINVAL, &reply);
}

int vfu_serve(struct vfu *v)
{
    int rc = v->broken ? v->broken : conn_flush(&v->conn);

    if (rc < 0 || conn_sending(&v->conn))
        return rc;
    rc = conn_receive(&v->conn);
    if (rc <= 0)
        return rc;
    rc = handle(v);
    conn_next(&v->conn);
    return rc < 0 ? rc : 1;
}

static int send_request(struct vfu *v, uint16_t command, uint64_t address, const uint8_t *data, unsigned data_len, unsigned count)
{
    struct vfu_header h = {.id = v->next_id++, .command = command, .flags = VFU_TYPE_COMMAND};
    struct vfu_dma_access a = {address, count};
    int rc = 0;

    if (v->conn.fd < 0 || !v->negotiated || count > v->client_max_data)
        return -ENOTCONN;
    rc = conn_send(&v->conn, &h, &a, sizeof(a), data, data_len);
    if (rc < 0)
        v->broken = rc;
    return rc;
}

static int remote_read(void *ctx, uint8_t tag, uint64_t address, unsigned count)
{
    struct vfu *v = ctx;

    v->read_id[tag] = v->next_id;
    return send_request(v, VFU_DMA_READ, address, NULL, 0, count);
}

static int remote_write(void *ctx, uint64_t address, const uint8_t *bytes, unsigned count)
{
    return send_request(ctx, VFU_DMA_WRITE, address, bytes, count, count);
}

struct root_remote vfu_remote(struct vfu *v)
{
    return (struct root_remote){v, remote_read, remote_write};
}
