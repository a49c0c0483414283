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
    bool explicit_nonce; // always in the TLS forms
    unsigned mac_len;
    uint8_t minor; // second byte of version
    Bytes cid, cipher_key, mac_key;

    unsigned block() const; // 1: NULL
    bool aes() const;
    bool etm() const;
    bool tls() const;
    unsigned header_len() const;
    /* Nonce or IV on the wire. */
    unsigned nonce_len() const;
    /* Of the record in the ring (sluice_pkg.sv): byte of the first word where it begins, word where its body begins. */
    unsigned first_byte() const;
    unsigned body_word() const;
    unsigned record_len(unsigned content, unsigned pad) const;
    /* The largest content that a record of this length can hold, or -1 when it cannot be a record (check 4). */
    int content_max(unsigned record) const;
    /* The same for a decrypted body of E bytes. */
    int inside_max(unsigned encrypted) const;
    /* SA words, as sluice_pkg.sv has them. */
    std::array<std::array<uint8_t, 16>, 8> words() const;
};

struct Answer {
    uint8_t status;
    Bytes bytes; // record or content
    unsigned out_len, length;
    Bytes counter; // 16 bytes, as the result has them
};

Bytes random_bytes(Rng &rng, size_t count);
Bytes counter_bytes(uint64_t counter);
/* Any SA; DES, 3DES and MD5 only with `legacy`. */
Sa random_sa(Rng &rng, bool legacy);
Sa make_sa(Rng &rng, sluice_cipher cipher, sluice_mac mac, sluice_form form, unsigned mac_len, bool explicit_nonce);
unsigned digest_len(sluice_mac mac);

/* Inner state and outer state of an HMAC key: four SA words. */
std::array<std::array<uint8_t, 16>, 4> hmac_states(sluice_mac mac, const Bytes &key);

/* In the TLS forms, counter is the sequence number and nonce the IV (of an open in tls10 alone). */
Answer seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const Bytes &nonce);
Answer open(const Sa &sa, const Bytes &record, uint64_t counter, const Bytes &nonce);
Answer verify(const Sa &sa, uint8_t type, uint64_t counter, const Bytes &body);
/* What the parts of an open would have written of a record: its body, decrypted. */
Bytes decrypted_body(const Sa &sa, const Bytes &record, const Bytes &nonce);

/* A record with whatever padding is given behind the content (the last byte of it is padding_length), MAC right. */
Bytes seal_with_padding(const Sa &sa, const Bytes &content, const Bytes &padding, uint64_t counter, const Bytes &nonce);

#endif
