/* SPDX-License-Identifier: Apache-2.0 */
/* A file in the form of /etc/hosts: lines ADDRESS NAME... Made once, then only read. */
#ifndef HOST_NET_HOSTS_H
#define HOST_NET_HOSTS_H

#include <stdio.h>

#include "net/addr.h"

struct hosts;

/* What is no such line is passed over; at most 10000 names. NULL: no memory. The file stays the caller's. */
struct hosts *hosts_read(FILE *file);
void hosts_free(struct hosts *hosts); /* NULL is allowed */
/* Fills up to `max` addresses (port 0) of a name, whatever its case; returns how many. */
unsigned hosts_find(const struct hosts *hosts, const char *name, struct net_addr *addresses, unsigned max);

#endif
