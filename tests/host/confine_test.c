/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined program can do and what ends it, each in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sluiced/confine.h"
#include "tap.h"

/* Returns 0, an errno, or minus the signal that ended it. */
static int confined(int (*fn)(void), bool filter)
{
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        const struct confine_options options = {.filter = filter};
        const char *what;
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (confine_no_new_privileges() || confine_privileges(&options, &what) || confine_calls(&options))
            _exit(255);
        _exit(fn());
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int start_program(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return errno;
}

static int fork_child(void)
{
    return fork() < 0 ? errno : 0;
}

static int trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? errno : 0;
}

static int load_program(void)
{
    return syscall(SYS_bpf, 0, NULL, 0) < 0 ? errno : 0;
}

static int change_root(void)
{
    return chroot("/") ? errno : 0;
}

static int become_root(void)
{
    return setuid(0) ? errno : 0;
}

static int packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
}

static int executable_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int make_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) ? errno : 0;
}

static int signal_another(void)
{
    return kill(getppid(), 0) ? errno : 0;
}

static void *nothing(void *arg)
{
    return arg;
}

static int thread_and_files(void)
{
    pthread_t thread;
    int udp = socket(AF_INET6, SOCK_DGRAM, 0), file = open("/etc/hosts", O_RDONLY);
    if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL) || udp < 0 || file < 0)
        return EIO;
    FILE *out = tmpfile();
    return out && fputs("x", out) >= 0 && !fclose(out) ? 0 : errno;
}

static int capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data))
        return errno;
    bool bound = getuid() == 0 && prctl(PR_CAPBSET_READ, CAP_NET_ADMIN);
    return data[0].permitted || data[1].permitted || data[0].effective || bound ? 1 : 0;
}

int main(void)
{
    ok(confined(capabilities, false) == 0, "no capability is left");
    if (!confine_can_filter()) {
        skip("calls that are not needed end the program or fail", "a sanitizer needs them");
        return done();
    }
    ok(confined(start_program, true) == -SIGSYS, "starting a program ends it");
    ok(confined(fork_child, true) == -SIGSYS, "so does a process of its own");
    ok(confined(trace, true) == -SIGSYS, "a look into other processes");
    ok(confined(load_program, true) == -SIGSYS, "a program for the kernel");
    ok(confined(change_root, true) == EPERM, "what is merely not needed fails");
    ok(confined(become_root, true) == EPERM, "as another user does");
    ok(confined(packet_socket, true) == EPERM, "a socket of another family");
    ok(confined(executable_memory, true) == EPERM && confined(make_executable, true) == EPERM, "memory to be executed");
    ok(confined(signal_another, true) == EPERM, "a signal to another process");
    ok(confined(thread_and_files, true) == 0, "threads, sockets and files are there");
    ok(confined(start_program, false) == 0, "without the filter a program starts");
    return done();
}
