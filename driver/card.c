/* SPDX-License-Identifier: Apache-2.0 */
#include "card.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"

#define READY_POLL_US 200
#define BUSY_POLL_US  2000 /* until a slot is free, BUSY_TRIES times */
#define BUSY_TRIES    50u

/* ---------------------------------------------------------------- registers */

int card_read32(struct transport *t, uint32_t offset, uint32_t *value)
{
    uint32_t raw = 0;
    int err = t->ops->read(t, offset, &raw, sizeof raw);

    *value = le32toh(raw);
    return err;
}

/* What the registers at offset 0 say, in the form that identify gives. */
static int read_identity(struct transport *t, struct sluice_identify *id)
{
    int err = card_read32(t, SLUICE_REG_MAGIC, &id->magic);

    err = err ? err : card_read32(t, SLUICE_REG_VERSION, &id->version);
    err = err ? err : card_read32(t, SLUICE_REG_FEATURES, &id->features);
    err = err ? err : card_read32(t, SLUICE_REG_PARAMS0, &id->params0);
    err = err ? err : card_read32(t, SLUICE_REG_PARAMS1, &id->params1);
    err = err ? err : card_read32(t, SLUICE_REG_PARAMS2, &id->params2);
    err = err ? err : card_read32(t, SLUICE_REG_BUILD_ID, &id->build_id);
    return err ? err : card_read32(t, SLUICE_REG_CLOCK_KHZ, &id->clock_khz);
}

/* -EPROTO: not a sluice card, or none that this driver knows. */
static int take_identity(struct card *card, const struct sluice_identify *id)
{
    struct sluice_info *info = &card->info;
    unsigned depth_log2 = FIELD(id->params0, PARAMS0_DEPTH_LOG2);

    if (id->magic != SLUICE_MAGIC || FIELD(id->version, VERSION_MAJOR) != SLUICE_MAJOR) {
        return -EPROTO;
    }
    info->major = (uint16_t)FIELD(id->version, VERSION_MAJOR);
    info->minor = (uint16_t)FIELD(id->version, VERSION_MINOR);
    info->build_id = id->build_id;
    info->clock_khz = id->clock_khz;
    info->features = id->features;
    info->lanes = FIELD(id->params0, PARAMS0_LANES);
    info->legacy_lanes = FIELD(id->params2, PARAMS2_LEGACY_LANES);
    info->stream_lanes = FIELD(id->params2, PARAMS2_STREAM_LANES);
    info->io_queues = FIELD(id->params0, PARAMS0_IO_QUEUES);
    info->sa_slots = FIELD(id->params1, PARAMS1_SA_COUNT);
    info->window = FIELD(id->params1, PARAMS1_WINDOW);
    if (depth_log2 <= SLUICE_MIN_QUEUE_DEPTH_LOG2 || depth_log2 > SLUICE_MAX_QUEUE_DEPTH_LOG2 ||
        info->lanes + info->stream_lanes > SLUICE_MAX_LANES || info->io_queues == 0 || info->io_queues > SLUICE_MAX_IO_QUEUES ||
        info->io_queues >= card->transport->vectors) {
        return -EPROTO;
    }
    info->max_depth = 1u << (depth_log2 - 1); /* half of the largest ring: card_qp.c */
    card->managed = info->features & FEATURE(MANAGED);
    info->sa_count = card->managed ? SLUICE_VIRTUAL_SAS : info->sa_slots;
    card->card.features = info->features;
    card->card.max_depth = info->max_depth;
    return 0;
}

/* After a reset the card overwrites its keys before it is ready. */
static int wait_ready(struct transport *t, unsigned timeout_ms)
{
    const struct timespec pause = {.tv_nsec = READY_POLL_US * 1000};

    for (int64_t deadline = deadline_in(timeout_ms); deadline_left(deadline);) {
        uint32_t status;
        int err = card_read32(t, SLUICE_REG_STATUS, &status);

        if (err) {
            return err;
        }
        if (FIELD(status, STATUS_FATAL)) {
            return -EIO;
        }
        if (FIELD(status, STATUS_READY)) {
            return 0;
        }
        nanosleep(&pause, NULL);
    }
    return -ETIMEDOUT;
}

/* ---------------------------------------------------------------- open and close */

static void on_gone(void *arg)
{
    struct card *card = arg;

    for (unsigned i = 0; i < CARD_QUEUES; i++) {
        (void)eventfd_write(card->event[i], 1);
    }
}

static int make_events(struct card *card)
{
    for (unsigned i = 0; i < CARD_QUEUES; i++) {
        card->event[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (card->event[i] < 0) {
            return -errno;
        }
    }
    return 0;
}

int card_start(struct card *card)
{
    struct transport *t = card->transport;
    int err = wait_ready(t, card->timeout_ms);

    err = err ? err : t->ops->bus_master(t);
    return err ? err : t->ops->set_vectors(t, card->event, card->info.io_queues + 1);
}

/* Takes the card from reset to where DMA and interrupts work. */
static int bring_up(struct card *card)
{
    struct transport *t = card->transport;
    struct dma *mem = &card->card.mem;
    struct sluice_identify id = {0};
    int err = t->ops->reset(t);

    err = err ? err : read_identity(t, &id);
    err = err ? err : take_identity(card, &id);
    err = err ? err : t->ops->map(t, mem->base, mem->bytes, mem->fd, &mem->iova);
    err = err ? err : card_start(card);
    return err ? err : t->ops->watch(t, on_gone, card);
}

/* Does the card say the same of itself by DMA as by its registers? That proves the way there and back. */
static int identify(struct card *card)
{
    struct sluice_sqe sqe = {
        .op = SLUICE_OP_IDENTIFY, .dst = htole64(admin_page(&card->admin)), .dst_len = {SLUICE_IDENTIFY_BYTES}};
    struct sluice_identify by_register = {0}, by_dma;
    int err = read_identity(card->transport, &by_register);

    pthread_mutex_lock(&card->admin.lock);
    err = err ? err : admin_command(&card->admin, &sqe, NULL);
    memcpy(&by_dma, card->admin.page, sizeof by_dma);
    pthread_mutex_unlock(&card->admin.lock);
    if (err) {
        return err;
    }
    return le32toh(by_dma.magic) == by_register.magic && le32toh(by_dma.version) == by_register.version &&
                   le32toh(by_dma.features) == by_register.features && le32toh(by_dma.params0) == by_register.params0 &&
                   le32toh(by_dma.params1) == by_register.params1
               ? 0
               : -EPROTO;
}

/* ---------------------------------------------------------------- tables */

static size_t kept_bytes(const struct card *card)
{
    return card->info.sa_count * sizeof *card->kept;
}

/* Keys: not to be swapped out where the system allows it, and never in a core file. */
static int make_kept(struct card *card)
{
    void *mem = mmap(NULL, kept_bytes(card), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mem == MAP_FAILED) {
        return -errno;
    }
    card->kept = mem;
    (void)mlock(mem, kept_bytes(card));
    (void)madvise(mem, kept_bytes(card), MADV_DONTDUMP);
    return 0;
}

static int make_tables(struct card *card)
{
    card->slot_taken = calloc(card->info.sa_slots, sizeof *card->slot_taken);
    card->slot = calloc(card->info.sa_slots, sizeof(struct card_sa *));
    card->sas = calloc(card->info.sa_count, sizeof(struct card_sa *));
    if (!card->slot_taken || !card->slot || !card->sas) {
        return -ENOMEM;
    }
    return card->recover ? make_kept(card) : 0;
}

/* The transport goes first: nothing writes to the memory or the eventfds after it. */
static void dismantle(struct card *card)
{
    card->transport->ops->close(card->transport);
    for (unsigned i = 0; i < CARD_QUEUES; i++) {
        if (card->event[i] >= 0) {
            close(card->event[i]);
        }
    }
    dma_fini(&card->card.mem);
    pthread_mutex_destroy(&card->watch.lock);
    free(card->slot_taken);
    free(card->slot);
    free(card->sas);
    if (card->kept) {
        explicit_bzero(card->kept, kept_bytes(card));
        munmap(card->kept, kept_bytes(card));
    }
    free(card);
}

/* SAs that were destroyed while operations waited for them. */
static void free_orphans(struct card *card)
{
    for (unsigned i = 0; i < card->info.sa_count; i++) {
        if (card->sas[i]) {
            card_sa_free(card->sas[i]);
        }
    }
}

static void card_close(struct sluice_card *base)
{
    struct card *card = card_of(base);

    keeper_stop(card);
    free_orphans(card);
    admin_fini(&card->admin);
    dismantle(card);
}

/* ---------------------------------------------------------------- card and SAs */

static int card_info(struct sluice_card *base, struct sluice_info *info)
{
    *info = card_of(base)->info;
    return 0;
}

static int card_ping(struct sluice_card *base)
{
    struct card *card = card_of(base);
    uint32_t magic, status = 0;
    int err = card_read32(card->transport, SLUICE_REG_MAGIC, &magic);

    err = err ? err : card_read32(card->transport, SLUICE_REG_STATUS, &status);
    return err || magic != SLUICE_MAGIC || FIELD(status, STATUS_FATAL) ? -ENODEV : 0;
}

/* ---------------------------------------------------------------- admin calls */

int card_enter(struct card *card)
{
    int err = 0;

    pthread_mutex_lock(&card->admin.lock);
    if (card_gone(card)) {
        err = -ENODEV;
    } else if (atomic_load(&card->admin.hung)) {
        err = card->recover ? card_recover(card) : -ETIMEDOUT;
    }
    if (err) {
        pthread_mutex_unlock(&card->admin.lock);
    }
    return err;
}

void card_leave(struct card *card)
{
    pthread_mutex_unlock(&card->admin.lock);
}

bool card_again(const struct card *card, int err, unsigned *tries)
{
    const struct timespec pause = {.tv_nsec = BUSY_POLL_US * 1000};

    if (err == -EBUSY && *tries < BUSY_TRIES) {
        nanosleep(&pause, NULL);
        ++*tries;
        return true;
    }
    return err == -ETIMEDOUT && card->recover && (*tries)++ == 0;
}

static struct engine_ops const card_ops = {
    .close = card_close,
    .info = card_info,
    .ping = card_ping,
    .stats = card_stats,
    .sa_create = card_sa_create,
    .sa_destroy = card_sa_destroy,
    .sa_window_export = card_sa_window_export,
    .sa_window_import = card_sa_window_import,
    .sa_query = card_sa_query,
    .sa_modify = card_sa_modify,
    .sa_reserve = card_sa_reserve,
    .health = card_health,
    .selftest = card_selftest,
    .log = card_log,
    .zeroise = card_zeroise,
    .reset = card_reset,
    .random = card_random,
    .keep_alive = card_keep_alive,
    .qp_create = card_qp_create,
    .qp_destroy = card_qp_destroy,
    .qp_coalesce = card_qp_coalesce,
    .submit = card_qp_submit,
    .poll = card_qp_poll,
    .arm = card_qp_arm,
};

int card_open(const char *name, struct transport *transport, const struct sluice_options *options, struct sluice_card **out)
{
    struct card *card = line_alloc(sizeof *card);
    int err;

    if (!card) {
        transport->ops->close(transport);
        return -ENOMEM;
    }
    card->transport = transport;
    card->card.ops = &card_ops;
    snprintf(card->info.engine, sizeof card->info.engine, "%s", name);
    memset(card->event, -1, sizeof card->event);
    err = dma_init(&card->card.mem, options->dma_bytes);
    err = err ? err : make_events(card);
    card->recover = options->recover;
    card->resubmit = options->recover && options->resubmit;
    watch_init(card, options->operation_ms);
    card->timeout_ms = options->timeout_ms;
    err = err ? err : bring_up(card);
    err = err ? err : make_tables(card);
    card->admin.managed = card->managed;
    card->admin.patient = card->recover;
    err = err ? err : admin_init(&card->admin, transport, &card->card.mem, card->event[0], options->timeout_ms);
    if (err) {
        dismantle(card);
        return err;
    }
    err = identify(card);
    err = err ? err : keeper_start(card, options->ping_ms);
    if (err) {
        card_close(&card->card);
        return err;
    }
    *out = &card->card;
    return 0;
}
