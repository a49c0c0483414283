/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/sched.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int confine_no_new_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* ---- user and capabilities */

int confine_privileges(const struct confine_options *options, const char **what)
{
    *what = "user";
    errno = 0;
    const struct passwd *user = options->user ? getpwnam(options->user) : NULL;
    if (options->user && !user)
        return errno ? -errno : -ENOENT;
    *what = "capabilities";
    capng_clear(CAPNG_SELECT_CAPS);
    if (options->card && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_IPC_LOCK))
        return -EPERM;
    if (user && user->pw_uid != geteuid()) {
        *what = "user";
        int rc = capng_change_id((int)user->pw_uid, (int)user->pw_gid, CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
        return rc ? -EPERM : 0;
    }
    /* Whoever was given no capability has none to give up, and may not even try to keep one. */
    if (capng_get_caps_process())
        return -EPERM;
    bool bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP),
         lock = capng_have_capability(CAPNG_PERMITTED, CAP_IPC_LOCK);
    capng_clear(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
    if (options->card && lock && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_IPC_LOCK))
        return -EPERM;
    return capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

/* ---- system calls */

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
    /* sockets and files that are open */
    CALL(read), CALL(readv), CALL(pread64), CALL(write), CALL(writev), CALL(pwrite64), CALL(recvfrom), CALL(recvmsg),
    CALL(recvmmsg), CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(close), CALL(close_range), CALL(shutdown), CALL(lseek),
    CALL(fcntl), CALL(dup), CALL(dup2), CALL(dup3), CALL(pipe2), CALL(eventfd2), CALL(timerfd_create), CALL(timerfd_settime),
    CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(poll), CALL(ppoll), CALL(select),
    CALL(pselect6), CALL(bind), CALL(listen), CALL(accept), CALL(accept4), CALL(connect), CALL(getsockname), CALL(getpeername),
    CALL(getsockopt), CALL(setsockopt),
    /* files, for a reload, names and the status */
    CALL(open), CALL(openat), CALL(newfstatat), CALL(fstat), CALL(stat), CALL(lstat), CALL(statx), CALL(access), CALL(faccessat),
    CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getdents64), CALL(unlink), CALL(unlinkat), CALL(rename),
    CALL(renameat), CALL(renameat2), CALL(umask), CALL(fsync), CALL(fdatasync), CALL(ftruncate), CALL(getcwd),
    /* memory, threads, time */
    CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(mlock), CALL(mlock2), CALL(munlock), CALL(futex), CALL(exit),
    CALL(exit_group), CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigaltstack), CALL(restart_syscall),
    CALL(set_robust_list), CALL(rseq), CALL(set_tid_address), CALL(sched_yield), CALL(sched_getaffinity), CALL(getcpu),
    CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday), CALL(time), CALL(nanosleep), CALL(clock_nanosleep),
    CALL(memfd_create), CALL(getrandom), CALL(getpid), CALL(gettid), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
    CALL(getrlimit), CALL(prlimit64), CALL(sysinfo), CALL(uname), CALL(membarrier)};

static const int deadly[] = {CALL(execve),
                             CALL(execveat),
                             CALL(fork),
                             CALL(vfork),
                             CALL(ptrace),
                             CALL(process_vm_readv),
                             CALL(process_vm_writev),
                             CALL(bpf),
                             CALL(init_module),
                             CALL(finit_module),
                             CALL(delete_module),
                             CALL(kexec_load),
                             CALL(kexec_file_load),
                             CALL(perf_event_open),
                             CALL(userfaultfd),
                             CALL(io_uring_setup),
                             CALL(mount),
                             CALL(umount2),
                             CALL(pivot_root),
                             CALL(unshare),
                             CALL(setns),
                             CALL(add_key),
                             CALL(request_key),
                             CALL(keyctl),
                             CALL(pidfd_getfd)};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}; /* the last for this host's addresses */

/* What the program itself makes of them, by their arguments. */
static int add_narrow(scmp_filter_ctx filter)
{
    int rc = 0;
    for (unsigned i = 0; i < sizeof families / sizeof *families && !rc; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(socket), 1, SCMP_A0(SCMP_CMP_EQ, (uint64_t)families[i]));
    if (!rc) /* of threads; glibc takes it when clone3, whose arguments cannot be seen, is said not to be there */
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (!rc)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
    if (!rc)
        rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, CALL(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (!rc)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (!rc)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (!rc)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    if (!rc) /* abort() */
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    return rc;
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++)
        rc = seccomp_rule_add(filter, action, calls[i], 0);
    return rc;
}

int confine_calls(const struct confine_options *options)
{
    if (!options->filter || !confine_can_filter())
        return 0;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return -ENOMEM;
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* threads of the card's driver are there already */
    if (!rc)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: datagrams pay for each call */
    if (!rc)
        rc = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof *allowed);
    if (!rc)
        rc = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, sizeof deadly / sizeof *deadly);
    if (!rc)
        rc = add_narrow(filter);
    if (!rc && options->card)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(ioctl), 0);
    if (!rc)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    return rc;
}

bool confine_can_filter(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return true;
#endif
}
