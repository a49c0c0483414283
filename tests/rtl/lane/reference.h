// SPDX-License-Identifier: Apache-2.0
//
// What a lane must answer, by rtl/README.md ("Rules of an operation", checks 7 to 11) and OpenSSL.
#ifndef TESTS_RTL_LANE_REFERENCE_H
#define TESTS_RTL_LANE_REFERENCE_H

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "sluice_defs.h"

using Bytes = std::vector<uint8_t>;
using Rng = std::mt19937_64;

struct Sa {
    sluice_cipher cipher;
    sluice_mac mac;
    sluice_form form;
    bool explicit_nonce;
    unsigned mac_len;
    Bytes cid, cipher_key, mac_key;

    bool aes() const;
    bool etm() const;
    unsigned nonce_len() const;
    unsigned record_len(unsigned content, unsigned pad) const;
    /* The largest content that a record of this length can hold, or -1 when it cannot be a record (check 4). */
    int content_max(unsigned record) const;
    /* SA words, as sluice_pkg.sv has them. */
    std::array<std::array<uint8_t, 16>, 8> words() const;
};

struct Answer {
    uint8_t status;
    Bytes bytes; // record or content
    unsigned out_len;
    uint64_t counter;
};

Bytes random_bytes(Rng &rng, size_t count);
Sa random_sa(Rng &rng);
Sa make_sa(Rng &rng, sluice_cipher cipher, sluice_mac mac, sluice_form form, unsigned mac_len, bool explicit_nonce);

/* Inner state and outer state of an HMAC key: four SA words. */
std::array<std::array<uint8_t, 16>, 4> hmac_states(sluice_mac mac, const Bytes &key);
Answer seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const Bytes &nonce);
Answer open(const Sa &sa, const Bytes &record);

/* A record with whatever padding is given behind the content (the last byte of it is padding_length), MAC right. */
Bytes seal_with_padding(const Sa &sa, const Bytes &content, const Bytes &padding, uint64_t counter);

#endif
