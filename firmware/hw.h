/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card as the firmware sees it: every device as functions. The firmware has hw.c behind them (rtl/mgmt/devices.toml), its
 * tests on the host have tests/firmware/fake_hw.c. Functions that wait are ended by the hardware, whose reads time out, or by the
 * watchdog, which only the main loop kicks.
 */
#ifndef SLUICE_FW_HW_H
#define SLUICE_FW_HW_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---------------------------------------------------------------- buffer between the host, the lanes and the firmware */

/* Offsets in bytes. From HW_SECRET on the processor can write and never read, and the host's DMA neither. */
#define HW_DATA         0x000u /* up to HW_ENTRY: what a command reads or writes */
#define HW_ENTRY        0xb80u /* the submission entry */
#define HW_PARAMS       0xbc0u /* sa_create's block: its keys come to lie in the secret half */
#define HW_SECRET       0xc00u
#define HW_BUFFER_BYTES 0x1000u

/* `at` is a multiple of 4; hw_get: below HW_SECRET. */
uint32_t hw_get(uint32_t at);
void hw_put(uint32_t at, uint32_t word);

/* Reads length bytes, a multiple of 16, at any address of the host's into the buffer at `at`, a multiple of 16. False: DMA error.
 */
bool hw_dma_in(uint64_t address, uint32_t at, uint32_t length);
/* Writes length bytes, a multiple of 32, from the buffer at `at`, a multiple of 32 below HW_SECRET, to a multiple of 32. */
void hw_dma_out(uint64_t address, uint32_t at, uint32_t length);
/* Of the last hw_dma_in: bit k is set when it wrote anything but 0 to the four bytes at HW_SECRET + 4k. */
uint32_t hw_dma_nonzero(void);
/* Zeros, in either half; multiples of 16. */
void hw_clear(uint32_t at, uint32_t length);

/* ---------------------------------------------------------------- the card */

enum hw_cause {
    HW_CAUSE_POWER_ON = 0x001, /* PERST and hot reset too */
    HW_CAUSE_LINK = 0x002,
    HW_CAUSE_FUNCTION = 0x004,
    HW_CAUSE_SOFT = 0x008,
    HW_CAUSE_SELF_TEST = 0x100, /* a strap, not a reset: march and known answers are wanted after power on */
};

/* Why the processor starts: bits of enum hw_cause. */
uint32_t hw_cause(void);
/* A register of BAR 0, by its offset in regs.toml. */
uint32_t hw_bar(uint32_t offset);
/* As the host's write of SNAPSHOT. */
void hw_snapshot(void);
void hw_set_version(uint32_t version, uint32_t build);
/* Register FW_STATE. The state `ready` also lets the driver's submissions in (STATUS.ready). */
void hw_set_state(uint32_t state);
/* Register HEALTH. */
void hw_set_health(uint32_t bits);
/* Lanes that operations go to. */
void hw_set_lanes(uint32_t mask);
/* Clocks since the reset. */
uint64_t hw_time(void);
/* hw_sleep ends at this time; UINT64_MAX: never, and only then the card may be idle. */
void hw_alarm(uint64_t time);
/* What the host wrote last to PING; true when it was since the last hw_pong. */
bool hw_pinged(uint32_t *value);
void hw_pong(uint32_t value);
/* The main loop's alone. */
void hw_kick(void);
/* Forgets what has happened: to be called before one looks for work, so that hw_sleep ends when something came after that. */
void hw_look(void);
void hw_sleep(void);
/* The firmware is at fault: FW_STATE says `hung`, and nothing goes on but I/O. */
_Noreturn void hw_stop(void);

/* Memories that failed the march test, as in struct sluice_self_test; *rings: lanes whose ring did. */
uint32_t hw_march(uint32_t *rings);

/* ---------------------------------------------------------------- queues */

/* An entry of the admin queue lies at HW_ENTRY. *failed: it could not be read, and there is nothing there. */
bool hw_entry(bool *failed);
/* Completes the entry and lets the next come. */
void hw_complete(uint32_t cookie_lo, uint32_t cookie_hi, uint32_t status, uint32_t length);

/* Queue pairs that are created; that have nothing in flight. Bit q is pair q. */
uint32_t hw_queues_on(void);
uint32_t hw_queues_empty(void);
void hw_queue_create(uint32_t pair, uint32_t depth_log2, uint64_t sq, uint64_t cq);
void hw_queue_stop(uint32_t pair);
void hw_queue_coalesce(uint32_t pair, uint32_t count, uint32_t clocks);

/* ---------------------------------------------------------------- SA slots */

/* Packed as card_pkg::meta_t. */
#define HW_META_REPLAY         0u
#define HW_META_EXPLICIT_NONCE 1u
#define HW_META_MAC_LEN        2u
#define HW_META_FORM           8u
#define HW_META_MAC            11u
#define HW_META_CIPHER         13u
#define HW_META_OPEN           16u
#define HW_META_GEN            17u

struct hw_sa {
    uint32_t meta;
    uint64_t next, limit;
};

bool hw_sa_in_use(uint32_t slot);
bool hw_sa_busy(uint32_t slot);
/* What the dispatcher knows of it. */
void hw_sa_read(uint32_t slot, struct hw_sa *sa);
/* Writes that, and begins the replay window at sa->next. */
void hw_sa_write(uint32_t slot, const struct hw_sa *sa);
/* Counters alone, while operations go on. False: `next` would be less than it is; nothing has changed. */
bool hw_sa_raise(uint32_t slot, uint64_t next, uint64_t limit);
/* SA words 0 to 7 (sluice_pkg.sv) from and to the buffer, at a multiple of 16; out: to the secret half only. */
void hw_sa_words_in(uint32_t slot, uint32_t at);
void hw_sa_words_out(uint32_t slot, uint32_t at);
/* Puts next, limit and meta, in this order and 20 bytes, from the buffer's secret half into *sa: of an import. */
void hw_sa_unpack(uint32_t at, struct hw_sa *sa);
/* A lane reads the HMAC key at `address` and computes SA words 4 to 7. Returns a status. */
uint32_t hw_sa_keys(uint32_t slot, uint64_t address, bool md5);
void hw_sa_enable(uint32_t slot);
/* No operation finds it any more; those in flight go on. */
void hw_sa_drop(uint32_t slot);
void hw_sa_drop_all(void);
/* Overwrites words and state in the stream lanes; the generation stays. */
void hw_sa_scrub(uint32_t slot);
/* struct sluice_sa_window, to and from the buffer; out: either half. */
void hw_window_out(uint32_t slot, uint32_t at);
void hw_window_in(uint32_t slot, uint32_t at);

/* Which blob of a virtual id is the current one, 16 bits, 0 after a reset; they wait until the table has been cleared then. */
uint32_t hw_blob_get(uint32_t id);
void hw_blob_set(uint32_t id, uint32_t generation);
void hw_blobs_forget(void); /* all are 0 again */

/* ---------------------------------------------------------------- the lanes' own port */

enum hw_owner { HW_LANES_NONE, HW_LANES_ALL, HW_LANES_SERVICE };
enum hw_kind { HW_SEAL, HW_OPEN, HW_KEYS, HW_VERIFY };

/* What a job is, in one word, since there are many: kind, then these, then the record's type byte. */
#define HW_JOB_PART       0x04u
#define HW_JOB_FIRST      0x08u
#define HW_JOB_LAST       0x10u
#define HW_JOB_TYPE_SHIFT 8u

/* A job; its place in the ring begins with word 0, its bytes lie as sluice_pkg.sv says. */
struct hw_job {
    uint32_t what;
    uint16_t src_len, total;
    uint16_t words; /* buffer: SA words, a multiple of 16 */
    uint16_t nonce; /* buffer: 16 bytes, a multiple of 16 below HW_SECRET */
    uint64_t counter;
};

struct hw_result {
    uint32_t status;
    uint32_t first; /* byte of the ring in which the output begins */
    uint32_t length;
};

/* What a job must give. Bytes of the ring and of the buffer begin at the same byte of a word of 16. */
struct hw_expected {
    uint32_t status, length;
    uint64_t counter;
    uint32_t ring, at, bytes; /* first bytes, and how many */
};

/* ALL: only before the state is `ready`. SERVICE: waits until the last record lane is idle; lane masks mean nothing then. */
void hw_lanes_own(enum hw_owner owner);
/* Buffer, either half, to the rings of `lanes`, in bytes, multiples of 16. */
void hw_lanes_write(uint32_t lanes, uint32_t at, uint32_t ring, uint32_t bytes);
/* Gives the job to all of `lanes`; its blocks of the buffer have been read then. Their rings stay as they are until it is waited
 * for. */
void hw_lanes_start(uint32_t lanes, const struct hw_job *job);
/* Waits for what they were given; returns those that have a result, which stays until it is released. */
uint32_t hw_lanes_wait(uint32_t lanes);
/* Both. */
uint32_t hw_lanes_run(uint32_t lanes, const struct hw_job *job);
/* Which of `lanes` have done something else; all of them have a result. */
uint32_t hw_lanes_differ(uint32_t lanes, const struct hw_expected *expected);
/* `lane` is a number; without meaning for the service lane. */
void hw_lane_result(uint32_t lane, struct hw_result *result);
/*
 * The ring of that lane to the buffer, in bytes, multiples of 16; to the open half only what was sealed, or what SA words in the
 * open half had to do with.
 */
void hw_lane_read(uint32_t ring, uint32_t at, uint32_t bytes);
/* Where the words of a job of kind keys go, 64 bytes of the open half: those of the first of `lanes`. */
void hw_lanes_keys(uint32_t at);
void hw_lanes_release(uint32_t lanes);

/* ---------------------------------------------------------------- entropy */

void hw_entropy_on(bool on);
/* Takes 32 raw bits, the oldest in bit 0. False: there are none yet. */
bool hw_entropy(uint32_t *bits);

#endif
