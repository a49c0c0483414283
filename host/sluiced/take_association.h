/* SPDX-License-Identifier: Apache-2.0 */
/* Associations made of what another process says of them (handover.h). Before the workers start. */
#ifndef SLUICED_TAKE_ASSOCIATION_H
#define SLUICED_TAKE_ASSOCIATION_H

#include <stddef.h>
#include <stdint.h>

struct association;
struct proxy;

struct taking {
    struct proxy *proxy;
    struct association *now; /* what comes next belongs to it; NULL: none yet */
    unsigned count;
};

/* An association, or something of the one before it; takes over the descriptors. -EPROTO: wrong, or nothing that can be here;
 * -errno. */
int take_message(struct taking *taking, const uint8_t *data, size_t len, const int *fds, unsigned fd_count);
/* After the last message. */
int take_last(struct taking *taking);

#endif
