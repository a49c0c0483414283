/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping of SAs for the host to keep ("How a blob is made" in rtl/README.md). The MAC's inner and outer state are drawn as they
 * are, instead of a key to compute them from: HMAC then is NMAC, of which HMAC's proof speaks in the first place.
 */
#ifndef SLUICE_FW_SWAP_H
#define SLUICE_FW_SWAP_H

#include <stdbool.h>

/* Draws the keys; the generator is seeded. False: it could not. */
bool swap_draw_keys(void);

#endif
