/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the link allows: the clocks that a record costs at least, whatever the card is like. Each direction carries 16 bytes a
 * clock; what goes over it is counted in bytes, TLP headers and framing included.
 */
#ifndef TESTS_BENCH_BOUND_H
#define TESTS_BENCH_BOUND_H

#include <stdint.h>

/* Bytes of a number of records on the link, each way, seen from the card. Begins as zeros. */
struct bound {
    double transmit, receive;
    unsigned records;
};

/* One more record: `read` bytes at DMA address src are fetched, `written` bytes go to dst. */
void bound_add(struct bound *b, uint64_t src, uint32_t read, uint64_t dst, uint32_t written);
/* Clocks a record: those of the direction that has more to carry. */
double bound_clocks(const struct bound *b);

#endif
