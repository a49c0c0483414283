/* SPDX-License-Identifier: Apache-2.0
 *
 * Start, traps and end of the random programs; layout.h has the addresses. mscratch holds the frame in which a trap keeps the
 * registers; sp means nothing outside traps.
 */
#include "layout.h"

    .option norvc
    .section .text.start, "ax"
    .globl start
start:
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    li x\n, 0
    .endr
    la x1, trap_entry
    csrw mtvec, x1
    li x1, FRAME
    csrw mscratch, x1
    csrw mie, x0
    li x1, MTIMECMP
    li x2, -1
    sw x2, 0(x1)
    sw x2, 4(x1)
    li x2, DATA
    li x3, RAM_DATA
    li x4, DATA + DATA_SIZE
copy_in:
    lw x5, 0(x2)
    sw x5, 0(x3)
    addi x2, x2, 4
    addi x3, x3, 4
    bne x2, x4, copy_in
    ecall
    li x1, PROGRAMS
    jr x1

/* The programs' last jump comes here: what the core's own memory holds is shown in memory that is compared. */
    .section .text.end, "ax"
    .globl end
end:
    li x2, RAM_DATA
    li x3, RAM_COPY
    li x4, RAM_DATA + DATA_SIZE
copy_out:
    lw x5, 0(x2)
    sw x5, 0(x3)
    addi x2, x2, 4
    addi x3, x3, 4
    bne x2, x4, copy_out
    li x1, FINISHER
    li x2, 0x5555
    sw x2, 0(x1)
    j .

    .section .text, "ax"
    .balign 4
trap_entry:
    csrrw x31, mscratch, x31
    sw x0, 0(x31)
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    sw x\n, 4*\n(x31)
    .endr
    csrrw x5, mscratch, x31
    sw x5, 4*31(x31)
    mv a0, x31
    li sp, STACK
    call trap
    csrr x31, mscratch
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw x\n, 4*\n(x31)
    .endr
    mret
