// SPDX-License-Identifier: Apache-2.0
//
// The card as a driver sees it: admin queue pair, I/O queue pairs, SAs; and what OpenSSL makes of the same records.
#pragma once

#include "host.h"
#include "sluice_regs.h"

struct Sa {
    sluice_sa_params params = {};
    uint16_t slot = 0;
    uint8_t gen = 0;
    uint64_t counter = 0; // the next one of a seal, as the card must have it
};

class Ring
{
  public:
    Ring(Host &host, unsigned queue, unsigned depth_log2);
    void push(const sluice_sqe &sqe); // not yet told to the card
    void bell();
    bool pop(sluice_cqe &cqe); // takes one; the card is told by give()
    void give(bool arm = false);
    bool wait(sluice_cqe &cqe, unsigned limit = 60000);
    unsigned depth() const
    {
        return depth_;
    }
    uint64_t sq, cq;
    unsigned queue, tail = 0, head = 0;

  private:
    Host &host_;
    unsigned depth_;
    uint8_t phase_ = 1;
};

class Device
{
  public:
    explicit Device(Host &host);
    bool start(); // waits for ready, admin queue pair
    sluice_cqe admin(sluice_sqe sqe);
    sluice_cqe create(Sa &sa, uint16_t slot);
    sluice_cqe destroy(const Sa &sa);
    std::unique_ptr<Ring> queue(unsigned number, unsigned depth_log2);
    sluice_cqe stop(unsigned number);
    uint64_t counter(uint32_t offset); // of the last snapshot
    void snapshot();
    Host &host;
    std::unique_ptr<Ring> aq;
};

Sa make_sa(Host &host, unsigned cipher, unsigned mac, unsigned form, unsigned direction, unsigned mac_len = 0);
// The record that sealing gives, by OpenSSL's EVP; the nonce as the mode says, seq in the TLS forms.
Bytes reference_seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const uint8_t nonce[16],
                     uint64_t seq = 0);
// What is encrypted in it.
Bytes reference_body(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const uint8_t nonce[16],
                     uint64_t seq);
bool is_tls(const Sa &sa);
unsigned block_of(const Sa &sa);
unsigned nonce_size(const Sa &sa); // or of the IV
unsigned head_size(const Sa &sa);  // before the body
unsigned tail_size(const Sa &sa);  // after body and MAC
unsigned content_most(const Sa &sa, unsigned record);

sluice_sqe seal_entry(const Sa &sa, uint64_t src, unsigned src_len, uint64_t dst, unsigned dst_len, uint64_t cookie);
sluice_sqe open_entry(const Sa &sa, uint64_t src, unsigned src_len, uint64_t dst, unsigned dst_len, uint64_t cookie);

// TAP
void plan_end();
bool ok(bool good, const std::string &what);
extern unsigned failures;
