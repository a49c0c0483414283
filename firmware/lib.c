/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler asks for: there is no C library here. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if (!(((uintptr_t)to | (uintptr_t)from | bytes) & 3)) {
        for (; bytes; bytes -= 4, t += 4, f += 4) {
            *(uint32_t *)(void *)t = *(const uint32_t *)(const void *)f;
        }
    }
    while (bytes--) {
        *t++ = *f++;
    }
    return to;
}

__attribute__((used)) void *memset(void *memory, int value, size_t bytes)
{
    uint8_t *m = memory;

    if (!value && !(((uintptr_t)memory | bytes) & 3)) {
        for (; bytes; bytes -= 4, m += 4) {
            *(uint32_t *)(void *)m = 0;
        }
    }
    while (bytes--) {
        *m++ = (uint8_t)value;
    }
    return memory;
}
