/* SPDX-License-Identifier: Apache-2.0 */
#include "client/status.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/unix.h"

#define BACKLOG 8

/* The line is less than a socket's buffer has room for: nothing is waited for. */
static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    char *text = client_stats_text(arg);
    (void)listener;
    (void)sa;
    (void)len;
    if (text && send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        (void)!send(fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(text);
    close(fd);
}

int status_open(struct client *client)
{
    const char *path = client->config->control_socket;
    if (!path)
        return 0;
    int fd = unix_bind(path, SOCK_STREAM);
    if (fd < 0)
        return fd;
    client->status = evconnlistener_new(client->base, on_connection, client, LEV_OPT_CLOSE_ON_FREE, BACKLOG, fd);
    if (client->status)
        return 0;
    close(fd);
    unlink(path);
    return -ENOMEM;
}

void status_close(struct client *client)
{
    if (!client->status)
        return;
    evconnlistener_free(client->status);
    client->status = NULL;
    unlink(client->config->control_socket);
}
