/* SPDX-License-Identifier: Apache-2.0 */
/* What the image fault.hex does at the command `random` with these lengths of dst. */
#ifndef TESTS_FIRMWARE_FAULT_H
#define TESTS_FIRMWARE_FAULT_H

#define FAULT_HANG       32u  /* never answers */
#define FAULT_HANG_LATER 64u  /* answers, and never anything again */
#define FAULT_ILLEGAL    96u  /* mcause 2 */
#define FAULT_MISALIGNED 128u /* mcause 4 */
#define FAULT_ACCESS     160u /* mcause 5: where there is nothing */
#define FAULT_STORE      192u /* mcause 7: to its own code */
#define FAULT_STACK      224u /* the canary under the stack */

#endif
