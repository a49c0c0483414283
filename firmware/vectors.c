/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"
const struct vector vectors[1];
const uint32_t vector_count = 1;
const uint32_t vector_states[4][16];
const uint32_t vector_inside[4], vector_inside_bytes = 4, vector_inside_of = 0;
