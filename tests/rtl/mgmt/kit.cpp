// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <openssl/sha.h>

void put64(Bytes &to, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        to.push_back((uint8_t)(value >> (8 * i)));
    }
}

// Inner or outer HMAC-SHA-256 state as SA words have it.
void put_state(Bytes &to, const uint8_t *key, uint8_t pad)
{
    uint8_t block[64];
    SHA256_CTX ctx;
    for (unsigned i = 0; i < 64; i++) {
        block[i] = (uint8_t)((i < 32 ? key[i] : 0) ^ pad);
    }
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, block, 64);
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned b = 0; b < 4; b++) {
            to.push_back((uint8_t)(ctx.h[i] >> (8 * b)));
        }
    }
}

Bytes sa_words(const Sa &sa, bool states)
{
    const sluice_sa_params &p = sa.params;
    Bytes out = {p.cipher, p.mac, p.form, p.direction, p.mac_len, p.nonce_mode, 0, p.tls_minor};
    out.insert(out.end(), p.cid, p.cid + 8);
    out.resize(32);
    out.insert(out.end(), p.cipher_key, p.cipher_key + 32);
    if (states) {
        put_state(out, p.mac_key, 0x36);
        put_state(out, p.mac_key, 0x5c);
    }
    out.resize(128);
    return out;
}

uint32_t meta(const Sa &sa, uint8_t gen)
{
    const sluice_sa_params &p = sa.params;
    return p.replay | (uint32_t)p.nonce_mode << 1 | (uint32_t)p.mac_len << 2 | (uint32_t)p.form << 8 | (uint32_t)p.mac << 11 |
           (uint32_t)p.cipher << 13 | (uint32_t)p.direction << 16 | (uint32_t)gen << 17;
}

Traffic::Traffic(Card &card, Io &io, const Sa &sa)
    : host_(card.host), ring_(io.ring), sa_(sa), src_(card.host.alloc(1400)), dst_(card.host.alloc(2048))
{
}

void Traffic::take()
{
    sluice_cqe cqe;
    while (ring_.pop(cqe)) {
        bad += cqe.status != SLUICE_STATUS_OK;
        came++;
        ring_.give();
    }
}

void Traffic::step()
{
    while (sent - came < 8) {
        ring_.push(seal_entry(sa_, src_, 1400, dst_, 2048, sent++));
        ring_.bell();
    }
    take();
}

bool Traffic::end()
{
    bool all = host_.until(
        [&] {
            take();
            return came == sent;
        },
        60000);
    return all && !bad;
}

void write64(Bus &bus, uint32_t lo, uint64_t value)
{
    bus.store(lo, (uint32_t)value);
    bus.store(lo + 4, (uint32_t)(value >> 32));
}

uint64_t read64(Bus &bus, uint32_t lo)
{
    uint64_t low = bus.load(lo);
    return low | (uint64_t)bus.load(lo + 4) << 32;
}

void dma(Bus &bus, uint64_t address, uint32_t offset, uint32_t length)
{
    write64(bus, MGMT_DMA_ADDR_LO, address);
    bus.store(MGMT_DMA_PLACE, offset | length << 16);
}

// Installs by devices alone, the key by a key job.
bool install(Card &card, Sa &sa, uint16_t slot)
{
    Bus &bus = card.bus;
    uint64_t at = card.host.alloc(128);
    card.host.put(at, sa.params.mac_key, 32);
    Bytes words = sa_words(sa, false);
    bus.put(0xc00, words.data(), 128);
    bus.store(MGMT_SA_SLOT, slot);
    sa.slot = slot;
    bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_GET);
    sa.gen = (uint8_t)((bus.load(MGMT_SA_META) >> MGMT_SA_META_GEN_SHIFT) + 1);
    bus.store(MGMT_SA_OFFSET, 0xc00);
    bool good = bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_WORDS_IN) == 0;
    bus.store(MGMT_SA_META, meta(sa, sa.gen));
    write64(bus, MGMT_SA_NEXT_LO, sa.params.counter);
    write64(bus, MGMT_SA_LIMIT_LO, sa.params.limit);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_SET) == 0;
    dma(bus, at, 0, 16);
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_KEYS) == 0;
    good = good && bus.command(MGMT_SA_COMMAND, MGMT_SA_COMMAND_VALID) == 0;
    return good && bus.load(MGMT_SA_STATE) == 1;
}

bool seals(Card &card, Io &io, Sa &sa, unsigned length, uint8_t status)
{
    Host &host = card.host;
    Bytes content(length);
    for (auto &b : content) {
        b = (uint8_t)host.rng();
    }
    uint64_t src = host.alloc(length), dst = host.alloc(length + 512);
    host.put(src, content.data(), length);
    io.ring.push(seal_entry(sa, src, length, dst, length + 512, 1));
    io.ring.bell();
    sluice_cqe cqe;
    io.ring.wait(cqe);
    io.ring.give();
    if (status != SLUICE_STATUS_OK || cqe.status != SLUICE_STATUS_OK) {
        return cqe.status == status;
    }
    uint8_t none[16] = {};
    Bytes record = reference_seal(sa, content, seal_entry(sa, 0, 0, 0, 0, 0).content_type, 0, sa.counter, none);
    sa.counter++;
    return host.get(dst, record.size()) == record;
}

void give_key_job(Bus &bus)
{
    bus.store(MGMT_LANE_LANES, (1u << LANES) - 1);
    bus.store(MGMT_LANE_SOURCE, 0x400);
    bus.store(MGMT_LANE_COUNT, 32);
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_WRITE);
    bus.store(MGMT_LANE_JOB, 2);
    bus.store(MGMT_LANE_LENGTHS, 32);
    bus.store(MGMT_LANE_BLOCKS, 0x300);
    bus.store(MGMT_LANE_KEYS, 0x7c0);
    bus.command(MGMT_LANE_COMMAND, MGMT_LANE_COMMAND_START);
}
