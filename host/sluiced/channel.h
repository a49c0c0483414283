/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with descriptors over a SOCK_SEQPACKET UNIX socket; blocking, with a bound on how long. */
#ifndef SLUICED_CHANNEL_H
#define SLUICED_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#define CHANNEL_FDS 64u /* beside a message, at most */

/* How long one of the two below may block, from now on. */
void channel_set_timeout(int channel, unsigned seconds);
/* The descriptors stay the caller's, too. -errno; -ETIMEDOUT. */
int channel_send(int channel, const uint8_t *data, size_t len, const int *fds, unsigned count);
/* Length of a message, with `*count` descriptors that are the caller's from then on, closed on exec; 0: the other end has gone.
 * -EPROTO: longer than `size`, or with more descriptors than there is room for; -errno; -ETIMEDOUT. */
int channel_receive(int channel, uint8_t *data, size_t size, int fds[CHANNEL_FDS], unsigned *count);

#endif
