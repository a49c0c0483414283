/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about interrupts. Vectors are MSI-X alone; ERR and REQ are VFIO's notices of an error and of a wish for the device. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"
#include "vfu.h"

static const uint32_t irq_count[VFU_IRQS] = {[VFU_IRQ_MSIX] = MSIX_VECTORS, [VFU_IRQ_ERR] = 1, [VFU_IRQ_REQ] = 1};
static const uint32_t irq_flags[VFU_IRQS] = {
    [VFU_IRQ_MSIX] = VFU_IRQ_EVENTFD | VFU_IRQ_MASKABLE,
    [VFU_IRQ_ERR] = VFU_IRQ_EVENTFD | VFU_IRQ_NORESIZE,
    [VFU_IRQ_REQ] = VFU_IRQ_EVENTFD | VFU_IRQ_NORESIZE,
};

int vfu_get_irq_info(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_irq_info info;

    (void)v;
    if (len < sizeof(info))
        return -EINVAL;
    memcpy(&info, body, sizeof(info));
    if (info.argsz < sizeof(info) || info.index >= VFU_IRQS)
        return -EINVAL;
    info = (struct vfu_irq_info){sizeof(info), irq_flags[info.index], info.index, irq_count[info.index]};
    vfu_reply_set(reply, &info, sizeof(info));
    return 0;
}

static bool one_bit(uint32_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

static int check_set(const struct vfu *v, const struct vfu_irq_set *s, size_t len)
{
    uint32_t kind = s->flags & (VFU_SET_NONE | VFU_SET_BOOL | VFU_SET_EVENTFD);
    uint32_t action = s->flags & (VFU_SET_MASK | VFU_SET_UNMASK | VFU_SET_TRIGGER);
    size_t data = kind == VFU_SET_BOOL ? s->count : 0;

    if (s->argsz < sizeof(*s) || s->index >= VFU_IRQS || !one_bit(kind) || !one_bit(action) || s->flags != (kind | action))
        return -EINVAL;
    if (s->start > irq_count[s->index] || s->count > irq_count[s->index] - s->start)
        return -EINVAL;
    if (s->count == 0 && (s->start != 0 || kind != VFU_SET_NONE || action != VFU_SET_TRIGGER))
        return -EINVAL;
    if (action != VFU_SET_TRIGGER && (kind == VFU_SET_EVENTFD || s->index != VFU_IRQ_MSIX))
        return -EINVAL;
    if (len != sizeof(*s) + data || v->conn.nfds > 0) /* fds belong to one kind alone, as many as vectors, or none */
        return kind == VFU_SET_EVENTFD && len == sizeof(*s) && v->conn.nfds == s->count ? 0 : -EINVAL;
    return 0;
}

static void set_fd(struct vfu *v, uint32_t index, uint32_t vector, int fd)
{
    int *slot = index == VFU_IRQ_ERR ? &v->root->error_fd : &v->request_fd;

    if (index == VFU_IRQ_MSIX) {
        msix_set(&v->root->msix, vector, fd);
        return;
    }
    if (*slot >= 0)
        close(*slot);
    if (fd >= 0)
        notify_prepare(fd);
    *slot = fd;
}

static void trigger(struct vfu *v, uint32_t index, uint32_t vector)
{
    if (index == VFU_IRQ_MSIX)
        msix_signal(&v->root->msix, vector);
    else
        notify(index == VFU_IRQ_ERR ? v->root->error_fd : v->request_fd);
}

static void apply(struct vfu *v, const struct vfu_irq_set *s, const uint8_t *chosen)
{
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t vector = s->start + i;

        if (s->flags & VFU_SET_EVENTFD)
            set_fd(v, s->index, vector, conn_take_fd(&v->conn, i));
        else if (s->flags & VFU_SET_BOOL && !chosen[i])
            continue;
        else if (s->flags & VFU_SET_TRIGGER)
            trigger(v, s->index, vector);
        else
            v->root->msix.masked[vector] = s->flags & VFU_SET_MASK;
    }
}

static void disable(struct vfu *v, uint32_t index)
{
    if (index == VFU_IRQ_MSIX)
        msix_clear(&v->root->msix);
    else
        set_fd(v, index, 0, -1);
}

/* MSI-X is on while a vector has an eventfd: VFIO's driver switches it so, and clients of it leave the capability alone. */
static void update(struct vfu *v)
{
    config_set_msix_enable(&v->root->config, msix_any(&v->root->msix));
    root_update_vectors(v->root);
    root_apply_config(v->root);
}

int vfu_set_irqs(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply)
{
    struct vfu_irq_set s;

    (void)reply;
    if (len < sizeof(s))
        return -EINVAL;
    memcpy(&s, body, sizeof(s));
    if (check_set(v, &s, len) < 0)
        return -EINVAL;
    if (s.count == 0)
        disable(v, s.index);
    else
        apply(v, &s, body + sizeof(s));
    if (s.index == VFU_IRQ_MSIX && !(s.flags & VFU_SET_TRIGGER && !(s.flags & VFU_SET_EVENTFD) && s.count))
        update(v);
    return 0;
}
