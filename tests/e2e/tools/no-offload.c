/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program as on a kernel that knows neither UDP_SEGMENT nor UDP_GRO, as socket options:
 *   no-offload COMMAND [ARGUMENT]...
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

#define LOAD(what)          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, what))
#define SKIP_UNLESS(is, by) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (is), 0, (by))
#define SKIP_IF(is, by)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (is), (by), 0)
#define RETURN(what)        BPF_STMT(BPF_RET | BPF_K, (what))

/* Low halves of the arguments, on a machine that has them first. */
static struct sock_filter code[] = {
    LOAD(nr),
    SKIP_IF(SYS_setsockopt, 1),
    SKIP_UNLESS(SYS_getsockopt, 5),
    LOAD(args[1]),
    SKIP_UNLESS(IPPROTO_UDP, 3),
    LOAD(args[2]),
    SKIP_IF(UDP_SEGMENT, 2),
    SKIP_IF(UDP_GRO, 1),
    RETURN(SECCOMP_RET_ALLOW),
    RETURN(SECCOMP_RET_ERRNO | ENOPROTOOPT),
};

int main(int argc, char **argv)
{
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (argc < 2)
        die("usage: no-offload COMMAND [ARGUMENT]...");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        die("prctl: %s", strerror(errno));
    execvp(argv[1], argv + 1);
    die("%s: %s", argv[1], strerror(errno));
}
