/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card behind firmware/hw.h: devices that keep their rules (what may be read, alignments, who owns which lane; a breach ends
 * the test), a host's memory, and lanes of OpenSSL that can be made to fail.
 */
#ifndef TESTS_FIRMWARE_FAKE_HW_H
#define TESTS_FIRMWARE_FAKE_HW_H

#include "fake_lane.h"
#include "hw.h"
#include "sluice_regs.h"

#define FAKE_HOST       UINT64_C(0x7000000000) /* the host's memory is here */
#define FAKE_HOST_BYTES 0x10000u
#define FAKE_LANES      8u
#define FAKE_SLOTS      256u
#define FAKE_ENTRIES    16u

enum fake_fault {
    FAKE_LANE_RIGHT,
    FAKE_LANE_SILENT, /* no result */
    FAKE_LANE_BYTE,   /* a bit of the output */
    FAKE_LANE_STATUS, /* says ok instead of anything else, auth_failed instead of ok */
    FAKE_LANE_LENGTH,
    FAKE_LANE_COUNTER,
    FAKE_LANE_KEY, /* a bit of a key job's words */
};

struct fake_slot {
    uint8_t words[128], window[576];
    struct hw_sa sa;
    bool in_use, scrubbed, parts;
    uint32_t busy; /* hw_sa_busy says so as many times */
};

struct fake {
    uint8_t buffer[HW_BUFFER_BYTES];
    uint8_t host[FAKE_HOST_BYTES];
    uint32_t nonzero;

    uint32_t cause, march, march_rings, state, health, lanes_ok, version, build;
    uint32_t ping, pong;
    uint64_t time, alarm;
    bool ready;

    uint32_t features, lanes, legacy, streams, queues, slots, clock_khz, snapshots;
    struct sluice_sqe entries[FAKE_ENTRIES];
    bool unreadable; /* the next entry is */
    unsigned entry_first, entry_count;
    bool completed;
    struct sluice_cqe cqe; /* cookie, status, length */

    uint32_t queues_on, queues_busy;
    uint32_t queue_depth[16], queue_coalesce[16];
    uint64_t queue_sq[16], queue_cq[16];
    uint32_t queue_drain; /* a stopped pair is not empty as many times */

    struct fake_slot slot[FAKE_SLOTS];
    uint32_t key_status;  /* what key jobs say, unless 0 */
    uint32_t raises_lost; /* as many times the dispatcher has been faster */
    uint16_t blobs[SLUICE_VIRTUAL_SAS];

    enum hw_owner owner;
    struct fake_lane lane[FAKE_LANES];
    enum fake_fault fault[FAKE_LANES];
    uint32_t fault_at, jobs;   /* the job that goes wrong, counted from 1; 0: every one */
    uint32_t keys_at, keys_of; /* lane whose words go there, counted from 1 */
    uint32_t at_work;          /* lanes that were given a job and not waited for */
    bool secret_words;         /* of the last job */

    bool entropy_on;
    uint32_t entropy_left; /* samples that the source has */
    uint32_t (*entropy)(void);
};

extern struct fake fake;

/* A card after power on without self-test, 4 lanes of which 1 legacy, 1 stream lane, 2 queue pairs. */
void fake_reset(void);
/* Gives the firmware its turns until it has nothing more to do. */
void fake_run(void);
/* Starts the firmware and gives it entropy. */
void fake_boot(void);
/* Has one entry served; returns its completion. */
struct sluice_cqe fake_command(const struct sluice_sqe *sqe);
/* Random numbers that nobody could complain of. */
uint32_t fake_good_entropy(void);

#endif
