/* SPDX-License-Identifier: Apache-2.0 */
/* The client's eventfds. Whatever it passes as one, signalling it neither blocks nor ends the process. */
#ifndef SIM_NOTIFY_H
#define SIM_NOTIFY_H

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

static inline void notify_prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* An fd of -1 is passed over. A counter that is full already says what it has to. */
static inline void notify(int fd)
{
    const uint64_t one = 1;

    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
        return;
}

#endif
