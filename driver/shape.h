/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shape of a secure-UDP record: which lengths go with which (rtl/README.md, "Rules of an operation"). Lengths are in bytes.
 */
#ifndef SLUICE_SHAPE_H
#define SLUICE_SHAPE_H

#include <stdbool.h>

#include "sluice.h"

struct shape {
    uint8_t block;   /* padding goes up to a multiple of this: 16 AES, 8 DES and 3DES, 1 NULL */
    uint8_t nonce;   /* 16 AES, else 8 */
    uint8_t mac_len; /* on the wire */
    bool padded;     /* false: NULL */
    bool etm;
};

/* What sealing makes. */
struct seal_size {
    uint32_t encrypted; /* what goes through the cipher: content, MAC in mte, padding, padding_length */
    uint32_t padding;   /* padding_length */
    uint32_t record;
};

/* What opening may find. */
struct open_size {
    uint32_t encrypted;
    uint32_t largest; /* largest content that the record can hold */
    uint32_t write;   /* W: bytes that open writes */
};

/* -EOPNOTSUPP: not a secure-UDP form. */
int shape_of(const struct sluice_sa_config *config, struct shape *shape);
/* false: no record has this content length and these further blocks. */
bool shape_seal(const struct shape *shape, uint32_t content, unsigned pad, struct seal_size *size);
/* false: no record has this length. */
bool shape_open(const struct shape *shape, uint32_t record, struct open_size *size);

#endif
