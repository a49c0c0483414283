/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shape of a record: what lies where in each form, and which lengths go with which (rtl/README.md, "Rules of an operation").
 * Lengths are in bytes.
 */
#ifndef SLUICE_SHAPE_H
#define SLUICE_SHAPE_H

#include <stdbool.h>

#include "sluice.h"

#define TLS_HEADER_BYTES 5u /* type, version, length; the first part of the secure-UDP header too */
#define TLS_SEQ_BYTES    8u
#define TLS10_MINOR      1u
#define TLS11_MINOR      2u
#define TLS12_MINOR      3u

struct shape {
    uint8_t block;   /* padding goes up to a multiple of this: 16 AES, 8 DES and 3DES, 1 NULL */
    uint8_t header;  /* 13 secure UDP, 5 TLS */
    uint8_t lead;    /* IV between the header and what is encrypted: TLS 1.1 and 1.2 */
    uint8_t trail;   /* nonce at the end: secure UDP */
    uint8_t mac_len; /* on the wire */
    bool padded;     /* false: NULL */
    bool tls, etm;
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

static inline bool form_is_tls(enum sluice_form form)
{
    return form != SLUICE_FORM_UDP_MTE && form != SLUICE_FORM_UDP_ETM;
}

static inline bool form_is_etm(enum sluice_form form)
{
    return form == SLUICE_FORM_UDP_ETM || form == SLUICE_FORM_TLS_ETM;
}

/* Looks at cipher, form and mac_len alone. */
void shape_of(const struct sluice_sa_config *config, struct shape *shape);
/* Bytes before what is encrypted. */
static inline uint32_t shape_body(const struct shape *shape)
{
    return (uint32_t)shape->header + shape->lead;
}
/* false: no record has this content length and these further blocks. */
bool shape_seal(const struct shape *shape, uint32_t content, unsigned pad, struct seal_size *size);
/* false: no record has this length. */
bool shape_open(const struct shape *shape, uint32_t record, struct open_size *size);
/* Room that a part must have at its destination; `part`: SLUICE_PART bits. */
uint32_t shape_part_room(enum sluice_direction direction, uint8_t mac_len, uint32_t src_len, unsigned part);

#endif
