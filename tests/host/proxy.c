/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Without them loopback is closed to clients. */
#define LOOPBACK_RULES "rules = ( { action = \"allow\"; to = [ \"127.0.0.0/8\" ]; } );"

static void nap(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static int shell(const char *format, const char *directory)
{
    char command[1024];
    snprintf(command, sizeof command, format, directory);
    return system(command); /* NOLINT(cert-env33-c): a fixed text and a directory of ours */
}

static int write_config(const struct proxy_child *proxy, const char *extra)
{
    char path[128];
    snprintf(path, sizeof path, "%s/conf", proxy->directory);
    FILE *file = fopen(path, "we");
    if (!file)
        return -1;
    fprintf(file,
            "listeners = ( { address = \"0.0.0.0:0\"; }, { address = \"0.0.0.0:0\"; tls = false; } );\n"
            "udp = ( { address = \"0.0.0.0:0\"; } );\n"
            "tls = { certificate = \"%s/cert.pem\"; key = \"%s/key.pem\"; };\n"
            "stats_file = \"%s/stats.json\"; control_socket = \"%s/control\"; drain_seconds = 2;\n%s\n%s\n",
            proxy->directory, proxy->directory, proxy->directory, proxy->directory, strstr(extra, "rules") ? "" : LOOPBACK_RULES,
            extra);
    return fclose(file);
}

static pid_t run(const struct proxy_child *proxy, const char *option)
{
    const char *build = getenv("BUILD");
    char relative[256], program[PATH_MAX];
    snprintf(relative, sizeof relative, "%s/bin/sluiced", build ? build : "build");
    if (!realpath(relative, program))
        return -1;
    pid_t pid = fork();
    if (pid)
        return pid;
    if (chdir(proxy->directory) || !freopen("log", "a", stderr))
        _exit(126);
    execl(program, program, "--config", "conf", option, (char *)NULL);
    _exit(127);
}

/* Ports are in the log: "event=listening address=0.0.0.0:PORT protocol=tls". */
static int read_log(struct proxy_child *proxy)
{
    char path[128], line[1200];
    int ready = -1;
    snprintf(path, sizeof path, "%s/log", proxy->directory);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    while (fgets(line, sizeof line, file)) {
        const char *port = strstr(line, "address=0.0.0.0:");
        unsigned number = port ? (unsigned)strtoul(port + 16, NULL, 10) : 0;
        if (strstr(line, "protocol=tls"))
            proxy->tls_port = (uint16_t)number;
        if (strstr(line, "protocol=plain"))
            proxy->plain_port = (uint16_t)number;
        if (strstr(line, "event=ready"))
            ready = 0;
    }
    fclose(file);
    return ready;
}

int proxy_start(struct proxy_child *proxy, const char *extra)
{
    strcpy(proxy->directory, "/tmp/sluice-host.XXXXXX");
    if (!mkdtemp(proxy->directory) ||
        shell("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem "
              "-days 2 -subj /CN=localhost 2>openssl.log && "
              "printf 'anna:%%s\\n' \"$(openssl passwd -6 'right horse')\" >users",
              proxy->directory) ||
        write_config(proxy, extra))
        return -1;
    proxy->former = 0;
    proxy->pid = run(proxy, NULL);
    if (proxy->pid < 0)
        return -1;
    for (int i = 0; i < 100; i++) {
        if (!read_log(proxy))
            return 0;
        nap(50);
    }
    shell("cat %s/log >&2", proxy->directory);
    return -1;
}

/* ---- status */

static json_t *status(const struct proxy_child *proxy)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control", proxy->directory);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return NULL;
    }
    json_t *root = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL);
    close(fd);
    return root;
}

long long proxy_count(const struct proxy_child *proxy, const char *key)
{
    char path[128];
    json_t *root = status(proxy);
    const json_t *at = root;
    snprintf(path, sizeof path, "%s", key);
    for (char *rest = path; rest && at;)
        at = json_object_get(at, strsep(&rest, "."));
    long long value = json_is_integer(at) ? json_integer_value(at) : -1;
    json_decref(root);
    return value;
}

long long proxy_wait(const struct proxy_child *proxy, const char *key, long long least)
{
    long long value = -1;
    for (int i = 0; i < 60 && value < least; i++) {
        value = proxy_count(proxy, key);
        if (value < least)
            nap(50);
    }
    return value;
}

/* The number behind `key` in the last line of the log that has `event`; -1: there is none. */
static long long logged(const struct proxy_child *proxy, const char *event, const char *key)
{
    char path[128], line[1200];
    long long number = -1;
    snprintf(path, sizeof path, "%s/log", proxy->directory);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        const char *at = strstr(line, event) ? strstr(line, key) : NULL;
        number = at ? strtoll(at + strlen(key), NULL, 10) : number;
    }
    if (file)
        fclose(file);
    return number;
}

static int wait_for_end(pid_t pid, int seconds)
{
    int status_word;
    for (int i = 0; i < seconds * 50; i++) {
        if (waitpid(pid, &status_word, WNOHANG) == pid)
            return WIFEXITED(status_word) ? WEXITSTATUS(status_word) : 128 + WTERMSIG(status_word);
        nap(20);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status_word, 0);
    return -1;
}

long long proxy_upgrade(struct proxy_child *proxy)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that the one that goes on is a child */
    pid_t asking = run(proxy, "--upgrade");
    if (asking < 0 || wait_for_end(asking, 60))
        return -1;
    long long taker = logged(proxy, "event=taken", "pid="), ms = -1;
    if (taker <= 0)
        return -1;
    proxy->former = proxy->pid;
    proxy->pid = (pid_t)taker;
    for (int i = 0; i < 100 && ms < 0; i++, nap(50))
        ms = logged(proxy, "event=given", "ms=");
    return ms;
}

int proxy_stop(struct proxy_child *proxy, int number, int seconds)
{
    if (proxy->former) {
        kill(proxy->former, number);
        wait_for_end(proxy->former, seconds);
        proxy->former = 0;
    }
    kill(proxy->pid, number);
    return wait_for_end(proxy->pid, seconds);
}

void proxy_clean(struct proxy_child *proxy)
{
    shell("rm -rf %s", proxy->directory);
}
