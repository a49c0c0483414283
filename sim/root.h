/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root complex with the card behind it. Owns the clock: nothing moves but in root_step. Speaks TLPs to the card, serves its
 * reads and writes from the client's memory, turns its message writes into eventfds, and holds the card to the rules of PCI
 * Express; a rule broken by the card is a fault, after which the model stands still (root_fault tells).
 */
#ifndef SIM_ROOT_H
#define SIM_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "dma_maps.h"
#include "dut.h"
#include "link.h"
#include "msix.h"
#include "reads.h"
#include "rng.h"
#include "sluice_regs.h"
#include "tlp.h"

#define ROOT_MMIO_CLOCKS 10000u /* a BAR access is given up after these */

struct root_options {
    uint64_t seed;
    struct config_host host;
    struct reads_config reads;
    unsigned stall; /* percent of clocks in which a stream is held back, each way */
    bool free_run;  /* the clock always has something to do */
    bool self_test; /* memories and lanes are tested after power on */
    enum dut_noise noise;
    unsigned drop_doorbells, lose_interrupts, reset_doorbells; /* one of so many; 0: none */
    unsigned hang_lanes;                                       /* one of so many records; 0: none */
    const char *firmware;                                      /* image, or NULL: that of the build */
    const char *trace;                                         /* file, or NULL */
    uint64_t trace_from;                                       /* cycle */
};

struct root_stats {
    uint64_t tlps_down, bytes_down, tlps_up, bytes_up; /* bytes with headers */
    uint64_t dma_read_bytes, dma_write_bytes;
    uint64_t reads_refused, writes_dropped;      /* DMA to memory that is not mapped */
    uint64_t mmio_reads, mmio_writes, mmio_lost; /* lost: all ones returned, or dropped */
    uint64_t mmio_worst;                         /* clocks, from the stream to the card until the completion */
    uint64_t resets;
    uint64_t doorbells_dropped, interrupts_lost, own_resets, lanes_hung; /* by options */
};

/* DMA to memory that only the client can reach. The calls ask; root_remote_*_done brings the answer. 0 or -errno: no client. */
struct root_remote {
    void *ctx;
    int (*read)(void *ctx, uint8_t tag, uint64_t address, unsigned count);
    int (*write)(void *ctx, uint64_t address, const uint8_t *bytes, unsigned count);
};

/* One rule that may change under the card: when it was last on, in clocks in which the card could have sent. */
struct root_gate {
    bool on;
    unsigned off_clocks;
};

struct root_held;

struct root_mmio {
    bool waiting;
    uint8_t tag;
    uint64_t sent; /* cycle in which it went onto the stream */
    uint32_t late; /* a bit for each tag that was given up */
    unsigned count;
    uint32_t address;
    uint8_t data[8];
};

#define ROOT_DOWN_ROOM 32u

struct root {
    struct root_options options;
    struct rng rng;
    struct dut *dut;
    struct dut_config pins;
    struct dut_in in;
    struct dut_out out;
    uint64_t cycle;
    bool quiet;  /* the card had nothing to do in the last clock */
    bool pulled; /* out of its slot */

    struct config config;
    struct dma dma;
    struct msix msix;
    int error_fd; /* eventfd of the ERR interrupt, or -1; owned */
    struct root_remote remote;

    struct link_tx down;
    struct tlp down_queue[ROOT_DOWN_ROOM];
    unsigned down_head, down_count;
    struct root_mmio mmio;

    struct link_rx up;
    struct root_gate master, interrupts;
    unsigned mps_before; /* bytes; a change of MPS or MRRS takes some clocks to reach the card */
    unsigned mrrs_before;
    uint64_t limits_changed;
    struct reads reads;
    unsigned remote_writes; /* the client was asked to do them; later requests of the card are held until it has */
    struct root_held *held, **held_end;
    unsigned held_count;

    struct root_stats stats;
    char fault[256];
};

/* Builds the model and takes the card out of reset. `remote` is copied. 0 or -errno. */
int root_open(struct root *r, const struct root_options *options, const struct root_remote *remote);
void root_close(struct root *r);

/* One clock. */
void root_step(struct root *r);
/* Has the clock anything to do? */
bool root_busy(const struct root *r);
/* NULL, or how the card broke the rules. */
const char *root_fault(const struct root *r);

/*
 * BAR 0, as a driver sees it; [offset, offset + count) lies inside. A read steps the clock until the card has answered, and gives
 * all ones when it does not, or does not decode its memory. Writes are posted. The MSI-X table belongs to the model: writes to it
 * are passed over.
 */
void root_bar_read(struct root *r, uint32_t offset, uint8_t *to, unsigned count);
void root_bar_write(struct root *r, uint32_t offset, const uint8_t *from, unsigned count);
void root_config_read(const struct root *r, uint32_t offset, uint8_t *to, unsigned count);
void root_config_write(struct root *r, uint32_t offset, const uint8_t *from, unsigned count);

/*
 * Pulls the card out of its slot, or puts it back. Out of it the clock stands still, reads give all ones, writes and resets do
 * nothing; back in it, the card is reset.
 */
void root_pull(struct root *r, bool pulled);

/* Function level reset, with the quiet time around it that a host gives: DMA in flight has ended before. Steps the clock. */
void root_reset_function(struct root *r);
/* The client changed eventfds or masks: brings the card's table in line. */
void root_update_vectors(struct root *r);
/* An unmap is about to be answered: reads that wait for memory to appear are refused. */
void root_unmapped(struct root *r);
/* `bytes` NULL: the client refused. */
void root_remote_read_done(struct root *r, uint8_t tag, const uint8_t *bytes);
void root_remote_write_done(struct root *r, bool ok);
/* The client is gone: what it was asked for is refused. */
void root_remote_lost(struct root *r);

/* For root.c, upstream.c and function.c alone. */
bool root_one_in(struct root *r, unsigned n); /* a choice of the seed; 0: never */
void root_fail(struct root *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void root_apply_config(struct root *r);
void root_upstream(struct root *r, const struct tlp *t);
void root_serve_reads(struct root *r);
void root_drop_held(struct root *r);
bool root_upstream_full(const struct root *r);
/* Queues a request for the card, stepping the clock while there is no room. */
void root_send(struct root *r, const struct tlp *t);

#endif
