/* SPDX-License-Identifier: Apache-2.0 */
/* The little of sysfs that finding and binding a card takes. `root` is where it is mounted; no function trusts what it reads. */
#ifndef SLUICE_SYSFS_H
#define SLUICE_SYSFS_H

#include <stddef.h>

#define SYSFS_PATH 512u /* longer ones are -ENAMETOOLONG */

/* path = root/format. 0 or -ENAMETOOLONG. */
int sysfs_path(char path[SYSFS_PATH], const char *root, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The last component of what the link points at; "" when there is none, or it is too long for `room`. */
void sysfs_link(const char *path, char *name, size_t room);
/* Writes the text in one go. 0 or -errno. */
int sysfs_write(const char *path, const char *text);

#endif
