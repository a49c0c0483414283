/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsluice: seal and open records on an engine.
 *
 * An engine is named by URI:
 *   soft:            OpenSSL in this process
 *   sim:SOCKET       the simulated card behind a sluice-sim's vfio-user socket
 *   pci:DDDD:BB:DD.F the card behind VFIO, when vfio-pci is bound to it (sluice_pci_list tells what it lacks for that)
 * All engines give the same bytes and the same status for the same operation.
 *
 * Threads. A card may be used by any thread; calls that say "admin" take a lock inside and may block. A queue pair and everything
 * submitted to it belong to one thread at a time; two queue pairs share nothing on the data path, no cache line either. An SA is
 * used by one queue pair at a time: by another only after the operations on it have been polled. Objects are destroyed in the
 * reverse order of their making: SAs and queue pairs before the card.
 *
 * Errors. Functions return 0 (or a count) or -errno; they neither print nor exit. -ENODEV: the card is gone (its process died,
 * the device was removed or unbound); every operation in flight has then been completed with SLUICE_STATUS_ABORTED. The kernel
 * need not wait for sluice_close to have a device back, but sluice_close may for the kernel: a minute, when the device does not
 * answer a reset. -EOPNOTSUPP: this engine cannot do it. -ETIMEDOUT, of an admin call: the card's firmware does not answer,
 * "Recovery" below.
 *
 * More SAs than the card has room for (info.sa_slots). Those used least recently, with no operation in flight, are kept in host
 * memory, wrapped under a key that never leaves the card, and come back when an operation names them. Callers see nothing of it
 * but stats.sa_swaps_*: submit takes the operation and keeps it until the SA is there, in the order of its SA's operations; the
 * queue pair has to be polled for that, as its eventfd tells. Only admin calls that bring an SA to a card whose every slot has
 * operations not yet polled, or a record in parts under way, say -EBUSY, after a tenth of a second in which that did not change.
 *
 * Recovery. The library pings the card's firmware. A firmware that hangs stops admin calls alone; operations go on, but for those
 * whose SA is not on the card: they end as hardware_fault. With options.recover, the first admin call or operation that needs
 * the firmware resets the card, and so does sluice_card_reset: operations in flight are aborted or done again, queue pairs go on,
 * and SAs are installed again under these rules, so that no nonce is made twice and nothing is accepted twice:
 *   - one that seals in sequence mode goes on with its sequence under a raised incarnation: 0x100 more, a take-over more in
 *     sluice's use of those bits (counter_exhausted when there is none). A limit moves to the new incarnation with its sequence;
 *   - one that opens with replay 1 refuses every counter up to the highest that was reported as accepted, and up to its
 *     reservation (sluice_sa_reserve);
 *   - others are as they were created; a record in parts is lost.
 * For this the library keeps the keys, in memory that is locked where the system allows and left out of core files. Without
 * options.recover it keeps none: a firmware that hangs in the middle of a command is the end of the card (-ENODEV), and a reset
 * the end of its SAs (no_such_sa). A card that was reset without the library, by itself or by somebody else, is found so with the
 * next ping, and recovered, or given up without options.recover.
 *
 * Operations in flight at a recovery. With options.resubmit the library does them again by itself, where the outcome is that of
 * an operation done once: seals (under a counter of the raised incarnation; with an explicit nonce it is the same record), opens,
 * verify and nop. Parts, operations in place, and one that four recoveries found in flight are aborted all the same. An open done
 * again that finds its record replayed is aborted: whether the record is new cannot be told any more. Of one SA the operations
 * aborted come first. Either way each operation has one completion.
 *
 * Operations that do not end. The library watches the oldest operation that the card has of each queue pair. When it takes half
 * of options.operation_ms, or a second if that is less, an interrupt or a doorbell may have been lost: the queue pair's eventfd
 * is signalled, and the doorbells are rung again if there is no completion; this repeats. When it takes operation_ms, the card is
 * recovered with options.recover, and given up (-ENODEV) without, once an admin command under way has ended or had its time. A
 * completion that waits for its caller takes no time.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sluice_defs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_card;
struct sluice_qp;
struct sluice_sa;

/* ---------------------------------------------------------------- sluice_open: opens an engine */

#define SLUICE_NO_LIMIT 0xffffffffu

struct sluice_options {
    size_t dma_bytes;    /* size of the DMA memory, rounded up to 2 MiB; 0: 64 MiB. At most 4 GiB */
    unsigned timeout_ms; /* an admin command or a dead card is given up after this; 0: 30,000 */
    unsigned ping_ms;    /* the firmware is pinged at this period; 0: 1,000 */
    bool recover;        /* a card that hangs is reset, and its SAs installed again */
    bool resubmit;       /* with recover: operations in flight are done again where that is right, not aborted */
    /* The card may take so long for the oldest operation of a queue pair ("Recovery" above); 0: 30,000, at least 20.
     * SLUICE_NO_LIMIT: for ever. */
    unsigned operation_ms;
};

struct sluice_info {
    char engine[8]; /* "soft", "sim", "pci" */
    uint16_t major, minor;
    uint32_t build_id;
    uint32_t clock_khz;    /* 0 for soft */
    uint32_t features;     /* bits of register FEATURES */
    unsigned lanes;        /* that do whole records */
    unsigned legacy_lanes; /* those of them that do DES, 3DES and MD5 */
    unsigned stream_lanes; /* that do records in parts */
    unsigned io_queues;    /* queue pairs that can be open at once */
    unsigned max_depth;    /* entries of a queue pair, at most */
    unsigned sa_count;     /* SAs that can exist at once */
    unsigned sa_slots;     /* those of them that the card has room for */
    unsigned window;       /* replay window, in counters */
};

/*
 * Opens an engine. `options` may be NULL. -EINVAL: bad URI; -EPROTO: not a sluice card, or of an unknown major version. pci: also
 * -ENOENT: no device there; -ENXIO: not bound to vfio-pci; -EOPNOTSUPP: no IOMMU; -EPERM: others in its IOMMU group have drivers;
 * -EACCES: no permission for VFIO's files; -EBUSY: in use; -ENOMEM: beyond the limit of locked memory.
 */
int sluice_open(const char *uri, const struct sluice_options *options, struct sluice_card **card);
void sluice_close(struct sluice_card *card);
int sluice_card_info(struct sluice_card *card, struct sluice_info *info);
/* 0 while the card answers (admin: reads a register), else -ENODEV. */
int sluice_card_ping(struct sluice_card *card);

/* ---------------------------------------------------------------- sluice_pci_list: cards on PCI, what they lack, and their
 * driver */

/*
 * Cards on PCI, found without opening them: every function with the reference design's vendor, device and subsystem, in every
 * segment. Nothing is written, and no privilege is needed, though without it less is seen (lack `config`).
 */
struct sluice_pci_places {
    const char *sysfs; /* where sysfs is mounted; NULL: /sys */
    const char *dev;   /* where device nodes are; NULL: /dev */
    size_t dma_bytes;  /* options.dma_bytes that the card is to be opened with; 0: its default */
};

/* What a card lacks, in the order in which it is told. */
enum sluice_pci_lack {
    SLUICE_PCI_LACK_ANSWER,  /* its config space reads as ones */
    SLUICE_PCI_LACK_CONFIG,  /* only 64 bytes of it may be read: MSI-X and link are not known */
    SLUICE_PCI_LACK_BAR,     /* BAR 0 has no address, or is too small */
    SLUICE_PCI_LACK_IOMMU,   /* it is in no IOMMU group */
    SLUICE_PCI_LACK_DRIVER,  /* it is not bound to vfio-pci */
    SLUICE_PCI_LACK_GROUP,   /* others in its IOMMU group have drivers: the group is not viable */
    SLUICE_PCI_LACK_ACCESS,  /* VFIO's device node is not there, or must not be opened */
    SLUICE_PCI_LACK_MEMLOCK, /* less memory may be locked than DMA memory takes */
    SLUICE_PCI_LACK_LINK,    /* its link has trained below what it can do */
};
#define SLUICE_PCI_LACKS 9u /* that there are */
#define SLUICE_PCI_BARS  6u

struct sluice_pci_card {
    char address[16]; /* DDDD:BB:DD.F, for "pci:"; a segment may have up to eight digits */
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint64_t bar_bytes[SLUICE_PCI_BARS];  /* 0: has no address, or is not there */
    unsigned msix_vectors;                /* 0: none, or not known */
    unsigned link_speed, link_speed_most; /* now, at most; million transfers a second: 2500 is Gen1; 0: not known */
    unsigned link_width, link_width_most; /* lanes; 0: not known */
    int iommu_group;                      /* -1: none */
    int numa_node;                        /* -1: none */
    char driver[32];                      /* bound to it; "": none */
    bool ready;                           /* lacks nothing but config and link: it can be opened, unless it is in use */
    unsigned lacks;                       /* entries of lack */
    struct {
        enum sluice_pci_lack what;
        char advice[320]; /* a sentence in English: what is wrong, and what helps */
    } lack[SLUICE_PCI_LACKS];
};

/*
 * Writes up to `max` cards, by address; returns how many there are. `places` may be NULL. Thread-safe. 0 as well where there is
 * no PCI; -EACCES, -EIO: sysfs cannot be read.
 */
int sluice_pci_list(const struct sluice_pci_places *places, struct sluice_pci_card *cards, unsigned max);
/* "answer", "config", ... */
const char *sluice_pci_lack_name(enum sluice_pci_lack lack);
/*
 * Gives the card at `address` (as sluice_pci_list writes it) to vfio-pci by its driver_override, or takes it away from vfio-pci
 * and lets the kernel choose again. For root; waits while a program has the card open. 0 as well when it is so already; -ENODEV:
 * no card there; -ENOENT: the kernel has no vfio-pci (modprobe vfio-pci); -EACCES, -EPERM; -EIO: the kernel bound another driver,
 * or none. After an error the override is as the kernel left it, or empty.
 */
int sluice_pci_bind(const struct sluice_pci_places *places, const char *address);
int sluice_pci_unbind(const struct sluice_pci_places *places, const char *address);

/* ---------------------------------------------------------------- sluice_mem_alloc: memory that a card reads and writes */

/*
 * DMA memory. Every source and destination of an operation lies inside one allocation, with a page list each page of it. Aligned
 * to 64 bytes; zeroed at allocation, wiped at free. Thread-safe. The memory stays valid until sluice_close, also when the card is
 * gone.
 */
void *sluice_mem_alloc(struct sluice_card *card, size_t bytes);
void sluice_mem_free(struct sluice_card *card, void *mem);

/* ---------------------------------------------------------------- sluice_sa_create: one direction's keys and state */

/* One direction's keys. What the fields may hold: `struct sa_params` in rtl/README.md. The caller wipes its copy. */
struct sluice_sa_config {
    enum sluice_cipher cipher;
    enum sluice_mac mac;
    enum sluice_form form;
    enum sluice_direction direction;
    enum sluice_nonce_mode nonce_mode; /* explicit in the TLS forms */
    uint8_t mac_len;                   /* bytes of MAC on the wire */
    uint8_t replay;    /* open: 1 keeps the window of SLUICE_REPLAY_WINDOW counters, 0 none, as in the TLS forms */
    uint8_t tls_minor; /* tls_mte, tls_etm: low byte of the version, 2 (TLS 1.1) or 3 (TLS 1.2); else 0 */
    uint8_t cid[8];    /* secure-UDP forms, as are the next two; else 0 */
    uint64_t counter;  /* seal: first counter; open: counters below are replayed. Bits 63..48 incarnation, 47..0 sequence */
    uint64_t limit;    /* seal: first counter that is refused; 0: the end of the incarnation */
    uint8_t cipher_key[32];
    uint8_t mac_key[32];
};

/* Admin. -EINVAL: a field is out of range; -ENOSPC: no slot is free; -EOPNOTSUPP: the engine lacks the cipher, MAC or form. */
int sluice_sa_create(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **sa);
/* Admin. Waits for operations in flight; keys are overwritten. No submit that names the SA may be running or follow. */
void sluice_sa_destroy(struct sluice_sa *sa);

#define SLUICE_WINDOW_BITS       2048u
#define SLUICE_WINDOW_CURRENT    1u /* bits of sluice_window.state: a counter was accepted in the highest incarnation */
#define SLUICE_WINDOW_FORMER     2u /* there is an incarnation before it */
#define SLUICE_WINDOW_FORMER_ANY 4u /* a counter was accepted in that one */

/*
 * What an SA remembers of counters, to go on with elsewhere: "Replay window" in rtl/README.md. Counter c is bit c mod 2048, which
 * is bit c % 8 of byte c / 8 % 256. Only the SLUICE_REPLAY_WINDOW counters up to the highest count; other bits are 0 when they
 * are exported, and passed over when they are imported, as is what `state` says is not there.
 */
struct sluice_window {
    uint64_t floor;   /* counters below are replayed */
    uint64_t current; /* highest counter accepted in the highest incarnation; without one, its incarnation and sequence 0 */
    uint64_t former;  /* the same of the incarnation before it; 0 when there is none */
    uint64_t state;
    uint8_t current_bits[SLUICE_WINDOW_BITS / 8];
    uint8_t former_bits[SLUICE_WINDOW_BITS / 8];
};

/*
 * Admin. Reads or replaces the window of an SA made with direction open and replay 1 (else -EINVAL). What has been polled is in
 * an exported window; of what is in flight some may be. Not while another thread submits operations on the SA. Import: -EINVAL
 * when the former incarnation is above the current one.
 */
int sluice_sa_window_export(struct sluice_sa *sa, struct sluice_window *window);
int sluice_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window);

/* What has become of an SA. */
struct sluice_sa_state {
    uint64_t counter; /* seal, sequence mode: the next; else 0 */
    uint64_t limit;   /* seal, sequence mode: the first that is refused; else 0 */
    bool busy;        /* operations were in flight */
};

/* Admin; on soft not while another thread submits operations on the SA. */
int sluice_sa_query(struct sluice_sa *sa, struct sluice_sa_state *state);
/*
 * Admin, as query. Of an SA that seals in sequence mode (else -EINVAL): counter is the next one from now on, limit the first that
 * is refused; 0: as it is. -EINVAL: a counter that would go back or beyond the limit, a limit that would go back or to another
 * incarnation. Not while operations on the SA are in flight, if the counter is to be raised.
 */
int sluice_sa_modify(struct sluice_sa *sa, uint64_t counter, uint64_t limit);
/*
 * Of an SA that opens with replay 1 (else -EINVAL): counters up to this one may be accepted before the next such call, since it
 * has been published. After a recovery all of them are refused. Not admin; by the thread that submits on the SA.
 */
int sluice_sa_reserve(struct sluice_sa *sa, uint64_t counter);

/* ---------------------------------------------------------------- sluice_qp_submit: queue pairs and operations */

enum sluice_op_type { SLUICE_OP_TYPE_NOP, SLUICE_OP_TYPE_SEAL, SLUICE_OP_TYPE_OPEN, SLUICE_OP_TYPE_VERIFY };

/*
 * Page lists. When src_list is not NULL, the source is not at src but in pages: it begins at src_list[0], which may lie anywhere
 * in its page of 4096 bytes, and where a page ends goes on at the beginning of the next one in the list, all of them
 * page-aligned. The list has as many entries as that takes for src_len bytes (more than 16 are not looked at: no operation reads
 * or writes so much); it is copied at submit. The same of dst_list for dst_len. With equal lists the operation works in place.
 *
 * Parts ("cut-through"; TLS forms alone). A record too long to be waited for is sealed or opened in parts, as it comes: the first
 * has SLUICE_PART | SLUICE_PART_FIRST, the last SLUICE_PART | SLUICE_PART_LAST (one part may be both), those between SLUICE_PART;
 * FIRST or LAST without PART is `unsupported`. All sources together are the whole record (open) or the whole content (seal); a
 * part may have any size, 0 too. content_type, pad, nonce, seq and total are taken from the first part. Each part writes what is
 * ready, whole cipher blocks; `length` tells how much, and sluice_part_room how much it can be. Parts of several SAs may be mixed
 * in any way, but an SA has one record under way: a first part drops the one before. A part that the SA is not in the middle of a
 * record for is `bad_format`. One that fails has written nothing and ends the record; only `unsupported`, no_such_sa and
 * sa_mismatch leave it as it was.
 *   seal: the bytes written are the record.
 *   open, tls_etm: they are content and padding; the last part's status is the verdict (ok, auth_failed) and its `content` the
 *     content's length. What earlier parts wrote had not been verified.
 *   open, tls_mte and tls10: they are content, MAC and padding; `ok` of the last says only that it was decrypted. The verdict is
 *     that of VERIFY on all of it: src is everything that the parts wrote, content_type the record's type byte, seq its sequence
 *     number. Nothing is written, dst is not looked at; ok has the content's length.
 */
#define SLUICE_PART       4u
#define SLUICE_PART_FIRST 8u
#define SLUICE_PART_LAST  16u

struct sluice_op {
    enum sluice_op_type type;
    struct sluice_sa *sa;
    void *src;             /* in DMA memory. seal: content; open: record; verify: decrypted body */
    void *dst;             /* in DMA memory; identical to or disjoint from [src, src + src_len) */
    void *const *src_list; /* pages in DMA memory, in place of src; NULL: none */
    void *const *dst_list; /* the same of dst */
    uint32_t src_len;      /* bytes; content at most SLUICE_MAX_CONTENT */
    uint32_t dst_len;      /* bytes that dst has room for; see sluice_record_size, sluice_content_max and sluice_part_room */
    uint16_t total;        /* seal, first part: content bytes of the whole record */
    uint8_t part;          /* SLUICE_PART and its companions, or 0: a whole record. Other bits: -EINVAL */
    uint8_t content_type;  /* seal, verify: type byte; bit 7 is set by the engine in the secure-UDP forms, else cleared */
    uint8_t pad;           /* seal: cipher blocks of padding beyond the least; padding_length stays <= 255 */
    uint8_t nonce[16];     /* seal, explicit mode: nonce or IV; tls10: IV, for open too. 8-byte ciphers use the first 8 bytes */
    uint64_t seq;          /* TLS forms: sequence number of the record */
    uint64_t cookie;       /* returned in the completion */
};

struct sluice_done {
    uint64_t cookie;
    uint64_t counter;    /* seal: used; open: recovered (sequence mode, status ok, replayed or auth_failed with AES) else 0 */
    uint8_t next_iv[16]; /* tls10, status ok: IV of the next record (of parts: the last one), zeros after it; else 0 */
    uint32_t length;     /* bytes of the result, of parts: of this one; 0 unless status is ok or replayed */
    uint32_t content;    /* open, parts, ok: of the bytes that all parts wrote so far, those that are surely content; else 0 */
    enum sluice_status status;
};

/*
 * Admin. `depth`: operations in flight at most, 1 to info.max_depth (else -EINVAL), rounded up to a power of two, at least 4.
 * -ENOSPC: no queue pair left.
 */
int sluice_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp);
/* Admin. Operations in flight are waited for, or aborted; their completions are lost. */
void sluice_qp_destroy(struct sluice_qp *qp);

/*
 * Takes as many of `ops` as there is room for, in order; returns how many (0: poll first), with one doorbell for all of them.
 * Never blocks. Returns -EINVAL when ops[0] breaks a rule of this header (an address outside DMA memory, an SA of another card);
 * an operation further on that does so ends the burst before it. Lengths of 0 need no address. -EOPNOTSUPP, in the same way: the
 * engine's features have no page lists, or no parts and verify. -ENODEV: the card is gone.
 */
int sluice_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count);
/*
 * Takes up to `max` completions; returns how many. Never blocks. Completions of one SA come in the order of submission, but for
 * an operation that the card could not even read (DMA error), and at a recovery. -ENODEV: the card is gone, and none is left.
 */
int sluice_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max);
/* An eventfd that becomes readable after sluice_qp_arm when a completion is there, or when the card is gone. Owned by the qp. */
int sluice_qp_fd(const struct sluice_qp *qp);
/*
 * Arms the eventfd once (the fd is drained first). Returns 1 when completions are already there, or the card is gone (poll
 * again), 0 when armed.
 */
int sluice_qp_arm(struct sluice_qp *qp);
/*
 * Admin. From now on an armed eventfd is signalled when `count` completions are there (0 and 1: the first), or `microseconds`
 * after the first of them (0: no limit), whichever comes first. An engine may signal sooner; soft does so at once. A new queue
 * pair has 0, 0. -EINVAL: count beyond 255, or more time than 2^24 - 1 clocks of the card.
 */
int sluice_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds);
/* Operations submitted and not yet polled. */
unsigned sluice_qp_in_flight(const struct sluice_qp *qp);

/* ---------------------------------------------------------------- sluice_record_size: sizes and names that need no card */

/*
 * Size of the record that seals `content` bytes with `pad` further blocks, header included; 0 when there can be none.
 * Thread-safe, no card needed; only cipher, form and mac_len of *config are looked at.
 */
uint32_t sluice_record_size(const struct sluice_sa_config *config, uint32_t content, unsigned pad);
/* Largest content that a record of `record` bytes can hold, so the least dst_len of an open; 0 when it cannot be a record. */
uint32_t sluice_content_max(const struct sluice_sa_config *config, uint32_t record);
/* Least dst_len of a part with this source: direction, src_len and SLUICE_PART bits; the same for every cipher and form. */
uint32_t sluice_part_room(const struct sluice_sa_config *config, uint32_t src_len, unsigned part);
/* Bytes of key of a cipher, of MAC output, of cipher block (8 for NULL: its nonce in the secure-UDP forms). */
unsigned sluice_cipher_key_len(enum sluice_cipher cipher);
unsigned sluice_cipher_block(enum sluice_cipher cipher);
unsigned sluice_mac_size(enum sluice_mac mac);
const char *sluice_status_name(enum sluice_status status);

/* ---------------------------------------------------------------- sluice_card_stats: looks after a card */

/* Counters of the card, a consistent snapshot. Admin. Unknown ones are 0 on an engine that does not count them. */
struct sluice_stats {
    uint64_t cycles, busy_cycles;         /* clocks; soft: 0 */
    uint64_t record_bytes, content_bytes; /* of records that ended ok */
    uint64_t rx_beats, tx_beats, tx_stall, tag_stall, lane_stall, bad_tlp, bad_doorbell, interrupts;
    uint64_t seal_status[16], open_status[16];
    uint64_t sa_swaps_out, sa_swaps_in; /* SAs that went to host memory and came back; counted by the library */
    unsigned lanes;                     /* with the stream lanes, which come last */
    struct {
        uint64_t busy, starved, blocked, records;
    } lane[32];
};
int sluice_card_stats(struct sluice_card *card, struct sluice_stats *stats);

struct sluice_card_health {
    enum sluice_fw_state state; /* also hung when the firmware answers no ping */
    uint32_t flags;             /* bits of enum sluice_health */
    uint32_t fw_version;        /* major << 16 | minor << 8 | patch; 0: there is no firmware */
    uint32_t fw_build;
    uint32_t lanes_ok; /* lanes in service, the stream lanes after those for whole records */
    unsigned resets;   /* by this library, since the card was opened */
};
/* Thread-safe, does not wait for the firmware. */
int sluice_card_health(struct sluice_card *card, struct sluice_card_health *health);

struct sluice_selftest {
    uint32_t tested, failed; /* lanes: on a card the service lane alone, the last for whole records */
    uint32_t in_service;     /* lanes, after the test */
    uint32_t vectors;        /* known answers compared */
    uint32_t first_failure;  /* the first that was wrong, counted from 1; 0: none */
    uint32_t march,
        rings; /* at power on: memories (bit 0 SA words, 1 windows, 2 stream state, 3 buffer) and lanes' rings that failed */
};
/*
 * Admin. Known answers again. 0, whatever they were. A lane that fails goes out of service, and every key is forgotten, as by
 * sluice_card_zeroise. On soft no submit may be running.
 */
int sluice_card_selftest(struct sluice_card *card, struct sluice_selftest *result);

/* An entry of the card's log. */
struct sluice_card_event {
    uint64_t clocks; /* since the reset, to 1024; soft: microseconds */
    enum sluice_log_event event;
    uint16_t where; /* lane or slot; with data: by event */
    uint32_t data[2];
};
#define SLUICE_LOG_MOST 64u
/* Admin. Up to `max` (SLUICE_LOG_MOST are enough) of the newest events, the oldest of them first; returns how many. `clear`
 * empties the log. */
int sluice_card_log(struct sluice_card *card, struct sluice_card_event *events, unsigned max, bool clear);
/*
 * Admin. Every key is overwritten, on the card and here; SAs made before answer no_such_sa and remain to be destroyed. Queue
 * pairs stay. On soft no submit may be running.
 */
int sluice_card_zeroise(struct sluice_card *card);
/*
 * Admin. Resets the card: "Recovery" above. Statistics begin at 0. On soft no submit may be running.
 * -ENODEV: it did not come back.
 */
int sluice_card_reset(struct sluice_card *card);
/* Admin. Random bytes of the card's generator. -EAGAIN: not seeded yet. soft: the operating system's. */
int sluice_card_random(struct sluice_card *card, void *to, size_t bytes);
/*
 * Admin. From now on the card zeroises when the library (or its host) has been silent for so long; it pings often enough as long
 * as it runs. 0: no more. -EINVAL: below 10, or beyond 2^24 - 1.
 */
int sluice_card_keep_alive(struct sluice_card *card, unsigned milliseconds);
const char *sluice_fw_state_name(enum sluice_fw_state state);
const char *sluice_log_event_name(enum sluice_log_event event);

#ifdef __cplusplus
}
#endif

#endif
