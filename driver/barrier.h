/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory ordering between this program and a card. C11's fences order what threads see of one another in memory. A card is no
 * thread: a doorbell is a store to a device, and what the card writes comes by DMA. On a weakly ordered machine these need
 * barriers of their own, which C does not have. All DMA memory is coherent (VFIO maps no other).
 *
 *     what goes on                         the driver's side                          the card's side
 *     entries and data, then a doorbell    write them; barrier_publish(); store       sees the doorbell, then reads: PCIe keeps
 *                                          to the doorbell                            the order of a CPU's stores
 *     a completion                         see its phase bit; barrier_observe();      writes data, then the entry, its phase
 *                                          read the entry and the data                last: posted writes stay in order
 *     memory is given back (completion     read it; barrier_publish(); store to       writes there only after the doorbell
 *     entries, a result's place)           the doorbell
 *     a register's value                   read it; barrier_observe(); read memory    what it wrote before the answer is there
 *                                          that it speaks of                          (a completion pushes posted writes)
 *
 * An interrupt needs none: its eventfd is read by a system call, and then the phase bit is looked at as above.
 *
 *              barrier_publish                       barrier_observe
 *     x86-64   none: a store comes after loads and   none: loads are done in order
 *              stores before it, for devices too
 *              (registers are not write-combining)
 *     AArch64  dmb osh: the outer domain, since a    dmb oshld
 *              device need not be in the inner one
 *     RISC-V   fence rw,o: memory before I/O         fence ir,r
 *     POWER    sync: lwsync does not order memory    sync
 *              and registers
 *
 * On each the compiler is kept from moving accesses across it.
 *
 * Entries, registers and structures in DMA memory are little endian and converted where they are made (htole64, le32toh); no
 * test has run on a big-endian machine, and so such a build is refused.
 */
#ifndef SLUICE_BARRIER_H
#define SLUICE_BARRIER_H

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "libsluice has been tried on little-endian machines alone"
#endif

#if defined(__x86_64__)
#define BARRIER_PUBLISH ""
#define BARRIER_OBSERVE ""
#elif defined(__aarch64__)
#define BARRIER_PUBLISH "dmb osh"
#define BARRIER_OBSERVE "dmb oshld"
#elif defined(__riscv) && __riscv_xlen == 64
#define BARRIER_PUBLISH "fence rw,o"
#define BARRIER_OBSERVE "fence ir,r"
#elif defined(__powerpc64__)
#define BARRIER_PUBLISH "sync"
#define BARRIER_OBSERVE "sync"
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "which barriers order memory and a device's registers on this machine? See the table in barrier.h"
#endif

/* Loads and stores in memory before it are done when the card sees a store to its registers after it. */
static inline void barrier_publish(void)
{
    __asm__ volatile(BARRIER_PUBLISH ::: "memory");
}

/* Loads after it, from DMA memory, are not older than a load before it, from DMA memory or a register. */
static inline void barrier_observe(void)
{
    __asm__ volatile(BARRIER_OBSERVE ::: "memory");
}

#endif
