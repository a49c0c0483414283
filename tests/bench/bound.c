/* SPDX-License-Identifier: Apache-2.0 */
#include "bound.h"

#define LINK_BYTES       16.0 /* a clock, each way */
#define FRAMING          8u   /* a TLP: sequence number, LCRC, start and end */
#define REQUEST_HEADER   16u  /* four double words: the DMA memory of libsluice lies above 4 GiB */
#define COMPLETION_TLP   (12u + FRAMING)
#define REQUEST_TLP      (REQUEST_HEADER + FRAMING)
#define MPS              128u
#define MRRS             512u
#define PAGE             4096u /* no request goes across */
#define SUBMISSION       64u
#define SUBMISSIONS_READ 8.0 /* that one read brings, in SUBMISSION_TLPS completions */
#define SUBMISSION_TLPS  4.0
#define COMPLETION_ENTRY 32u
#define ENTRIES_WRITTEN  4.0 /* by one TLP: MPS / COMPLETION_ENTRY */

/* Pieces of [address, address + length) between multiples of `size`. */
static unsigned cut(uint64_t address, uint32_t length, unsigned size)
{
    return length == 0 ? 0 : (unsigned)((address + length - 1) / size - address / size + 1);
}

/* Requests of at most `most` bytes that cover it, none of them across a page's end. */
static unsigned requests(uint64_t address, uint32_t length, unsigned most)
{
    unsigned n = 0;

    while (length > 0) {
        uint32_t here = PAGE - (uint32_t)(address % PAGE);

        here = length < here ? length : here;
        n += (here + most - 1) / most;
        address += here;
        length -= here;
    }
    return n;
}

/* What TLPs carry is whole double words. */
static uint32_t carried(uint64_t address, uint32_t length)
{
    return 4 * cut(address, length, 4);
}

/*
 * transmit: the result in writes of MPS; the source's read requests; this record's part of the read of 8 submission entries and
 *           of the write of 4 completion entries.
 * receive:  the source in completions, cut at the multiples of 128 bytes as the root complex does; this record's part of the
 *           completions with submission entries.
 * Doorbells and interrupts are left out: one serves any number of records.
 */
void bound_add(struct bound *b, uint64_t src, uint32_t read, uint64_t dst, uint32_t written)
{
    b->transmit += requests(dst, written, MPS) * REQUEST_TLP + carried(dst, written);
    b->transmit += requests(src, read, MRRS) * REQUEST_TLP;
    b->transmit += REQUEST_TLP / SUBMISSIONS_READ;
    b->transmit += COMPLETION_ENTRY + REQUEST_TLP / ENTRIES_WRITTEN;
    b->receive += cut(src, read, MPS) * COMPLETION_TLP + carried(src, read);
    b->receive += SUBMISSION + SUBMISSION_TLPS * COMPLETION_TLP / SUBMISSIONS_READ;
    b->records++;
}

double bound_clocks(const struct bound *b)
{
    double bytes = b->transmit > b->receive ? b->transmit : b->receive;

    return bytes / LINK_BYTES / b->records;
}
