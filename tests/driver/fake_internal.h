/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the card that misbehaves share: fake_card.c is the server and the rings, fake_firmware.c the SAs. */
#ifndef TESTS_DRIVER_FAKE_INTERNAL_H
#define TESTS_DRIVER_FAKE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fake_card.h"
#include "sluice_regs.h"

#define QUEUES 3u

struct fake_queue {
    uint64_t sq, cq;
    unsigned entries, head, tail; /* of the submission ring */
    unsigned at;                  /* next completion entry */
    uint8_t phase;
    bool armed;
};

struct fake_card {
    enum fault fault;
    unsigned at_message, messages;
    char dir[64], uri[128];
    int listener, client;
    pthread_t thread;
    uint8_t *mem;
    uint64_t iova, bytes;
    int event[QUEUES];
    uint32_t bar[SLUICE_BAR_BYTES / 4];
    struct fake_queue queue[QUEUES];
    atomic_uint lose_doorbells, lose_interrupts; /* of I/O queue pairs, until a reset */
    atomic_bool deaf, forgot;
    struct firmware *firmware; /* NULL: an administrator that knows identify and queues alone */
};

void *fake_at(struct fake_card *f, uint64_t iova, uint64_t len);
uint32_t fake_len(const uint8_t *p);
void fake_complete(struct fake_card *f, unsigned n, struct sluice_cqe cqe);

/* fake_firmware.c. Commands but identify and queue_create. */
struct firmware *firmware_new(unsigned slots);
void firmware_free(struct firmware *firmware);
void firmware_admin(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe);
void firmware_io(struct fake_card *f, unsigned n, const struct sluice_sqe *sqe);
void firmware_reset(struct fake_card *f);
/* Registers are about to be read. */
void firmware_look(struct fake_card *f);
void firmware_ping(struct fake_card *f, uint32_t value);
/* Some time has passed. */
void firmware_tick(struct fake_card *f);
bool firmware_hangs(const struct fake_card *f);

#endif
