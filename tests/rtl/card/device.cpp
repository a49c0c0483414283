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
    return cipher == SLUICE_CIPHER_AES128 ? 16 : cipher == SLUICE_CIPHER_AES192 ? 24 : cipher == SLUICE_CIPHER_AES256 ? 32 : 0;
}

static unsigned mac_bytes(unsigned mac)
{
    return mac == SLUICE_MAC_SHA256 ? 32 : mac == SLUICE_MAC_SHA1 ? 20 : 0;
}

Sa make_sa(Host &host, unsigned cipher, unsigned mac, unsigned form, unsigned direction, unsigned mac_len)
{
    Sa sa;
    sa.params.cipher = (uint8_t)cipher;
    sa.params.mac = (uint8_t)mac;
    sa.params.form = (uint8_t)form;
    sa.params.direction = (uint8_t)direction;
    sa.params.mac_len = (uint8_t)(mac_len ? mac_len : mac_bytes(mac));
    sa.params.counter = (host.rng() & 0xffff00000000ffffull);
    sa.params.limit = direction == SLUICE_DIRECTION_SEAL ? sa.params.counter + 100000 : 0;
    for (unsigned i = 0; i < 8; i++) {
        sa.params.cid[i] = (uint8_t)host.rng();
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

unsigned nonce_size(const Sa &sa)
{
    return sa.params.cipher == SLUICE_CIPHER_NULL ? 8 : 16;
}

unsigned content_most(const Sa &sa, unsigned record)
{
    unsigned most = record - 13 - nonce_size(sa) - sa.params.mac_len - (sa.params.cipher == SLUICE_CIPHER_NULL ? 0 : 1);
    return most < 16384 ? most : 16384;
}

static const EVP_CIPHER *evp(const Sa &sa, bool cbc)
{
    switch (sa.params.cipher) {
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
    Bytes out(in.size() + 16);
    int n = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(ctx, evp(sa, cbc), nullptr, sa.params.cipher_key, iv);
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

static Bytes mac_of(const Sa &sa, const Bytes &nonce, uint8_t type, size_t length, const Bytes &data)
{
    Bytes in = nonce, out(64);
    unsigned n = 0;
    in.push_back(type);
    in.push_back(3);
    in.push_back(3);
    append(in, big(length, 2));
    in.insert(in.end(), sa.params.cid, sa.params.cid + 8);
    append(in, data);
    if (sa.params.mac == SLUICE_MAC_NONE) {
        return Bytes();
    }
    HMAC(sa.params.mac == SLUICE_MAC_SHA256 ? EVP_sha256() : EVP_sha1(), sa.params.mac_key, (int)mac_bytes(sa.params.mac),
         in.data(), in.size(), out.data(), &n);
    out.resize(sa.params.mac_len);
    return out;
}

Bytes reference_seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const uint8_t nonce_in[16])
{
    bool null = sa.params.cipher == SLUICE_CIPHER_NULL, etm = sa.params.form == SLUICE_FORM_UDP_ETM;
    Bytes nonce, body = content;

    type |= 0x80;
    if (sa.params.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT) {
        nonce.assign(nonce_in, nonce_in + nonce_size(sa));
    } else {
        nonce = null ? big(counter, 8) : encrypt(sa, false, nullptr, [&] {
            Bytes block(8, 0);
            append(block, big(counter, 8));
            return block;
        }());
    }
    if (!etm) {
        append(body, mac_of(sa, nonce, type, content.size(), content));
    }
    if (!null) {
        size_t padding = 15 - body.size() % 16 + 16 * pad;
        body.insert(body.end(), padding + 1, (uint8_t)padding);
        body = encrypt(sa, true, nonce.data(), body);
    }
    size_t length = 8 + body.size() + (etm ? sa.params.mac_len : 0) + nonce.size();
    if (etm) {
        append(body, mac_of(sa, nonce, type, length, body));
    }
    Bytes record = {type, 3, 3};
    append(record, big(length, 2));
    record.insert(record.end(), sa.params.cid, sa.params.cid + 8);
    append(record, body);
    append(record, nonce);
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
