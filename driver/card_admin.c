/* SPDX-License-Identifier: Apache-2.0 */
#include "card_admin.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "deadline.h"

#define ADMIN_DEPTH_LOG2 4u
#define LOOK_MS          500 /* how often a command that takes its time has the firmware's state looked at */

static int write_address(struct transport *t, uint32_t low_register, uint64_t iova)
{
    int err = t->ops->write32(t, low_register, (uint32_t)iova);

    return err ? err : t->ops->write32(t, low_register + 4, (uint32_t)(iova >> 32));
}

static int start_ring(const struct ring *ring)
{
    struct transport *t = ring->transport;
    int err = write_address(t, SLUICE_REG_AQ_SQ_LO, dma_iova(ring->mem, ring->sq));

    err = err ? err : write_address(t, SLUICE_REG_AQ_CQ_LO, dma_iova(ring->mem, ring->cq));
    return err ? err
               : t->ops->write32(t, SLUICE_REG_AQ_CTRL,
                                 ADMIN_DEPTH_LOG2 << SLUICE_AQ_CTRL_DEPTH_LOG2_SHIFT | 1u << SLUICE_AQ_CTRL_ENABLE_SHIFT);
}

int admin_init(struct admin *admin, struct transport *transport, struct dma *mem, int event, unsigned timeout_ms)
{
    int err;

    admin->event = event;
    admin->timeout_ms = timeout_ms;
    pthread_mutex_init(&admin->lock, NULL);
    err = ring_init(&admin->ring, transport, mem, 0, 1u << ADMIN_DEPTH_LOG2);
    if (!err) {
        admin->page = dma_alloc(mem, SLUICE_PAGE_BYTES, SLUICE_PAGE_BYTES);
        err = admin->page ? start_ring(&admin->ring) : -ENOMEM;
    }
    if (err) {
        admin_fini(admin);
    }
    return err;
}

void admin_fini(struct admin *admin)
{
    if (admin->ring.mem) {
        dma_free(admin->ring.mem, admin->page);
        ring_fini(&admin->ring);
    }
    pthread_mutex_destroy(&admin->lock);
}

int admin_restart(struct admin *admin)
{
    ring_restart(&admin->ring);
    atomic_store(&admin->hung, false);
    return start_ring(&admin->ring);
}

uint64_t admin_page(const struct admin *admin)
{
    return dma_iova(admin->ring.mem, admin->page);
}

static bool firmware_hangs(struct admin *admin)
{
    struct transport *t = admin->ring.transport;
    uint32_t state = 0;

    return admin->managed && t->ops->read(t, SLUICE_REG_FW_STATE, &state, sizeof state) == 0 &&
           (le32toh(state) == SLUICE_FW_STATE_HUNG || le32toh(state) == SLUICE_FW_STATE_FAILED);
}

bool admin_stopped(struct admin *admin)
{
    struct transport *t = admin->ring.transport;
    uint32_t control = 0;

    return t->ops->read(t, SLUICE_REG_AQ_CTRL, &control, sizeof control) == 0 &&
           !(le32toh(control) >> SLUICE_AQ_CTRL_ENABLE_SHIFT & 1u);
}

/* The time is up, or would be of no use. */
static int give_up(struct admin *admin, bool hangs)
{
    struct transport *t = admin->ring.transport;

    if (hangs || admin->patient) {
        atomic_store(&admin->hung, true);
        return -ETIMEDOUT;
    }
    t->ops->give_up(t);
    return -ENODEV;
}

static int wait_completion(struct admin *admin, struct sluice_cqe *cqe)
{
    struct transport *t = admin->ring.transport;
    struct pollfd fd = {.fd = admin->event, .events = POLLIN};
    int64_t deadline = deadline_in(admin->timeout_ms);

    while (!ring_get(&admin->ring, cqe)) {
        int left = deadline_left(deadline), n;
        eventfd_t drained;

        if (atomic_load(&t->gone)) {
            return -ENODEV;
        }
        if (left == 0) {
            return give_up(admin, false);
        }
        n = poll(&fd, 1, left < LOOK_MS ? left : LOOK_MS);
        if (n > 0) {
            (void)eventfd_read(admin->event, &drained);
        } else if (n == 0 && !ring_ready(&admin->ring) && firmware_hangs(admin)) {
            return give_up(admin, true);
        } else if (n == 0 && !ring_ready(&admin->ring) && admin_stopped(admin)) {
            return give_up(admin, false);
        } else if (n == 0) { /* should a doorbell have been lost */
            (void)ring_submit(&admin->ring);
        }
    }
    return 0;
}

static int status_errno(uint8_t status)
{
    switch (status) {
    case SLUICE_STATUS_OK:
        return 0;
    case SLUICE_STATUS_INVALID_FIELD:
        return -EINVAL;
    case SLUICE_STATUS_UNSUPPORTED:
        return -EOPNOTSUPP;
    case SLUICE_STATUS_NOT_READY:
        return -EAGAIN;
    case SLUICE_STATUS_NO_SUCH_SA:
    case SLUICE_STATUS_SA_MISMATCH:
        return -ENOENT;
    case SLUICE_STATUS_COUNTER_EXHAUSTED:
        return -EOVERFLOW;
    case SLUICE_STATUS_AUTH_FAILED:
    case SLUICE_STATUS_REPLAYED:
        return -EBADMSG;
    default:
        return -EIO;
    }
}

/* The card's answer for an entry that it could not read: there is no other command that it may be for. */
static bool unread(const struct sluice_cqe *cqe)
{
    return cqe->cookie == 0 && cqe->status == SLUICE_STATUS_DMA_ERROR;
}

int admin_command(struct admin *admin, struct sluice_sqe *sqe, uint32_t *result)
{
    struct transport *t = admin->ring.transport;
    struct sluice_cqe cqe;
    int err;

    if (atomic_load(&admin->hung)) {
        return -ETIMEDOUT;
    }
    sqe->cookie = htole64(++admin->next_cookie);
    ring_put(&admin->ring, sqe);
    err = ring_submit(&admin->ring);
    err = err ? err : ring_ack(&admin->ring, true);
    err = err ? err : wait_completion(admin, &cqe);
    if (err) {
        return err;
    }
    if (cqe.cookie != sqe->cookie && !unread(&cqe)) {
        t->ops->give_up(t);
        return -ENODEV;
    }
    if (result) {
        *result = le32toh(cqe.length);
    }
    return status_errno(cqe.status);
}
