/* SPDX-License-Identifier: Apache-2.0 */
#include "client/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct command {
    struct client *client;
    pid_t pid; /* 0: it has ended */
    int status;
    struct event *child;
};

static void on_child(evutil_socket_t number, short what, void *arg)
{
    struct command *command = arg;
    int status;
    (void)number;
    (void)what;
    if (!command->pid || waitpid(command->pid, &status, WNOHANG) != command->pid)
        return;
    command->pid = 0;
    command->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    client_stop(command->client, "command_ended");
}

/* Those that curl and what is built on it, git, proxychains' and dante's users, and Java-less programs look at. */
static void set_environment(const char *address)
{
    static const char *const urls[] = {"ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "http_proxy", "SOCKS_PROXY"};
    static const char *const addresses[] = {"SOCKS_SERVER", "SOCKS5_SERVER", "SLUICE_SOCKS"};
    char url[NET_ADDR_TEXT + 16];
    snprintf(url, sizeof url, "socks5h://%s", address); /* names are resolved by the proxy */
    for (unsigned i = 0; i < sizeof urls / sizeof *urls; i++)
        setenv(urls[i], url, 1);
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++)
        setenv(addresses[i], address, 1);
}

/* In the child. Nothing of the client's reaches the program but its standard streams. */
_Noreturn static void run(const struct client *client)
{
    char *const *argv = client->config->command;
    char text[NET_ADDR_TEXT];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < 5; i++)
        signal((const int[]){SIGPIPE, SIGTERM, SIGINT, SIGUSR1, SIGCHLD}[i], SIG_DFL);
    setrlimit(RLIMIT_NOFILE, &client->files);
    close_range(3, ~0u, 0);
    set_environment(net_addr_format(&client->socks, text));
    execvp(argv[0], argv);
    int status = errno == ENOENT ? 127 : 126;
    fprintf(stderr, "sluice: %s: %s\n", argv[0], strerror(errno));
    _exit(status);
}

int command_start(struct client *client)
{
    struct command *command = client->command = calloc(1, sizeof *command);
    if (!command)
        return -ENOMEM;
    command->client = client;
    command->child = evsignal_new(client->base, SIGCHLD, on_child, command);
    if (!command->child || event_add(command->child, NULL))
        return -ENOMEM;
    command->pid = fork();
    if (!command->pid)
        run(client);
    if (command->pid > 0)
        return 0;
    command->pid = 0;
    return -errno;
}

bool command_signal(struct client *client, int number)
{
    return client->command && client->command->pid && !kill(client->command->pid, number);
}

int command_status(const struct client *client)
{
    return client->command->status;
}

void command_free(struct client *client)
{
    if (client->command && client->command->child)
        event_free(client->command->child);
    free(client->command);
    client->command = NULL;
}
