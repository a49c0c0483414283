/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of the random programs, for C, C++ and assembler. FINISHER, MSIP and MTIMECMP are those of QEMU's machine `virt`.
 */
#ifndef TESTS_RTL_CPU_LAYOUT_H
#define TESTS_RTL_CPU_LAYOUT_H

#define MEMORY       0x80000000
#define MEMORY_SIZE  0x100000
#define END          0x80001800
#define FRAME        0x80002000 /* from here to PROGRAMS: not compared */
#define LOG_NEXT     0x80002100
#define OWN_NEXT     0x80002104
#define STACK        0x80004000
#define PROGRAMS     0x80004000
#define LOG          0x800a0000 /* of every trap that both have: cause, pc, value, mstatus */
#define RESULTS      0x800c0000 /* registers after each program */
#define OWN_LOG      0x800d0000 /* of misaligned accesses, which QEMU does not trap: the same fields; not compared */
#define OWN_LOG_SIZE 0x10000
#define DATA         0x800e0000
#define RAM_COPY     0x800e4000
#define DATA_SIZE    0x1000
#define RAM_DATA     0x800f0000 /* the core's own memory */

#define FINISHER     0x00100000
#define MSIP         0x02000000
#define MTIMECMP     0x02004000
#define MTIME        0x0200bff8

#endif
