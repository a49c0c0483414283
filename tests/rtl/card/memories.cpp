// SPDX-License-Identifier: Apache-2.0
#include "memories.h"

#include <algorithm>
#include <cstring>

#include "verilated.h"
#include "verilated_syms.h"

namespace memories
{

const size_t forgotten = 16 * 16; // of the administrator's buffer, which is wiped as far as parameters go

static bool holds_something(const char *name, const VerilatedVar &memory)
{
    const uint8_t *bytes = static_cast<const uint8_t *>(memory.datap());
    size_t size = strcmp(name, "mem_q") ? memory.totalSize() : forgotten;
    return std::any_of(bytes, bytes + size, [](uint8_t b) { return b != 0; });
}

std::vector<std::string> left(bool rings, unsigned *looked)
{
    std::vector<std::string> names;
    for (const auto &scope : *Verilated::scopeNameMap()) {
        if (!scope.second->varsp()) {
            continue;
        }
        for (const auto &var : *scope.second->varsp()) {
            if (var.second.dims() < 2 || (!rings && !strcmp(var.first, "ring"))) {
                continue;
            }
            if (looked) {
                ++*looked;
            }
            if (holds_something(var.first, var.second)) {
                names.push_back(std::string(scope.first) + "." + var.first);
            }
        }
    }
    return names;
}

// Numbers in a scope's name as numbers: lane 2 comes before lane 10.
static std::string in_order(const std::string &scope)
{
    std::string padded, digits;
    for (char c : scope + '.') {
        if (c >= '0' && c <= '9') {
            digits += c;
            continue;
        }
        padded += digits.empty() ? "" : std::string(6 - std::min<size_t>(digits.size(), 6), '0') + digits;
        digits.clear();
        padded += c;
    }
    return padded;
}

uint8_t *find(const std::string &name, unsigned n)
{
    std::vector<std::pair<std::string, uint8_t *>> found;
    for (const auto &scope : *Verilated::scopeNameMap()) {
        const VerilatedVar *var = scope.second->varsp() ? scope.second->varFind(name.c_str()) : nullptr;
        if (var) {
            found.emplace_back(in_order(scope.first), static_cast<uint8_t *>(var->datap()));
        }
    }
    std::sort(found.begin(), found.end());
    return n < found.size() ? found[n].second : nullptr;
}

bool in_rings(unsigned lanes, const uint8_t *word)
{
    const unsigned words = 2048;
    for (unsigned lane = 0; lane < lanes; lane++) {
        const uint8_t *bytes[16];
        for (unsigned b = 0; b < 16; b++) {
            bytes[b] = find("ring", 16 * lane + b);
        }
        for (unsigned at = 0; at < words; at++) {
            unsigned same = 0;
            while (same < 16 && bytes[same][at] == word[same]) {
                same++;
            }
            if (same == 16) {
                return true;
            }
        }
    }
    return false;
}

} // namespace memories
