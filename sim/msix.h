/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt vectors: which eventfd each has, and whether the card's table entry is to be masked. */
#ifndef SIM_MSIX_H
#define SIM_MSIX_H

#include <stdbool.h>
#include <stdint.h>

#define MSIX_VECTORS 9u
/* The model's interrupt controller: a card's write here is a message, its data the vector. As on a PC, no memory lies here. */
#define MSIX_ADDRESS 0xfee00000u

struct msix {
    int eventfd[MSIX_VECTORS]; /* -1: none */
    bool masked[MSIX_VECTORS]; /* by the client */
    uint64_t sent;
};

void msix_init(struct msix *m);
/* Closes every eventfd, unmasks every vector. */
void msix_clear(struct msix *m);
/* Takes over `fd`; -1 takes the eventfd away. */
void msix_set(struct msix *m, unsigned vector, int fd);
bool msix_any(const struct msix *m);
/* Shall the card's table entry let the vector through? */
bool msix_open(const struct msix *m, unsigned vector);
/* Signals the client. Never blocks. */
void msix_signal(struct msix *m, unsigned vector);

#endif
