/* SPDX-License-Identifier: Apache-2.0 */
/* The secure-UDP record's header, and the detector that tells records from naked UDP and noise by the header alone (PROTOCOL.md).
 */
#ifndef HOST_UDP_RECORD_H
#define HOST_UDP_RECORD_H

#include <stddef.h>
#include <stdint.h>

enum record_type {
    RECORD_DATA = 0x97,
    RECORD_ALERT = 0x95,
    RECORD_HEARTBEAT = 0x98,
    RECORD_PATH_CHECK = 0x9b,
};

enum record_kind {
    RECORD_KIND_RECORD, /* a known type with bit 7, version 3.3, and a header that is whole */
    RECORD_KIND_NAKED,  /* begins as the header of a SOCKS5 datagram: RSV 0, ATYP known */
    RECORD_KIND_NOISE,
};

struct record_header {
    uint8_t type;
    uint16_t length; /* bytes after the length field */
    uint8_t cid[8];
};

/* Looks at the first 13 bytes at most. The length field is not judged here. */
enum record_kind record_detect(const uint8_t *data, size_t len);
/* For what record_detect called a record. -EMSGSIZE: the length field is not that of this datagram. */
int record_header_decode(const uint8_t *data, size_t len, struct record_header *header);

#endif
