/* SPDX-License-Identifier: Apache-2.0 */
#include "net/unix.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int unix_bind(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
        unlink(path);
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    mode_t mask = umask(0177);
    int rc = bind(fd, (const struct sockaddr *)&address, sizeof address) ? -errno : 0;
    umask(mask);
    if (rc)
        close(fd);
    return rc ? rc : fd;
}
