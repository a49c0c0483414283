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
};

/* The largest that open can meet encrypted: 16384 + 255 content, MAC and padding_length, up to the next block. */
#define SOFT_PLAIN_BYTES  (SLUICE_MAX_CONTENT + SLUICE_MAX_PADDING + MAC_MAX_BYTES + 1 + CBC_BLOCK_BYTES)
/* Longest MAC prefix, of secure UDP: nonce | type | version | length | cid. */
#define SOFT_PREFIX_BYTES (CBC_BLOCK_BYTES + SLUICE_UDP_HEADER_BYTES)
#define SOFT_PREFIX_ROOM  32u

/* Where a thread decrypts before the verdict; the prefix ends where `plain` begins, so that a MAC goes over both at once. */
struct soft_scratch {
    _Alignas(64) uint8_t prefix[SOFT_PREFIX_ROOM];
    uint8_t plain[SOFT_PLAIN_BYTES];
};

/* `config` has been checked by sluice_sa_create. 0, -EOPNOTSUPP or -ENOMEM. */
int soft_sa_init(struct soft_sa *sa, const struct sluice_sa_config *config);
void soft_sa_fini(struct soft_sa *sa);

/* Set status, and where the rules say so length and counter, of a zeroed *done. */
void soft_seal(struct soft_sa *sa, const struct sluice_op *op, struct sluice_done *done);
void soft_unseal(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done);

#endif
