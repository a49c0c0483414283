/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reset and traps. RAM behind the image is zeros when the processor starts; no interrupt is ever taken, they only end WFI. A
 * trap is the firmware's own fault.
 */
    .option norvc
    .option arch, +zicsr

#define MIE_TIMER_EXTERNAL 0x880

    .section .start, "ax"
    .globl start
start:
    la sp, stack_top
    la t0, trap
    csrw mtvec, t0
    li t0, MIE_TIMER_EXTERNAL
    csrw mie, t0
    j firmware_main

    .text
    .balign 4
trap:
    la sp, stack_top
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    j firmware_trap
