/* SPDX-License-Identifier: Apache-2.0 */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int sysfs_path(char path[SYSFS_PATH], const char *root, const char *format, ...)
{
    int at = snprintf(path, SYSFS_PATH, "%s/", root), more;
    va_list args;

    if (at < 0 || (unsigned)at >= SYSFS_PATH) {
        return -ENAMETOOLONG;
    }
    va_start(args, format);
    more = vsnprintf(path + at, SYSFS_PATH - (unsigned)at, format, args);
    va_end(args);
    return more < 0 || (unsigned)(at + more) >= SYSFS_PATH ? -ENAMETOOLONG : 0;
}

void sysfs_link(const char *path, char *name, size_t room)
{
    char target[SYSFS_PATH];
    ssize_t len = readlink(path, target, sizeof target - 1);
    const char *last;

    name[0] = '\0';
    if (len <= 0) {
        return;
    }
    target[len] = '\0';
    last = strrchr(target, '/');
    last = last ? last + 1 : target;
    if (strlen(last) < room) {
        memcpy(name, last, strlen(last) + 1);
    }
}

int sysfs_write(const char *path, const char *text)
{
    /* To sysfs O_TRUNC is nothing, but a shell writes so too, and what stands for it in a test is a file. */
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    size_t len = strlen(text);
    ssize_t n;
    int err;

    if (fd < 0) {
        return -errno;
    }
    n = write(fd, text, len);
    err = n < 0 ? -errno : 0;
    if (n >= 0 && (size_t)n < len) {
        err = -EIO;
    }
    /* A write that sysfs refuses is told by write; close has nothing to add. */
    (void)close(fd);
    return err;
}
