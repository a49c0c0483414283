/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/pam.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sluiced/channel.h"

#define TEXT_MAX    256
#define SAY_SECONDS 5

/* Secret. */
struct question {
    char user[TEXT_MAX], password[TEXT_MAX], host[NET_ADDR_TEXT];
};

/* ---- a process for each question */

static int answer_one(const struct pam_message *message, const char *password, struct pam_response *response)
{
    if (message->msg_style == PAM_PROMPT_ECHO_OFF)
        response->resp = strdup(password);
    if (message->msg_style == PAM_TEXT_INFO || message->msg_style == PAM_ERROR_MSG)
        return 0;
    return response->resp ? 0 : -EIO; /* it asks for what the client has not said */
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
    const struct question *q = arg;
    if (count <= 0 || count > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    struct pam_response *all = calloc((size_t)count, sizeof *all);
    if (!all)
        return PAM_BUF_ERR;
    int rc = 0;
    for (int i = 0; i < count && !rc; i++)
        rc = answer_one(messages[i], q->password, &all[i]);
    if (!rc) {
        *responses = all;
        return PAM_SUCCESS;
    }
    for (int i = 0; i < count; i++) {
        if (all[i].resp)
            explicit_bzero(all[i].resp, strlen(all[i].resp));
        free(all[i].resp);
    }
    free(all);
    return PAM_CONV_ERR;
}

/* Who guesses is slowed elsewhere, without a process that waits. */
static void no_delay(int status, unsigned microseconds, void *arg)
{
    (void)status;
    (void)microseconds;
    (void)arg;
}

/* Rules go by the name that the client said, so it must be the one that PAM means. */
static bool same_name(pam_handle_t *pam, const char *name)
{
    const void *found = NULL;
    return pam_get_item(pam, PAM_USER, &found) == PAM_SUCCESS && found && !strcmp(found, name);
}

static bool ask_pam(const char *service, const char *directory, struct question *q)
{
    const struct pam_conv conversation = {.conv = converse, .appdata_ptr = q};
    void (*delay)(int, unsigned, void *) = no_delay;
    const void *delay_item = NULL;
    pam_handle_t *pam = NULL;
    memcpy(&delay_item, &delay, sizeof delay_item);
    int rc = directory ? pam_start_confdir(service, q->user, &conversation, directory, &pam)
                       : pam_start(service, q->user, &conversation, &pam);
    if (rc != PAM_SUCCESS)
        return false;
    rc = pam_set_item(pam, PAM_RHOST, q->host);
    if (rc == PAM_SUCCESS)
        rc = pam_set_item(pam, PAM_FAIL_DELAY, delay_item);
    if (rc == PAM_SUCCESS)
        rc = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    if (rc == PAM_SUCCESS)
        rc = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    bool ok = rc == PAM_SUCCESS && same_name(pam, q->user);
    (void)pam_end(pam, rc);
    return ok;
}

static void answer(const char *service, const char *directory, struct question *q, int to)
{
    static const int usual[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++)
        (void)signal(usual[i], SIG_DFL);
    (void)alarm(PAM_SECONDS);
    bool ok = ask_pam(service, directory, q);
    explicit_bzero(q, sizeof *q);
    if (ok)
        (void)!write(to, "y", 1);
    _exit(EXIT_SUCCESS);
}

/* ---- keeper */

/* The end of sluiced ends it, not a signal to all processes of a service: who logs in meanwhile gets an answer. */
static void set_signals(void)
{
    static const int ignored[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    for (unsigned i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_IGN);
}

static bool is_question(const struct question *q, int len)
{
    return len == (int)sizeof *q && !q->user[sizeof q->user - 1] && !q->password[sizeof q->password - 1] &&
           !q->host[sizeof q->host - 1];
}

static void keep(int channel, const char *service, const char *directory)
{
    struct question q;
    int fds[CHANNEL_FDS], len;
    unsigned count;
    set_signals();
    while ((len = channel_receive(channel, (uint8_t *)&q, sizeof q, fds, &count)) > 0 || len == -EPROTO) {
        if (is_question(&q, len) && count == 1 && fork() == 0)
            answer(service, directory, &q, fds[0]);
        explicit_bzero(&q, sizeof q);
        while (count)
            close(fds[--count]);
    }
    _exit(EXIT_SUCCESS);
}

int pam_new(const char *service, const char *directory)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return -errno;
    pid_t pid = fork();
    if (pid < 0) {
        int rc = -errno;
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    if (pid) {
        close(ends[1]);
        channel_set_timeout(ends[0], SAY_SECONDS);
        return ends[0];
    }
    (void)prctl(PR_SET_NAME, "sluiced-pam");
    int channel = dup3(ends[1], STDERR_FILENO + 1, O_CLOEXEC) < 0 ? ends[1] : STDERR_FILENO + 1;
    if (channel == STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 2, ~0u, 0); /* sockets and pipes are others' */
    keep(channel, service, directory);
    return 0;
}

/* ---- questions */

static bool hear(int from)
{
    struct pollfd wait = {.fd = from, .events = POLLIN};
    char said = 0;
    int n;
    do {
        n = poll(&wait, 1, (PAM_SECONDS + 1) * 1000);
    } while (n < 0 && errno == EINTR);
    return n == 1 && read(from, &said, 1) == 1 && said == 'y';
}

static bool ask(int keeper, const struct question *q)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return false;
    bool asked = !channel_send(keeper, (const uint8_t *)q, sizeof *q, &ends[1], 1);
    close(ends[1]);
    bool ok = asked && hear(ends[0]);
    close(ends[0]);
    return ok;
}

bool pam_check(int keeper, const char *user, const char *password, const struct net_addr *source)
{
    struct question q;
    if (!*user || strlen(user) >= sizeof q.user || strlen(password) >= sizeof q.password)
        return false;
    memset(&q, 0, sizeof q);
    memcpy(q.user, user, strlen(user));
    memcpy(q.password, password, strlen(password));
    struct net_addr host = *source;
    char text[NET_ADDR_TEXT], *name = net_addr_format(&host, text)[0] == '[' ? text + 1 : text;
    size_t len = name > text ? strcspn(name, "]") : strcspn(name, ":");
    memcpy(q.host, name, len);
    bool ok = ask(keeper, &q);
    explicit_bzero(&q, sizeof q);
    return ok;
}
