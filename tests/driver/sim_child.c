/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_child.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define START_MS      30000
#define MOST_ARGS     24
#define TEXT_BYTES    32
#define FROM_THIS_DIR "/../../sim/sluice-sim"

struct sim_child {
    pid_t pid;
    char dir[64], uri[128];
};

static const char *program(void)
{
    static char path[PATH_MAX + sizeof FROM_THIS_DIR];
    const char *elsewhere = getenv("SLUICE_SIM");
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (elsewhere && *elsewhere) {
        return elsewhere;
    }
    self[n < 0 ? 0 : n] = '\0';
    snprintf(path, sizeof path, "%s%s", dirname(self), FROM_THIS_DIR);
    return path;
}

static const char *given(void)
{
    const char *uri = getenv("CARD");

    return uri && *uri ? uri : NULL;
}

bool sim_given(void)
{
    return given() != NULL;
}

int sim_built(void)
{
    return given() || access(program(), X_OK) == 0;
}

static _Noreturn void give_up(const char *why)
{
    tap_ok(0, "sluice-sim starts: %s", why);
    exit(tap_end());
}

static _Noreturn void become_sim(const struct sim_child *sim, int ready, uint32_t seed, const char *const arguments[])
{
    char ready_text[TEXT_BYTES], seed_text[TEXT_BYTES];
    const char *argv[MOST_ARGS] = {program(), "--socket", sim->uri + 4, "--ready-fd", ready_text, "--seed", seed_text};
    unsigned n = 7;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(ready_text, sizeof ready_text, "%d", ready);
    snprintf(seed_text, sizeof seed_text, "%u", seed);
    for (unsigned i = 0; arguments[i] && n < MOST_ARGS - 1; i++) {
        argv[n++] = arguments[i];
    }
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

struct sim_child *sim_start(const char *const arguments[])
{
    struct sim_child *sim = calloc(1, sizeof *sim);
    struct pollfd ready = {.events = POLLIN};
    uint32_t seed;
    int fds[2];
    char byte;

    if (!sim) {
        give_up("no memory");
    }
    if (given()) {
        snprintf(sim->uri, sizeof sim->uri, "%s", given());
        return sim;
    }
    strcpy(sim->dir, "/tmp/sluice-test-XXXXXX");
    if (!mkdtemp(sim->dir) || pipe(fds) < 0) {
        give_up(strerror(errno));
    }
    snprintf(sim->uri, sizeof sim->uri, "sim:%s/card", sim->dir);
    seed = tap_below(INT_MAX);
    sim->pid = fork();
    if (sim->pid == 0) {
        close(fds[0]);
        become_sim(sim, fds[1], seed, arguments);
    }
    close(fds[1]);
    ready.fd = fds[0];
    if (sim->pid < 0 || poll(&ready, 1, START_MS) != 1 || read(fds[0], &byte, 1) != 1) {
        give_up("it does not say that it listens");
    }
    close(fds[0]);
    return sim;
}

const char *sim_uri(const struct sim_child *sim)
{
    return sim->uri;
}

void sim_signal(struct sim_child *sim, int signal)
{
    if (sim->pid) {
        kill(sim->pid, signal);
    }
}

double sim_cpu(const struct sim_child *sim)
{
    struct timespec t = {0};
    clockid_t clock;

    if (clock_getcpuclockid(sim->pid, &clock) == 0) {
        clock_gettime(clock, &t);
    }
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int sim_stop(struct sim_child *sim)
{
    int status = 0;

    if (sim->pid) {
        kill(sim->pid, SIGTERM);
        waitpid(sim->pid, &status, 0);
        unlink(sim->uri + 4);
        rmdir(sim->dir);
    }
    free(sim);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
