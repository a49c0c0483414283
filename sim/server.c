/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SLICE_CLOCKS   64 /* between two looks at the socket */
#define SLICE_MESSAGES 64

static int catch_signals(void)
{
    sigset_t set;
    int fd = -1;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* Removes a socket that a dead process left behind. */
static int clear_path(const struct sockaddr_un *a)
{
    struct stat st;
    int fd = -1, rc = 0;

    if (lstat(a->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EADDRINUSE;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 || errno != ECONNREFUSED)
        rc = -EADDRINUSE;
    close(fd);
    if (rc == 0 && unlink(a->sun_path) < 0)
        rc = -errno;
    return rc;
}

static int listen_on(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int rc = 0, fd = -1;

    if (strlen(path) >= sizeof(a.sun_path))
        return -ENAMETOOLONG;
    memcpy(a.sun_path, path, strlen(path));
    rc = clear_path(&a);
    if (rc < 0)
        return rc;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

int server_open(struct server *s, struct root *root, const char *path)
{
    s->root = root;
    s->path = path;
    s->clients = 0;
    s->idle_seconds = 0;
    s->signals = catch_signals();
    if (s->signals < 0)
        return s->signals;
    s->listener = listen_on(path);
    if (s->listener < 0)
        close(s->signals);
    return s->listener < 0 ? s->listener : 0;
}

static void accept_client(struct server *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) /* it has gone already */
        return;
    s->clients++;
    vfu_open(&s->vfu, s->root, fd);
}

static void serve_client(struct server *s)
{
    int rc = 1;

    for (int i = 0; i < SLICE_MESSAGES && rc > 0 && !root_fault(s->root); i++)
        rc = vfu_serve(&s->vfu);
    if (rc < 0)
        vfu_close(&s->vfu);
}

static void run_clock(struct server *s)
{
    for (int i = 0; i < SLICE_CLOCKS && root_busy(s->root); i++)
        root_step(s->root);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int wait_for(struct server *s, struct pollfd *p, nfds_t n)
{
    double from = 0;
    int rc = 0;

    if (root_busy(s->root))
        return poll(p, n, 0);
    from = now();
    rc = poll(p, n, -1);
    s->idle_seconds += now() - from;
    return rc;
}

/* 1: to end. SIGUSR1 pulls the card out of its slot; the next one puts it back. */
static int take_signal(struct server *s)
{
    struct signalfd_siginfo info;

    if (read(s->signals, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGUSR1)
        return 1;
    root_pull(s->root, !s->root->pulled);
    return 0;
}

/* 1: a signal ends it. */
static int wait_for_events(struct server *s)
{
    int client = s->vfu.conn.fd;
    short events = client >= 0 && conn_sending(&s->vfu.conn) ? POLLOUT : POLLIN;
    struct pollfd p[2] = {{.fd = s->signals, .events = POLLIN}, {.fd = client >= 0 ? client : s->listener, .events = events}};

    if (wait_for(s, p, 2) < 0)
        return errno == EINTR ? 0 : -errno;
    if (p[0].revents)
        return take_signal(s);
    if (p[1].revents && client >= 0)
        serve_client(s);
    else if (p[1].revents)
        accept_client(s);
    return 0;
}

int server_run(struct server *s)
{
    int rc = 0;

    while (rc == 0 && !root_fault(s->root)) {
        rc = wait_for_events(s);
        run_clock(s);
    }
    return rc < 0 ? rc : 0;
}

void server_close(struct server *s)
{
    vfu_announce_end(&s->vfu);
    vfu_close(&s->vfu);
    unlink(s->path);
    close(s->listener);
    close(s->signals);
}
