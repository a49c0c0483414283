/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager is told (sd_notify(3)): a datagram to $NOTIFY_SOCKET; without one, nothing. */
#ifndef SLUICED_NOTIFY_H
#define SLUICED_NOTIFY_H

/* Lines such as "READY=1\nSTATUS=...". 0, or -errno, which need not trouble anybody. */
int notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
