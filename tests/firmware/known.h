/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test's known answers by OpenSSL: to make firmware/vectors.c and to check it. */
#ifndef TESTS_FIRMWARE_KNOWN_H
#define TESTS_FIRMWARE_KNOWN_H

#include "sluice.h"
#include "vectors.h"

#define KNOWN_RING_WORDS 64u

/* bytes from `first` on, each one more than the one before. */
void known_pattern(uint8_t *bytes, unsigned first, unsigned count);
/* What the vector's SA is as the driver would say it. */
void known_config(const struct vector *v, struct sluice_sa_config *config);
/* The ring of the record that v's SA makes of its content; fills v->record, first and body in. */
void known_ring(struct vector *v, uint32_t ring[KNOWN_RING_WORDS]);
/* What is encrypted of it; returns bytes. */
uint32_t known_inside(const struct vector *v, uint32_t words[KNOWN_RING_WORDS]);
/* HMAC states of the vectors' key. */
void known_states(unsigned mac, uint32_t states[16]);
/* Those of any key, as SA words 4 to 7. */
void known_states_of(unsigned mac, const uint8_t *key, unsigned bytes, uint32_t states[16]);

#endif
