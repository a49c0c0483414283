// SPDX-License-Identifier: Apache-2.0
#include "oracle.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "sluice_defs.h"

// It has an Sa of its own, and nobody else here needs it.
namespace lane
{
#include "../lane/reference.cpp"
}

namespace oracle
{

static const unsigned key_size[] = {0, 8, 24, 16, 24, 32}, mac_size[] = {0, 16, 20, 32};

static lane::Sa of(const Sa &sa)
{
    const sluice_sa_params &p = sa.params;
    lane::Sa out;
    out.cipher = (sluice_cipher)p.cipher;
    out.mac = (sluice_mac)p.mac;
    out.form = (sluice_form)p.form;
    out.explicit_nonce = p.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT;
    out.mac_len = p.mac_len;
    out.minor = p.form == SLUICE_FORM_TLS10 ? 1 : tls(sa) ? p.tls_minor : 3;
    out.cid.assign(p.cid, p.cid + 8);
    out.cipher_key.assign(p.cipher_key, p.cipher_key + key_size[p.cipher]);
    out.mac_key.assign(p.mac_key, p.mac_key + mac_size[p.mac]);
    return out;
}

static Answer told(const lane::Answer &a)
{
    return {a.status, a.bytes, a.out_len, a.length, a.counter};
}

bool tls(const Sa &sa)
{
    return sa.params.form >= SLUICE_FORM_TLS_MTE;
}

bool etm(const Sa &sa)
{
    return sa.params.form == SLUICE_FORM_UDP_ETM || sa.params.form == SLUICE_FORM_TLS_ETM;
}

unsigned block(const Sa &sa)
{
    return of(sa).block();
}

Sa random_sa(Host &host, uint32_t features)
{
    auto has = [&](unsigned bit) { return features >> bit & 1; };
    Sa sa;
    sluice_sa_params &p = sa.params;
    // DES and 3DES are slow, so they come less often.
    do {
        p.cipher = (uint8_t)(host.below(3) ? SLUICE_CIPHER_AES128 + host.below(3) : host.below(3));
    } while ((p.cipher == SLUICE_CIPHER_DES || p.cipher == SLUICE_CIPHER_DES3) && !has(2));
    do {
        p.mac = (uint8_t)host.below(4);
    } while (p.mac == SLUICE_MAC_MD5 && !has(5));
    p.form = (uint8_t)host.below(has(7) ? 5 : 2);
    p.mac_len = (uint8_t)mac_size[p.mac];
    p.nonce_mode = (uint8_t)(tls(sa) || host.below(4) == 0);
    p.tls_minor = (uint8_t)(tls(sa) && p.form != SLUICE_FORM_TLS10 ? 2 + host.below(2) : 0);
    for (unsigned i = 0; i < 32; i++) {
        p.cipher_key[i] = (uint8_t)(i < key_size[p.cipher] ? host.rng() : 0);
        p.mac_key[i] = (uint8_t)(i < mac_size[p.mac] ? host.rng() : 0);
    }
    if (!tls(sa)) {
        p.counter = (host.rng() & 0xffff00000fffffffull) | 1;
        p.limit = (p.counter | 0xffffffffffffull) + 1;
        p.cid[0] = (uint8_t)host.rng();
        p.cid[7] = (uint8_t)host.rng();
    }
    return sa;
}

Answer seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const Bytes &nonce)
{
    return told(lane::seal(of(sa), content, type, pad, counter, nonce));
}

Answer open(const Sa &sa, const Bytes &record, uint64_t counter, const Bytes &nonce)
{
    return told(lane::open(of(sa), record, counter, nonce));
}

Answer verify(const Sa &sa, uint8_t type, uint64_t counter, const Bytes &body)
{
    return told(lane::verify(of(sa), type, counter, body));
}

Bytes opened_parts(const Sa &sa, const Bytes &record, const Bytes &nonce)
{
    Bytes cut(record.begin(), record.end() - (etm(sa) ? sa.params.mac_len : 0));
    return lane::decrypted_body(of(sa), cut, nonce);
}

} // namespace oracle
