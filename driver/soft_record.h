/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record work of the software engine: one SA, and seal and open on it, by "Rules of an operation" of rtl/README.md, of which
 * these functions do checks 4 to 12. An SA is used by one thread at a time.
 */
#ifndef SLUICE_SOFT_RECORD_H
#define SLUICE_SOFT_RECORD_H

#include "engine.h"
#include "shape.h"
#include "soft_cbc.h"
#include "soft_mac.h"
#include "window.h"

/*
 * A TLS record under way in parts. `at` counts what has been taken: bytes of the record (open) or of content (seal). What the
 * cipher has been given goes to `held` until it fills a block.
 */
struct soft_part {
    bool begun;
    uint32_t at;
    uint32_t total;     /* seal: content bytes; open: bytes of the record, once the header has come */
    uint32_t encrypted; /* E, known when `total` is */
    uint32_t padding;   /* seal: padding_length */
    uint32_t done;      /* bytes that have gone through the cipher */
    uint64_t seq;
    uint8_t header[TLS_HEADER_BYTES];
    uint8_t chain[CBC_BLOCK_BYTES]; /* IV, then the last block of cipher text */
    uint8_t held[CBC_BLOCK_BYTES];
    uint32_t held_len;
    uint32_t run; /* open, etm: how many of the last bytes decrypted are `tail`, 256 for more */
    uint8_t tail;
    uint8_t differ; /* open, etm: any difference between the MAC that came and `mac` */
    uint8_t mac[MAC_MAX_BYTES];
    union hash_state hash; /* inner */
};

struct soft_sa {
    struct sluice_sa sa;
    struct shape shape;
    enum sluice_direction direction;
    bool aes, sequence, replay, chained; /* chained: TLS 1.0 */
    uint8_t minor;                       /* of the record's version */
    uint8_t cid[8];
    uint64_t next, limit; /* seal: counter of the next record, and the first that is refused */
    struct cbc cbc;
    struct mac_key mac; /* hash NULL: no MAC */
    struct window window;
    uint64_t reserved; /* open: counters up to this one have been published; 0: none */
    struct soft_part part;
};

/* The largest that open can meet encrypted: 16384 + 255 content, MAC and padding_length, up to the next block. */
#define SOFT_PLAIN_BYTES  (SLUICE_MAX_CONTENT + SLUICE_MAX_PADDING + MAC_MAX_BYTES + 1 + CBC_BLOCK_BYTES)
/* Longest MAC prefix, of secure UDP: nonce | type | version | length | cid. */
#define SOFT_PREFIX_BYTES (CBC_BLOCK_BYTES + SLUICE_UDP_HEADER_BYTES)
#define SOFT_PREFIX_ROOM  32u

/* More than any operation reads or writes. */
#define SOFT_BOUNCE_BYTES (SLUICE_MAX_CONTENT + 1024u)

/*
 * What a thread works in. It decrypts to `plain` before the verdict; the prefix ends where `plain` begins, so that a MAC goes
 * over both at once. `src` is for a source in pages, `dst` for a destination in pages and for what a part makes.
 */
struct soft_scratch {
    _Alignas(64) uint8_t prefix[SOFT_PREFIX_ROOM];
    uint8_t plain[SOFT_PLAIN_BYTES];
    _Alignas(64) uint8_t src[SOFT_BOUNCE_BYTES];
    _Alignas(64) uint8_t dst[SOFT_BOUNCE_BYTES];
};

/* `config` has been checked by sluice_sa_create. 0, -EOPNOTSUPP or -ENOMEM. */
int soft_sa_init(struct soft_sa *sa, const struct sluice_sa_config *config);
void soft_sa_fini(struct soft_sa *sa);

/*
 * Each of these does an operation without page lists. They set status, and where the rules say so length and counter, of a zeroed
 * *done; they return how many bytes were written at dst, which may be more than the result.
 */
uint32_t soft_seal(struct soft_sa *sa, const struct sluice_op *op, struct sluice_done *done);
/* The same for up to CBC_LANES at a time, in their order, where that is faster than one after the other. */
bool soft_seals_many(const struct soft_sa *sa);
void soft_seal_many(struct soft_sa *sa, const struct sluice_op *ops, struct sluice_done *const *done, unsigned count);
uint32_t soft_unseal(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done);
/* soft_part.c */
uint32_t soft_seal_part(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done);
uint32_t soft_unseal_part(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done);
/* Writes nothing. */
void soft_verify(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done);

/* What they share. The header of a record of `record` bytes; checks 8 and 9 of one. */
#define SOFT_LENGTH_OFFSET 3u
void soft_put_header(const struct soft_sa *sa, uint8_t type, uint32_t record, uint8_t *header);
enum sluice_status soft_check_header(const struct soft_sa *sa, const uint8_t *header, uint32_t record);

#endif
