// SPDX-License-Identifier: Apache-2.0
//
// Looks into the model: what is left of keys in its memories. SA table and administrator's buffer; SA words and round keys of
// all lanes, what the stream lanes keep of records; and the rings, through which MAC keys and contents go.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace memories
{

// Those that hold anything but zeros, of them all or of all but the rings. `looked` counts those that were looked at.
std::vector<std::string> left(bool rings, unsigned *looked = nullptr);

// The bytes of the n-th memory with this name, in the order of where they are, to be spoilt. A lane's ring has 16 of them.
uint8_t *find(const std::string &name, unsigned n);

// Whether a word of a ring of the first lanes is these 16 bytes.
bool in_rings(unsigned lanes, const uint8_t *word);

} // namespace memories
