/* SPDX-License-Identifier: Apache-2.0 */
/* UNIX sockets that answer whoever owns them. */
#ifndef HOST_NET_UNIX_H
#define HOST_NET_UNIX_H

/* A UNIX socket for its owner alone (0600), not listening yet; a former socket of that path is replaced. Descriptor or -errno. */
int unix_bind(const char *path, int type);

#endif
