/* SPDX-License-Identifier: Apache-2.0 */
/* What a recovery makes of an SA's counters: "Recovery" in sluice.h, the incarnations of the secure-UDP protocol. */
#ifndef SLUICE_REINSTALL_H
#define SLUICE_REINSTALL_H

#include <stdbool.h>
#include <stdint.h>

/* Raises the incarnation of the next counter and of the limit. false, and nothing is changed: there is none left. */
bool reinstall_seal(uint64_t *counter, uint64_t *limit);

/* First counter that may be accepted: not one below `floor`, nor one up to `top` (any: there is one) or `reserved` (0: none). */
uint64_t reinstall_floor(uint64_t floor, bool any, uint64_t top, uint64_t reserved);

#endif
