/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(int fd, pid_t child)
{
    char ready;
    int status = 0;
    ssize_t n;
    do {
        n = read(fd, &ready, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1)
        _exit(EXIT_SUCCESS);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

int background_begin(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    pid_t child = fork();
    if (child < 0) {
        int rc = -errno;
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    if (child) {
        close(ends[1]);
        wait_for(ends[0], child);
    }
    close(ends[0]);
    (void)setsid();
    return ends[1];
}

void background_log(int log)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; nothing >= 0 && fd <= STDOUT_FILENO; fd++)
        (void)dup2(nothing, fd);
    if (nothing >= 0)
        close(nothing);
    if (log >= 0)
        (void)dup2(log, STDERR_FILENO);
}

void background_done(int tell)
{
    (void)!write(tell, "", 1); /* nobody may wait any more */
    close(tell);
}
