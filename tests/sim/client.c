/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS 20000

uint8_t client_memory[CLIENT_MEMORY_BYTES];
uint64_t client_memory_at;
bool client_refuses;
unsigned client_reads, client_writes;
size_t client_reply_len;

static unsigned planned, run, failed;

void tap_plan(unsigned n)
{
    planned = n;
    printf("1..%u\n", n);
    fflush(stdout);
}

bool tap_ok(bool ok, const char *format, ...)
{
    va_list args;

    printf("%s %u - ", ok ? "ok" : "not ok", ++run);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    failed += !ok;
    return ok;
}

int tap_done(void)
{
    return failed == 0 && run == planned ? 0 : 1;
}

static void die(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

/* `relative` to the folder of the running test. */
static void beside(char *path, size_t room, const char *relative)
{
    ssize_t n = readlink("/proc/self/exe", path, room - 1);
    char *slash = NULL;

    path[n < 0 ? 0 : n] = 0;
    slash = strrchr(path, '/');
    if (!slash || (size_t)(slash + 1 - path) + strlen(relative) >= room)
        die("/proc/self/exe");
    memcpy(slash + 1, relative, strlen(relative) + 1);
}

static void run_program(const struct sim *s, const char *program, const char *const *extra, int ready)
{
    const char *argv[32] = {program, "--socket", s->path, "--ready-fd"};
    char number[16];
    unsigned n = 5;
    int errors = open(s->errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    (void)snprintf(number, sizeof(number), "%d", ready);
    argv[4] = number;
    for (; extra && *extra && n < 31; extra++)
        argv[n++] = *extra;
    dup2(errors, STDERR_FILENO);
    dup2(errors, STDOUT_FILENO);
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

void sim_start(struct sim *s, const char *program, const char *const *extra)
{
    static unsigned count;
    int ready[2];
    char c = 0, path[4096];
    struct pollfd p;

    beside(path, sizeof(path), program);
    (void)snprintf(s->path, sizeof(s->path), "/tmp/sluice-sim-test-%d-%u", (int)getpid(), count);
    (void)snprintf(s->errors, sizeof(s->errors), "/tmp/sluice-sim-test-%d-%u.err", (int)getpid(), count++);
    if (pipe(ready) < 0)
        die("pipe");
    s->pid = fork();
    if (s->pid == 0) {
        close(ready[0]);
        run_program(s, path, extra, ready[1]);
    }
    close(ready[1]);
    p = (struct pollfd){.fd = ready[0], .events = POLLIN};
    if (s->pid < 0 || poll(&p, 1, 30000) != 1 || read(ready[0], &c, 1) != 1)
        die(path);
    close(ready[0]);
}

int sim_wait(struct sim *s)
{
    int status = 0;

    for (int i = 0; i < TIMEOUT_MS / 10; i++) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        usleep(10000);
    }
    kill(s->pid, SIGKILL);
    waitpid(s->pid, &status, 0);
    return -1;
}

int sim_stop(struct sim *s)
{
    int status = 0;

    kill(s->pid, SIGTERM);
    status = sim_wait(s);
    if (status == 0)
        unlink(s->errors);
    return status;
}

double sim_cpu(const struct sim *s)
{
    char path[64], text[1024] = "", *at = NULL;
    unsigned long ticks = 0;
    FILE *f = NULL;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)s->pid);
    f = fopen(path, "r");
    if (!f || !fgets(text, sizeof(text), f))
        die(path);
    fclose(f);
    at = strrchr(text, ')');
    for (int field = 2; at && field < 14; field++) /* utime is field 14, stime 15: proc(5) */
        at = strchr(at + 1, ' ');
    if (!at)
        die(path);
    ticks = strtoul(at, &at, 10);
    ticks += strtoul(at, NULL, 10);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

bool sim_said(const struct sim *s, const char *text)
{
    char all[4096] = "";
    FILE *f = fopen(s->errors, "r");
    size_t n = f ? fread(all, 1, sizeof(all) - 1, f) : 0;

    if (f)
        fclose(f);
    all[n] = 0;
    return strstr(all, text) != NULL;
}

int client_connect(const struct sim *s)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(a.sun_path, s->path, strlen(s->path) + 1);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
        die(s->path);
    return fd;
}

int client_open(const struct sim *s)
{
    static const char body[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";
    int fd = client_connect(s);

    if (client_call(fd, VFU_VERSION, body, sizeof(body), NULL, 0, NULL, 0) != 0)
        die("version");
    return fd;
}

void client_send_raw(int fd, const void *bytes, size_t len, const int *fds, unsigned nfds)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(64 * sizeof(int))];
    } control = {0};
    struct iovec v = {(void *)(uintptr_t)bytes, len};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    struct cmsghdr *h = NULL;

    if (nfds > 0) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(nfds * sizeof(int));
        memcpy(CMSG_DATA(h), fds, nfds * sizeof(int));
    }
    while (v.iov_len > 0) {
        ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the server hung up: the test sees it when it reads */
        v.iov_base = (uint8_t *)v.iov_base + n;
        v.iov_len -= (size_t)n;
        m.msg_control = NULL;
        m.msg_controllen = 0;
    }
}

void client_send(int fd, uint16_t command, uint32_t flags, const void *body, size_t len, const int *fds, unsigned nfds)
{
    uint8_t message[32768];
    struct vfu_header h = {.id = command, .command = command, .size = (uint32_t)(sizeof(h) + len), .flags = flags};

    memcpy(message, &h, sizeof(h));
    if (len > 0)
        memcpy(message + sizeof(h), body, len);
    client_send_raw(fd, message, sizeof(h) + len, fds, nfds);
}

static bool take_all(int fd, uint8_t *to, size_t len)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (len > 0) {
        ssize_t n = poll(&p, 1, TIMEOUT_MS) == 1 ? read(fd, to, len) : -1;

        if (n <= 0)
            return false;
        to += n;
        len -= (size_t)n;
    }
    return true;
}

ssize_t client_take(int fd, struct vfu_header *h, void *body, size_t room)
{
    static uint8_t bytes[65536];
    size_t len = 0;

    if (!take_all(fd, (uint8_t *)h, sizeof(*h)) || h->size < sizeof(*h) || h->size > sizeof(bytes))
        return -1;
    len = h->size - sizeof(*h);
    if (!take_all(fd, bytes, len))
        return -1;
    memcpy(body, bytes, len < room ? len : room);
    return (ssize_t)len;
}

/* Answers a DMA request of the server. */
static void serve(int fd, const struct vfu_header *h, const uint8_t *body)
{
    struct vfu_dma_access a;
    uint8_t reply[sizeof(struct vfu_header) + sizeof(a) + 4096];
    struct vfu_header out = {.id = h->id, .command = h->command, .flags = VFU_TYPE_REPLY};
    size_t data = 0, at = 0;

    memcpy(&a, body, sizeof(a));
    at = (size_t)(a.address - client_memory_at);
    client_reads += h->command == VFU_DMA_READ;
    client_writes += h->command == VFU_DMA_WRITE;
    if (client_refuses || a.count > 4096 || at > CLIENT_MEMORY_BYTES || a.count > CLIENT_MEMORY_BYTES - at) {
        out.flags |= VFU_ERROR;
        out.error = EFAULT;
        out.size = sizeof(out);
    } else {
        data = h->command == VFU_DMA_READ ? (size_t)a.count : 0;
        out.size = (uint32_t)(sizeof(out) + sizeof(a) + data);
        if (h->command == VFU_DMA_WRITE)
            memcpy(client_memory + at, body + sizeof(a), (size_t)a.count);
        memcpy(reply + sizeof(out) + sizeof(a), client_memory + at, data);
    }
    memcpy(reply, &out, sizeof(out));
    memcpy(reply + sizeof(out), &a, sizeof(a));
    client_send_raw(fd, reply, out.size, NULL, 0);
}

void client_serve(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct vfu_header h;
    uint8_t body[8192];

    while (poll(&p, 1, ms) == 1 && client_take(fd, &h, body, sizeof(body)) >= 0)
        serve(fd, &h, body);
}

int client_call(int fd, uint16_t command, const void *body, size_t len, const int *fds, unsigned nfds, void *reply, size_t room)
{
    uint8_t bytes[8192];
    struct vfu_header h;
    ssize_t n = 0;

    client_send(fd, command, VFU_TYPE_COMMAND, body, len, fds, nfds);
    for (;;) {
        n = client_take(fd, &h, bytes, sizeof(bytes));
        if (n < 0)
            return -1;
        if ((h.flags & VFU_TYPE_MASK) == VFU_TYPE_REPLY)
            break;
        serve(fd, &h, bytes);
    }
    if (h.id != command || h.command != command)
        return -1;
    client_reply_len = (size_t)n;
    if (h.flags & VFU_ERROR)
        return (int)h.error;
    if (room > 0)
        memcpy(reply, bytes, room < (size_t)n ? room : (size_t)n);
    return 0;
}

int client_map(int fd, uint64_t address, uint64_t size, uint32_t flags, int memory, uint64_t offset)
{
    struct vfu_dma_map m = {sizeof(m), flags, offset, address, size};

    return client_call(fd, VFU_DMA_MAP, &m, sizeof(m), &memory, memory >= 0, NULL, 0);
}

int client_unmap(int fd, uint64_t address, uint64_t size, uint32_t flags)
{
    struct vfu_dma_unmap m = {sizeof(m), flags, address, size};

    return client_call(fd, VFU_DMA_UNMAP, &m, sizeof(m), NULL, 0, NULL, 0);
}

int client_read(int fd, uint32_t region, uint64_t offset, void *to, uint32_t count)
{
    struct vfu_region_access a = {offset, region, count};
    uint8_t reply[sizeof(a) + 4096];
    int rc = client_call(fd, VFU_REGION_READ, &a, sizeof(a), NULL, 0, reply, sizeof(reply));

    if (rc == 0 && client_reply_len == sizeof(a) + count)
        memcpy(to, reply + sizeof(a), count);
    else if (rc == 0)
        rc = -1;
    return rc;
}

int client_write(int fd, uint32_t region, uint64_t offset, const void *from, uint32_t count)
{
    struct vfu_region_access a = {offset, region, count};
    uint8_t body[sizeof(a) + 8192];

    memcpy(body, &a, sizeof(a));
    memcpy(body + sizeof(a), from, count);
    return client_call(fd, VFU_REGION_WRITE, body, sizeof(a) + count, NULL, 0, NULL, 0);
}

uint32_t client_read32(int fd, uint32_t region, uint64_t offset)
{
    uint32_t v = 0;

    if (client_read(fd, region, offset, &v, sizeof(v)) != 0)
        die("region read");
    return v;
}

void client_write32(int fd, uint32_t region, uint64_t offset, uint32_t value)
{
    if (client_write(fd, region, offset, &value, sizeof(value)) != 0)
        die("region write");
}

int client_set_irqs(int fd, uint32_t flags, uint32_t index, uint32_t start, uint32_t count, const int *fds, unsigned nfds)
{
    struct vfu_irq_set s = {sizeof(s), flags, index, start, count};

    return client_call(fd, VFU_SET_IRQS, &s, sizeof(s), fds, nfds, NULL, 0);
}
