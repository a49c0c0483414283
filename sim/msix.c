/* SPDX-License-Identifier: Apache-2.0 */
#include "msix.h"

#include <string.h>
#include <unistd.h>

#include "notify.h"

void msix_init(struct msix *m)
{
    memset(m, 0, sizeof(*m));
    for (unsigned i = 0; i < MSIX_VECTORS; i++)
        m->eventfd[i] = -1;
}

void msix_clear(struct msix *m)
{
    for (unsigned i = 0; i < MSIX_VECTORS; i++) {
        msix_set(m, i, -1);
        m->masked[i] = false;
    }
}

void msix_set(struct msix *m, unsigned vector, int fd)
{
    if (m->eventfd[vector] >= 0)
        close(m->eventfd[vector]);
    if (fd >= 0)
        notify_prepare(fd);
    m->eventfd[vector] = fd;
}

bool msix_any(const struct msix *m)
{
    for (unsigned i = 0; i < MSIX_VECTORS; i++)
        if (m->eventfd[i] >= 0)
            return true;
    return false;
}

bool msix_open(const struct msix *m, unsigned vector)
{
    return m->eventfd[vector] >= 0 && !m->masked[vector];
}

void msix_signal(struct msix *m, unsigned vector)
{
    m->sent++;
    notify(m->eventfd[vector]);
}
