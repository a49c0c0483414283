/* SPDX-License-Identifier: Apache-2.0 */
#include "bare.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20" /* as sluiced */

static int listen_any(uint16_t *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 1024) || getsockname(fd, (struct sockaddr *)&addr, &len))
        return -1;
    *port = ntohs(addr.sin_port);
    return fd;
}

/* The first protocol that the client offers. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len,
                       void *arg)
{
    (void)ssl;
    (void)arg;
    if (in_len < 2 || in[0] >= in_len)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = in + 1;
    *out_len = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context(const char *folder, bool tickets)
{
    char certificate[128], key[128];
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    snprintf(certificate, sizeof certificate, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || !SSL_CTX_set_cipher_list(ctx, CIPHERS) ||
        !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) || !SSL_CTX_set_num_tickets(ctx, tickets))
        return NULL;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets hold all there is */
    if (!tickets)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    return ctx;
}

static void serve(int listener, SSL_CTX *ctx)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        SSL *ssl = fd < 0 ? NULL : SSL_new(ctx);
        if (ssl) {
            SSL_set_fd(ssl, fd);
            if (SSL_accept(ssl) == 1)
                SSL_shutdown(ssl);
            SSL_free(ssl);
        }
        if (fd >= 0)
            close(fd);
    }
}

bool bare_start(struct bare *bare, const char *folder, bool tickets)
{
    int listener = listen_any(&bare->port);
    if (listener < 0)
        return false;
    bare->pid = fork();
    if (!bare->pid) {
        SSL_CTX *ctx = context(folder, tickets);
        signal(SIGPIPE, SIG_IGN);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ctx)
            serve(listener, ctx);
        _exit(1);
    }
    close(listener);
    return bare->pid > 0;
}

void bare_stop(struct bare *bare)
{
    kill(bare->pid, SIGKILL);
    waitpid(bare->pid, NULL, 0);
}
