// SPDX-License-Identifier: Apache-2.0
//
// What the card must make of a record, in every cipher, MAC and form: the reference of tests/rtl/lane (OpenSSL), for the SAs of
// this bench.
#pragma once

#include "device.h"

namespace oracle
{

struct Answer {
    uint8_t status;
    Bytes bytes;                  // record or content
    unsigned written = 0, length; // bytes at the destination, zeros behind `bytes`; what the completion says
    Bytes counter;                // 16 bytes
};

bool tls(const Sa &sa);
bool etm(const Sa &sa);
unsigned block(const Sa &sa); // 1: NULL
// Any SA of what the features name, for sealing.
Sa random_sa(Host &host, uint32_t features);
Answer seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const Bytes &nonce);
Answer open(const Sa &sa, const Bytes &record, uint64_t counter, const Bytes &nonce);
Answer verify(const Sa &sa, uint8_t type, uint64_t counter, const Bytes &body);
// What the parts of an open write of a record (TLS forms).
Bytes opened_parts(const Sa &sa, const Bytes &record, const Bytes &nonce);

} // namespace oracle
