/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses what of the buffer, besides a command's data from HW_DATA on. Offsets in bytes. */
#ifndef SLUICE_FW_BUFFER_H
#define SLUICE_FW_BUFFER_H

#include <assert.h>

#include "hw.h"

#define SA_WORDS_BYTES 128u /* the eight words that a lane gets of an SA (sluice_pkg.sv) */
#define AT_SA_KEY      32u  /* in them: the cipher key */
#define AT_SA_STATES   64u  /* in them: HMAC states */

/* Open half, below HW_ENTRY; the log stays there. */
#define AT_NONCES      0x680u /* drawn in advance: nonces of blobs, which are no secret (swap.c) */
#define AT_LOG         0x700u /* 1 KiB */
#define AT_TRAP        0xb30u /* what a reset does not overwrite: a trap (log.c) */
#define AT_BLOCKS      0xb40u /* three blocks of the generator's */
#define AT_NONCE       0xb70u /* of a job */

/* Secret half. HW_PARAMS reaches into it with the keys of sa_create. */
#define AT_CONTENT     HW_SECRET /* of a blob: 736 bytes */
#define AT_CIPHER_SA   0xf00u    /* the generator's */
#define AT_WRAP_SA     0xf80u    /* the wrapping key, from its drawing on until a reset or zeroise */

static_assert(AT_NONCES + 128 <= AT_LOG && AT_LOG + 1024 <= AT_TRAP && AT_TRAP + 16 <= AT_BLOCKS && AT_NONCE + 16 <= HW_ENTRY,
              "open half");

#endif
