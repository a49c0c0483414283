/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transaction layer packets as the card's stream carries them: double words, numbers, the byte first on the wire in bits 31:24
 * (PCI Express base specification, chapter 2). Memory requests and completions alone.
 */
#ifndef SIM_TLP_H
#define SIM_TLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLP_MAX_PAYLOAD 4096u
#define TLP_MAX_DW      (4u + TLP_MAX_PAYLOAD / 4u)

struct tlp {
    unsigned ndw;            /* header and payload */
    uint32_t dw[TLP_MAX_DW]; /* in wire order */
};

enum tlp_kind { TLP_READ, TLP_WRITE, TLP_COMPLETION, TLP_OTHER };
enum tlp_status { TLP_SUCCESS = 0, TLP_UNSUPPORTED = 1, TLP_ABORT = 4 };

struct tlp_head {
    enum tlp_kind kind;
    bool four_dw;
    bool has_data;
    bool poisoned;
    bool digest;
    uint8_t traffic_class;
    uint8_t attributes;
    unsigned length; /* DW, 1 to 1024 */
    uint16_t requester;
    uint8_t tag;
    /* requests */
    uint8_t first_be, last_be;
    uint64_t address; /* of the first DW */
    /* completions */
    uint16_t completer;
    uint8_t status;
    unsigned byte_count; /* still to come, this one included; 1 to 4096 */
    uint8_t lower_address;
};

/* Reads a header. NULL, or what is wrong with a packet that cannot be taken apart. */
const char *tlp_decode(const struct tlp *t, struct tlp_head *h);
/* Total double words that the header in `dw` announces; `dw` holds at least one. */
unsigned tlp_expected_dw(const uint32_t *dw);

/* NULL, or the rule of the specification that a memory request breaks. `limit`: MPS or MRRS in bytes. */
const char *tlp_check_request(const struct tlp_head *h, unsigned limit);
/* Bytes from the first enabled one to the last; 1 for a request with no byte enabled (section 2.3.1.1). */
unsigned tlp_request_bytes(const struct tlp_head *h);
/* Offset of the first enabled byte in the first DW; 0 when none is. */
unsigned tlp_first_byte(const struct tlp_head *h);
/* Is byte `i` of the payload enabled? */
bool tlp_byte_enabled(const struct tlp_head *h, unsigned i);

const uint32_t *tlp_payload(const struct tlp *t, const struct tlp_head *h);
void tlp_get_bytes(const uint32_t *dw, uint8_t *bytes, unsigned count);
/* `count` bytes, put at byte `shift` (0 to 3) of dw[0]; the DWs touched were zeroed by the caller or are overwritten whole. */
void tlp_put_bytes(uint32_t *dw, unsigned shift, const uint8_t *bytes, unsigned count);

/* Requests of up to 8 bytes that do not cross an 8-byte boundary, as a CPU makes them. */
void tlp_make_read(struct tlp *t, uint16_t requester, uint8_t tag, uint32_t address, unsigned count);
void tlp_make_write(struct tlp *t, uint16_t requester, uint32_t address, const uint8_t *bytes, unsigned count);
/*
 * A completion of `bytes` data bytes at byte `address` (low 7 bits shown), with `byte_count` bytes still to come. Status other
 * than TLP_SUCCESS: no data, `data` unused. `data` begins at the DW of `address`.
 */
struct tlp_completion {
    uint16_t completer, requester;
    uint8_t tag;
    enum tlp_status status;
    unsigned byte_count;
    uint64_t address;
    unsigned bytes;
    const uint8_t *data;
    bool poisoned;
};
void tlp_make_completion(struct tlp *t, const struct tlp_completion *c);

#endif
