/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about the device as a whole: version, information, regions, DMA maps, reset. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "vfu.h"

static const uint64_t region_size[VFU_REGIONS] = {[VFU_REGION_BAR0] = SLUICE_BAR_BYTES, [VFU_REGION_CONFIG] = CONFIG_BYTES};

/* Takes `size` bytes off the front of a body. */
static int take(void *to, size_t size, const uint8_t *body, size_t len)
{
    if (len < size)
        return -EINVAL;
    memcpy(to, body, size);
    return 0;
}

/* What the client says of itself; all of it is optional. */
static int read_capabilities(struct vfu *v, const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *caps = json_object_get(root, "capabilities");
    const json_t *max = json_object_get(caps, "max_data_xfer_size");
    bool ok = json_is_object(root) && (!caps || json_is_object(caps)) && (!max || json_is_integer(max));

    if (ok && max)
        v->client_max_data = json_integer_value(max) < 0 ? 0 : (size_t)json_integer_value(max);
    json_decref(root);
    return ok ? 0 : -EINVAL;
}

/* A reply must not be longer than its request: clients read it into the same buffer. */
static void put_capabilities(struct vfu_reply *reply, size_t room)
{
    char full[sizeof(reply->body)];
    const char *const text[] = {full, "{\"capabilities\":{}}", "{}"};
    size_t at = reply->body_len;

    (void)snprintf(full, sizeof(full),
                   "{\"capabilities\":{\"max_msg_fds\":%u,\"max_data_xfer_size\":%u,\"max_dma_maps\":%u,"
                   "\"pgsizes\":%u,\"write_multiple\":true}}",
                   VFU_MAX_FDS, VFU_MAX_DATA, DMA_MAX_MAPS, DMA_PAGE);
    for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        size_t n = strlen(text[i]) + 1;

        if (n > room || at + n > sizeof(reply->body))
            continue;
        memcpy(reply->body + at, text[i], n);
        reply->body_len += n;
        return;
    }
}

int vfu_version(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_version version;
    int rc = take(&version, sizeof(version), body, len);
    size_t text = len - sizeof(version);

    if (rc < 0 || version.major != 0)
        return -EINVAL;
    if (text > 0 && memchr(body + sizeof(version), 0, text) != body + len - 1)
        return -EINVAL;
    if (text > 0)
        rc = read_capabilities(v, (const char *)body + sizeof(version));
    if (rc < 0)
        return rc;
    version.minor = 0;
    vfu_reply_set(reply, &version, sizeof(version));
    put_capabilities(reply, text);
    v->negotiated = true;
    return 0;
}

int vfu_dma_map(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_dma_map m;
    int rc = take(&m, sizeof(m), body, len);

    (void)reply;
    if (rc < 0 || m.argsz < sizeof(m) || m.flags & ~VFU_DMA_KNOWN || v->conn.nfds > 1)
        return -EINVAL;
    return dma_add(&v->root->dma, m.address, m.size, m.flags & VFU_DMA_READABLE, m.flags & VFU_DMA_WRITABLE,
                   v->conn.nfds ? v->conn.fds[0] : -1, m.offset);
}

int vfu_dma_unmap(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_dma_unmap m;
    int rc = take(&m, sizeof(m), body, len);

    if (rc < 0 || m.argsz < sizeof(m) || m.flags & ~VFU_UNMAP_ALL)
        return -EINVAL;
    if (m.flags & VFU_UNMAP_ALL)
        dma_clear(&v->root->dma);
    else
        rc = dma_remove(&v->root->dma, m.address, m.size);
    if (rc < 0)
        return rc;
    root_unmapped(v->root);
    vfu_reply_set(reply, &m, sizeof(m));
    return 0;
}

int vfu_get_info(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_info info;
    int rc = take(&info, sizeof(info), body, len);

    (void)v;
    if (rc < 0 || info.argsz < sizeof(info))
        return -EINVAL;
    info = (struct vfu_info){sizeof(info), VFU_INFO_RESET | VFU_INFO_PCI, VFU_REGIONS, VFU_IRQS};
    vfu_reply_set(reply, &info, sizeof(info));
    return 0;
}

int vfu_get_region_info(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_region_info info;
    int rc = take(&info, sizeof(info), body, len);

    (void)v;
    if (rc < 0 || info.argsz < sizeof(info) || info.index >= VFU_REGIONS)
        return -EINVAL;
    info = (struct vfu_region_info){.argsz = sizeof(info), .index = info.index, .size = region_size[info.index]};
    info.flags = info.size ? VFU_REGION_READABLE | VFU_REGION_WRITABLE : 0;
    vfu_reply_set(reply, &info, sizeof(info));
    return 0;
}

static int check_access(const struct vfu_region_access *a, size_t most)
{
    if (a->region >= VFU_REGIONS || a->count == 0 || a->count > most)
        return -EINVAL;
    if (a->offset > region_size[a->region] || a->count > region_size[a->region] - a->offset)
        return -EINVAL;
    return 0;
}

int vfu_region_read(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_region_access a;
    int rc = take(&a, sizeof(a), body, len);

    if (rc < 0 || len != sizeof(a) || check_access(&a, VFU_MAX_DATA) < 0)
        return -EINVAL;
    if (a.region == VFU_REGION_CONFIG)
        root_config_read(v->root, (uint32_t)a.offset, reply->data, a.count);
    else
        root_bar_read(v->root, (uint32_t)a.offset, reply->data, a.count);
    vfu_reply_set(reply, &a, sizeof(a));
    reply->data_len = a.count;
    return 0;
}

static void write_region(struct vfu *v, const struct vfu_region_access *a, const uint8_t *data)
{
    if (a->region == VFU_REGION_CONFIG)
        root_config_write(v->root, (uint32_t)a->offset, data, a->count);
    else
        root_bar_write(v->root, (uint32_t)a->offset, data, a->count);
}

int vfu_region_write(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_region_access a;
    int rc = take(&a, sizeof(a), body, len);

    if (rc < 0 || check_access(&a, VFU_MAX_DATA) < 0 || len != sizeof(a) + a.count)
        return -EINVAL;
    write_region(v, &a, body + sizeof(a));
    vfu_reply_set(reply, &a, sizeof(a));
    return 0;
}

int vfu_region_write_multi(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_write_entry e;
    uint64_t n = 0;
    int rc = take(&n, sizeof(n), body, len);

    if (rc < 0 || (len - sizeof(n)) % sizeof(e) || n != (len - sizeof(n)) / sizeof(e))
        return -EINVAL;
    for (unsigned pass = 0; pass < 2; pass++) { /* all are checked before any is done */
        for (uint64_t i = 0; i < n; i++) {
            struct vfu_region_access a;

            memcpy(&e, body + sizeof(n) + i * sizeof(e), sizeof(e));
            a = (struct vfu_region_access){e.offset, e.region, e.count};
            if (check_access(&a, sizeof(e.data)) < 0)
                return -EINVAL;
            if (pass == 1)
                write_region(v, &a, e.data);
        }
    }
    vfu_reply_set(reply, &n, sizeof(n));
    return 0;
}

int vfu_reset(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    (void)body, (void)reply;
    if (len != 0)
        return -EINVAL;
    root_reset_function(v->root);
    return 0;
}
