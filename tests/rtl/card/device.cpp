// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include <cstdio>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/hmac.h>

// ---------------------------------------------------------------- rings

Ring::Ring(Host &host, unsigned q, unsigned depth_log2) : queue(q), host_(host), depth_(1u << depth_log2)
{
    sq = host.alloc(depth_ * 64u);
    cq = host.alloc(depth_ * 32u);
    Bytes none(depth_ * 32u, 0);
    host.put(cq, none.data(), none.size());
}

void Ring::push(const sluice_sqe &sqe)
{
    host_.put(sq + 64u * tail, &sqe, sizeof sqe);
    tail = (tail + 1) % depth_;
}

void Ring::bell()
{
    host_.write32(SLUICE_REG_SQ_DOORBELL(queue), tail);
}

bool Ring::pop(sluice_cqe &cqe)
{
    host_.get(cq + 32u * head, &cqe, sizeof cqe);
    if ((cqe.phase & 1) != phase_) {
        return false;
    }
    head = (head + 1) % depth_;
    if (head == 0) {
        phase_ ^= 1;
    }
    return true;
}

void Ring::give(bool arm)
{
    host_.write32(SLUICE_REG_CQ_DOORBELL(queue), head | (arm ? 1u << 31 : 0));
}

bool Ring::wait(sluice_cqe &cqe, unsigned limit)
{
    cqe = {};
    if (!host_.until([&] { return pop(cqe); }, limit)) {
        printf("# no completion in queue %u, clock %llu\n", queue, (unsigned long long)host_.clocks);
        cqe.status = 0xee;
        return false;
    }
    return true;
}

// ---------------------------------------------------------------- device

Device::Device(Host &h) : host(h)
{
}

bool Device::start()
{
    for (unsigned i = 0; !(host.read32(SLUICE_REG_STATUS) & 1); i++) {
        if (i > 2000) {
            printf("# not ready: STATUS %x, FW_STATE %u, HEALTH %x\n", host.read32(SLUICE_REG_STATUS),
                   host.read32(SLUICE_REG_FW_STATE), host.read32(SLUICE_REG_HEALTH));
            return false;
        }
    }
    host.write32(SLUICE_REG_AQ_CTRL, 0);
    aq = std::make_unique<Ring>(host, 0, 3);
    host.write32(SLUICE_REG_AQ_SQ_LO, (uint32_t)aq->sq);
    host.write32(SLUICE_REG_AQ_SQ_HI, (uint32_t)(aq->sq >> 32));
    host.write32(SLUICE_REG_AQ_CQ_LO, (uint32_t)aq->cq);
    host.write32(SLUICE_REG_AQ_CQ_HI, (uint32_t)(aq->cq >> 32));
    host.write32(SLUICE_REG_AQ_CTRL, 3 | 1u << 31);
    return true;
}

sluice_cqe Device::admin(sluice_sqe sqe)
{
    sluice_cqe cqe;
    sqe.cookie = host.rng();
    aq->push(sqe);
    aq->bell();
    aq->wait(cqe);
    aq->give();
    if (cqe.cookie != sqe.cookie) {
        printf("# admin completion with another cookie\n");
        cqe.status = 0xed;
    }
    return cqe;
}

sluice_cqe Device::create(Sa &sa, uint16_t slot)
{
    sluice_sqe sqe = {};
    uint64_t block = host.alloc(128);
    host.put(block, &sa.params, sizeof sa.params);
    sqe.op = SLUICE_OP_SA_CREATE;
    sqe.sa = slot;
    sqe.src = block;
    sqe.src_len[0] = 128;
    sluice_cqe cqe = admin(sqe);
    sa.slot = slot;
    sa.gen = (uint8_t)cqe.length;
    sa.counter = sa.params.counter;
    return cqe;
}

sluice_cqe Device::destroy(const Sa &sa)
{
    sluice_sqe sqe = {};
    sqe.op = SLUICE_OP_SA_DESTROY;
    sqe.sa = sa.slot;
    sqe.sa_gen = sa.gen;
    return admin(sqe);
}

std::unique_ptr<Ring> Device::queue(unsigned number, unsigned depth_log2)
{
    auto ring = std::make_unique<Ring>(host, number, depth_log2);
    sluice_sqe sqe = {};
    sqe.op = SLUICE_OP_QUEUE_CREATE;
    sqe.sa = (uint16_t)number;
    sqe.pad = (uint8_t)depth_log2;
    sqe.src = ring->sq;
    sqe.dst = ring->cq;
    sluice_cqe cqe = admin(sqe);
    return cqe.status == SLUICE_STATUS_OK ? std::move(ring) : nullptr;
}

sluice_cqe Device::stop(unsigned number)
{
    sluice_sqe sqe = {};
    sqe.op = SLUICE_OP_QUEUE_DESTROY;
    sqe.sa = (uint16_t)number;
    return admin(sqe);
}

void Device::snapshot()
{
    host.write32(SLUICE_REG_SNAPSHOT, 1);
}

uint64_t Device::counter(uint32_t offset)
{
    return host.read64(offset);
}

// ---------------------------------------------------------------- records

static unsigned key_bytes(unsigned cipher)
{
    static const unsigned bytes[] = {0, 8, 24, 16, 24, 32};
    return bytes[cipher];
}

static unsigned mac_bytes(unsigned mac)
{
    static const unsigned bytes[] = {0, 16, 20, 32};
    return bytes[mac];
}

static bool null_cipher(const Sa &sa)
{
    return sa.params.cipher == SLUICE_CIPHER_NULL;
}

bool is_tls(const Sa &sa)
{
    return sa.params.form >= SLUICE_FORM_TLS_MTE;
}

static bool is_etm(const Sa &sa)
{
    return sa.params.form == SLUICE_FORM_UDP_ETM || sa.params.form == SLUICE_FORM_TLS_ETM;
}

Sa make_sa(Host &host, unsigned cipher, unsigned mac, unsigned form, unsigned direction, unsigned mac_len)
{
    Sa sa;
    sa.params.cipher = (uint8_t)cipher;
    sa.params.mac = (uint8_t)mac;
    sa.params.form = (uint8_t)form;
    sa.params.direction = (uint8_t)direction;
    sa.params.mac_len = (uint8_t)(mac_len ? mac_len : mac_bytes(mac));
    if (is_tls(sa)) {
        sa.params.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
        sa.params.tls_minor = (uint8_t)(form == SLUICE_FORM_TLS10 ? 0 : 2 + host.below(2));
    } else {
        sa.params.counter = (host.rng() & 0xffff00000000ffffull);
        sa.params.limit = direction == SLUICE_DIRECTION_SEAL ? sa.params.counter + 100000 : 0;
    }
    for (unsigned i = 0; i < 8; i++) {
        sa.params.cid[i] = (uint8_t)(is_tls(sa) ? 0 : host.rng());
    }
    for (unsigned i = 0; i < key_bytes(cipher); i++) {
        sa.params.cipher_key[i] = (uint8_t)host.rng();
    }
    for (unsigned i = 0; i < mac_bytes(mac); i++) {
        sa.params.mac_key[i] = (uint8_t)host.rng();
    }
    sa.counter = sa.params.counter;
    return sa;
}

unsigned block_of(const Sa &sa)
{
    return null_cipher(sa) ? 1 : sa.params.cipher >= SLUICE_CIPHER_AES128 ? 16 : 8;
}

unsigned nonce_size(const Sa &sa)
{
    return block_of(sa) == 16 ? 16 : is_tls(sa) && null_cipher(sa) ? 0 : 8;
}

unsigned head_size(const Sa &sa)
{
    return !is_tls(sa) ? 13 : sa.params.form == SLUICE_FORM_TLS10 ? 5 : 5 + nonce_size(sa);
}

unsigned tail_size(const Sa &sa)
{
    return is_tls(sa) ? 0 : nonce_size(sa);
}

unsigned content_most(const Sa &sa, unsigned record)
{
    unsigned most = record - head_size(sa) - tail_size(sa) - sa.params.mac_len - !null_cipher(sa);
    return most < 16384 ? most : 16384;
}

static const EVP_CIPHER *evp(const Sa &sa, bool cbc)
{
    switch (sa.params.cipher) {
    case SLUICE_CIPHER_DES:
    case SLUICE_CIPHER_DES3:
        return cbc ? EVP_des_ede3_cbc() : EVP_des_ede3_ecb();
    case SLUICE_CIPHER_AES128:
        return cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
    case SLUICE_CIPHER_AES192:
        return cbc ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
    default:
        return cbc ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
    }
}

static Bytes encrypt(const Sa &sa, bool cbc, const uint8_t *iv, const Bytes &in)
{
    Bytes out(in.size() + 16), key(sa.params.cipher_key, sa.params.cipher_key + 32);
    int n = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (sa.params.cipher == SLUICE_CIPHER_DES) { // three times the same key: DES itself is in OpenSSL's legacy provider
        for (unsigned i = 8; i < 24; i++) {
            key[i] = key[i - 8];
        }
    }
    EVP_EncryptInit_ex(ctx, evp(sa, cbc), nullptr, key.data(), iv);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    EVP_EncryptUpdate(ctx, out.data(), &n, in.data(), (int)in.size());
    EVP_CIPHER_CTX_free(ctx);
    out.resize(in.size());
    return out;
}

static void append(Bytes &to, const Bytes &more)
{
    to.insert(to.end(), more.begin(), more.end());
}

static Bytes big(uint64_t value, unsigned bytes)
{
    Bytes out;
    while (bytes--) {
        out.push_back((uint8_t)(value >> (8 * bytes)));
    }
    return out;
}

static Bytes hmac(const Sa &sa, const Bytes &in)
{
    static const EVP_MD *(*const digest[])() = {EVP_md5, EVP_md5, EVP_sha1, EVP_sha256};
    Bytes out(64);
    unsigned n = 0;
    if (sa.params.mac == SLUICE_MAC_NONE) {
        return Bytes();
    }
    HMAC(digest[sa.params.mac](), sa.params.mac_key, (int)mac_bytes(sa.params.mac), in.data(), in.size(), out.data(), &n);
    out.resize(sa.params.mac_len);
    return out;
}

// Type, version, length.
static Bytes header(const Sa &sa, uint8_t type, size_t length)
{
    uint8_t minor = !is_tls(sa) ? 3 : sa.params.form == SLUICE_FORM_TLS10 ? 1 : sa.params.tls_minor;
    Bytes out = {(uint8_t)(is_tls(sa) ? type & 0x7f : type | 0x80), 3, minor};
    append(out, big(length, 2));
    return out;
}

// The MAC over data, which is length bytes as the header of its message has it; first: nonce or sequence number.
static Bytes mac_of(const Sa &sa, const Bytes &first, uint8_t type, size_t length, const Bytes &data)
{
    Bytes in = first;
    append(in, header(sa, type, length));
    if (!is_tls(sa)) {
        in.insert(in.end(), sa.params.cid, sa.params.cid + 8);
    }
    append(in, data);
    return hmac(sa, in);
}

static Bytes nonce_of(const Sa &sa, uint64_t counter, const uint8_t *given)
{
    if (sa.params.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT) {
        return Bytes(given, given + nonce_size(sa));
    }
    if (null_cipher(sa)) {
        return big(counter, 8);
    }
    Bytes block(block_of(sa) - 8, 0);
    append(block, big(counter, 8));
    return encrypt(sa, false, nullptr, block);
}

Bytes reference_body(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const uint8_t nonce[16],
                     uint64_t seq)
{
    Bytes body = content, first = is_tls(sa) ? big(seq, 8) : nonce_of(sa, counter, nonce);
    if (!is_etm(sa)) {
        append(body, mac_of(sa, first, type, content.size(), content));
    }
    if (!null_cipher(sa)) {
        unsigned b = block_of(sa);
        size_t padding = b - 1 - body.size() % b + b * pad;
        body.insert(body.end(), padding + 1, (uint8_t)padding);
    }
    return body;
}

Bytes reference_seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const uint8_t nonce_in[16],
                     uint64_t seq)
{
    Bytes nonce = nonce_of(sa, counter, nonce_in), first = is_tls(sa) ? big(seq, 8) : nonce;
    Bytes body = reference_body(sa, content, type, pad, counter, nonce_in, seq), iv;
    if (!null_cipher(sa)) {
        body = encrypt(sa, true, nonce.data(), body);
    }
    if (is_tls(sa) && sa.params.form != SLUICE_FORM_TLS10) {
        iv = nonce;
    }
    size_t length = head_size(sa) - 5 + body.size() + (is_etm(sa) ? sa.params.mac_len : 0) + tail_size(sa);
    if (is_etm(sa)) {
        Bytes covered = iv;
        append(covered, body);
        append(body, mac_of(sa, first, type, is_tls(sa) ? covered.size() : length, covered));
    }
    Bytes record = header(sa, type, length);
    if (!is_tls(sa)) {
        record.insert(record.end(), sa.params.cid, sa.params.cid + 8);
    }
    append(record, iv);
    append(record, body);
    if (!is_tls(sa)) {
        append(record, nonce);
    }
    return record;
}

static sluice_sqe entry(const Sa &sa, uint64_t src, unsigned src_len, uint64_t dst, unsigned dst_len, uint64_t cookie)
{
    sluice_sqe sqe = {};
    sqe.sa = sa.slot;
    sqe.sa_gen = sa.gen;
    sqe.cookie = cookie;
    sqe.src = src;
    sqe.dst = dst;
    for (unsigned i = 0; i < 3; i++) {
        sqe.src_len[i] = (uint8_t)(src_len >> 8 * i);
        sqe.dst_len[i] = (uint8_t)(dst_len >> 8 * i);
    }
    return sqe;
}

sluice_sqe seal_entry(const Sa &sa, uint64_t src, unsigned src_len, uint64_t dst, unsigned dst_len, uint64_t cookie)
{
    sluice_sqe sqe = entry(sa, src, src_len, dst, dst_len, cookie);
    sqe.op = SLUICE_OP_SEAL;
    sqe.content_type = 0x97;
    return sqe;
}

sluice_sqe open_entry(const Sa &sa, uint64_t src, unsigned src_len, uint64_t dst, unsigned dst_len, uint64_t cookie)
{
    sluice_sqe sqe = entry(sa, src, src_len, dst, dst_len, cookie);
    sqe.op = SLUICE_OP_OPEN;
    return sqe;
}

// ---------------------------------------------------------------- TAP

static unsigned tests;
unsigned failures;

bool ok(bool good, const std::string &what)
{
    printf("%sok %u - %s\n", good ? "" : "not ", ++tests, what.c_str());
    fflush(stdout);
    failures += !good;
    return good;
}

void plan_end()
{
    printf("1..%u\n", tests);
}
